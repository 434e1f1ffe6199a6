"""SQLite: one file that several processes of one machine share."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from microflow_runtime.store.sql.database import Database
from microflow_runtime.store.sql.failures import translated
from microflow_runtime.store.sql.many_rows import Row, columns_of, sqlite_insert

BUSY_SECONDS = 5.0
"""How long a statement waits for another process that writes."""


class SqliteDatabase(Database):
    """Reads run side by side. There is one writer at a time, whatever is written."""

    piece = 500  # a new statement is compiled for each length of a list

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one moment and writes nothing."""
        with translated():
            async with self.engine.begin() as connection:
                yield connection

    look = read

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that holds the write lock from its start; it commits when the block ends well."""
        with translated():
            async with self._writing, self.engine.connect() as connection:
                await connection.execution_options(microflow_writes=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def change(self, *, alone: bool = False) -> AsyncIterator[AsyncConnection]:  # noqa: ARG002 - it takes the lock in any case
        """Open a transaction as `write` does: the file has one writer."""
        async with self.write() as connection:
            yield connection

    def insert(self, table: Table) -> sqlite.Insert:
        """Begin an insert that can say what to do on a conflict."""
        return sqlite.insert(table)

    async def insert_many(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows, one statement for each; they are all handed over at once."""
        columns_of(table, rows)
        await connection.exec_driver_sql(sqlite_insert(table), list(rows))

    def among(self, column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
        """Say that a column holds one of the values."""
        return column.in_(values)

    def describe(self) -> str:
        """Name SQLite and its version."""
        return f"SQLite {sqlite3.sqlite_version}"


def open_sqlite(path: Path) -> SqliteDatabase:
    """Open a SQLite file that exists already, in WAL mode with foreign keys held."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=4, max_overflow=4, pool_timeout=10.0)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return SqliteDatabase(engine)


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Hand transactions to us, not to the driver, and set what SQLite keeps per connection."""
    driver: Any = connection
    driver.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {int(BUSY_SECONDS * 1000)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
    ):
        cursor.execute("PRAGMA " + pragma)
    cursor.close()


def _begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("microflow_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
