"""MariaDB, by asyncmy: standard SQL texts, moments in the app's time zone, statements stopped by `KILL QUERY`."""

import asyncio
import datetime as dt
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import asyncmy
from asyncmy.constants import CR, FIELD_TYPE
from asyncmy.converters import conversions, through
from asyncmy.cursors import Cursor, SSCursor
from asyncmy.errors import Error as AsyncmyError

from microflow_runtime.compiler.sql_text import read_sql
from microflow_runtime.engine.column_names import refuse_rowless
from microflow_runtime.engine.sql import SqlStatement
from microflow_runtime.errors import LimitExceeded
from microflow_runtime.runtime.data_sources.failures import Failure
from microflow_runtime.runtime.data_sources.mariadb_failures import failure_of
from microflow_runtime.runtime.data_sources.mariadb_values import WORDS, HexBytes, escapable, readers_of, writer
from microflow_runtime.runtime.data_sources.place import ISOLATIONS, Place
from microflow_runtime.runtime.data_sources.session import CHUNK_ITEMS, CHUNK_ROWS, Answer
from microflow_runtime.runtime.data_sources.values import RowReader, bound, refusal, row_reader
from microflow_runtime.settings import Secret

_SPARE_SECONDS: Final = 5.0
_RECEIVE_BYTES: Final = 64 * 1024
"""What the system keeps of a result that we have not read: the driver makes rows of all of it in one go."""
_UNKNOWN_ZONE: Final = 1298
_CUT: Final = (1264, 1265)
"""The numbers of the notes that a value was brought into range, or lost digits."""
_SQL_MODE: Final = (
    "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION,"
    "NO_BACKSLASH_ESCAPES"
)
"""Nothing is cut or changed silently, and a text in quotes means what the standard says, as in the other databases."""
_CONVERSIONS: Final[dict[Any, Any]] = {
    **conversions,
    HexBytes: lambda value, _mapping=None: f"x'{value.content.hex()}'",
    **dict.fromkeys((FIELD_TYPE.DATE, FIELD_TYPE.TIME, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP), through),
}
"""The driver's, but dates as they come: it would give text for some and Python's dates for others."""


class _PlainCursor(Cursor):
    """A cursor that does not print warnings, which hold values of rows; it only knows that there are some."""

    is_warned = False

    async def _show_warnings(self, _conn: Any) -> None:
        """Leave them to those who want to know."""
        self.is_warned = True


async def open_mariadb(place: Place, password: Secret | None) -> "MariadbSession":
    """Connect and set the session up. Raises the driver's errors, OSError and TimeoutError."""
    connection = await _connect(place, password)
    session = MariadbSession(connection, place, password)
    try:
        await _set_up(session, place)
    except BaseException:
        connection.close()
        raise
    return session


async def _connect(place: Place, password: Secret | None) -> Any:
    """Connect to the first of the addresses that answers."""
    *others, last = place.addresses
    for address in others:
        try:
            return await _connect_to(address, place, password)
        except (TimeoutError, AsyncmyError) as error:
            if isinstance(error, AsyncmyError) and error.args[:1] != (CR.CR_CONN_HOST_ERROR,):
                raise
    return await _connect_to(last, place, password)


async def _connect_to(address: str, place: Place, password: Secret | None) -> Any:
    connection: Any = await asyncmy.connect(
        host=address,
        port=place.port,
        user=place.user or None,
        password=password.reveal().encode() if password else b"",
        database=place.database,
        charset="utf8mb4",
        connect_timeout=place.connect_seconds,
        autocommit=False,
        conv=_CONVERSIONS,
        ssl=_tls(place),
        program_name="microflow",
    )
    line = connection._transport.get_extra_info("socket")  # noqa: SLF001 - see `_let_come`
    line.setsockopt(SOL_SOCKET, SO_RCVBUF, _RECEIVE_BYTES)
    return connection


class _NamedContext(ssl.SSLContext):
    """Verifies the name of the data source: the driver connects to an address, and knows no other name."""

    name = ""

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """See the library."""
        return super().wrap_bio(*args, **(options | {"server_hostname": self.name}))


def _tls(place: Place) -> ssl.SSLContext | None:
    """Give what the TLS settings, which are named as PostgreSQL's are, come to."""
    mode = place.options.get("sslmode", "disable")
    if mode == "disable":
        return None
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.name = place.host
    if "sslrootcert" in place.options:
        context.load_verify_locations(cafile=place.options["sslrootcert"])
    else:
        context.load_default_certs()
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
    if "sslcert" in place.options:
        context.load_cert_chain(place.options["sslcert"], place.options.get("sslkey"))
    return context


async def _set_up(session: "MariadbSession", place: Place) -> None:
    level = place.options.get("isolation", ISOLATIONS[0])
    seconds = place.seconds + _SPARE_SECONDS
    await session.command(
        f"SET SESSION sql_mode = '{_SQL_MODE}', max_statement_time = {seconds:.3f}, net_write_timeout = {int(seconds) + 1}, "
        f"idle_transaction_timeout = {int(seconds) + 1}, sql_auto_is_null = 0, "
        f"tx_isolation = '{level.upper().replace(' ', '-')}'"
    )
    try:
        await session.command(f"SET SESSION time_zone = '{place.time_zone}'")
    except AsyncmyError as error:
        if error.args[0] != _UNKNOWN_ZONE:
            raise
        offset = _only_offset(place.time_zone)
        if offset is None:
            raise refusal(
                f"{place.told} has no tables of time zones, which it needs for {place.time_zone}; "
                "its administrator loads them with mariadb-tzinfo-to-sql."
            ) from error
        await session.command(f"SET SESSION time_zone = '{offset}'")


def _only_offset(zone: str) -> str | None:
    """Give the offset that a zone has had throughout the years of a TIMESTAMP, None when there was more than one."""
    rules = ZoneInfo(zone)
    offsets = {
        dt.datetime(year, month, 1, tzinfo=rules).utcoffset() for year in range(1970, 2039) for month in range(1, 13)
    }
    if len(offsets) != 1:
        return None
    seconds = int((offsets.pop() or dt.timedelta()).total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02d}:{minutes:02d}"


@lru_cache(maxsize=2048)
def _query(sql: str) -> tuple[str, bool]:
    """Write a statement with the driver's marks, and tell whether it has any."""
    text = read_sql(sql)
    if not text.names:
        return "".join(text.pieces), False
    return text.written(lambda name: f"%({name})s", lambda part: part.replace("%", "%%")), True


class MariadbSession:
    """One connection. Implements `Session`."""

    errors: ClassVar[tuple[type[Exception], ...]] = (AsyncmyError, OSError, TimeoutError, RuntimeError)
    stop_pause_seconds: ClassVar[float] = 0.05

    def __init__(self, connection: Any, place: Place, password: Secret | None) -> None:
        self._connection = connection
        self._place = place
        self._password = password
        self._thread_id = connection.thread_id()
        self._rows: _MariadbRows | None = None
        self._is_paused = False
        self._write = writer(place.time_zone)

    async def command(self, sql: str) -> None:
        """Run a statement of our own, which gives no rows."""
        await self._settle()
        async with self._connection.cursor(_PlainCursor) as cursor:
            await cursor.execute(sql)

    async def fetch(self, cursor: Any, size: int) -> list[Any]:
        """Give the next rows of a result that is being sent; where more are to come, the server waits until they are asked for.

        The driver would take in whatever comes, however slowly it is used.
        """
        self._let_come(is_wanted=True)
        rows: list[Any] = await cursor.fetchmany(size)
        if len(rows) == size:
            self._let_come(is_wanted=False)
        return rows

    def _let_come(self, *, is_wanted: bool) -> None:
        line = self._connection._transport  # noqa: SLF001 - the driver has no other way to slow a server down
        if line is None or self._is_paused != is_wanted:
            return
        self._is_paused = not is_wanted
        if is_wanted:
            line.resume_reading()
        else:
            line.pause_reading()

    async def _settle(self) -> None:
        """Take the rest of an open stream in: the protocol has one answer at a time on a connection."""
        if self._rows is not None:
            rows, self._rows = self._rows, None
            await rows.take_in()

    async def run(self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int) -> Answer:
        """See Session."""
        await self._settle()
        sql, has_marks = _query(statement.text)
        given = bound(statement, values, self._write) if has_marks else None
        if not statement.reads:
            async with self._connection.cursor(_PlainCursor) as cursor:
                await cursor.execute(sql, escapable(given))
                if cursor.description is None:
                    if cursor.is_warned:
                        await self._refuse_cut()
                    refuse_rowless(statement.read)
                    return [], max(cursor.rowcount, 0)
                rows = await cursor.fetchmany(row_limit + 1)
                return self._answer(cursor, statement, rows, row_limit)
        cursor = self._connection.cursor(SSCursor)
        try:
            await cursor.execute(sql, escapable(given))
            found: list[dict[str, Any]] = []
            read = self.reader(cursor, statement)
            while len(found) <= row_limit:
                chunk = await self.fetch(cursor, min(CHUNK_ROWS, row_limit + 1 - len(found)))
                if not chunk:
                    break
                found += [read(row) for row in chunk]
                if len(chunk) == CHUNK_ROWS:
                    await asyncio.sleep(0)
        except BaseException:
            await self.drain(cursor)
            raise
        if len(found) > row_limit:
            await self.drain(cursor)
            raise self._too_many(row_limit)
        return found, len(found)

    def _answer(self, cursor: Any, statement: SqlStatement, rows: Sequence[Any], row_limit: int) -> Answer:
        if len(rows) > row_limit:
            raise self._too_many(row_limit)
        read = self.reader(cursor, statement)
        return [read(row) for row in rows], len(rows)

    def _too_many(self, row_limit: int) -> LimitExceeded:
        return LimitExceeded(f"{self._place.told} gave more rows than the limit of {row_limit}.")

    def reader(self, cursor: Any, statement: SqlStatement) -> RowReader:
        """Make the reader of a result; dates are told from texts by the types of the columns."""
        description = cursor.description or ()
        readers = readers_of(self._place.time_zone)
        by_index = {index: readers[column[1]] for index, column in enumerate(description) if column[1] in readers}
        return row_reader([column[0] for column in description], statement, by_index)

    async def drain(self, cursor: Any) -> None:
        """Have the server stop sending a result, and take in what it sent already."""
        self._let_come(is_wanted=True)
        stopping = asyncio.ensure_future(self.stop())
        with suppress(AsyncmyError, OSError, RuntimeError):  # that the statement was stopped, which is what we wanted
            await cursor.close()
        with suppress(AsyncmyError, OSError, TimeoutError):  # then the rest of the result was read instead
            await stopping

    async def run_many(self, statement: SqlStatement, items: Sequence[Mapping[str, Any]]) -> int:
        """See Session."""
        await self._settle()
        sql, has_marks = _query(statement.text)
        touched = 0
        async with self._connection.cursor(_PlainCursor) as cursor:
            for begin in range(0, len(items), CHUNK_ITEMS):
                chunk = [escapable(bound(statement, item, self._write)) for item in items[begin : begin + CHUNK_ITEMS]]
                if has_marks:
                    touched += max(await cursor.executemany(sql, chunk), 0)
                    if cursor.is_warned:
                        await self._refuse_cut()
                else:
                    for _ in chunk:
                        await cursor.execute(sql)
                        touched += max(cursor.rowcount, 0)
                await asyncio.sleep(0)
        return touched

    async def describe(self, sql: str, _kinds: Mapping[str, str]) -> tuple[tuple[str, str], ...] | None:
        """See Session. The server prepares the statement; of a select it tells the columns when asked for no row of it."""
        await self._settle()
        text = read_sql(sql)
        quoted = text.written(lambda _: "?", str).replace("'", "''")
        await self.command(f"prepare microflow_check from '{quoted}'")
        await self.command("deallocate prepare microflow_check")
        rowless = f"select * from ({text.written(lambda _: 'null', str)}\n) as t limit 0"  # noqa: S608 - an author's
        async with self._connection.cursor(_PlainCursor) as cursor:
            try:
                await cursor.execute(rowless)
            except AsyncmyError:  # a statement that writes, whose columns are known when it runs
                return None
            return tuple((column[0], WORDS.get(column[1], "")) for column in cursor.description or ())

    async def _refuse_cut(self) -> None:
        """Raise NodeError when the statement that was just run kept a value as another, which MariaDB only notes."""
        async with self._connection.cursor(_PlainCursor) as cursor:
            await cursor.execute("SHOW WARNINGS")
            notes = await cursor.fetchall()
        for _, number, sentence in notes:
            if number in _CUT:
                raise refusal(f"a value does not fit its place exactly: {sentence}; round it in the formula.")

    async def open_rows(self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int) -> "_MariadbRows":
        """See Session."""
        await self._settle()
        sql, has_marks = _query(statement.text)
        cursor = self._connection.cursor(SSCursor)
        try:
            await cursor.execute(sql, escapable(bound(statement, values, self._write) if has_marks else None))
            self._rows = _MariadbRows(self, cursor, self.reader(cursor, statement), row_limit)
        except BaseException:
            await self.drain(cursor)
            raise
        return self._rows

    def let_go(self, rows: "_MariadbRows") -> None:
        """Forget a stream that has ended."""
        if self._rows is rows:
            self._rows = None

    async def set_mark(self, name: str) -> None:
        """See Session."""
        await self.command(f"SAVEPOINT {name}")

    async def drop_mark(self, name: str) -> None:
        """See Session."""
        await self.command(f"RELEASE SAVEPOINT {name}")

    async def undo_to_mark(self, name: str) -> None:
        """See Session."""
        await self.command(f"ROLLBACK TO SAVEPOINT {name}")
        await self.command(f"RELEASE SAVEPOINT {name}")

    async def commit(self) -> None:
        """See Session."""
        await self._end("COMMIT")

    async def rollback(self) -> None:
        """See Session."""
        await self._end("ROLLBACK")

    async def _end(self, sql: str) -> None:
        if self._rows is not None:
            rows, self._rows = self._rows, None
            await rows.close()
        await self.command(sql)

    @property
    def is_undone(self) -> bool:
        """Whether the connection is lost; of a transaction that is undone, the error alone tells."""
        return not self._connection.connected

    async def stop(self) -> None:
        """See Session. A second connection of the same user stops the statement."""
        other = await _connect(self._place, self._password)
        try:
            async with other.cursor(_PlainCursor) as cursor:
                await cursor.execute(f"KILL QUERY {int(self._thread_id)}")
        finally:
            other.close()

    def abandon(self) -> None:
        """See Session."""
        self._connection.close()

    async def close(self) -> None:
        """See Session."""
        await self._connection.ensure_closed()

    def failure_of(self, error: Exception) -> Failure:
        """See Session."""
        return failure_of(error, is_connected=self._connection.connected)


class _MariadbRows:
    """The rows of a result that is still being sent. Implements `Rows`."""

    def __init__(self, session: MariadbSession, cursor: Any, read: RowReader, row_limit: int) -> None:
        self._session = session
        self._cursor = cursor
        self._read = read
        self._left = row_limit + 1
        self._taken_in: list[Any] | None = None

    async def fetch(self) -> list[dict[str, Any]]:
        """See Rows."""
        if self._taken_in is not None:
            chunk, self._taken_in = self._taken_in[:CHUNK_ROWS], self._taken_in[CHUNK_ROWS:]
        else:
            chunk = await self._session.fetch(self._cursor, CHUNK_ROWS)
            self._left -= len(chunk)
            if not chunk:
                self._session.let_go(self)
        return [self._read(row) for row in chunk]

    async def take_in(self) -> None:
        """Read what is left, as somebody else needs the connection; no more of it than may be asked for."""
        self._taken_in = await self._session.fetch(self._cursor, self._left) if self._left > 0 else []
        await self._session.drain(self._cursor)

    async def close(self) -> None:
        """See Rows."""
        if self._taken_in is None:
            await self._session.drain(self._cursor)
            self._taken_in = []
        self._session.let_go(self)
