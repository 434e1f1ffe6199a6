"""Walking the nodes inside a node: the turns of a loop, one after the other or several at a time, and branches.

Turns that follow each other share the frame of the flow, so what one writes the next one sees. Turns and branches that
run side by side are tasks; when one fails the others are stopped, and its error is the error of all. Whatever the number
of turns, the trace keeps the steps of the first, the last and the failing ones only.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from time import perf_counter_ns
from typing import Any, Final

from microflow_runtime.compiler.plan import Block, Frame
from microflow_runtime.engine.executor import as_execution_error, describe_deadline, step_waiting, walk
from microflow_runtime.engine.masked_sentences import mask_failure
from microflow_runtime.engine.run import Run, StepNote, StepRow, TurnNote
from microflow_runtime.engine.scopes import Scope
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.errors import DeadlineExceeded, ExecutionError, FeelError, LimitExceeded

KEPT_TURNS: Final = 5
"""How many of the first turns, of the last, and of those that failed, a trace shows step by step."""
_SLICE_NS: Final = 5_000_000
"""How long turns may keep the event loop before others have their turn."""
_NO_MORE: Final = object()
Items = Iterable[Any] | AsyncIterator[Any]


def inner_run(run: Run, block: Block, frame: Frame, *, is_guarded: bool = False) -> Run:
    """Give a run that walks a block of the same plan as part of `run`."""
    inner = Run(
        run.plan,
        frame,
        run.principal,
        run.resources,
        run.limits,
        run.execution_id,
        capture=run.capture,
        deadline_ns=run.deadline_ns,
    )
    inner.parent = run
    inner.block = block
    inner.depth = run.depth
    inner.started_ns = run.started_ns
    inner.deadline_ns = run.deadline_ns
    inner.inherited_limit_ns = run.limit_ns
    inner.is_guarded = run.is_guarded or is_guarded
    return inner


async def walk_once(inner: Run, root: Run) -> None:
    """Walk an inner run's block from its start to an end. Raises ExecutionError as `execute`."""
    left = inner.steps_left = root.limits.total_steps - root.inner_steps
    at = 0
    try:
        at = walk(inner, 0)
        while at >= 0:
            at = walk(inner, await step_waiting(inner, at))
    finally:
        root.inner_steps += left - inner.steps_left


def ends_all(failure: ExecutionError) -> bool:
    """Tell whether nothing may go on after this failure: a limit of the execution is reached."""
    return isinstance(failure, LimitExceeded) or type(failure) is DeadlineExceeded


class TurnLog:
    """What of many turns is kept for the trace."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._first: list[_Turn] = []
        self._last: deque[_Turn] = deque(maxlen=KEPT_TURNS)
        self._failed: list[_Turn] = []
        self._count = 0

    def add(self, turn: "_Turn") -> None:
        """Take a turn that has ended."""
        self._count += 1
        if turn[0] <= KEPT_TURNS:
            self._first.append(turn)
        elif turn[3] and len(self._failed) < KEPT_TURNS:
            self._failed.append(turn)
        else:
            self._last.append(turn)

    def tell(self, run: Run) -> None:
        """Leave the turns with the step of the node that they belong to, in the order of their numbers."""
        kept = sorted([*self._first, *self._failed, *self._last], key=lambda turn: turn[0])
        run.note = run.note or StepNote()
        run.note.turns = [
            TurnNote(str(number), self._block, steps, ended, told, before)
            for number, steps, ended, told, before in kept
        ]
        run.note.left_out = self._count - len(kept)


_Turn = tuple[int, list[StepRow], int, str, Frame | None]
"""A turn that has ended: its number, its steps, when it ended, what its error was, the values at its start."""
Begin = Callable[[Frame, int, Any], None]
"""Puts the item of a turn, whose number is given, into the frame."""
End = Callable[[Frame, int, ExecutionError | None], None]
"""Takes what a turn gave out of the frame, in the surroundings of the run, or the error where a loop goes on after one."""


class Loop:
    """A loop under way: its turns, the limits they share, and what is kept of them."""

    def __init__(self, run: Run, block: Block, begin: Begin, end: End, *, gathers: bool) -> None:
        self._run = run
        self._root = run.root
        self._block = block
        self._begin = begin
        self._end = end
        self._gathers = gathers
        self._most = run.limits.loop_turns
        self._log = TurnLog(block)
        self._slice_until = 0

    async def in_turn(self, frame: Frame, items: Items) -> None:
        """Take one turn for each item, one after the other, on the frame of the flow.

        Raises ExecutionError that names the turn unless the loop gathers them, and LimitExceeded beyond the most turns.
        """
        inner = inner_run(self._run, self._block, frame, is_guarded=self._gathers)
        try:
            if self._block.waits or isinstance(items, AsyncIterator):
                feed = _Feed(items, self._run)
                while await feed.advance():
                    await self._turn(inner, feed.number, feed.item)
            else:
                await self._quick_turns(inner, items)
        finally:
            inner.parent = None
            self._log.tell(self._run)

    async def side_by_side(self, frame: Frame, items: Items, at_once: int) -> None:
        """Take the turns in tasks, so many at once, each on a copy of the frame. Raises as `in_turn`."""
        feed = _Feed(items, self._run)

        async def work() -> None:
            while await feed.advance():
                number, item = feed.number, feed.item
                inner = inner_run(self._run, self._block, frame.copy(), is_guarded=self._gathers)
                try:
                    await self._turn(inner, number, item)
                finally:
                    inner.parent = None

        try:
            await run_side_by_side([work] * at_once)
        finally:
            self._log.tell(self._run)

    async def _quick_turns(self, inner: Run, items: Iterable[Any]) -> None:
        """Take turns that wait for nothing, in slices, between which others run."""
        rest = enumerate(items, 1)
        more = True
        while more:
            more = self._slice(inner, rest)
            await asyncio.sleep(0)

    def _slice(self, inner: Run, rest: Iterator[tuple[int, Any]]) -> bool:
        """Take turns for as long as a slice may be; tell whether there may be more."""
        slice_until = perf_counter_ns() + _SLICE_NS
        frame, root = inner.frame, self._root
        with computing(inner):
            for number, item in rest:
                self._check_number(number)
                inner.steps = []
                left = inner.steps_left = root.limits.total_steps - root.inner_steps
                before = frame.copy() if inner.capture else None
                failure: ExecutionError | None = None
                try:
                    self._begin(frame, number, item)
                    walk(inner, 0, is_entered=True)
                    self._end(frame, number, None)
                except (ExecutionError, FeelError) as error:
                    failure = self._failure(inner, number, error)
                finally:
                    root.inner_steps += left - inner.steps_left
                now = perf_counter_ns()
                self._log.add((number, inner.steps, now, failure.message if failure else "", before))
                if failure is not None:
                    self._end(frame, number, failure)
                if now > slice_until:
                    return True
        return False

    async def _turn(self, inner: Run, number: int, item: Any) -> None:
        """Take a turn that may wait."""
        self._check_number(number)
        frame = inner.frame
        inner.steps = []
        before: Frame | None = None
        failure: ExecutionError | None = None
        scope = Scope(inner.find_scope()) if self._gathers else None
        inner.scope = scope
        try:
            self._begin(frame, number, item)
            if inner.capture:
                before = frame.copy()
            await walk_once(inner, self._root)
            with computing(inner):
                self._end(frame, number, None)
            if scope is not None:
                await scope.keep()
        except (ExecutionError, FeelError) as error:
            failure = self._failure(inner, number, error)
            if scope is not None:
                await scope.undo()
        finally:
            inner.scope = None
            if scope is not None:
                scope.end()
        now = perf_counter_ns()
        self._log.add((number, inner.steps, now, failure.message if failure else "", before))
        if failure is not None:
            self._end(frame, number, failure)
        if now > self._slice_until:
            await asyncio.sleep(0)
            self._slice_until = perf_counter_ns() + _SLICE_NS

    def _check_number(self, number: int) -> None:
        if number > self._most:
            raise LimitExceeded(f"the limit of {self._most} turns is reached.")

    def _failure(self, inner: Run, number: int, error: ExecutionError | FeelError) -> ExecutionError:
        """Give the error of a turn, which names it, if the loop goes on after one; else raise it, noted for the trace."""
        failure = as_execution_error(inner, error, inner.started_ns)
        mask_failure(inner, failure, error)
        failure.message = f"turn {number}, {failure.message}"
        if self._gathers and not ends_all(failure):
            return failure
        self._log.add((number, inner.steps, perf_counter_ns(), failure.message, None))
        raise failure from (error if failure is not error else error.__cause__)


class _Feed:
    """Gives the items one after the other, with their numbers from 1, to one or several takers."""

    def __init__(self, items: Items, run: Run) -> None:
        self._run = run
        self._stream = items if isinstance(items, AsyncIterator) else None
        self._plain = iter(()) if isinstance(items, AsyncIterator) else iter(items)
        self._taking = asyncio.Lock()
        self.number = 0
        self.item: Any = None

    async def advance(self) -> bool:
        """Put the next item and its number into the attributes; False when there is none. Read them before awaiting.

        Raises DeadlineExceeded when a stream gives nothing before the execution's time is over.
        """
        if self._stream is not None:
            async with self._taking:
                self.item = await self._next(self._stream)
        else:
            self.item = next(self._plain, _NO_MORE)
        if self.item is _NO_MORE:
            return False
        self.number += 1
        return True

    async def _next(self, stream: AsyncIterator[Any]) -> Any:
        left = (self._run.deadline_ns - perf_counter_ns()) / 1e9
        try:
            async with asyncio.timeout(left) as limit:
                return await anext(stream, _NO_MORE)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise DeadlineExceeded(f"{describe_deadline(self._run)} The loop waited for its source.") from error


async def run_branches(run: Run, branches: Mapping[str, Block], frame: Frame) -> None:
    """Walk blocks of the flow side by side on its frame, each to its end; no two of them may write the same variable.

    Raises ExecutionError that names the branch, when the other branches have been stopped.
    """
    root = run.root
    notes: dict[str, TurnNote] = {}

    def branch(name: str, block: Block) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            inner = inner_run(run, block, frame)
            before = frame.copy() if run.capture else None
            told = "stopped when another branch failed"
            try:
                await walk_once(inner, root)
                told = ""
            except ExecutionError as error:
                error.message = told = f'branch "{name}", {error.message}'
                raise
            finally:
                inner.parent = None
                notes[name] = TurnNote(name, block, inner.steps, perf_counter_ns(), told, before)

        return work

    try:
        await run_side_by_side([branch(name, block) for name, block in branches.items()])
    finally:
        run.note = run.note or StepNote()
        run.note.turns = [notes[name] for name in branches if name in notes]


async def run_side_by_side(works: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Do all of the work at once, each in a task of its own, and wait for all.

    Raises what the first of them, in their order, failed with, when the others have been stopped.
    """
    tasks = [asyncio.ensure_future(work()) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
