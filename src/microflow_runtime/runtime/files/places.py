"""The named connections of the apps that hold files, each opened for one node at a time, as many at once as it allows."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from microflow_runtime.compiler.reading.connections import settings_in
from microflow_runtime.engine.files import FileSession
from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.model.app import App
from microflow_runtime.model.file_connection import (
    FileConnection,
    FolderConnection,
    FtpConnection,
    FtpsConnection,
    S3Connection,
    SftpConnection,
)
from microflow_runtime.model.http_connection import ClientTls, SecretName
from microflow_runtime.runtime.connections.egress import EgressRules, Resolve, SystemResolver, read_networks
from microflow_runtime.runtime.connections.tls import own_context, usual_context
from microflow_runtime.runtime.environment import in_environment
from microflow_runtime.runtime.files.folder import FolderPlace, root_of
from microflow_runtime.runtime.files.network import connected_socket
from microflow_runtime.runtime.files.place import Place
from microflow_runtime.runtime.files.session import Session
from microflow_runtime.settings import Secrets, Settings


class FilePlaces:
    """The places of files of one process. Implements the part of `Resources` that works on files."""

    def __init__(self, settings: Settings, secrets: Secrets | None = None, *, resolve: Resolve | None = None) -> None:
        """Open nothing yet. `resolve` stands in for the system's look-up of names."""
        self.settings = settings
        self._secrets = secrets or Secrets(settings.secrets_folder)
        self._networks = read_networks(settings.private_networks)
        self._system = SystemResolver()
        self.resolve = resolve or self._system
        self._in_use: dict[tuple[str, str], int] = {}
        self._counting = Lock()
        self._usual_tls: ssl.SSLContext | None = None
        self.s3_library: Any = None

    @asynccontextmanager
    async def open_files(self, app: App, connection: str) -> AsyncIterator[FileSession]:
        """Open a connection for one node. Source of the contract: `engine.contract.Resources`."""
        record = self._record(app, connection)
        try:
            release = self._enter((app.name, connection), record.pool_size)
            try:
                place = await self._opened(app, record)
            except BaseException:
                release()
                raise
            session = Session(place, release)
            try:
                await session.do(lambda _: place.begin())
                yield session
            finally:
                await session.close()
        except NodeError as error:
            raise _named(error, connection) from error.__cause__

    def _record(self, app: App, connection: str) -> FileConnection:
        try:
            record: Any = settings_in(in_environment(app, self.settings), connection, self.settings.environment)
        except SettingsError as error:
            raise NodeError(f'the connection "{connection}" cannot be used: {error.message}', kind="file") from error
        assert isinstance(record, FileConnection), "the compiler has checked the type of the connection"
        return record

    async def _opened(self, app: App, record: FileConnection) -> Place:
        try:
            return await OPENERS[type(record)](self, app, record)
        except SettingsError as error:
            raise NodeError(f"it cannot be used: {error.message}", kind="file") from error

    def _enter(self, key: tuple[str, str], most: int) -> Callable[[], None]:
        """Count one use more; give what counts it less, which threads call. Raises NodeError of kind `file.busy`."""
        with self._counting:
            count = self._in_use.get(key, 0)
            if count >= most:
                raise NodeError(f"{count} nodes use it, which is its limit.", kind="file.busy", retryable=True)
            self._in_use[key] = count + 1

        def leave() -> None:
            with self._counting:
                left = self._in_use[key] - 1
                if left:
                    self._in_use[key] = left
                else:
                    del self._in_use[key]

        return leave

    @property
    def in_use(self) -> int:
        """How many nodes use places now, those that were stopped and have not ended yet among them."""
        with self._counting:
            return sum(self._in_use.values())

    @property
    def scratch_folder(self) -> Path:
        """Where files are kept while they are read or written; none of them has a name there."""
        return self.settings.home / "scratch"

    def rules(self, host: str, port: int) -> EgressRules:
        """Give the rules of egress of a connection to a host and port, which its author named."""
        return EgressRules(self._networks, (host, port))

    def secret(self, name: SecretName | None) -> str:
        """Give the text of a secret; nothing where none is named. Raises SettingsError when there is none."""
        return "" if name is None else self._secrets.get(name.secret).reveal()

    def tls(self, authority: SecretName | None) -> ssl.SSLContext:
        """Give whom to trust. Raises SettingsError when the secret is no certificate."""
        if authority is None:
            self._usual_tls = self._usual_tls or usual_context()
            return self._usual_tls
        return own_context(ClientTls(authority=authority), self._secrets)

    async def close(self) -> None:
        """Begin no further look-up. What is in use closes with the node that uses it."""
        self._system.close()


def _named(error: NodeError, connection: str) -> NodeError:
    """Say which connection an error is about, once."""
    prefix = f'the connection "{connection}": '
    if error.kind.startswith("file") and not error.message.startswith(prefix):
        error.message = prefix + error.message
    return error


async def _open_folder(places: FilePlaces, app: App, record: Any) -> Place:
    connection: FolderConnection = record
    root = root_of(app.name, connection, places.settings)
    makes = not Path(connection.path).is_absolute()
    return FolderPlace(root, places.scratch_folder, connection.file_bytes, makes=makes)


async def _open_ftp(places: FilePlaces, _app: App, record: Any) -> Place:
    from microflow_runtime.runtime.files.ftp import FtpPlace

    connection: FtpConnection = record
    password = places.secret(connection.password)
    tls = places.tls(connection.authority) if isinstance(connection, FtpsConnection) else None
    rules = places.rules(connection.host, connection.port)
    control = await connected_socket(
        rules, places.resolve, connection.host, connection.port, connection.connect_seconds
    )
    return FtpPlace(control, connection, password, tls, places.scratch_folder)


async def _imported(module: str) -> None:
    """Import what knows a large library off the event loop, which that would hold for some tenths of a second."""
    await asyncio.to_thread(import_module, f"microflow_runtime.runtime.files.{module}")


async def _open_sftp(places: FilePlaces, _app: App, record: Any) -> Place:
    await _imported("sftp")
    from microflow_runtime.runtime.files.sftp import SftpPlace, private_key

    connection: SftpConnection = record
    password = places.secret(connection.password)
    key = private_key(places.secret(connection.key), connection.key.secret) if connection.key is not None else None
    rules = places.rules(connection.host, connection.port)
    control = await connected_socket(
        rules, places.resolve, connection.host, connection.port, connection.connect_seconds
    )
    return SftpPlace(control, connection, password, key, places.scratch_folder)


async def _open_s3(places: FilePlaces, _app: App, record: Any) -> Place:
    try:
        await _imported("s3")
        from microflow_runtime.runtime.connections.checked_resolver import CheckedResolver
        from microflow_runtime.runtime.files.s3 import S3Library, S3Place
    except ImportError as error:
        raise SettingsError("it needs the extra s3: pip install 'microflow-runtime[s3]'") from error
    connection: S3Connection = record
    parts = urlsplit(connection.endpoint or "")
    port = parts.port or (80 if parts.scheme == "http" else 443)
    rules = places.rules(parts.hostname or "", port)
    resolver = CheckedResolver(rules, places.resolve, connection.connect_seconds, "file.connect")
    keys = places.secret(connection.access_key), places.secret(connection.secret_key)
    places.s3_library = places.s3_library or S3Library()
    return S3Place(places.s3_library, connection, keys, resolver, places.scratch_folder)


OPENERS: Final[Mapping[type[msgspec.Struct], Callable[[FilePlaces, App, Any], Awaitable[Place]]]] = {
    FolderConnection: _open_folder,
    FtpConnection: _open_ftp,
    FtpsConnection: _open_ftp,
    SftpConnection: _open_sftp,
    S3Connection: _open_s3,
}
"""How each type of connection is opened."""
