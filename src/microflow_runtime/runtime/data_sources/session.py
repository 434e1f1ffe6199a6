"""What the pool and the transactions ask of a connection, whatever the database is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol

from microflow_runtime.engine.sql import SqlStatement
from microflow_runtime.runtime.data_sources.failures import Failure
from microflow_runtime.runtime.data_sources.place import Place
from microflow_runtime.settings import Secret

Answer = tuple[list[dict[str, Any]], int]
CHUNK_ROWS: Final = 500
"""How many rows of a stream come at a time."""
CHUNK_ITEMS: Final = 500
"""How many items of a batch go at a time."""


class Rows(Protocol):
    """The rows of a select, a chunk at a time."""

    async def fetch(self) -> list[dict[str, Any]]:
        """Give the next rows, none at the end."""
        ...

    async def close(self) -> None:
        """Let go of what the database keeps for them."""
        ...


class Session(Protocol):
    """One physical connection. One coroutine at a time uses it, but for `stop` and `abandon`.

    Every method may raise the exceptions of `errors`, which `failure_of` explains, NodeError for a value that does not
    fit, and LimitExceeded for too many rows. A transaction begins by itself with the first statement.
    """

    errors: ClassVar[tuple[type[Exception], ...]]
    stop_pause_seconds: ClassVar[float]

    async def run(self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int) -> Answer:
        """Run one statement. No more than `row_limit` rows, and a chunk, come into memory."""
        ...

    async def run_many(self, statement: SqlStatement, items: Sequence[Mapping[str, Any]]) -> int:
        """Run one statement for each item; give the number of rows touched."""
        ...

    async def open_rows(self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int, /) -> Rows:
        """Run a select whose rows are fetched later, while other statements may run in between."""
        ...

    async def describe(self, sql: str, kinds: Mapping[str, str]) -> tuple[tuple[str, str], ...] | None:
        """Give the columns of a statement and the words of their types, without running it; None where nobody tells.

        `kinds` are the words of the types of its parameters. Fails as running it would, where names or types are wrong.
        """
        ...

    async def set_mark(self, name: str) -> None:
        """Set a savepoint."""
        ...

    async def drop_mark(self, name: str) -> None:
        """Keep what was done since the savepoint."""
        ...

    async def undo_to_mark(self, name: str) -> None:
        """Undo what was done since the savepoint, and forget it."""
        ...

    async def commit(self) -> None:
        """End the transaction and keep its changes."""
        ...

    async def rollback(self) -> None:
        """End the transaction and undo its changes."""
        ...

    @property
    def is_undone(self) -> bool:
        """Whether the database has undone the transaction, or waits for us to."""
        ...

    async def stop(self) -> None:
        """Ask the database to stop the statement that runs now, if one does."""
        ...

    def abandon(self) -> None:
        """Close the connection at once, whoever uses it."""
        ...

    async def close(self) -> None:
        """Take leave of the database."""
        ...

    def failure_of(self, error: Exception) -> Failure:
        """Explain one of `errors`."""
        ...


Open = Callable[[Place, Secret | None], Awaitable[Session]]
"""Makes a connection. Raises NodeError of kind `database.unreachable` or `database.busy`, never showing a credential."""
