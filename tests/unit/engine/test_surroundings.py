"""The surroundings of formulas belong to one execution at a time."""

import math
import time

import pytest

from microflow_runtime.engine.surroundings import computing
from microflow_runtime.feel import limits


class _Plan:
    time_zone = "Asia/Bangkok"


class _Run:
    plan = _Plan()
    deadline_ns = 1


def test_an_execution_s_deadline_holds_while_it_computes_and_is_gone_after_it() -> None:
    """A deadline that has passed stops this execution's formulas, and nobody's after it."""
    with computing(_Run()), pytest.raises(limits.LimitFailure):
        limits.check_time()
    limits.check_time()


def test_a_failure_inside_takes_the_deadline_away_as_well() -> None:
    """What raises inside does not leave its deadline behind."""
    with pytest.raises(ZeroDivisionError), computing(_Run()):
        1 / 0  # noqa: B018
    assert time.monotonic() < math.inf
    limits.check_time()
