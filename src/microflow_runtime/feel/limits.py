"""Bounds on what one formula may use: time, turns of its loops, list and text sizes, depth of calls.

The caller sets the deadline for its thread before it runs formulas. Everything else is counted for one evaluation.
The sizes are chosen so that the values of one evaluation stay under 64 MB.
"""

import math
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from microflow_runtime.feel.faults import LimitFailure
from microflow_runtime.feel.values import Value

MAXIMUM_ITEMS: Final = 250_000
"""Items of one list."""

MAXIMUM_TURNS: Final = 400_000
"""Turns of all loops, and items of all lists made by functions, in one evaluation. A turn whose body makes contexts or
lists counts for several, so that a turn stands for at most some 160 bytes."""

MAXIMUM_STEPS: Final = 5_000_000
"""Calls of functions written in the formula, and values looked at inside others, in one evaluation."""

MAXIMUM_TEXT: Final = 4_000_000
"""Characters of one text."""

MAXIMUM_TEXT_IN_ALL: Final = 8_000_000
"""Characters of all texts made in one evaluation."""

MAXIMUM_CALLS: Final = 64
"""Depth of functions calling functions."""

_SLICE: Final = 256


class Slices(Protocol):
    """What a loop goes over: a list, or numbers made as they are taken."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Value]: ...
    def __getitem__(self, part: slice, /) -> list[Value]: ...


class _Use(threading.local):
    """What the present thread may use and has used. The counts belong to one evaluation."""

    deadline: float = math.inf
    turns: int = 0
    text: int = 0
    depth: int = 0
    steps: int = 0


_use: Final = _Use()


def set_deadline(monotonic_seconds: float) -> float:
    """Set the moment (of `time.monotonic`) after which this thread's formulas stop; return the one before. `math.inf` is none."""
    before, _use.deadline = _use.deadline, monotonic_seconds
    return before


def start() -> None:
    """Begin to count anew: a formula that loops, calls or makes texts does this first."""
    _use.turns = _use.text = _use.steps = _use.depth = 0


def check_time() -> None:
    """Stop when the deadline has passed."""
    if time.monotonic() > _use.deadline:
        raise LimitFailure("the time for the execution was over while the formula ran", is_deadline=True)


def seconds_left() -> float:
    """Give the time until the deadline; `math.inf` without one, never less than a millisecond."""
    return max(0.001, _use.deadline - time.monotonic())


def spend(turns: int) -> None:
    """Count turns, or items of a list that is made, and look at the clock."""
    used = _use.turns = _use.turns + turns
    if turns > MAXIMUM_ITEMS:
        raise LimitFailure(f"a list of {turns:,} items is over the limit of {MAXIMUM_ITEMS:,}")
    if used > MAXIMUM_TURNS:
        raise LimitFailure(f"the formula took more than {MAXIMUM_TURNS:,} turns")
    if time.monotonic() > _use.deadline:
        check_time()


def spend_text(characters: int) -> None:
    """Count characters of a text before it is made."""
    used = _use.text = _use.text + characters
    if characters > MAXIMUM_TEXT:
        raise LimitFailure(f"a text of {characters:,} characters is over the limit of {MAXIMUM_TEXT:,}")
    if used > MAXIMUM_TEXT_IN_ALL:
        raise LimitFailure(f"the formula made more than {MAXIMUM_TEXT_IN_ALL:,} characters of text")


def tick() -> None:
    """Count one small step of work over nested values; every 256th looks at the clock."""
    steps = _use.steps = _use.steps + 1
    if steps % _SLICE == 0:
        check_time()
        if steps > MAXIMUM_STEPS:
            raise LimitFailure(f"the formula took more than {MAXIMUM_STEPS:,} steps")


def turns(items: Slices, weight: int = 1) -> Iterator[Iterable[Value]]:
    """Give the items in slices, counting the turns and watching the clock before each slice.

    `weight` is what one turn counts for.
    """
    size = len(items)
    if size > MAXIMUM_ITEMS:
        spend(size)
    if size <= _SLICE:
        spend(size * weight)
        yield items
        return
    for first in range(0, size, _SLICE):
        part = items[first : first + _SLICE]
        spend(len(part) * weight)
        yield part


def enter() -> None:
    """Go one call deeper."""
    if _use.depth >= MAXIMUM_CALLS:
        raise LimitFailure(f"functions call each other more than {MAXIMUM_CALLS} deep")
    tick()
    _use.depth += 1


def leave() -> None:
    """Come back from a call."""
    _use.depth -= 1
