"""Buckets of S3-like stores, by s3fs and the client beneath it. The one module that knows them; their errors end here.

The client is an asynchronous one that takes long to make, so it lives on a loop of its own in the thread of the session.
Stopping cancels the request that is under way there.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final, TypeVar

import aiohttp

from microflow_runtime.engine.files import Existing
from microflow_runtime.errors import NodeError
from microflow_runtime.model.file_connection import S3Connection
from microflow_runtime.runtime.connections.checked_resolver import CheckedResolver
from microflow_runtime.runtime.files.names import already_there, failure, missing, parts_of
from microflow_runtime.runtime.files.network import unreachable
from microflow_runtime.runtime.files.place import BLOCK_BYTES, Place

_T = TypeVar("_T")
_PART_BYTES: Final = 8 * 1024 * 1024
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_THERE: Final = frozenset({"412", "PreconditionFailed"})
_REFUSED: Final = frozenset({"403", "401", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_BUSY: Final = frozenset({"409", "429", "503", "SlowDown", "ConditionalRequestConflict", "RequestLimitExceeded"})


class S3Library:
    """What is slow to make of the library, made once for all buckets of a process: what it knows of the protocol."""

    def __init__(self) -> None:
        self._session: Any = None
        self._making = Lock()

    def files(self, connection: S3Connection, access_key: str, secret_key: str, resolver: CheckedResolver) -> Any:
        """Give the bucket's file system. Blocks. Raises ImportError without the library."""
        from aiobotocore.session import get_session  # type: ignore[import-untyped]  # it has no hints
        from s3fs import S3FileSystem

        with self._making:
            self._session = self._session or get_session()
        return S3FileSystem(
            asynchronous=True,
            skip_instance_cache=True,
            session=self._session,
            key=access_key,
            secret=secret_key,
            endpoint_url=connection.endpoint,
            client_kwargs={"region_name": connection.region} if connection.region else {},
            config_kwargs={
                "signature_version": "s3v4",
                "s3": {"addressing_style": "path" if connection.endpoint else "auto"},
                "connect_timeout": connection.connect_seconds,
                "read_timeout": connection.timeout_seconds,
                "retries": {"total_max_attempts": 1},
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
                "ignore_configured_endpoint_urls": True,
                "proxies": {},
                "connector_args": {"resolver": resolver, "use_dns_cache": False},
            },
        )


class S3Place(Place):
    """A bucket in use."""

    def __init__(
        self,
        library: S3Library,
        connection: S3Connection,
        keys: tuple[str, str],
        resolver: CheckedResolver,
        scratch_folder: Path,
    ) -> None:
        super().__init__(scratch_folder, connection.file_bytes)
        self._library = library
        self._connection = connection
        self._keys = keys
        self._resolver = resolver
        self._prefix = connection.prefix.strip("/")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._client: Any = None

    def begin(self) -> None:
        """See Place. There is no sign-in: each request is signed."""
        self._loop = asyncio.new_event_loop()
        try:
            with _telling("bucket"):
                files = self._library.files(self._connection, *self._keys, self._resolver)
                self._client = self._ask(files.set_session())
        except (ImportError, ValueError) as error:
            raise NodeError("the bucket cannot be spoken to by these settings.", kind="file") from error

    def _ask(self, request: Coroutine[Any, Any, _T]) -> _T:
        """Wait for a request on the loop of this thread."""
        assert self._loop is not None
        task = self._task = self._loop.create_task(request)
        if self._is_stopped:
            task.cancel()
        try:
            result: _T = self._loop.run_until_complete(task)
        except asyncio.CancelledError as error:
            raise NodeError("the work on files was stopped.", kind="timeout") from error
        finally:
            self._task = None
        return result

    def open(self, name: str) -> BinaryIO:
        """See Files. The file is fetched whole."""
        with _telling(name):
            got = self._ask(self._client.get_object(**self._at(name)))
            self.check_size(name, got["ContentLength"])
            target, size = self.scratch(), 0
            try:
                while block := self._ask(got["Body"].read(BLOCK_BYTES * 4)):
                    size += len(block)
                    self.check_size(name, size)
                    target.write(block)
            finally:
                got["Body"].close()
            if size != got["ContentLength"]:
                raise unreachable("it hung up")
        return self.reader(name, target, size)

    def size(self, name: str) -> int | None:
        """See Files."""
        try:
            with _telling(name):
                size: int = self._ask(self._client.head_object(**self._at(name)))["ContentLength"]
                return size
        except NodeError as error:
            if error.kind == "file.missing":
                return None
            raise

    def store(self, name: str, content: BinaryIO, existing: Existing) -> None:
        """See Files. What is appended is sent once more with all that was there."""
        if existing == "append" and self.size(name) is not None:
            whole = self.scratch()
            for source in (self.open(name), content):
                while block := source.read(BLOCK_BYTES):
                    whole.write(block)
            whole.seek(0)
            content = whole
        elif existing == "refuse" and self.size(name) is not None:
            raise already_there(name)
        condition = {"IfNoneMatch": "*"} if existing == "refuse" else {}
        with _telling(name):
            first = content.read(_PART_BYTES)
            if len(first) < _PART_BYTES:
                self._ask(self._client.put_object(**self._at(name), Body=first, **condition))
            else:
                self._store_in_parts(name, first, content, condition)

    def _store_in_parts(self, name: str, part: bytes, content: BinaryIO, condition: dict[str, str]) -> None:
        begun = self._ask(self._client.create_multipart_upload(**self._at(name)))
        upload = {**self._at(name), "UploadId": begun["UploadId"]}
        parts: list[dict[str, Any]] = []
        try:
            while part:
                self.go_on()
                number = len(parts) + 1
                sent = self._ask(self._client.upload_part(**upload, PartNumber=number, Body=part))
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
                part = content.read(_PART_BYTES)
            self._ask(self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **condition))
        except BaseException:
            with suppress(*_foreign(), NodeError):
                self._ask(self._client.abort_multipart_upload(**upload))
            raise

    def move(self, name: str, to: str, *, replace: bool) -> None:
        """See Files. A bucket has no renaming: the file is copied there, then the old one removed."""
        source = self._at(name)
        with _telling(name):
            if not replace and self.size(to) is not None:
                raise already_there(to)
            self._ask(self._client.copy_object(**self._at(to), CopySource=source))
            self._ask(self._client.delete_object(**source))

    def remove(self, name: str) -> None:
        """See Files."""
        if self.size(name) is None:
            raise missing(name)
        with _telling(name):
            self._ask(self._client.delete_object(**self._at(name)))

    def _at(self, name: str) -> dict[str, str]:
        key = "/".join(parts_of(name))
        return {"Bucket": self._connection.bucket, "Key": f"{self._prefix}/{key}" if self._prefix else key}

    def break_off(self) -> None:
        """See Place."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop is closed, so that nothing is under way
                loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def end(self) -> None:
        """See Place."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        if self._client is not None:
            with suppress(TimeoutError, *_foreign()):
                loop.run_until_complete(asyncio.wait_for(self._client.close(), 1.0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@contextmanager
def _telling(name: str) -> Iterator[None]:
    """Translate what happens to a file. What the server says is not repeated, only its code."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        raise _refusal(name, str(error.response.get("Error", {}).get("Code", ""))) from _said(error)
    except _foreign() as error:
        inner: BaseException | None = error
        while inner is not None and not isinstance(inner, NodeError):
            inner = inner.__cause__ or inner.__context__
        if isinstance(inner, NodeError):
            raise inner from _said(error)
        silent = isinstance(error, TimeoutError) or "Timeout" in type(error).__name__
        told = "it was silent for too long" if silent else "it cannot be reached, or hung up"
        raise unreachable(told) from _said(error)


def _foreign() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError, aiohttp.ClientError, OSError


def _said(error: Exception) -> Exception:
    """Give the cause of an error as it may stand in a log: the client's own holds addresses that are signed."""
    return ConnectionError(type(error).__name__)


def _refusal(name: str, code: str) -> NodeError:
    if code in _MISSING:
        return missing(name)
    if code in _THERE:
        return already_there(name)
    if code == "NoSuchBucket":
        return unreachable("there is no such bucket", retryable=False)
    if code in _REFUSED:
        return unreachable("it refuses the keys, or what they ask for", retryable=False)
    if code in _BUSY:
        return failure(name, "cannot be used now: the store is busy", kind="file.busy", retryable=True)
    shown = code if code.isalnum() and len(code) < 60 else "no code"
    return failure(name, f"is refused by the store ({shown})")
