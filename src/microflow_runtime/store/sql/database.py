"""What the store asks of a database: its kinds of transaction, and how statements are made for its dialect."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from microflow_runtime.store.sql.failures import Interrupted, translated
from microflow_runtime.store.sql.many_rows import Row

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_TRIES = 5
_PAUSE_SECONDS = 0.01
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class Database(ABC):
    """An open database. One per process and event loop.

    Whoever reads sees what was committed before it began. A method that fails has changed nothing.
    """

    piece: int
    """Values of one list that are handed to one statement."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @abstractmethod
    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a transaction that sees one moment and writes nothing."""

    @abstractmethod
    def look(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a connection for one statement that reads, which sees one moment by itself."""

    @abstractmethod
    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a transaction for what is audited or published: one at a time over all processes and machines."""

    @abstractmethod
    def change(self, *, alone: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a transaction for what waits for nobody who audits. `alone`: for one statement, a transaction by itself."""

    @abstractmethod
    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """Begin an insert that can say what to do on a conflict."""

    @abstractmethod
    async def insert_many(self, connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows of all the table's columns as they are kept, but those whose key is there. See `many_rows`."""

    @abstractmethod
    def among(self, column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
        """Say that a column holds one of the values; the text of the statement stays the same for lists of any length."""

    @abstractmethod
    def describe(self) -> str:
        """Name the database and its version."""

    def pieces(self, values: Sequence[str]) -> list[list[str]]:
        """Cut a list of values for `among` into pieces of one length; the last is filled up with its own last value."""
        pieces = [list(values[start : start + self.piece]) for start in range(0, len(values), self.piece)]
        if len(pieces) > 1 and len(pieces[-1]) < self.piece:
            pieces[-1] += [pieces[-1][-1]] * (self.piece - len(pieces[-1]))
        return pieces

    async def close(self) -> None:
        """Close every connection."""
        with translated():
            await self.engine.dispose()


def repeated(method: Callable[_Given, Coroutine[Any, Any, _Result]]) -> Callable[_Given, Coroutine[Any, Any, _Result]]:
    """Run a method again when the database took its transaction back for the sake of another one, a few times.

    For methods that are one transaction and depend on nothing but their arguments.
    """

    @wraps(method)
    async def run(*given: _Given.args, **named: _Given.kwargs) -> _Result:
        for turn in range(1, _TRIES):
            try:
                return await method(*given, **named)
            except Interrupted:
                await asyncio.sleep(random.uniform(0.5, 1.0) * turn * _PAUSE_SECONDS)  # noqa: S311 - spreads, hides nothing
        return await method(*given, **named)

    return run
