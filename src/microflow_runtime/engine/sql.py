"""What a node asks of a data source: statements, and the transaction they run in."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

SPECIAL_VALUES: frozenset[str] = frozenset({"json", "base64"})
"""Kinds of values that stand in a database in another form than in formulas."""


class SqlStatement(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One SQL statement of a plan; `:name` in `text` stands for a bound value.

    `reads` tells that it is a select, whose rows are read while they come. `parameters` and `columns` name those whose
    values are `json` (any value of formulas, kept as JSON) or `base64` (a text, kept as the bytes it stands for).
    `read` are the columns that formulas read by name, `taken` those that are welcome: declared ones, and the fields of
    Business Objects that rows are given to whole. `nulls` tells what a parameter that may be null is otherwise, by the
    word of its type; `lists` are those that may be lists, None where any may.
    """

    text: str
    reads: bool
    parameters: Mapping[str, str] = {}
    columns: Mapping[str, str] = {}
    read: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    nulls: Mapping[str, str] = {}
    lists: frozenset[str] | None = None


class SqlConnection(Protocol):
    """An open transaction on one data source, as nodes use it. Those that share it take turns."""

    async def run(
        self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int, *, undo_alone: bool
    ) -> tuple[list[dict[str, Any]], int]:
        """Run one statement; give its rows as formula values and the number of rows it returned or touched.

        With `undo_alone` a failed statement leaves the rest of the transaction usable. Raises NodeError of a kind
        `database…`, and LimitExceeded when there are more rows than `row_limit`.
        """
        ...

    async def run_many(self, statement: SqlStatement, items: Sequence[Mapping[str, Any]], *, undo_alone: bool) -> int:
        """Run one statement for each item, all or nothing; give the number of rows touched in all. Raises as `run`."""
        ...

    def stream(
        self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int
    ) -> AsyncGenerator[dict[str, Any]]:
        """Give the rows of a select one by one; no more than a few hundred of them are in memory at a time.

        Other statements of the transaction may run between two rows. Whoever stops before the end closes the generator.
        Raises as `run`, LimitExceeded when the row after `row_limit` comes.
        """
        ...

    async def set_mark(self) -> Any:
        """Set a savepoint, and give what names it. Raises NodeError of a kind `database…`."""
        ...

    async def drop_mark(self, mark: Any) -> None:
        """Keep what was done since a savepoint. Raises as `set_mark`."""
        ...

    async def undo_to_mark(self, mark: Any) -> None:
        """Undo what was done since a savepoint; where that fails, whatever follows is refused, the commit too."""
        ...

    async def commit(self) -> None:
        """Make the changes last."""
        ...

    async def rollback(self) -> None:
        """Undo the changes."""
        ...
