"""PostgreSQL, by psycopg: numbers as PostgreSQL types their literals, moments in the app's time zone, cancel at the server."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from itertools import count
from socket import SHUT_RDWR, socket
from typing import Any, ClassVar, Final, LiteralString

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.json import set_json_loads

from microflow_runtime.engine.column_names import refuse_rowless
from microflow_runtime.engine.sql import SqlStatement
from microflow_runtime.errors import LimitExceeded
from microflow_runtime.runtime.data_sources.failures import Failure, failure_of_state
from microflow_runtime.runtime.data_sources.place import ISOLATIONS, Place
from microflow_runtime.runtime.data_sources.postgresql_text import TESTED, PostgresqlText, postgresql_text
from microflow_runtime.runtime.data_sources.postgresql_types import describe, fit_list, learn_types, word_of
from microflow_runtime.runtime.data_sources.postgresql_values import (
    NULL_DUMPERS,
    NULLS,
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
_MOST_PLACES: Final = 1_000
"""Of how many statements a connection remembers what their places take."""
_NO_FILE: Final = "/dev/null/none"
"""A path under which there can be no file: libpq reads passwords of no other, and warns of one that is no plain file."""
_TLS: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey")


async def open_postgresql(place: Place, password: Secret | None) -> "PostgresqlSession":
    """Connect and set the session up, so that the server's own settings do not matter. Raises psycopg.Error.

    The password is the one that the data source names, or none: those that the environment of the process or a file of its
    user hold for libpq are not ours to hand out.
    """
    signing_in: dict[str, Any] = {name: place.options[name] for name in _TLS if name in place.options}
    if place.user:
        signing_in["user"] = place.user
    signing_in |= {"password": password.reveal() if password else "", "passfile": _NO_FILE}
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
    for kind, dumper in NULL_DUMPERS:
        connection.adapters.register_dumper(kind, dumper)
    await learn_types(connection)
    set_json_loads(lambda data: JsonText(data if isinstance(data, bytes) else data.encode()), connection)
    level = ISOLATIONS.index(place.options.get("isolation", ISOLATIONS[0]))
    await connection.set_isolation_level(list(psycopg.IsolationLevel)[1:][level])
    await connection.set_autocommit(False)


class PostgresqlSession:
    """One connection. Implements `Session`."""

    errors: ClassVar[tuple[type[Exception], ...]] = (psycopg.Error, OSError)
    stop_pause_seconds: ClassVar[float] = 0.05

    def __init__(self, connection: psycopg.AsyncConnection[Any], place: Place) -> None:
        self._connection = connection
        self._place = place
        self._numbers = count(1)
        self._places: dict[str, Mapping[str, int]] = {}

    async def _given(self, statement: SqlStatement, text: PostgresqlText, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give the values as they are bound: nulls of their types, and lists as their places take them."""
        given = bound(statement, values, to_driver)
        for name, word in statement.nulls.items():
            if name in given and given[name] is None:
                given[name] = NULLS[word]
        for name in text.tested:
            given[f"{name}{TESTED}"] = None if values[name] is None else ""
        if statement.lists is None or statement.lists:
            await self._fit_lists(statement.lists, text, values, given)
        return given

    async def _fit_lists(
        self, names: Collection[str] | None, text: PostgresqlText, values: Mapping[str, Any], given: dict[str, Any]
    ) -> None:
        """Ask the server, once for a statement, what it takes where lists are given: an empty one does not tell itself."""
        lists = [name for name in (given if names is None else names) if isinstance(given.get(name), list)]
        if not lists:
            return
        places = self._places.get(text.numbered)
        if places is None:
            known = [None if name in lists else given[name] for name in text.names]
            told = await describe(self._connection, text.numbered, known)
            places = dict(zip(text.names, told.parameters, strict=True))
            if len(self._places) < _MOST_PLACES:
                self._places[text.numbered] = places
        for name in lists:
            given[name] = fit_list(name, values[name], given[name], places[name])

    async def run(self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int) -> Answer:
        """See Session."""
        text = postgresql_text(statement.text)
        given = await self._given(statement, text, values)
        if statement.reads:
            return await self._read(statement, text.query, given, row_limit)
        async with self._connection.cursor() as cursor:
            await cursor.execute(text.query, given)
            if cursor.description is None:
                refuse_rowless(statement.read)
                return [], max(cursor.rowcount, 0)
            if cursor.rowcount > row_limit:
                raise self._too_many(row_limit)
            read = row_reader([column.name for column in cursor.description], statement)
            rows = [read(row) for row in await cursor.fetchall()]
            return rows, len(rows)

    async def _read(
        self, statement: SqlStatement, query: LiteralString, given: dict[str, Any], row_limit: int
    ) -> Answer:
        """Read rows while they come; one row over the limit stops the statement."""
        found: list[dict[str, Any]] = []
        read: RowReader | None = None
        async with self._connection.cursor() as cursor:
            stream: AsyncGenerator[Any] = cursor.stream(query, given, size=CHUNK_ROWS)  # type: ignore[assignment]  # it is one
            async with aclosing(stream):
                async for row in stream:
                    if read is None:
                        read = row_reader([column.name for column in cursor.description or ()], statement)
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
        text = postgresql_text(statement.text)
        async with self._connection.cursor() as cursor:
            for begin in range(0, len(items), CHUNK_ITEMS):
                chunk = [await self._given(statement, text, item) for item in items[begin : begin + CHUNK_ITEMS]]
                await cursor.executemany(text.query, chunk)
                touched += max(cursor.rowcount, 0)
                await asyncio.sleep(0)
        return touched

    async def describe(self, sql: str, kinds: Mapping[str, str]) -> tuple[tuple[str, str], ...] | None:
        """See Session. The server is asked as it is when a statement is prepared."""
        text = postgresql_text(sql)
        told = await describe(self._connection, text.numbered, [NULLS.get(kinds.get(name, "")) for name in text.names])
        return tuple((name, word_of(number)) for name, number in told.columns) or None

    async def open_rows(self, statement: SqlStatement, values: Mapping[str, Any], _row_limit: int) -> "_PostgresqlRows":
        """See Session."""
        name = f"microflow_{next(self._numbers)}"
        text = postgresql_text(statement.text)
        declare = f"declare {name} no scroll cursor for {text.query}"
        await self._connection.execute(declare, await self._given(statement, text, values))
        return _PostgresqlRows(self, name, statement)

    async def fetch(self, name: str, statement: SqlStatement) -> list[dict[str, Any]]:
        """Give the next rows of a cursor that the server keeps."""
        async with self._connection.cursor() as cursor:
            await cursor.execute(f"fetch forward {CHUNK_ROWS} from {name}")
            read = row_reader([column.name for column in cursor.description or ()], statement)
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
