"""The connections of one data source: so many at most, so many callers that wait for one, and no caller more."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from microflow_runtime.errors import NodeError, NotAvailable
from microflow_runtime.runtime.data_sources.drivers import Reach, connect
from microflow_runtime.runtime.data_sources.place import Place
from microflow_runtime.runtime.data_sources.session import Session
from microflow_runtime.settings import Secrets
from microflow_runtime.telemetry import get_log

_log: Final = get_log("data_sources")
_WAIT_SECONDS: Final = 10.0
_OLD_SECONDS: Final = 1_800.0
_LEFT_BEHIND_SECONDS: Final = 10.0
_CLOSE_SECONDS: Final = 1.0


class Pool:
    """Lends connections. `admitted` counts the executions that were let in because there will be one for them.

    A connection that comes back is handed to whoever has waited longest, so that nobody is overtaken.
    """

    def __init__(self, place: Place, secrets: Secrets, reach: Reach) -> None:
        self.place = place
        self._reach = reach
        self.admitted = 0
        self._secrets = secrets
        self._free: list[Session] = []
        self._born: dict[Session, float] = {}
        self._open = 0
        self._waiting: deque[asyncio.Future[Session | None]] = deque()
        self._left_behind: set[asyncio.Task[None]] = set()
        self._trusted_since = 0.0
        self._is_closing = False

    @property
    def lent(self) -> int:
        """How many connections are lent, being made, or being closed."""
        return self._open - len(self._free)

    def admit(self) -> None:
        """Count an execution in. Raises NotAvailable when so many are in that one more would wait for long."""
        if self.admitted >= self.place.pool_size + self.place.waiting:
            message = f"Every connection of {self.place.told} is in use, and others wait for one."
            raise NotAvailable(message, retry_after_seconds=1)
        self.admitted += 1

    def leave(self) -> None:
        """Count an execution out."""
        self.admitted -= 1

    async def take(self) -> Session:
        """Lend a connection.

        Raises NodeError: `database.busy` when too many wait already or none comes free in time, `database.unreachable`
        when none can be made.
        """
        while self._free:
            session = self._free.pop()
            if self._is_good(session):
                return session
            self.discard(session)
        if self._open >= self.place.pool_size:
            session_or_room = await self._wait()
            if session_or_room is not None:
                return session_or_room
        else:
            self._open += 1
        return await self._make()

    def _is_good(self, session: Session) -> bool:
        born = self._born[session]
        return born >= self._trusted_since and monotonic() - born < _OLD_SECONDS

    async def _wait(self) -> Session | None:
        """Wait for a connection; None means room to make one."""
        if len(self._waiting) >= self.place.waiting:
            raise self._busy()
        turn: asyncio.Future[Session | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                return await turn
        except TimeoutError as error:
            self._give_up(turn)
            raise self._busy() from error
        except asyncio.CancelledError:
            self._give_up(turn)
            raise

    def _give_up(self, turn: "asyncio.Future[Session | None]") -> None:
        """Stop waiting; what was handed over at the last moment goes to the next."""
        with suppress(ValueError):
            self._waiting.remove(turn)
        if turn.done() and not turn.cancelled():
            session = turn.result()
            if session is None:
                self._leave_room()
            else:
                self.give_back(session)

    def _busy(self) -> NodeError:
        return NodeError(f"every connection of {self.place.told} is in use.", kind="database.busy", retryable=True)

    async def _make(self) -> Session:
        """Make a connection in the room that was taken for it."""
        try:
            session = await connect(self.place, self._secrets, self._reach)
        except BaseException:
            self._leave_room()
            raise
        self._born[session] = monotonic()
        return session

    def give_back(self, session: Session) -> None:
        """Take a connection back on which no transaction is open."""
        if self._is_closing or not self._is_good(session):
            self.discard(session)
            return
        turn = self._next_turn()
        if turn is None:
            self._free.append(session)
        else:
            turn.set_result(session)

    def discard(self, session: Session) -> None:
        """Close a connection that is of no use any more. Its room is free at once."""
        self._forget(session)
        self._see_to(self._end(session))

    async def replace(self, session: Session) -> Session:
        """Give a new connection for one that turned out to be lost; those that lie idle are not believed in any more.

        Raises as `take`.
        """
        self.distrust()
        self._born.pop(session, None)
        self._see_to(self._end(session))
        return await self._make()

    def distrust(self) -> None:
        """Use none of the present connections again: the database has gone, or has come back as another."""
        self._trusted_since = monotonic()

    def leave_behind(self, session: Session, work: "asyncio.Future[Any]") -> None:
        """See to a connection whose statement the database does not stop in time; its place in the pool stays taken until then."""

        async def see_to_it() -> None:
            await asyncio.wait((work,), timeout=_LEFT_BEHIND_SECONDS)
            session.abandon()
            await asyncio.wait((work,), timeout=_CLOSE_SECONDS)
            if not work.done():
                work.cancel()
            await asyncio.gather(work, return_exceptions=True)  # its caller was told long ago
            self._forget(session)
            await self._end(session)

        _log.warning("statement left behind", app=self.place.app, source=self.place.source)
        self._see_to(see_to_it())

    def _see_to(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for, but for the end of the pool."""
        task = asyncio.ensure_future(work)
        self._left_behind.add(task)
        task.add_done_callback(self._left_behind.discard)

    def _forget(self, session: Session) -> None:
        self._born.pop(session, None)
        self._leave_room()

    def _leave_room(self) -> None:
        turn = self._next_turn()
        if turn is None:
            self._open -= 1
        else:
            turn.set_result(None)

    def _next_turn(self) -> "asyncio.Future[Session | None] | None":
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn
        return None

    async def _end(self, session: Session) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await session.close()
        except TimeoutError:
            session.abandon()
        except session.errors:
            session.abandon()

    async def close(self) -> None:
        """Close the connections that lie idle; those that are lent close when they come back."""
        self._is_closing = True
        while self._free:
            self.discard(self._free.pop())
        if self._left_behind:
            await asyncio.wait(self._left_behind, timeout=_CLOSE_SECONDS)
