"""What formulas read from their surroundings: number context, deadline, clock and zone.

One thread serves many executions, so an execution sets them for just as long as it computes, and leaves no deadline
behind for whoever computes next.
"""

import decimal
import math
from collections.abc import Iterator
from contextlib import contextmanager
from time import time_ns

from microflow_runtime.engine.run import Run
from microflow_runtime.feel import NUMBER_CONTEXT, set_clock, set_deadline


def enter(run: Run) -> None:
    """Set the surroundings of an execution; nothing may be awaited before `leave`."""
    decimal.setcontext(NUMBER_CONTEXT)
    set_deadline(run.deadline_ns / 1e9)
    set_clock(time_ns, run.plan.time_zone)


def leave() -> None:
    """Take the deadline away: it is nobody else's."""
    set_deadline(math.inf)


@contextmanager
def computing(run: Run) -> Iterator[None]:
    """Compute in the surroundings of an execution. Nothing may be awaited inside."""
    enter(run)
    try:
        yield
    finally:
        leave()
