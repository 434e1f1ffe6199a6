"""Packages behind an address of the web or in a bucket, by one file-system library (fsspec).

Only here is it spoken to. A name becomes one encoded segment of an address or the end of a key, never more; no redirect is
followed; an answer is counted while it comes, whatever length it says it has. The library's own file objects do none of
the three, so its sessions are asked, in a bucket's case for an address that its keys have signed.
"""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import quote, urlsplit

from microflow_runtime.errors import (
    BadRequest,
    MicroflowError,
    NodeError,
    NotAvailable,
    NotFound,
    SettingsError,
    StoreError,
)
from microflow_runtime.runtime.connections.egress import EgressRules, SystemResolver, read_networks
from microflow_runtime.runtime.packages import record
from microflow_runtime.runtime.packages.names import kept_name
from microflow_runtime.settings import Settings
from microflow_runtime.settings.package_place import is_address

Fetch = Callable[[str], Awaitable[bytes]]
"""Gives the bytes of the package of a name. Raises as `find_package` does."""
_Get = Callable[[str], Awaitable[bytes]]
"""Gives what stands at an address, encoded as it is."""

_PIECE_BYTES: Final = 64 * 1024
_REASON_BYTES: Final = 4 * 1024
_REFUSED: Final = (401, 403)
_GONE: Final = (404, 410)
_BUSY: Final = (408, 425, 429)
_NO_BUCKET: Final = b"<Code>NoSuchBucket</Code>"


@asynccontextmanager
async def open_place(settings: Settings) -> AsyncIterator[Fetch]:
    """Open the place that the setting names, for some packages. Raises SettingsError when it lacks what it needs."""
    place = settings.packages or ""
    opened = _open_bucket(settings, place) if place.startswith("s3://") else _open_web(settings, place)
    async with opened as fetch:
        yield fetch


def check_place(settings: Settings) -> None:
    """Find out at the start what fetching would lack: the library for buckets, or half of a credential. Raises SettingsError."""
    place = settings.packages or ""
    if place.startswith("s3://"):
        _check_keys(settings)
        if find_spec("s3fs") is None:
            raise _lacking_library()
    elif is_address(place):
        _authorization(settings)


@asynccontextmanager
async def _open_web(settings: Settings, place: str) -> AsyncIterator[Fetch]:
    async with _open_session(settings, place, _authorization(settings)) as get:

        async def fetch(name: str) -> bytes:
            return await get(f"{place.rstrip('/')}/{quote(kept_name(name), safe='')}")

        yield fetch


def _authorization(settings: Settings) -> dict[str, str]:
    """Give the header that the operator's credential becomes. Raises SettingsError for two credentials, or half of one."""
    token, user, password = settings.packages_token, settings.packages_user, settings.packages_password
    if (user is None) != (password is None) or (token and user):
        raise SettingsError("Set packages_token alone, or packages_user with packages_password.")
    if token:
        return {"Authorization": f"Bearer {token.reveal()}"}
    if user is not None and password is not None:
        pair = base64.b64encode(f"{user}:{password.reveal()}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}


@asynccontextmanager
async def _open_bucket(settings: Settings, place: str) -> AsyncIterator[Fetch]:
    botocore, files = _bucket_files(settings)
    parts = urlsplit(place)
    prefix = parts.path.strip("/")
    try:
        client = await files.set_session()
    except (botocore.BotoCoreError, ValueError, OSError) as error:
        raise StoreError("The bucket of packages cannot be spoken to by these settings.") from error

    async with _open_session(settings, settings.packages_s3_endpoint or "", {}) as get:

        async def fetch(name: str) -> bytes:
            kept = kept_name(name)
            wanted = {"Bucket": parts.netloc, "Key": f"{prefix}/{kept}" if prefix else kept}
            try:
                address = await client.generate_presigned_url(
                    "get_object", Params=wanted, ExpiresIn=int(settings.packages_seconds) + 1
                )
            except (botocore.BotoCoreError, botocore.ClientError, ValueError, OSError) as error:
                raise StoreError("The bucket of packages cannot be asked with the keys of this server.") from error
            return await get(address)

        try:
            yield fetch
        finally:
            await client.close()


def _bucket_files(settings: Settings) -> tuple[Any, Any]:
    """Give the errors of the library for buckets, and the bucket's file system. Raises SettingsError without the library."""
    try:
        from botocore import exceptions
        from s3fs import S3FileSystem
    except ImportError as error:
        raise _lacking_library() from error
    _check_keys(settings)
    key, secret, endpoint = settings.packages_s3_key, settings.packages_s3_secret, settings.packages_s3_endpoint
    return exceptions, S3FileSystem(
        asynchronous=True,
        skip_instance_cache=True,
        key=key.reveal() if key else None,
        secret=secret.reveal() if secret else None,
        endpoint_url=endpoint,
        client_kwargs={"region_name": settings.packages_s3_region} if settings.packages_s3_region else {},
        config_kwargs={"signature_version": "s3v4", "s3": {"addressing_style": "path" if endpoint else "auto"}},
    )


def _check_keys(settings: Settings) -> None:
    if (settings.packages_s3_key is None) != (settings.packages_s3_secret is None):
        raise SettingsError("Set packages_s3_key together with packages_s3_secret, or neither.")


def _lacking_library() -> SettingsError:
    help_text = "Install it: pip install 'microflow-runtime[s3]'."
    return SettingsError(f"Packages in a bucket need the extra s3. {help_text}", help=help_text)


@asynccontextmanager
async def _open_session(settings: Settings, place: str, headers: dict[str, str]) -> AsyncIterator[_Get]:
    """Open connections of the web; no cookies are kept, nothing is unpacked on the way.

    The host of the `place` was named by the operator, so it may be in a private network, as the server of a firm is.
    """
    import aiohttp
    from fsspec.implementations.http import HTTPFileSystem

    from microflow_runtime.runtime.connections.checked_resolver import CheckedResolver

    system = SystemResolver()
    rules = EgressRules(read_networks(settings.private_networks), _host_of(place), is_private_by_name=True)
    resolver = CheckedResolver(rules, system, settings.packages_seconds, "packages.denied")
    files = HTTPFileSystem(
        asynchronous=True,
        skip_instance_cache=True,
        encoded=True,
        client_kwargs={
            "connector": aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
            "headers": {"Accept-Encoding": "identity", **headers},
            "auto_decompress": False,
            "cookie_jar": aiohttp.DummyCookieJar(),
            "timeout": aiohttp.ClientTimeout(total=settings.packages_seconds),
        },
    )
    session = await files.set_session()

    async def get(address: str) -> bytes:
        try:
            async with session.get(files.encode_url(address), allow_redirects=False) as answer:
                if answer.status != 200:
                    raise _refusal(answer.status, await answer.content.read(_REASON_BYTES))
                if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise StoreError("The place of packages compresses what it was asked to give as it is.")
                return await _read_all(answer.content.read)
        except NodeError as error:
            raise StoreError("The place of packages has an address that may not be connected to.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            told = "The place of packages cannot be reached, or broke off."
            # the client's own error holds the whole request, with the credential; it must not get into a log
            raise NotAvailable(told, retry_after_seconds=5) from ConnectionError(type(error).__name__)

    try:
        yield get
    finally:
        await session.close()
        system.close()


def _host_of(place: str) -> tuple[str, int]:
    parts = urlsplit(place)
    return parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)


async def _read_all(read: Callable[[int], Awaitable[bytes]]) -> bytes:
    """Read to the end, but never more than a package may have."""
    pieces: list[bytes] = []
    size = 0
    while piece := await read(_PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > record.MAX_PACKAGE_BYTES:
            raise BadRequest(f"The package is larger than {record.MAX_PACKAGE_BYTES} bytes.")
    return b"".join(pieces)


def _refusal(status: int, reason: bytes) -> MicroflowError:
    """Say what an answer other than 200 means for the caller. `reason` is how its body begins."""
    if status in _GONE:
        if _NO_BUCKET in reason:
            return StoreError("There is no such bucket for packages.")
        return NotFound("There is no such package.")
    if status in _REFUSED:
        return StoreError("The place of packages refuses the credential of this server.")
    if 300 <= status < 400:
        return StoreError("The place of packages answers with a redirect, which is not followed.")
    if status >= 500 or status in _BUSY:
        return NotAvailable("The place of packages does not serve now.", retry_after_seconds=5)
    return StoreError(f"The place of packages answers with the status {status}.")
