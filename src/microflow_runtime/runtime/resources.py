"""Everything of one process that nodes may ask for, behind one object."""

from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from microflow_runtime.code import CodeReply, CodeRequest
from microflow_runtime.engine import SqlConnection
from microflow_runtime.engine.files import FileSession
from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.engine.mail import Mail, MailReceipt
from microflow_runtime.model.app import App
from microflow_runtime.runtime.code import CodePool
from microflow_runtime.runtime.connections import Connections
from microflow_runtime.runtime.data_sources import DataSources
from microflow_runtime.runtime.files import FilePlaces
from microflow_runtime.runtime.grants import Grants
from microflow_runtime.runtime.mail import MailServers
from microflow_runtime.settings import Settings
from microflow_runtime.store.protocol import GrantStore, ValueStore

_Opened = TypeVar("_Opened")


class _Store(ValueStore, GrantStore, Protocol):
    """What resources keep and read: cached values, and grants."""


@asynccontextmanager
async def _once(
    permission: Coroutine[Any, Any, None], opened: AbstractAsyncContextManager[_Opened]
) -> AsyncIterator[_Opened]:
    """Open something once a permission is there."""
    await permission
    async with opened as found:
        yield found


class ProcessResources:
    """The pools of one process. Implements `engine.Resources`."""

    def __init__(self, settings: Settings, store: _Store) -> None:
        self._store = store
        self.grants = Grants(settings, store)
        self.data_sources = DataSources(settings)
        self.connections = Connections(settings, allows=self.grants.allows_host)
        self.mail_servers = MailServers(settings)
        self.code = CodePool(settings)
        self.files = FilePlaces(settings)

    def open_transaction(self, app: App, source: str) -> AbstractAsyncContextManager[SqlConnection]:
        """See `engine.Resources`."""
        opened = self.data_sources.open_transaction(app, source)
        return _once(self.grants.require_source(app, source), opened) if app.is_package else opened

    async def require_data_source(self, app: App, source: str) -> None:
        """See `engine.Resources`."""
        if app.is_package:
            await self.grants.require_source(app, source)

    async def get_cached(self, space: str, key: str) -> bytes | None:
        """See `engine.Resources`."""
        return await self._store.get_cached(space, key, datetime.now(UTC))

    async def put_cached(self, space: str, key: str, value: bytes, seconds: float) -> None:
        """See `engine.Resources`."""
        await self._store.put_cached(space, key, value, datetime.now(UTC) + timedelta(seconds=seconds))

    async def remove_cached(self, space: str, key: str) -> None:
        """See `engine.Resources`."""
        await self._store.remove_cached(space, key)

    async def send_http(self, app: App, connection: str, request: HttpRequest) -> HttpReply:
        """See `engine.Resources`."""
        if app.is_package:
            await self.grants.require_connection(app, connection, "http.denied")
        return await self.connections.send_http(app, connection, request)

    def http_address(self, app: App, connection: str) -> str:
        """See `engine.Resources`."""
        return self.connections.http_address(app, connection)

    def open_files(self, app: App, connection: str) -> AbstractAsyncContextManager[FileSession]:
        """See `engine.Resources`."""
        opened = self.files.open_files(app, connection)
        return (
            _once(self.grants.require_connection(app, connection, "file.denied"), opened) if app.is_package else opened
        )

    async def send_mail(self, app: App, connection: str, mail: Mail) -> MailReceipt:
        """See `engine.Resources`."""
        if app.is_package:
            await self.grants.require_connection(app, connection, "mail.denied")
        return await self.mail_servers.send_mail(app, connection, mail)

    async def call_code(self, app: App, request: CodeRequest) -> CodeReply:
        """See `engine.Resources`."""
        if app.is_package:
            await self.grants.require_code(app, request.function)
        return await self.code.call(request)

    def keep_only(self, apps: Iterable[App]) -> None:
        """Close what none of these apps defines any more, once nobody uses it."""
        known = list(apps)
        self.data_sources.keep_only(known)
        self.connections.keep_only(known)
        self.mail_servers.keep_only(known)

    async def close(self) -> None:
        """Close everything."""
        await self.files.close()
        await self.code.close()
        self.mail_servers.close()
        await self.connections.close()
        await self.data_sources.close()
