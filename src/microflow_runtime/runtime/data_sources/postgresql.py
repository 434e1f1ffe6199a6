"""PostgreSQL, by psycopg: numbers as PostgreSQL types their literals, moments in the app's time zone, cancel at the server."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import lru_cache
from itertools import count
from socket import SHUT_RDWR, socket
from typing import Any, ClassVar, Final, LiteralString

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.json import set_json_loads

from microflow_runtime.compiler.sql_text import read_sql
from microflow_runtime.engine.sql import SqlStatement
from microflow_runtime.errors import LimitExceeded
from microflow_runtime.runtime.data_sources.failures import Failure, failure_of_state
from microflow_runtime.runtime.data_sources.place import ISOLATIONS, Place
from microflow_runtime.runtime.data_sources.postgresql_values import (
    Interval,
    IntervalDumper,
    IntervalLoader,
    to_driver,
)
from microflow_runtime.runtime.data_sources.session import CHUNK_ITEMS, CHUNK_ROWS, Answer
from microflow_runtime.runtime.data_sources.values import JsonText, RowReader, bound, row_reader
from microflow_runtime.settings import Secret

_STOP_SECONDS: Final = 5.0
_SPARE_SECONDS: Final = 5.0
"""How much longer than our own limit the server lets a statement run: its limit is for when we are gone."""
_TLS: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey")


async def open_postgresql(place: Place, password: Secret | None) -> "PostgresqlSession":
    """Connect and set the session up, so that the server's own settings do not matter. Raises psycopg.Error.

    The password is the one that the data source names, or none: those that the environment of the process or a file of its
    user hold for libpq are not ours to hand out.
    """
    signing_in: dict[str, Any] = {name: place.options[name] for name in _TLS if name in place.options}
    if place.user:
        signing_in["user"] = place.user
    signing_in |= {"password": password.reveal() if password else "", "passfile": "/dev/null"}
    connection = await psycopg.AsyncConnection.connect(
        host=",".join([place.host] * len(place.addresses)),
        hostaddr=",".join(place.addresses),
        port=place.port,
        dbname=place.database,
        connect_timeout=place.connect_seconds,
        application_name="microflow",
        client_encoding="utf8",
        autocommit=True,
        prepare_threshold=None,
        **signing_in,
    )
    try:
        await _set_up(connection, place)
    except BaseException:
        await connection.close()
        raise
    return PostgresqlSession(connection, place)


async def _set_up(connection: psycopg.AsyncConnection[Any], place: Place) -> None:
    milliseconds = str(int((place.seconds + _SPARE_SECONDS) * 1000))
    wanted = {
        "TimeZone": place.time_zone,
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "postgres",
        "standard_conforming_strings": "on",
        "statement_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
    }
    if "schema" in place.options:
        wanted["search_path"] = str(place.options["schema"])
    await connection.execute(
        "select " + ", ".join("set_config(%s, %s, false)" for _ in wanted),
        [part for pair in wanted.items() for part in pair],
    )
    connection.adapters.register_loader("interval", IntervalLoader)
    connection.adapters.register_dumper(Interval, IntervalDumper)
    set_json_loads(lambda data: JsonText(data if isinstance(data, bytes) else data.encode()), connection)
    level = ISOLATIONS.index(place.options.get("isolation", ISOLATIONS[0]))
    await connection.set_isolation_level(list(psycopg.IsolationLevel)[1:][level])
    await connection.set_autocommit(False)


@lru_cache(maxsize=2048)
def _query(sql: str) -> LiteralString:
    """Write a statement with psycopg's marks; the texts are those of the plans, so there are not many."""
    text = read_sql(sql)
    if not text.names:
        return "".join(text.pieces).replace("%", "%%")
    return text.written(lambda name: f"%({name})s", lambda part: part.replace("%", "%%"))


class PostgresqlSession:
    """One connection. Implements `Session`."""

    errors: ClassVar[tuple[type[Exception], ...]] = (psycopg.Error, OSError)
    stop_pause_seconds: ClassVar[float] = 0.05

    def __init__(self, connection: psycopg.AsyncConnection[Any], place: Place) -> None:
        self._connection = connection
        self._place = place
        self._numbers = count(1)

    async def run(self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int) -> Answer:
        """See Session."""
        given = bound(statement, values, to_driver)
        if statement.reads:
            return await self._read(statement, given, row_limit)
        async with self._connection.cursor() as cursor:
            await cursor.execute(_query(statement.text), given)
            if cursor.description is None:
                return [], max(cursor.rowcount, 0)
            if cursor.rowcount > row_limit:
                raise self._too_many(row_limit)
            read = row_reader([column.name for column in cursor.description], statement.columns)
            rows = [read(row) for row in await cursor.fetchall()]
            return rows, len(rows)

    async def _read(self, statement: SqlStatement, given: dict[str, Any], row_limit: int) -> Answer:
        """Read rows while they come; one row over the limit stops the statement."""
        found: list[dict[str, Any]] = []
        read: RowReader | None = None
        async with self._connection.cursor() as cursor:
            stream: AsyncGenerator[Any] = cursor.stream(_query(statement.text), given, size=CHUNK_ROWS)  # type: ignore[assignment]  # it is one
            async with aclosing(stream):
                async for row in stream:
                    if read is None:
                        read = row_reader([column.name for column in cursor.description or ()], statement.columns)
                    found.append(read(row))
                    if len(found) > row_limit:
                        raise self._too_many(row_limit)
                    if len(found) % CHUNK_ROWS == 0:
                        await asyncio.sleep(0)
        return found, len(found)

    def _too_many(self, row_limit: int) -> LimitExceeded:
        return LimitExceeded(f"{self._place.told} gave more rows than the limit of {row_limit}.")

    async def run_many(self, statement: SqlStatement, items: Sequence[Mapping[str, Any]]) -> int:
        """See Session."""
        touched = 0
        query = _query(statement.text)
        async with self._connection.cursor() as cursor:
            for begin in range(0, len(items), CHUNK_ITEMS):
                chunk = [bound(statement, item, to_driver) for item in items[begin : begin + CHUNK_ITEMS]]
                await cursor.executemany(query, chunk)
                touched += max(cursor.rowcount, 0)
                await asyncio.sleep(0)
        return touched

    async def open_rows(self, statement: SqlStatement, values: Mapping[str, Any], _row_limit: int) -> "_PostgresqlRows":
        """See Session."""
        name = f"microflow_{next(self._numbers)}"
        declare = f"declare {name} no scroll cursor for {_query(statement.text)}"
        await self._connection.execute(declare, bound(statement, values, to_driver))
        return _PostgresqlRows(self, name, statement)

    async def fetch(self, name: str, statement: SqlStatement) -> list[dict[str, Any]]:
        """Give the next rows of a cursor that the server keeps."""
        async with self._connection.cursor() as cursor:
            await cursor.execute(f"fetch forward {CHUNK_ROWS} from {name}")
            read = row_reader([column.name for column in cursor.description or ()], statement.columns)
            return [read(row) for row in await cursor.fetchall()]

    async def close_cursor(self, name: str) -> None:
        """Have the server let go of a cursor, which it has done already when the transaction failed."""
        if not self.is_undone:
            await self._connection.execute(f"close {name}")

    async def set_mark(self, name: str) -> None:
        """See Session."""
        await self._connection.execute(f"savepoint {name}")

    async def drop_mark(self, name: str) -> None:
        """See Session."""
        await self._connection.execute(f"release savepoint {name}")

    async def undo_to_mark(self, name: str) -> None:
        """See Session."""
        await self._connection.execute(f"rollback to savepoint {name}")
        await self._connection.execute(f"release savepoint {name}")

    async def commit(self) -> None:
        """See Session."""
        await self._connection.commit()

    async def rollback(self) -> None:
        """See Session."""
        await self._connection.rollback()

    @property
    def is_undone(self) -> bool:
        """Whether the transaction has failed, so that nothing but a rollback is taken."""
        return self._connection.info.transaction_status in {TransactionStatus.INERROR, TransactionStatus.UNKNOWN}

    async def stop(self) -> None:
        """See Session. A second connection tells the server, which is how the protocol has it."""
        await self._connection.cancel_safe(timeout=_STOP_SECONDS)

    def abandon(self) -> None:
        """See Session. Whoever waits for an answer sees the end of the stream."""
        if self._connection.closed:
            return
        try:
            with socket(fileno=self._connection.fileno()) as line:
                try:
                    line.shutdown(SHUT_RDWR)
                finally:
                    line.detach()
        except OSError:
            return

    async def close(self) -> None:
        """See Session."""
        await self._connection.close()

    def failure_of(self, error: Exception) -> Failure:
        """See Session. The detail of a message is left out: it holds the values of rows."""
        if not isinstance(error, psycopg.Error):
            return failure_of_state("08006", "the connection was lost")
        state = error.sqlstate or ""
        told = error.diag.message_primary or ""
        if not state and (self._connection.closed or self._connection.broken):
            return failure_of_state("08006", "the connection was lost")
        constraint = error.diag.constraint_name or error.diag.column_name or ""
        return failure_of_state(state, told or str(error).strip().rstrip("."), code=state, constraint=constraint)


class _PostgresqlRows:
    """The rows of a cursor that the server keeps. Implements `Rows`."""

    def __init__(self, session: PostgresqlSession, name: str, statement: SqlStatement) -> None:
        self._session = session
        self._name = name
        self._statement = statement

    async def fetch(self) -> list[dict[str, Any]]:
        """See Rows."""
        return await self._session.fetch(self._name, self._statement)

    async def close(self) -> None:
        """See Rows."""
        await self._session.close_cursor(self._name)
