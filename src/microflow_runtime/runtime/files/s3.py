"""Buckets of S3-like stores, by s3fs and the client beneath it. The one module that knows them; their errors end here.

The client lives on the event loop; the thread of the session asks it there and waits, so that stopping cancels the request.
"""

import asyncio
import socket
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, Final, TypeVar

import aiohttp.abc

from microflow_runtime.engine.files import Existing
from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.model.file_connection import S3Connection
from microflow_runtime.runtime.connections.egress import EgressRules, Resolve, permitted_addresses
from microflow_runtime.runtime.files.names import already_there, failure, missing, parts_of
from microflow_runtime.runtime.files.network import unreachable
from microflow_runtime.runtime.files.place import BLOCK_BYTES, Place

_T = TypeVar("_T")
_PART_BYTES: Final = 8 * 1024 * 1024
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_THERE: Final = frozenset({"412", "PreconditionFailed"})
_REFUSED: Final = frozenset({"403", "401", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_BUSY: Final = frozenset({"409", "429", "503", "SlowDown", "ConditionalRequestConflict", "RequestLimitExceeded"})


class CheckedResolver(aiohttp.abc.AbstractResolver):
    """Looks names up for the client by the rules of egress; a connection is made to an address that was checked."""

    def __init__(self, rules: EgressRules, resolve: Resolve, seconds: float) -> None:
        self._rules = rules
        self._resolve = resolve
        self._seconds = seconds

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the library's signature
    ) -> "list[aiohttp.abc.ResolveResult]":
        """See the library. Raises NodeError of kind `file.connect` for a private address."""
        found = await permitted_addresses(
            self._rules, self._resolve, host, port, monotonic() + self._seconds, kind="file.connect"
        )
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in found
        ]

    async def close(self) -> None:
        """See the library."""


async def opened_client(connection: S3Connection, access_key: str, secret_key: str, resolver: CheckedResolver) -> Any:
    """Make the client of a bucket. Raises SettingsError without the library, or with settings that it does not take."""
    try:
        from botocore import exceptions
        from s3fs import S3FileSystem
    except ImportError as error:
        raise SettingsError("It needs the extra s3: pip install 'microflow-runtime[s3]'.") from error
    files = S3FileSystem(
        asynchronous=True,
        skip_instance_cache=True,
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
            "proxies": {},
            "connector_args": {"resolver": resolver, "use_dns_cache": False},
        },
    )
    try:
        return await files.set_session()
    except (exceptions.BotoCoreError, ValueError, OSError) as error:
        raise SettingsError("The bucket cannot be spoken to by these settings.") from error


class S3Place(Place):
    """A bucket in use."""

    def __init__(self, client: Any, connection: S3Connection, scratch_folder: Path) -> None:
        super().__init__(scratch_folder, connection.file_bytes)
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._bucket = connection.bucket
        self._prefix = connection.prefix.strip("/")
        self._asked: Future[Any] | None = None

    def begin(self) -> None:
        """See Place. There is no sign-in: each request is signed."""

    def _ask(self, request: Coroutine[Any, Any, _T]) -> _T:
        asked: Future[_T] = asyncio.run_coroutine_threadsafe(request, self._loop)
        self._asked = asked
        if self._is_stopped:
            asked.cancel()
        try:
            return asked.result()
        except CancelledError as error:
            raise NodeError("the work on files was stopped.", kind="timeout") from error

    def open(self, name: str) -> BinaryIO:
        """See Files. The file is fetched whole."""
        with self._telling(name):
            got = self._ask(self._client.get_object(**self._at(name)))
            self.check_size(name, got["ContentLength"])
            target, size = self.scratch(), 0
            try:
                while block := self._ask(got["Body"].read(BLOCK_BYTES * 4)):
                    size += len(block)
                    self.check_size(name, size)
                    target.write(block)
            finally:
                self._loop.call_soon_threadsafe(got["Body"].close)
            if size != got["ContentLength"]:
                raise unreachable("it hung up")
        return self.reader(name, target, size)

    def size(self, name: str) -> int | None:
        """See Files."""
        try:
            with self._telling(name):
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
        with self._telling(name):
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
            asyncio.run_coroutine_threadsafe(self._quietly(self._client.abort_multipart_upload(**upload)), self._loop)
            raise

    async def _quietly(self, request: Coroutine[Any, Any, Any]) -> None:
        with suppress(*_foreign()):
            await request

    def move(self, name: str, to: str, *, replace: bool) -> None:
        """See Files. A bucket has no renaming: the file is copied there, then the old one removed."""
        source = self._at(name)
        with self._telling(name):
            if not replace and self.size(to) is not None:
                raise already_there(to)
            self._ask(self._client.copy_object(**self._at(to), CopySource=source))
            self._ask(self._client.delete_object(**source))

    def remove(self, name: str) -> None:
        """See Files."""
        if self.size(name) is None:
            raise missing(name)
        with self._telling(name):
            self._ask(self._client.delete_object(**self._at(name)))

    def _at(self, name: str) -> dict[str, str]:
        key = "/".join(parts_of(name))
        return {"Bucket": self._bucket, "Key": f"{self._prefix}/{key}" if self._prefix else key}

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
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

    def break_off(self) -> None:
        """See Place."""
        if self._asked is not None:
            self._asked.cancel()

    def end(self) -> None:
        """See Place."""
        closing = asyncio.run_coroutine_threadsafe(self._client.close(), self._loop)
        with suppress(TimeoutError, *_foreign()):
            closing.result(1.0)


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
