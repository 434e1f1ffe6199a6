"""The named databases of the apps: one pool each, and the transactions that executions borrow from them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, TextClause, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from microflow_runtime.errors import LimitExceeded, NodeError, SettingsError, StoreError
from microflow_runtime.model.app import App, DataSource
from microflow_runtime.runtime.driver_values import from_row, to_driver
from microflow_runtime.settings import Settings

_BUSY_SECONDS: Final = 5
_POOL_WAIT_SECONDS: Final = 10
_FIRST_PAUSE_SECONDS: Final = 0.001
_LONGEST_PAUSE_SECONDS: Final = 0.05
_INTERRUPT_SECONDS: Final = 0.01
_Pool = tuple[str, str, int]
"""What a pool is known by: app, URL as it is defined, size."""
Answer = tuple[list[dict[str, Any]], int]


class DataSources:
    """The pools of one process. Implements the part of `Resources` that database nodes use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engines: dict[_Pool, AsyncEngine] = {}
        self._unwanted: list[AsyncEngine] = []
        self._statements: dict[str, TextClause] = {}

    def keep_only(self, apps: Iterable[App]) -> None:
        """Close the pools that none of these apps defines, each when its last connection has come back.

        A call that still runs by an older definition may open its pool once more.
        """
        wanted = {(app.name, source.url, source.pool_size) for app in apps for source in app.data_sources.values()}
        for pool in [pool for pool in self._engines if pool not in wanted]:
            self._unwanted.append(self._engines.pop(pool))

    def prepare(self, app: App, find_file: Callable[[str], bytes | None]) -> None:
        """Make the SQLite files of an app that do not exist yet, each whole or not at all. Blocks.

        Raises StoreError when a script fails or a file cannot be written.
        """
        for source in app.data_sources.values():
            if source.create_from is None:
                continue
            path = self._sqlite_path(app, source)
            script = find_file(source.create_from)
            if path is None or script is None or path.exists():
                continue
            _create_database(path, script, source.name)

    def _url(self, app: App, source: DataSource) -> str:
        environment = app.environments.get(self._settings.environment)
        variables = dict(environment.variables) if environment else {}
        try:
            return source.url.format_map(variables)
        except (KeyError, IndexError, ValueError) as error:
            raise SettingsError(
                f'The data source "{source.name}" of {app.name} names the variable {error}, which the environment '
                f'"{self._settings.environment}" does not have.'
            ) from error

    def _sqlite_path(self, app: App, source: DataSource) -> Path | None:
        """Give the file of an SQLite source, which lies under the home; None for other databases."""
        try:
            url = make_url(self._url(app, source))
        except ArgumentError as error:
            raise SettingsError(f'The URL of the data source "{source.name}" of {app.name} is none.') from error
        if url.get_backend_name() != "sqlite":
            return None
        name = url.database or ""
        folder = self._settings.home / "data" / app.name
        if not name or "/" in name or name.startswith("."):
            raise SettingsError(
                f'The data source "{source.name}" of {app.name} must name a plain file, as sqlite:///name.db.'
            )
        return folder / name

    def _engine(self, app: App, source: DataSource) -> AsyncEngine:
        pool = (app.name, source.url, source.pool_size)
        kept = self._engines.get(pool)
        if kept is not None:
            return kept
        path = self._sqlite_path(app, source)
        if path is None:
            raise NodeError(
                f'the database of the data source "{source.name}" is of a kind that has no driver here.',
                kind="database",
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}",
            pool_size=source.pool_size,
            max_overflow=0,
            pool_timeout=_POOL_WAIT_SECONDS,
            connect_args={"timeout": _BUSY_SECONDS},
        )
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin)
        self._engines[pool] = engine
        return engine

    def statement(self, sql: str) -> TextClause:
        """Give the prepared form of an SQL text; the texts are those of the plans, so there are not many."""
        found = self._statements.get(sql)
        if found is None:
            found = self._statements[sql] = text(sql)
        return found

    @asynccontextmanager
    async def open_transaction(self, app: App, source: str) -> AsyncIterator["Transaction"]:
        """Borrow a connection and begin; what is not committed when it is given back is undone.

        Raises NodeError: `database.busy` when the pool stays empty, `database` when the database cannot be reached.
        """
        engine = self._engine(app, app.data_sources[source])
        try:
            connection = await engine.connect()
        except PoolTimeoutError as error:
            message = f'every connection of the data source "{source}" is in use.'
            raise NodeError(message, kind="database.busy", retryable=True) from error
        except (SQLAlchemyError, OSError) as error:
            message = f'the data source "{source}" cannot be reached.'
            raise NodeError(message, kind="database", retryable=True) from error
        try:
            yield Transaction(self, connection, source)
        finally:
            await connection.close()
            if self._unwanted:
                await self._close_unwanted()

    async def _close_unwanted(self) -> None:
        free = [engine for engine in self._unwanted if engine.pool.checkedout() == 0]  # type: ignore[attr-defined]  # a QueuePool
        self._unwanted = [engine for engine in self._unwanted if engine not in free]
        for engine in free:
            await engine.dispose()

    async def close(self) -> None:
        """Close every pool."""
        for engine in [*self._unwanted, *self._engines.values()]:
            await engine.dispose()
        self._engines.clear()
        self._unwanted.clear()


class Transaction:
    """A borrowed connection with its transaction. Implements `SqlConnection`."""

    def __init__(self, sources: DataSources, connection: AsyncConnection, source: str) -> None:
        self._sources = sources
        self._connection = connection
        self._source = source
        self._is_lost = False

    async def run(self, sql: str, values: dict[str, Any], row_limit: int, *, undo_alone: bool) -> Answer:
        """Run one statement. Source of the contract: `engine.contract.SqlConnection`.

        While another connection writes, the statement is tried again for up to five seconds, which the caller's time
        limit may cut short. A transaction that has only read, and now writes, begins anew when others have written
        since: what was read before may be out of date, as under READ COMMITTED of other databases.
        """
        self._refuse_if_lost()
        parameters = {name: to_driver(value) for name, value in values.items()}
        give_up_at = monotonic() + _BUSY_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._to_the_end(self._try(sql, parameters, row_limit, undo_alone=undo_alone))
            except DBAPIError as error:
                if not _may_wait(error) or monotonic() > give_up_at:
                    raise _translated(error, self._source) from error
                if _is_outdated(error):
                    await self._connection.rollback()
            except SQLAlchemyError as error:
                raise NodeError(
                    f'the data source "{self._source}" refused the statement: {error}', kind="database"
                ) from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _try(self, sql: str, parameters: dict[str, Any], row_limit: int, *, undo_alone: bool) -> Answer:
        def ask(connection: Connection) -> Answer:
            return self._ask(connection, sql, parameters, row_limit)

        if not undo_alone:
            return await self._connection.run_sync(ask)
        async with self._connection.begin_nested():
            return await self._connection.run_sync(ask)

    def _ask(self, connection: Connection, sql: str, parameters: dict[str, Any], row_limit: int) -> Answer:
        statement = self._sources.statement(sql)
        result = connection.execute(statement, parameters, execution_options={"stream_results": True})
        if not result.returns_rows:
            return [], max(result.rowcount, 0)
        try:
            found = result.fetchmany(row_limit + 1)  # no more than that ever comes into memory
            columns = tuple(result.keys())
        finally:
            result.close()
        if len(found) > row_limit:
            raise LimitExceeded(f'the data source "{self._source}" gave more rows than the limit of {row_limit}.')
        return [from_row(columns, row) for row in found], len(found)

    async def _to_the_end(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run to the end whatever happens to the caller: one who is cancelled has the statement stopped in the database.

        The connection would be thrown away, and the transaction with it, if the cancellation reached the driver.
        """
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            raw = await self._connection.get_raw_connection()
            driver = raw.driver_connection
            while not task.done() and driver is not None:
                with suppress(asyncio.CancelledError):  # cancelled once more; it is raised below as it is
                    await driver.interrupt()
                    await asyncio.wait((task,), timeout=_INTERRUPT_SECONDS)
            _ = task.cancelled() or task.exception()  # seen; the cancellation is what the caller is told
            self._is_lost = driver is None or not driver.in_transaction
            raise

    def _refuse_if_lost(self) -> None:
        """SQLite undoes the whole transaction when a write is stopped half-way; what follows must not pass for all of it."""
        if self._is_lost:
            message = f'the transaction on the data source "{self._source}" was undone when a statement was stopped.'
            raise NodeError(message, kind="database")

    async def commit(self) -> None:
        """Make the changes last. Raises NodeError of kind `database`."""
        self._refuse_if_lost()
        try:
            await self._connection.commit()
        except DBAPIError as error:
            raise _translated(error, self._source) from error

    async def rollback(self) -> None:
        """Undo the changes; a connection that cannot even do that is thrown away."""
        try:
            await self._connection.rollback()
        except SQLAlchemyError:
            await self._connection.invalidate()


def _may_wait(error: DBAPIError) -> bool:
    """Tell whether another connection is writing, or has written since we read, so that trying again may help."""
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


def _is_outdated(error: DBAPIError) -> bool:
    """Tell whether our transaction reads an old state, in which it cannot write. Only one that has not written is told so."""
    return bool(getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY_SNAPSHOT)


def _translated(error: DBAPIError, source: str) -> NodeError:
    """Say what the database said; its sentence names tables and columns of the author's own, never a path."""
    told = str(error.orig)
    if isinstance(error.orig, sqlite3.OperationalError) and "locked" in told:
        return NodeError(f'the data source "{source}" is busy: {told}.', kind="database.busy", retryable=True)
    return NodeError(f'the data source "{source}" refused the statement: {told}.', kind="database")


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    """Let transactions begin where we say so, and wait for other writers ourselves: the driver's waiting cannot be stopped."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=0"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Begin for real: Python's driver would not for a savepoint, whose release then would commit."""
    connection.exec_driver_sql("BEGIN")


def _create_database(path: Path, script: bytes, source: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    try:
        connection = sqlite3.connect(unfinished)
        try:
            connection.executescript(script.decode())
            connection.commit()
        finally:
            connection.close()
        unfinished.replace(path)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        unfinished.unlink(missing_ok=True)
        raise StoreError(f'The script of the data source "{source}" failed: {error}.') from error
