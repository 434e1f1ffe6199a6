"""PostgreSQL: a server that several machines share. Only its primary is ever spoken to."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncCursor
from psycopg.pq import Format
from sqlalchemy import ARRAY, ColumnElement, String, Table, any_, literal, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from microflow_runtime.store.sql.address import Address
from microflow_runtime.store.sql.database import Database
from microflow_runtime.store.sql.failures import translated
from microflow_runtime.store.sql.many_rows import Row, columns_of, postgresql_insert

_LOCK = text("SELECT pg_advisory_xact_lock(7270341, 1)")
"""Held by whoever audits or publishes, until its transaction ends; the numbers mean nothing but this."""


class PostgresDatabase(Database):
    """Reads and changes run side by side; what is audited or published takes turns over all machines."""

    piece = 20_000  # one array, whatever its length

    def __init__(self, engine: AsyncEngine, version: str) -> None:
        super().__init__(engine)
        self._version = version
        self._moment = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._single = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one moment and writes nothing."""
        with translated():
            async with self._moment.begin() as connection:
                yield connection

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection on which each statement is a transaction by itself."""
        with translated():
            async with self._single.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that holds the lock from its start, so that each statement sees what others published.

        Those of one process wait here, not each on a connection.
        """
        with translated():
            async with self._writing, self.engine.begin() as connection:
                await connection.execute(_LOCK)
                yield connection

    @asynccontextmanager
    async def change(self, *, alone: bool = False) -> AsyncIterator[AsyncConnection]:
        """Open a transaction beside the lock; one statement alone needs none."""
        if alone:
            async with self.look() as connection:
                yield connection
            return
        with translated():
            async with self.engine.begin() as connection:
                yield connection

    def insert(self, table: Table) -> postgresql.Insert:
        """Begin an insert that can say what to do on a conflict."""
        return postgresql.insert(table)

    async def insert_many(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows by one statement."""
        columns = tuple(list(values) for values in columns_of(table, rows))
        await connection.exec_driver_sql(postgresql_insert(table), columns)

    def among(self, column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
        """Say that a column holds one of the values, which travel as one array."""
        return column == any_(literal(list(values), ARRAY(String)))

    def describe(self) -> str:
        """Name PostgreSQL and its version."""
        return f"PostgreSQL {self._version}"


class _BinaryCursor(AsyncCursor[Any]):
    """Asks for results in binary form: bytes come as they are, not twice as long in hexadecimal."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.format = Format.BINARY


def open_postgresql(address: Address, version: str) -> PostgresDatabase:
    """Open a database that has its tables already. `version` is the server's. Connects when it is first used."""
    engine = create_async_engine(
        "postgresql+psycopg://",
        connect_args={**address.parameters(), "cursor_factory": _BinaryCursor},
        pool_size=4,
        max_overflow=4,
        pool_timeout=10.0,
        pool_pre_ping=True,
        use_native_hstore=False,
    )
    return PostgresDatabase(engine, version)
