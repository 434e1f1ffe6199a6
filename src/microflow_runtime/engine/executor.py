"""Walks a plan from its start to an end. The only loop that every call goes through, so it is kept short and flat."""

from time import perf_counter_ns
from typing import Any

from microflow_runtime.compiler.plan import Frame, Plan, PlanNode
from microflow_runtime.engine.masked_sentences import mask_failure
from microflow_runtime.engine.run import Run, StepNote
from microflow_runtime.engine.surroundings import computing, enter, leave
from microflow_runtime.engine.waiting import TimeCatch, run_waiting
from microflow_runtime.errors import DeadlineExceeded, ExecutionError, FeelError, LimitExceeded, NodeError
from microflow_runtime.feel import FeelLimitError


async def execute(run: Run) -> None:
    """Run the plan to an end; its results are in the frame.

    Raises ExecutionError naming flow, node and cause when a node fails and no catch takes it.
    """
    at = walk(run, 0)
    while at >= 0:
        at = walk(run, await step_waiting(run, at))


def walk(run: Run, at: int, *, is_entered: bool = False) -> int:
    """Run from a node on until an end or a node that waits; give that node's index, or -1. Raises as `execute`.

    A plan without waiting nodes is run by this alone, without touching the event loop. `is_entered` tells that the caller
    has set the surroundings that formulas read, for many walks, and takes them away.
    """
    if at < 0:
        return at
    block = run.block or run.plan
    steps = block.steps
    frame = run.frame
    record = run.steps.append
    clock = perf_counter_ns
    deadline = run.deadline_ns
    left = run.steps_left
    capture = run.capture
    if not is_entered:
        enter(run)
    started = clock()
    try:
        while at >= 0:
            action, waits, targets = steps[at]
            if waits:
                break
            if left <= 0 or started > deadline:
                raise _stopped(run, block.nodes[at], left)
            left -= 1
            try:
                leaves_by = action(frame, run)
            except (ExecutionError, FeelError) as error:
                at, started = _failed(run, at, started, error)
                continue
            record((at, leaves_by, started, StepNote(frame=frame.copy()) if capture else None))
            at = targets[leaves_by]
            started = clock()
    finally:
        if not is_entered:
            leave()
        run.steps_left = left
    run.ended_ns = started
    return at


async def step_waiting(run: Run, at: int) -> int:
    """Run one node that waits; give the index of the node to go on with."""
    node = (run.block or run.plan).nodes[at]
    started = perf_counter_ns()
    if run.steps_left <= 0 or started > run.deadline_ns:
        raise _stopped(run, node, run.steps_left)
    run.steps_left -= 1
    try:
        leaves_by = await run_waiting(node, run.frame, run)
    except (ExecutionError, FeelError, TimeCatch) as error:
        with computing(run):
            goes_on, _ = _failed(run, at, started, error)
        return goes_on
    note = run.note
    if run.capture:
        note = note or StepNote()
        note.frame = run.frame.copy()
    run.note = None
    run.steps.append((at, leaves_by, started, note))
    run.ended_ns = perf_counter_ns()
    return node.targets[leaves_by]


def _failed(run: Run, at: int, started: int, error: ExecutionError | FeelError | TimeCatch) -> tuple[int, int]:
    """Find the catch that takes the error and go on there, giving (index of the next node, its start in ns)."""
    node = (run.block or run.plan).nodes[at]
    note = run.note or StepNote()
    run.note = None
    if isinstance(error, TimeCatch):
        index = error.index
        told = f"no answer after {node.catches[index].after_seconds} s"
    else:
        failure = as_execution_error(run, error, started)
        run.note = note
        mask_failure(run, failure, error, node)
        run.note = None
        index = _find_catch(node, failure)
        told = failure.message
    note.error = told
    if index < 0:
        run.steps.append((at, -1, started, note))
        run.ended_ns = perf_counter_ns()
        raise _named(run, node, failure) from _cause(error)
    catch = node.catches[index]
    run.frame[catch.error_slot] = (
        {"kind": "timeout", "code": DeadlineExceeded.code, "message": told, "node": node.name, "data": {}}
        if isinstance(error, TimeCatch)
        else _error_context(node, failure)
    )
    if catch.assign is not None:
        try:
            catch.assign(run.frame)
        except (FeelError, ExecutionError) as second:
            run.steps.append((at, -1, started, note))
            failed = as_execution_error(run, second, started)
            mask_failure(run, failed, second, node)
            raise _named(run, node, failed) from _cause(second)
    if run.capture:
        note.frame = run.frame.copy()
    run.steps.append((at, -2 - index, started, note))
    return catch.target, perf_counter_ns()


def _find_catch(node: PlanNode, failure: ExecutionError) -> int:
    """Give the index of the first catch that names the failure's kind, -1 when none does or the time is over."""
    if isinstance(failure, LimitExceeded) or type(failure) is DeadlineExceeded:
        return -1
    for index, catch in enumerate(node.catches):
        if catch.after_seconds is None and catch.takes(failure.kind):
            return index
    return -1


def _cause(error: Exception) -> BaseException | None:
    """Give what an error of a node came from: an error that goes on as itself keeps its own cause."""
    return error.__cause__ if isinstance(error, ExecutionError) else error


def as_execution_error(run: Run, error: ExecutionError | FeelError, started: int) -> ExecutionError:
    """Give the error of the node; a formula that used up the time of the execution is no failure that a catch may take."""
    if isinstance(error, ExecutionError):
        return error
    if isinstance(error, FeelLimitError) and error.is_deadline:
        limit, spent = run.limit_ns / 1e9, (perf_counter_ns() - started) / 1e9
        return DeadlineExceeded(
            f"the time limit of {limit:.3f} s has passed in a formula, {spent:.3f} s of it in this node."
        )
    place = (
        f" (in `{error.text[error.start : error.end] or error.text}`, {error.where} of the formula `{error.text.strip()}`)"
        if error.text
        else ""
    )
    return NodeError(f"{error.message}{place}", kind="formula")


def _error_context(node: PlanNode, failure: ExecutionError) -> dict[str, Any]:
    data = failure.data if isinstance(failure, NodeError) else {}
    return {"kind": failure.kind, "code": failure.code, "message": failure.sentence, "node": node.name, "data": data}


def _named(run: Run, node: PlanNode, failure: ExecutionError) -> ExecutionError:
    """Give the failure a message that names flow and node, keeping its class, kind and data.

    Inside a loop or a branch the flow is named further out.
    """
    flow = f"{run.plan.name}, " if run.block is None else ""
    failure.message = f'{flow}{node.type} "{node.name}": {failure.message}'
    return failure


def _stopped(run: Run, node: PlanNode, left: int) -> ExecutionError:
    run.ended_ns = perf_counter_ns()
    flow, most = (
        (f"{run.plan.name}, ", f"{run.limits.steps} steps")
        if run.block is None
        else ("", f"{run.limits.total_steps} steps in all")
    )
    if left <= 0:
        return LimitExceeded(f'{flow}before "{node.name}": the limit of {most} is reached.')
    return DeadlineExceeded(f'{flow}before "{node.name}": {describe_deadline(run)}')


def describe_deadline(run: Run) -> str:
    """Say which limit has passed and where the time went."""
    limit = run.limit_ns / 1e9
    slowest = max(
        ((later - start, index) for (index, _, start, _), later in zip(run.steps, _next_starts(run), strict=True)),
        default=None,
    )
    where = (
        f'; the longest step was "{(run.block or run.plan).nodes[slowest[1]].name}" with {slowest[0] / 1e9:.3f} s'
        if slowest
        else ""
    )
    return f"the time limit of {limit:.3f} s has passed{where}."


def _next_starts(run: Run) -> list[int]:
    return [start for _, _, start, _ in run.steps[1:]] + [perf_counter_ns()] if run.steps else []


def new_frame(plan: Plan, caller: dict[str, Any]) -> Frame:
    """Give a fresh frame with the caller in it."""
    frame = list(plan.frame)
    frame[0] = caller
    return frame
