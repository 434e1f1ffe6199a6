"""One database: its engine, its two kinds of transaction, and how statements are made for its dialect."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Table, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from microflow_runtime.store.sql.failures import translated

BUSY_SECONDS = 5.0
"""How long a statement waits for another process that writes."""
_PIECE = 500
"""Values of one `IN` list; SQLite compiles a new statement for each length, so lists are cut and padded to this."""


class Database:
    """An open database. One per process and event loop; reads run side by side, writes one after the other."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one moment and writes nothing."""
        with translated():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that holds the write lock from its start; it commits when the block ends well."""
        with translated():
            async with self._writing, self.engine.connect() as connection:
                await connection.execution_options(microflow_writes=True)
                async with connection.begin():
                    yield connection

    def insert(self, table: Table) -> sqlite.Insert:
        """Begin an insert that can say what to do on a conflict."""
        return sqlite.insert(table)

    async def close(self) -> None:
        """Close every connection."""
        with translated():
            await self.engine.dispose()


def open_sqlite(path: Path) -> Database:
    """Open a SQLite file that exists already, in WAL mode with foreign keys held."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=4, max_overflow=4, pool_timeout=10.0)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return Database(engine)


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


def in_pieces(values: list[str]) -> list[list[str]]:
    """Cut a list of values for `IN` into pieces of one length; the last is filled up with its own last value."""
    pieces = [values[start : start + _PIECE] for start in range(0, len(values), _PIECE)]
    if len(pieces) > 1 and len(pieces[-1]) < _PIECE:
        pieces[-1] = pieces[-1] + [pieces[-1][-1]] * (_PIECE - len(pieces[-1]))
    return pieces
