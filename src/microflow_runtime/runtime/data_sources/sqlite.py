"""SQLite: a thread for each connection, in which a whole statement runs in one go, its BEGIN included."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, ClassVar, Final, TypeVar

from microflow_runtime.compiler.sql_text import SqlText, read_sql
from microflow_runtime.engine.column_names import refuse_rowless
from microflow_runtime.engine.sql import SqlStatement
from microflow_runtime.errors import LimitExceeded
from microflow_runtime.runtime.data_sources.failures import Failure
from microflow_runtime.runtime.data_sources.place import Place
from microflow_runtime.runtime.data_sources.session import CHUNK_ITEMS, CHUNK_ROWS, Answer
from microflow_runtime.runtime.data_sources.sqlite_exact import SqliteExactness, has_returning
from microflow_runtime.runtime.data_sources.sqlite_guard import OF_STATEMENTS, SqliteGuard, guard
from microflow_runtime.runtime.data_sources.values import RowReader, bound, is_temporal, refusal, row_reader, to_json
from microflow_runtime.settings import Secret
from microflow_runtime.settings.private import make_private_file, make_private_folder

_T = TypeVar("_T")
_INT64: Final = 2**63
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=0")
"""How connections are set up. We wait for other writers ourselves, because the driver's waiting cannot be stopped."""
_STATES: Final = {
    "SQLITE_CONSTRAINT_NOTNULL": "23502",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "23503",
    "SQLITE_CONSTRAINT_UNIQUE": "23505",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "23505",
    "SQLITE_CONSTRAINT_ROWID": "23505",
    "SQLITE_CONSTRAINT_CHECK": "23514",
}
_RULES: Final = {"23502": "not null", "23503": "foreign key", "23505": "unique", "23514": "check"}


async def open_sqlite(place: Place, _password: Secret | None) -> "SqliteSession":
    """Open the file, making it when there is none and no script is to make it. Raises sqlite3.Error and OSError."""
    if place.is_scripted and not place.path.exists():
        raise sqlite3.OperationalError("its file is not there, as the script that makes it failed")
    make_private_folder(place.path.parent)
    make_private_file(place.path)
    thread = ThreadPoolExecutor(1, f"sqlite {place.source}")
    try:
        connection, asked = await asyncio.get_running_loop().run_in_executor(thread, _connect, str(place.path))
    except BaseException:
        thread.shutdown(wait=False)
        raise
    return SqliteSession(connection, thread, place, asked)


def _connect(path: str) -> tuple[sqlite3.Connection, SqliteGuard]:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()
    return connection, guard(connection, OF_STATEMENTS)


class SqliteSession:
    """One connection to a file. Implements `Session`."""

    errors: ClassVar[tuple[type[Exception], ...]] = (sqlite3.Error, sqlite3.Warning)
    stop_pause_seconds: ClassVar[float] = 0.01

    def __init__(
        self, connection: sqlite3.Connection, thread: ThreadPoolExecutor, place: Place, asked: SqliteGuard
    ) -> None:
        self._connection = connection
        self._thread = thread
        self._place = place
        self._guard = asked
        self._exactness = SqliteExactness(connection)

    async def _do(self, work: Callable[..., _T], *given: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)

    async def run(self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int) -> Answer:
        """See Session."""
        work = self._run if statement.reads else self._write
        return await self._do(work, statement, bound(statement, values, to_driver), row_limit)

    def _write(self, statement: SqlStatement, values: dict[str, Any], row_limit: int) -> Answer:
        self._begin()
        self._exactness.refuse_changed(statement.text, values)
        return self._run(statement, values, row_limit)

    def _run(self, statement: SqlStatement, values: dict[str, Any], row_limit: int) -> Answer:
        cursor = self._execute(statement.text, values)
        try:
            if cursor.description is None:
                refuse_rowless(statement.read)
                return [], max(cursor.rowcount, 0)
            found = cursor.fetchmany(row_limit + 1)
            if len(found) > row_limit:
                raise LimitExceeded(f"{self._place.told} gave more rows than the limit of {row_limit}.")
            read = row_reader([column[0] for column in cursor.description], statement)
            return [read(row) for row in found], len(found)
        finally:
            cursor.close()

    def _execute(self, sql: str, values: dict[str, Any]) -> sqlite3.Cursor:
        self._begin()
        return self._connection.execute(sql, values)

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN").close()

    async def run_many(self, statement: SqlStatement, items: Sequence[Mapping[str, Any]]) -> int:
        """See Session."""
        count = 0
        for begin in range(0, len(items), CHUNK_ITEMS):
            chunk = [bound(statement, item, to_driver) for item in items[begin : begin + CHUNK_ITEMS]]
            count += await self._do(self._run_chunk, statement.text, chunk)
        return count

    def _run_chunk(self, sql: str, chunk: list[dict[str, Any]]) -> int:
        self._begin()
        for values in chunk:
            self._exactness.refuse_changed(sql, values)
        if has_returning(sql):  # `executemany` forgets the rows, and with them how many there were
            return sum(self._count(sql, values) for values in chunk)
        cursor = self._connection.executemany(sql, chunk)
        try:
            return max(cursor.rowcount, 0)
        finally:
            cursor.close()

    def _count(self, sql: str, values: dict[str, Any]) -> int:
        cursor = self._connection.execute(sql, values)
        try:
            return max(cursor.rowcount, 0) if cursor.description is None else len(cursor.fetchall())
        finally:
            cursor.close()

    async def describe(self, sql: str, _kinds: Mapping[str, str]) -> tuple[tuple[str, str], ...] | None:
        """See Session. Columns of SQLite hold values of any type."""
        return await self._do(self._describe, read_sql(sql))

    def _describe(self, sql: SqlText) -> tuple[tuple[str, str], ...] | None:
        text = sql.written(lambda name: f":{name}", str)
        nothing = dict.fromkeys(sql.names)
        self._begin()
        self._connection.execute(f"explain {text}", nothing).close()
        try:
            cursor = self._connection.execute(f"select * from ({text}\n) limit 0", nothing)  # noqa: S608 - an author's
        except sqlite3.OperationalError:  # a statement that writes, whose columns are known when it runs
            return None
        names = tuple((column[0], "") for column in cursor.description)
        cursor.close()
        return names

    async def open_rows(self, statement: SqlStatement, values: Mapping[str, Any], _row_limit: int) -> "_SqliteRows":
        """See Session."""
        cursor = await self._do(self._execute, statement.text, bound(statement, values, to_driver))
        return _SqliteRows(self, cursor, row_reader([column[0] for column in cursor.description], statement))

    async def fetch(self, cursor: sqlite3.Cursor, read: RowReader) -> list[dict[str, Any]]:
        """Give the next rows of a stream."""
        return await self._do(lambda: [read(row) for row in cursor.fetchmany(CHUNK_ROWS)])

    async def close_cursor(self, cursor: sqlite3.Cursor) -> None:
        """End a stream."""
        await self._do(cursor.close)

    async def set_mark(self, name: str) -> None:
        """See Session."""
        await self._do(self._each, (f"SAVEPOINT {name}",))

    async def drop_mark(self, name: str) -> None:
        """See Session."""
        await self._do(self._each, (f"RELEASE {name}",))

    async def undo_to_mark(self, name: str) -> None:
        """See Session."""
        await self._do(self._each, (f"ROLLBACK TO {name}", f"RELEASE {name}"))

    async def commit(self) -> None:
        """See Session."""
        await self._do(self._end, "COMMIT")

    async def rollback(self) -> None:
        """See Session."""
        await self._do(self._end, "ROLLBACK")

    def _each(self, statements: Sequence[str]) -> None:
        for sql in statements:
            self._connection.execute(sql).close()

    def _end(self, sql: str) -> None:
        if self._connection.in_transaction:
            self._connection.execute(sql).close()

    @property
    def is_undone(self) -> bool:
        """Whether SQLite undid everything, as it does when a write is stopped half-way."""
        return not self._connection.in_transaction

    async def stop(self) -> None:
        """See Session."""
        self._connection.interrupt()

    def abandon(self) -> None:
        """See Session. The file is closed by the thread, when that has come to an end of what it does."""
        self._connection.interrupt()
        self._thread.submit(self._connection.close)
        self._thread.shutdown(wait=False)

    async def close(self) -> None:
        """See Session."""
        await self._do(self._connection.close)
        self._thread.shutdown(wait=False)

    def failure_of(self, error: Exception) -> Failure:
        """See Session."""
        told = self._guard.sentence(error)
        name: str = getattr(error, "sqlite_errorname", "")
        code: int = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF == sqlite3.SQLITE_BUSY:
            again = "anew" if code == sqlite3.SQLITE_BUSY_SNAPSHOT else "soon"
            return Failure(told=told, kind="database.busy", retryable=True, code=name, again=again)
        if code & 0xFF == sqlite3.SQLITE_CONSTRAINT:
            state = _STATES.get(name, "23000")
            rule = _RULES.get(state, "")
            return Failure(told=told, kind="database.constraint", sqlstate=state, code=name, rule=rule)
        return Failure(told=told, code=name)


class _SqliteRows:
    """The rows of a select. Implements `Rows`."""

    def __init__(self, session: SqliteSession, cursor: sqlite3.Cursor, read: RowReader) -> None:
        self._session = session
        self._cursor = cursor
        self._read = read

    async def fetch(self) -> list[dict[str, Any]]:
        """See Rows."""
        return await self._session.fetch(self._cursor, self._read)

    async def close(self) -> None:
        """See Rows."""
        await self._session.close_cursor(self._cursor)


def to_driver(value: Any) -> Any:
    """Give a value as SQLite keeps it: whole numbers as integers, others as text with all their digits, dates as ISO text.

    Lists and contexts go as JSON, for `json_each`.
    """
    if value is None or isinstance(value, str | bytes):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and -_INT64 <= value < _INT64
        return int(value) if whole else format(value, "f")
    if is_temporal(value):
        return str(value)
    if isinstance(value, list | dict):
        return to_json(value)
    raise refusal(f"SQL takes no {type(value).__name__}.")
