"""Patterns that refer back to a group, which RE2 cannot run, on an engine that tries one way after the other.

Such a search may take exponential time, so each has a time limit; one that passes it ends the formula.
"""

from collections.abc import Iterator
from typing import Any, Final

import regex

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure, LimitFailure

SECONDS: Final = 0.1
"""What one call may search; shorter where the execution's deadline is nearer."""


class Backtracking:
    """A compiled pattern, whose size RE2 has bounded before, with the two ways of searching that the patterns of RE2 have, over text instead of bytes."""

    __slots__ = ("_compiled",)

    def __init__(self, pattern: str, *, ignores_case: bool) -> None:
        try:
            self._compiled = regex.compile(pattern, regex.VERSION0 | (regex.IGNORECASE if ignores_case else 0))
        except (regex.error, OverflowError, RecursionError) as error:
            raise Failure("the pattern cannot be read: it is too large, or repeats what cannot be repeated") from error

    def search(self, text: str) -> Any:
        """Give the first match, or None."""
        seconds = _left()
        try:
            return self._compiled.search(text, timeout=seconds)
        except TimeoutError as error:
            raise _over(seconds) from error

    def finditer(self, text: str) -> Iterator[Any]:
        """Give the matches one after the other; the time limit is one for all."""
        seconds = _left()
        try:
            yield from self._compiled.finditer(text, timeout=seconds)
        except TimeoutError as error:
            raise _over(seconds) from error


def _left() -> float:
    limits.check_time()
    return min(SECONDS, limits.seconds_left())


def _over(seconds: float) -> LimitFailure:
    limits.check_time()
    return LimitFailure(
        f"a pattern that refers back to a group searched for longer than {max(seconds, 0.001):.3g} s; "
        "write it so that fewer ways have to be tried, or without `\\1`"
    )
