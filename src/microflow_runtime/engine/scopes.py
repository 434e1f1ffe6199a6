"""Parts of an execution that may fail and be caught: what such a part wrote is undone, and what it wanted done is not done.

A scope begins where something may catch: a node that has catches or a retry, a turn of a loop that gathers failures. Scopes
nest. Each sets a savepoint in every data source that is used in it, when it is first used there.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from microflow_runtime.engine.sql import SqlConnection, SqlStatement


class Effect(msgspec.Struct, frozen=True):
    """Something to be done after the commit. `title` names its node, `masked` takes out of a sentence what is sensitive."""

    title: str
    work: Callable[[], Awaitable[object]]
    masked: Callable[[str], str]


class Scope:
    """One part of an execution. Ends by `keep` or `undo`; the outermost one, which has no parent, with the execution.

    Parts that run side by side share their connections, on which a savepoint undoes whatever came later. So one of them
    at a time has used a data source and not ended; others wait before their first statement. They wait from the outermost
    scope inwards, so no two can wait for each other.
    """

    def __init__(self, parent: "Scope | None" = None) -> None:
        self.parent = parent
        self.effects: list[Effect] = []
        self.marks: dict[SqlConnection, Any] = {}
        self.active: Scope | None = None
        self._marking: asyncio.Lock | None = None
        self.waiting: list[asyncio.Future[None]] = []

    async def take(self, connection: SqlConnection) -> None:
        """Wait until a statement of this scope may run, and see that it can be undone. Nothing may be awaited between this and it."""
        inwards = self._inwards()
        while True:
            for scope in inwards:
                assert scope.parent is not None
                await scope.parent.until_free(scope)
                scope.parent.active = scope
            await self.until_free(None)
            unmarked = [scope for scope in inwards if connection not in scope.marks]
            if not unmarked:
                return
            for scope in unmarked:
                await scope.mark(connection)

    def _inwards(self) -> "list[Scope]":
        found: list[Scope] = []
        scope: Scope | None = self
        while scope is not None and scope.parent is not None:
            found.append(scope)
            scope = scope.parent
        return found[::-1]

    async def until_free(self, child: "Scope | None") -> None:
        """Wait until no part of this one but `child` has used a data source and not ended."""
        while self.active is not None and self.active is not child:
            waits = asyncio.get_running_loop().create_future()
            self.waiting.append(waits)
            await waits

    async def mark(self, connection: SqlConnection) -> None:
        """Set the savepoint on a connection, once."""
        if self._marking is None:
            self._marking = asyncio.Lock()
        async with self._marking:
            if connection not in self.marks:
                self.marks[connection] = await connection.set_mark()

    async def keep(self) -> None:
        """Keep what was done, and leave to the parent what is to be done after the commit. Raises NodeError of a kind `database…`."""
        for connection, mark in reversed(self.marks.items()):
            await connection.drop_mark(mark)
        assert self.parent is not None
        self.parent.effects += self.effects

    async def undo(self) -> None:
        """Undo what was done. A connection that cannot do that refuses what would follow on it."""
        for connection, mark in reversed(self.marks.items()):
            await connection.undo_to_mark(mark)

    def end(self) -> None:
        """Let others begin."""
        parent = self.parent
        assert parent is not None
        if parent.active is self:
            parent.active = None
            waiting, parent.waiting = parent.waiting, []
            for each in waiting:
                if not each.done():
                    each.set_result(None)


class ScopedConnection:
    """A connection as a part of an execution uses it. Implements `SqlConnection`, but for what ends transactions."""

    def __init__(self, connection: SqlConnection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    async def run(
        self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int, *, undo_alone: bool
    ) -> tuple[list[dict[str, Any]], int]:
        """See SqlConnection."""
        await self._scope.take(self._connection)
        return await self._connection.run(statement, values, row_limit, undo_alone=undo_alone)

    async def run_many(self, statement: SqlStatement, items: Sequence[Mapping[str, Any]], *, undo_alone: bool) -> int:
        """See SqlConnection."""
        await self._scope.take(self._connection)
        return await self._connection.run_many(statement, items, undo_alone=undo_alone)

    async def stream(
        self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int
    ) -> AsyncGenerator[dict[str, Any]]:
        """See SqlConnection. What it reads is not undone, so that only its beginning waits for others."""
        await self._scope.take(self._connection)
        rows = self._connection.stream(statement, values, row_limit)
        try:
            async for row in rows:
                yield row
        finally:
            await rows.aclose()
