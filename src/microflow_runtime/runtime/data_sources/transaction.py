"""The transaction of one execution on one data source: turns, savepoints, second tries, and statements that are stopped."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final, NamedTuple, TypeVar

from microflow_runtime.engine.sql import SqlStatement
from microflow_runtime.errors import LimitExceeded, NodeError
from microflow_runtime.runtime.data_sources.failures import Failure
from microflow_runtime.runtime.data_sources.pool import Pool
from microflow_runtime.runtime.data_sources.session import Answer, Session
from microflow_runtime.telemetry import get_log

_T = TypeVar("_T")
_log: Final = get_log("data_sources")
_BUSY_SECONDS: Final = 5.0
_FIRST_PAUSE_SECONDS: Final = 0.001
_LONGEST_PAUSE_SECONDS: Final = 0.05
_STOP_SECONDS: Final = 0.4
"""How long a caller whose time is over waits for the database to stop; then it is answered and the connection seen to apart."""
_COMMIT_SECONDS: Final = 10.0
_ALONE: Final = "microflow"
"""The savepoint of one statement; those of parts of an execution have a number behind it."""


class Mark(NamedTuple):
    """A savepoint. Without a `name` it stands at the beginning of the transaction, which was the `begun`th then."""

    name: str
    begun: int


class Transaction:
    """A lent connection with its transaction. Implements `SqlConnection`."""

    def __init__(self, pool: Pool, session: Session) -> None:
        self._pool = pool
        self._session = session
        self._told = pool.place.told
        self._turn = asyncio.Lock()
        self._is_used = False
        self._is_open = False
        self._is_lost = False
        self._is_gone = False
        self._has_lost_all = False
        self._is_ours = True
        self._begun = 0
        self._marks = 0

    async def run(
        self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int, *, undo_alone: bool
    ) -> Answer:
        """Run one statement. Source of the contract: `engine.sql.SqlConnection`.

        While another connection to an SQLite file writes, the statement is tried again for up to five seconds, which the
        caller's time limit may cut short. An SQLite transaction that has only read, and now writes, begins anew when others
        have written since: what was read before may be out of date, as under READ COMMITTED of other databases.
        """
        return await self._in_turn(lambda session: session.run(statement, values, row_limit), undo_alone=undo_alone)

    async def run_many(self, statement: SqlStatement, items: Sequence[Mapping[str, Any]], *, undo_alone: bool) -> int:
        """Run one statement for each item. See `SqlConnection`."""
        return await self._in_turn(lambda session: session.run_many(statement, items), undo_alone=undo_alone)

    async def describe(self, sql: str, kinds: Mapping[str, str]) -> tuple[tuple[str, str], ...] | None:
        """Tell what a statement gives without running it. See `Session`. Raises NodeError of a kind `database…`."""
        return await self._in_turn(lambda session: session.describe(sql, kinds), undo_alone=False)

    async def stream(
        self, statement: SqlStatement, values: Mapping[str, Any], row_limit: int
    ) -> AsyncGenerator[dict[str, Any]]:
        """Give the rows of a select one by one. See `SqlConnection`."""
        rows = await self._in_turn(lambda session: session.open_rows(statement, values, row_limit), undo_alone=False)
        given = 0
        try:
            while chunk := await self._in_turn(lambda _: rows.fetch(), undo_alone=False):
                for row in chunk:
                    given += 1
                    if given > row_limit:
                        raise LimitExceeded(f"{self._told} gave more rows than the limit of {row_limit}.")
                    yield row
        finally:
            if not self._is_lost and not self._is_gone and self._is_open:
                await self._in_turn(lambda _: rows.close(), undo_alone=False)

    async def _in_turn(self, work: Callable[[Session], Awaitable[_T]], *, undo_alone: bool) -> _T:
        async with self._turn:
            give_up_at = monotonic() + _BUSY_SECONDS
            pause = _FIRST_PAUSE_SECONDS
            is_renewed = False
            while True:
                self._refuse_if_lost()
                try:
                    return await self._to_the_end(self._guarded(work, undo_alone=undo_alone))
                except self._session.errors as error:
                    failure = self._session.failure_of(error)
                    if failure.is_gone and not self._is_used and not is_renewed:
                        is_renewed = True
                        self._session = await self._renewed()
                        continue
                    self._note(failure)
                    if not failure.again or monotonic() > give_up_at:
                        raise failure.as_error(self._told) from error
                    if failure.again == "anew":
                        await self._to_the_end(self._session.rollback())
                        self._begun += 1
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _renewed(self) -> Session:
        """Give another connection for one that was lost while it lay idle: nothing was done on it, so nothing is lost."""
        _log.info("connection renewed", app=self._pool.place.app, source=self._pool.place.source)
        self._is_gone, self._is_ours = True, False  # until there is a new one
        session = await self._pool.replace(self._session)
        self._is_gone, self._is_ours = False, True
        return session

    async def _guarded(self, work: Callable[[Session], Awaitable[_T]], *, undo_alone: bool) -> _T:
        """Run the work so that, where that is asked for, its failure undoes nothing else.

        A first statement needs no savepoint for that: undoing it is undoing all.
        """
        session = self._session
        self._is_open = True
        is_first = not self._is_used
        has_mark = undo_alone and not is_first
        if has_mark:
            await session.set_mark(_ALONE)
        try:
            result = await work(session)
        except BaseException:
            with suppress(*session.errors):  # a connection that cannot even do that is looked at by whoever failed
                await (session.undo_to_mark(_ALONE) if has_mark else session.rollback() if is_first else _nothing())
            raise
        self._is_used = True
        if has_mark:
            await session.drop_mark(_ALONE)
        return result

    async def _to_the_end(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run to the end whatever happens to the caller: one who is cancelled has the statement stopped in the database.

        The connection would be thrown away, and the transaction with it, if the cancellation reached the driver.
        """
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await self._stop(task)
            raise
        except (NodeError, LimitExceeded):
            self._is_lost = self._is_used and self._session.is_undone
            raise

    async def _stop(self, task: "asyncio.Future[Any]") -> None:
        """Stop what runs. After a while the connection is given up instead, so that the caller is answered in time."""
        session = self._session
        stopping = asyncio.ensure_future(self._keep_stopping(session, task))
        both = asyncio.gather(stopping, task, return_exceptions=True)
        give_up_at = monotonic() + _STOP_SECONDS
        while not both.done() and (left := give_up_at - monotonic()) > 0:
            with suppress(asyncio.CancelledError):  # cancelled once more; it is raised by the caller as it is
                await asyncio.wait((both,), timeout=left)
        if not both.done():
            self._leave_behind(both)
            return
        error = None if task.cancelled() else task.exception()
        if isinstance(error, session.errors):
            self._note(session.failure_of(error))
        elif self._is_used and session.is_undone:
            self._is_lost = True

    async def _keep_stopping(self, session: Session, task: "asyncio.Future[Any]") -> None:
        """Ask the database to stop until it has: a request may come between two statements and be lost."""
        while not task.done():
            try:
                await session.stop()
            except session.errors as error:
                _log.warning("statement not stopped", source=self._pool.place.source, reason=str(error))
            await asyncio.wait((task,), timeout=session.stop_pause_seconds)

    def _note(self, failure: Failure) -> None:
        """Remember what a failure means for the statements that follow."""
        if failure.is_gone:
            self._is_gone = True
            self._pool.distrust()
        if self._is_used and (failure.is_gone or failure.loses_all or self._session.is_undone):
            self._is_lost = True
            self._has_lost_all = self._has_lost_all or failure.loses_all

    def _refuse_if_lost(self) -> None:
        """Refuse what would follow on a transaction that was undone: it must not pass for all of it."""
        if self._is_lost or self._is_gone:
            message = f"the transaction on {self._told} was undone when a statement failed or was stopped."
            raise NodeError(message, kind="database")

    async def set_mark(self) -> Mark:
        """Set a savepoint. Source of the contract: `engine.sql.SqlConnection`."""
        async with self._turn:
            self._refuse_if_lost()
            if not self._is_used:
                return Mark("", self._begun)
            self._marks += 1
            name = f"{_ALONE}_{self._marks}"
            await self._marking(self._session.set_mark(name))
            return Mark(name, self._begun)

    async def drop_mark(self, mark: Mark) -> None:
        """Keep what was done since a savepoint. See `SqlConnection`."""
        async with self._turn:
            if mark.name and mark.begun == self._begun:
                self._refuse_if_lost()
                await self._marking(self._session.drop_mark(mark.name))

    async def undo_to_mark(self, mark: Mark) -> None:
        """Undo what was done since a savepoint. See `SqlConnection`.

        A transaction that has begun anew had only read before, so undoing all of it undoes no more than is asked for.
        """
        async with self._turn:
            is_all = not mark.name or mark.begun != self._begun
            if self._is_gone or (self._has_lost_all and not is_all):
                return
            session = self._session
            try:
                await self._to_the_end(session.rollback() if is_all else session.undo_to_mark(mark.name))
            except session.errors as error:
                self._note(session.failure_of(error))
                self._is_lost = True
                return
            self._is_lost = False
            if is_all:
                self._is_used = self._has_lost_all = False
                self._begun += 1

    async def _marking(self, work: Coroutine[Any, Any, None]) -> None:
        session = self._session
        try:
            await self._to_the_end(work)
        except session.errors as error:
            failure = session.failure_of(error)
            self._note(failure)
            self._is_lost = True
            raise failure.as_error(self._told) from error

    async def commit(self) -> None:
        """Make the changes last. Raises NodeError of a kind `database…`; after one without an answer nobody knows whether they do."""
        self._refuse_if_lost()
        session = self._session
        try:
            async with asyncio.timeout(_COMMIT_SECONDS):
                await session.commit()
        except TimeoutError as error:
            self._is_gone = True
            raise NodeError(f"{self._told} did not answer the commit.", kind="database.unreachable") from error
        except session.errors as error:
            failure = session.failure_of(error)
            self._note(failure)
            raise failure.as_error(self._told) from error
        self._is_open = False

    async def rollback(self) -> None:
        """Undo the changes. A connection that cannot do that in time is given up, and the database undoes them."""
        if self._is_gone or not self._is_open:
            return
        session = self._session
        work = asyncio.ensure_future(session.rollback())
        await asyncio.wait((work,), timeout=_STOP_SECONDS)
        if not work.done():
            self._leave_behind(work)
        elif work.exception() is None:
            self._is_open = False

    def _leave_behind(self, work: "asyncio.Future[Any]") -> None:
        self._is_gone, self._is_ours = True, False
        self._pool.leave_behind(self._session, work)

    def end(self) -> None:
        """Give the connection back, or up."""
        if not self._is_ours:
            return
        if self._is_open or self._is_gone:
            self._pool.discard(self._session)
        else:
            self._pool.give_back(self._session)


async def _nothing() -> None:
    return None
