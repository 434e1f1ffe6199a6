"""The named databases of the apps: a pool for each definition that somebody uses, and the transactions of executions."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.model.app import App, DataSource
from microflow_runtime.runtime.connections.egress import Resolve, SystemResolver, read_networks
from microflow_runtime.runtime.data_sources.drivers import reach_by
from microflow_runtime.runtime.data_sources.place import Place, place_of
from microflow_runtime.runtime.data_sources.pool import Pool
from microflow_runtime.runtime.data_sources.sqlite_files import DatabasesWanted, MadeDatabases, WantedDatabase
from microflow_runtime.runtime.data_sources.transaction import Transaction
from microflow_runtime.runtime.environment import in_environment
from microflow_runtime.settings import Secrets, Settings


class _Definition(NamedTuple):
    """All that a pool depends on."""

    source: DataSource
    time_zone: str
    variables: Mapping[str, str]


class _Defined:
    """A pool and what it depends on. `app` is the definition it was last asked for with, which need not be compared again."""

    __slots__ = ("app", "definition", "pool")

    def __init__(self, app: App, definition: _Definition, pool: Pool) -> None:
        self.app = app
        self.definition = definition
        self.pool = pool


class DataSources:
    """The pools of one process. Implements the part of `Resources` that database nodes use."""

    def __init__(self, settings: Settings, *, resolve: Resolve | None = None) -> None:
        """`resolve` stands in for the system's look-up of names."""
        self._settings = settings
        self._system = SystemResolver()
        self._reach = reach_by(read_networks(settings.private_networks), resolve or self._system)
        self._secrets = Secrets(settings.secrets_folder)
        self._pools: dict[tuple[str, str], list[_Defined]] = {}
        self._unwanted: list[Pool] = []
        self.made = MadeDatabases()

    def _definition(self, app: App, source: str) -> _Definition:
        environment = in_environment(app, self._settings).environments.get(self._settings.environment)
        return _Definition(app.data_sources[source], app.time_zone, environment.variables if environment else {})

    def keep_only(self, apps: Iterable[App]) -> None:
        """Let go of the pools that none of these apps defines, each when its last connection has come back.

        A call that still runs by an older definition may open its pool once more.
        """
        wanted: dict[tuple[str, str], list[_Definition]] = {}
        for app in apps:
            for name in app.data_sources:
                wanted.setdefault((app.name, name), []).append(self._definition(app, name))
        for key, pools in list(self._pools.items()):
            kept = [each for each in pools if each.definition in wanted.get(key, ())]
            self._unwanted += [each.pool for each in pools if each not in kept]
            if kept:
                self._pools[key] = kept
            else:
                del self._pools[key]

    def prepare(self, app: App, find_file: Callable[[str], bytes | None]) -> None:
        """Check the data sources of an app, and put the SQLite files in their places that do not exist yet. Blocks.

        Raises SettingsError when a definition is wrong in this environment, DatabasesWanted when files have to be made
        first, which takes a while, StoreError when a file cannot be written.
        """
        wanted: list[WantedDatabase] = []
        for source in app.data_sources.values():
            place = self.place(app, source.name)
            script = None if source.create_from is None else find_file(source.create_from)
            if place.kind == "sqlite" and script is not None:
                wanted.append(WantedDatabase(place.path, script, source.name, app.name))
        self.made.put(wanted)

    def prepare_at_once(self, app: App, find_file: Callable[[str], bytes | None]) -> None:
        """Do what `prepare` does and make the files that it wants, where nobody waits meanwhile. Blocks. Raises as it does."""
        try:
            self.prepare(app, find_file)
        except DatabasesWanted as wanted:
            wanted.make()
            self.prepare(app, find_file)

    def place(self, app: App, source: str) -> Place:
        """Give where a data source is. Raises SettingsError."""
        return place_of(app, app.data_sources[source], self._settings)

    def _pool(self, app: App, source: str) -> Pool:
        """Give the pool of a data source as this app defines it. Raises SettingsError."""
        pools = self._pools.setdefault((app.name, source), [])
        for each in pools:
            if each.app is app:
                return each.pool
        definition = self._definition(app, source)
        for each in pools:
            if each.definition == definition:
                each.app = app
                return each.pool
        pool = Pool(self.place(app, source), self._secrets, self._reach)
        pools.append(_Defined(app, definition, pool))
        return pool

    @contextmanager
    def admitted(self, app: App, sources: Iterable[str]) -> Iterator[None]:
        """Count an execution that uses these data sources in, and out again when it ends.

        Raises NotAvailable at once, before anything runs, when one of the pools has as many executions as it has
        connections and room to wait for one.
        """
        let_in: list[Pool] = []
        try:
            for source in sources:
                pool = self._pool(app, source)
                pool.admit()
                let_in.append(pool)
            yield
        finally:
            for pool in let_in:
                pool.leave()

    @asynccontextmanager
    async def open_transaction(self, app: App, source: str) -> AsyncIterator[Transaction]:
        """Borrow a connection and begin; what is not committed when it is given back is undone.

        Raises NodeError: `database.busy` when the pool stays empty or too many wait for it already,
        `database.unreachable` when there is no connection to be had.
        """
        try:
            pool = self._pool(app, source)
        except SettingsError as error:
            raise NodeError(error.message, kind="database") from error
        transaction = Transaction(pool, await pool.take())
        try:
            yield transaction
        finally:
            await transaction.rollback()
            transaction.end()
            if self._unwanted:
                await self._close_unwanted()

    async def _close_unwanted(self) -> None:
        free = [pool for pool in self._unwanted if not pool.lent]
        self._unwanted = [pool for pool in self._unwanted if pool.lent]
        for pool in free:
            await pool.close()

    async def close(self) -> None:
        """Close every pool."""
        pools: list[Any] = [*self._unwanted, *(each.pool for pools in self._pools.values() for each in pools)]
        self._pools.clear()
        self._unwanted.clear()
        for pool in pools:
            await pool.close()
        self._system.close()
