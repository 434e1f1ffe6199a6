"""The named databases of the apps: one pool each, and the transactions that executions borrow from them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import TextClause, event, text
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


class DataSources:
    """The pools of one process. Implements the part of `Resources` that database nodes use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._apps: dict[str, App] = {}
        self._engines: dict[tuple[str, str], tuple[DataSource, AsyncEngine]] = {}
        self._statements: dict[str, TextClause] = {}

    def use(self, apps: Mapping[str, App]) -> None:
        """Work by these definitions from now on. A source that changed gets a new pool when it is next used."""
        self._apps = dict(apps)

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

    def _engine(self, app_name: str, source_name: str) -> AsyncEngine:
        app = self._apps.get(app_name)
        source = app.data_sources.get(source_name) if app else None
        if app is None or source is None:
            raise NodeError(f'there is no data source "{source_name}".', kind="database")
        kept = self._engines.get((app_name, source_name))
        if kept is not None and kept[0] == source:
            return kept[1]
        path = self._sqlite_path(app, source)
        if path is None:
            raise NodeError(
                f'the database of the data source "{source_name}" is of a kind that has no driver here.',
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
        self._engines[app_name, source_name] = (source, engine)
        return engine

    def statement(self, sql: str) -> TextClause:
        """Give the prepared form of an SQL text; the texts are those of the plans, so there are not many."""
        found = self._statements.get(sql)
        if found is None:
            found = self._statements[sql] = text(sql)
        return found

    @asynccontextmanager
    async def open_transaction(self, app: str, source: str) -> AsyncIterator["Transaction"]:
        """Borrow a connection and begin; what is not committed when it is given back is undone.

        Raises NodeError: `database.busy` when the pool stays empty, `database` when the database cannot be reached.
        """
        engine = self._engine(app, source)
        try:
            connection = await engine.connect()
        except PoolTimeoutError as error:
            raise NodeError(
                f'every connection of the data source "{source}" is in use.', kind="database.busy"
            ) from error
        except (SQLAlchemyError, OSError) as error:
            raise NodeError(f'the data source "{source}" cannot be reached.', kind="database") from error
        try:
            yield Transaction(self, connection, source)
        finally:
            await connection.close()

    async def close(self) -> None:
        """Close every pool."""
        for _, engine in self._engines.values():
            await engine.dispose()
        self._engines.clear()


class Transaction:
    """A borrowed connection with its transaction. Implements `SqlConnection`."""

    def __init__(self, sources: DataSources, connection: AsyncConnection, source: str) -> None:
        self._sources = sources
        self._connection = connection
        self._source = source

    async def run(
        self, sql: str, values: dict[str, Any], row_limit: int, *, undo_alone: bool
    ) -> tuple[list[dict[str, Any]], int]:
        """Run one statement. Source of the contract: `engine.contract.SqlConnection`."""
        parameters = {name: to_driver(value) for name, value in values.items()}
        try:
            if undo_alone:
                async with self._connection.begin_nested():
                    return await self._execute(sql, parameters, row_limit)
            return await self._execute(sql, parameters, row_limit)
        except asyncio.CancelledError:
            await self._interrupt()
            raise
        except DBAPIError as error:
            raise _translated(error, self._source) from error
        except SQLAlchemyError as error:
            raise NodeError(
                f'the data source "{self._source}" refused the statement: {error}', kind="database"
            ) from error

    async def _execute(self, sql: str, parameters: dict[str, Any], row_limit: int) -> tuple[list[dict[str, Any]], int]:
        result = await self._connection.execute(self._sources.statement(sql), parameters)
        if not result.returns_rows:
            return [], max(result.rowcount, 0)
        found = result.fetchmany(row_limit + 1)
        if len(found) > row_limit:
            result.close()
            raise LimitExceeded(f'the data source "{self._source}" gave more rows than the limit of {row_limit}.')
        columns = tuple(result.keys())
        return [from_row(columns, row) for row in found], len(found)

    async def _interrupt(self) -> None:
        """Stop the statement where it runs, so that the connection is usable again at once."""
        raw = await self._connection.get_raw_connection()
        driver = raw.driver_connection
        if driver is not None:
            await driver.interrupt()

    async def commit(self) -> None:
        """Make the changes last. Raises NodeError of kind `database`."""
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


def _translated(error: DBAPIError, source: str) -> NodeError:
    """Say what the database said; its sentence names tables and columns of the author's own, never a path."""
    told = str(error.orig)
    if isinstance(error.orig, sqlite3.OperationalError) and "locked" in told:
        return NodeError(f'the data source "{source}" is busy: {told}.', kind="database.busy")
    return NodeError(f'the data source "{source}" refused the statement: {told}.', kind="database")


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


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
