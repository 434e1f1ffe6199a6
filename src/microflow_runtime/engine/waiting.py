"""Running a node that waits for something outside: its time limit, its tries, its catches on time."""

import asyncio
from time import perf_counter_ns

from microflow_runtime.compiler.plan import Frame, PlanNode
from microflow_runtime.engine.run import Run, StepNote
from microflow_runtime.engine.scopes import Scope
from microflow_runtime.errors import DeadlineExceeded, ExecutionError, FeelError, NodeError


class TimeCatch(Exception):
    """A node took longer than one of its time catches allows. `index` is the catch's."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


async def run_waiting(node: PlanNode, frame: Frame, run: Run) -> int:
    """Run the node's action under every limit that applies, again as often as its retry says; give the exit's index.

    A server that asks to be left alone for a while is, if there is so much time; if not, its error stands at once.
    Raises NodeError as the action does, of kind `timeout` when the node's own limit passed; DeadlineExceeded when the
    execution's did; TimeCatch when a time catch is due.
    """
    entered = perf_counter_ns()
    tries = 0
    pause = node.retry.wait_seconds if node.retry else 0.0
    while True:
        tries += 1
        try:
            leaves_by = await (_try_in_scope if node.action.writes and node.is_guarded else _try_once)(
                node, frame, run, entered
            )
        except NodeError as error:
            if node.retry is None or tries > node.retry.times or not error.retryable:
                _tell_tries(run, tries)
                raise
            asked_for = error.retry_after_seconds
            if asked_for and asked_for >= _time_left(node, run, entered, of_try=False)[0]:
                _tell_tries(run, tries)
                raise
        else:
            _tell_tries(run, tries)
            return leaves_by
        await _pause(node, run, entered, max(pause, asked_for))
        pause *= node.retry.factor


def _tell_tries(run: Run, tries: int) -> None:
    if tries > 1:
        run.note = run.note or StepNote()
        run.note.tries = tries


async def _try_in_scope(node: PlanNode, frame: Frame, run: Run, entered: int) -> int:
    """Try once, so that a failure which is caught, or tried again, leaves nothing behind of what was written before it."""
    outside = run.find_scope()
    before = run.scope
    scope = run.scope = Scope(outside)
    try:
        leaves_by = await _try_once(node, frame, run, entered)
        await scope.keep()
    except (ExecutionError, FeelError, TimeCatch):
        await scope.undo()
        raise
    finally:
        run.scope = before
        scope.end()
    return leaves_by


async def _try_once(node: PlanNode, frame: Frame, run: Run, entered: int) -> int:
    seconds, source = _time_left(node, run, entered)
    if source == "deadline" and node.action.keeps_deadline:
        exit_inside: int = await node.action.run(frame, run)
        return exit_inside
    try:
        async with asyncio.timeout(seconds) as limit:
            leaves_by: int = await node.action.run(frame, run)
            return leaves_by
    except TimeoutError as error:
        if not limit.expired():
            raise NodeError("what the node waits for gave up waiting.", kind="timeout", retryable=True) from error
        raise _timed_out(node, run, source, entered) from error


async def _pause(node: PlanNode, run: Run, entered: int, seconds: float) -> None:
    left, source = _time_left(node, run, entered, of_try=False)
    if seconds >= left:
        await asyncio.sleep(max(left, 0))
        raise _timed_out(node, run, source, entered)
    await asyncio.sleep(seconds)


def _time_left(node: PlanNode, run: Run, entered: int, *, of_try: bool = True) -> tuple[float, int | str]:
    """Give the seconds that one more try, or a pause, may take, and whose they are: `deadline`, `timeout` or a catch's index.

    A time limit of the node holds for each try, a time catch for the whole step, pauses included.
    """
    now = perf_counter_ns()
    seconds: float = (run.deadline_ns - now) / 1e9
    source: int | str = "deadline"
    if of_try and node.timeout_seconds is not None and node.timeout_seconds < seconds:
        seconds, source = node.timeout_seconds, "timeout"
    for index, catch in enumerate(node.catches):
        if catch.after_seconds is not None:
            left = catch.after_seconds - (now - entered) / 1e9
            if left < seconds:
                seconds, source = left, index
    return seconds, source


def _timed_out(node: PlanNode, run: Run, source: int | str, entered: int) -> Exception:
    if isinstance(source, int):
        return TimeCatch(source)
    spent = (perf_counter_ns() - entered) / 1e9
    if source == "timeout":
        return NodeError(
            f"no answer within the node's limit of {node.timeout_seconds} s.",
            kind="timeout",
            retryable=node.action.repeats,
        )
    limit = run.limit_ns / 1e9
    return DeadlineExceeded(f"the time limit of {limit:.3f} s has passed here, {spent:.3f} s of it in this node.")
