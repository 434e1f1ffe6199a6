"""The grants that hold now, from the settings and the store, and the refusal of what they do not cover."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from shlex import join
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.model.app import App
from microflow_runtime.runtime.grants.asks import Ask, asks_of_connection, asks_of_source
from microflow_runtime.settings import Settings
from microflow_runtime.settings.grant import CODE, HOST, Grant, read_entry
from microflow_runtime.store.protocol import GrantStore
from microflow_runtime.telemetry import get_log

_log: Final = get_log("grants")
_FRESH_SECONDS: Final = 1.0
"""For so long what was read of the store counts: a grant that is removed is gone everywhere after it."""
_KEPT_ASKS: Final = 1024
_AsksOf = Callable[[App, str, Settings], list[Ask]]


class Grants:
    """What the apps of one process may use when they came in packages. `clock` is injected by tests."""

    def __init__(self, settings: Settings, store: GrantStore, clock: Callable[[], float] = monotonic) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._of_settings = tuple(read_entry(entry, settings.origin_of("grants")) for entry in settings.grants)
        self._held: dict[str, list[Grant]] = {}
        self._read_at: float | None = None
        self._asks: OrderedDict[tuple[str, str, str, str], tuple[App, list[Ask]]] = OrderedDict()

    async def lacking(self, app: str, asks: Iterable[Ask]) -> list[Ask]:
        """Give what the app asks for and has not been granted. Raises StoreError."""
        await self._read()
        held = self._held.get(app, ())
        return [ask for ask in asks if not any(grant.covers(ask.kind, ask.name) for grant in held)]

    async def require_connection(self, app: App, connection: str, kind: str) -> None:
        """Let a package use a connection. Raises NodeError of the kind where something of it has not been granted."""
        await self._require(app, connection, asks_of_connection, f'the connection "{connection}"', kind)

    async def require_source(self, app: App, source: str) -> None:
        """Let a package use a data source. Raises NodeError of kind `database.denied`."""
        await self._require(app, source, asks_of_source, f'the data source "{source}"', "database.denied")

    async def require_code(self, app: App, function: str) -> None:
        """Let a package call a function. Raises NodeError of kind `code.denied`."""
        told = f'the function "{function}"'
        await self._refuse(app, [Ask(CODE, function, told, ())], told, "code.denied")

    def allows_host(self, app: str, host: str, port: int) -> bool:
        """Tell by what was read last whether packages of an app may speak to a host at all, as at the end of a redirect."""
        name = f"[{host}]" if ":" in host else host.lower().rstrip(".")
        held = (grant for grant in self._held.get(app, ()) if grant.kind == HOST)
        schemes = ((urlsplit(grant.name).scheme if "://" in grant.name else "https", grant) for grant in held)
        return any(grant.covers(HOST, f"{scheme}://{name}:{port}") for scheme, grant in schemes)

    async def _require(self, app: App, name: str, asks_of: _AsksOf, told: str, kind: str) -> None:
        key = (asks_of.__name__, app.name, app.version, name)
        known = self._asks.get(key)
        if known is None or known[0] is not app:
            try:
                known = self._asks[key] = (app, asks_of(app, name, self._settings))
            except SettingsError as error:
                raise NodeError(f"{told} cannot be used: {error.message}", kind=kind) from error
            if len(self._asks) > _KEPT_ASKS:
                self._asks.popitem(last=False)
        await self._refuse(app, known[1], told, kind)

    async def _refuse(self, app: App, asks: list[Ask], told: str, kind: str) -> None:
        lacking = await self.lacking(app.name, asks)
        if lacking:
            _log.warning(
                "not granted", app=app.name, version=app.version, by=told, mend=commands_for(app.name, lacking)
            )
            message = (
                f"{told} uses what the app {app.name} has not been granted; the server's log names the command for it."
            )
            raise NodeError(message, kind=kind)

    async def _read(self) -> None:
        now = self._clock()
        if self._read_at is not None and now < self._read_at + _FRESH_SECONDS:
            return
        held: dict[str, list[Grant]] = {}
        kept = (Grant(each.app, each.kind, each.name) for each in await self._store.list_app_grants())
        for grant in (*self._of_settings, *kept):
            held.setdefault(grant.app, []).append(grant)
        self._held, self._read_at = held, now


def commands_for(app: str, asks: Iterable[Ask]) -> list[str]:
    """Give the commands that grant what is asked for, each once."""
    return [
        join(["microflow", "grant", "add", app, kind, name])
        for kind, name in dict.fromkeys((a.kind, a.name) for a in asks)
    ]
