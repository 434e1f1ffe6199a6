"""Finds rules of a table that take the same inputs."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from microflow_runtime.compiler.decisions.axes import Span
from microflow_runtime.compiler.decisions.grid import Budget, Column, Point

Pair = tuple[int, int]
"""Two rules by their index from 0, the earlier first."""

MOST_PAIRS: Final = 100
"""So many pairs are told; nobody reads more."""


def find_overlaps(
    columns: Sequence[Column],
    rules: int,
    budget: Budget,
    counts: Callable[[int, int], bool] = lambda _first, _second: True,
) -> tuple[list[Pair], bool]:
    """Give pairs that surely overlap, and whether there are no others. `counts` tells which pairs are of interest.

    Raises GivenUpError when the budget is spent.
    """
    found = list(islice((pair for pair in _pairs(columns, rules, budget, surely=True) if counts(*pair)), MOST_PAIRS))
    if len(found) == MOST_PAIRS:
        return found, False
    if all(column.is_known for column in columns):
        return found, True
    possible = sum(counts(*pair) for pair in _pairs(columns, rules, budget, surely=False))
    return found, possible == len(found)


def common_point(columns: Sequence[Column], first: int, second: int) -> Point:
    """Give a point that two rules of which both surely take one have in common."""
    both = 1 << first | 1 << second
    return tuple(next(piece for piece in column.possible if column.surely[piece] & both == both) for column in columns)


def possible_in(column: Column, cell: tuple[Span, ...] | None) -> tuple[int, ...]:
    """Give the pieces of a cell that can come."""
    if cell is None:
        return column.possible
    pieces = column.possible
    return tuple(
        piece for start, end in cell for piece in pieces[bisect_left(pieces, start) : bisect_left(pieces, end)]
    )


def _pairs(columns: Sequence[Column], rules: int, budget: Budget, *, surely: bool) -> Iterator[Pair]:
    """Give the pairs of rules whose cells meet in every column."""
    partners = [_Partners(column, budget, surely=surely) for column in columns]
    for first in range(rules):
        mask = -1 << (first + 1) & ((1 << rules) - 1)
        for each in partners:
            if not mask:
                break
            mask &= each.of(first)
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            budget.spend(1)
            yield first, lowest.bit_length() - 1


class _Partners:
    """For each rule the rules that take a piece which it takes, too; made once for equal cells."""

    def __init__(self, column: Column, budget: Budget, *, surely: bool) -> None:
        self._column = column
        self._masks = column.surely if surely else column.may
        self._surely = surely
        self._budget = budget
        self._known: dict[tuple[Span, ...] | None, int] = {}

    def of(self, rule: int) -> int:
        """Give their bits."""
        cell = self._column.cells[rule]
        if cell is None and self._surely:
            return 0
        found = self._known.get(cell)
        if found is None:
            found = 0
            pieces = possible_in(self._column, cell)
            self._budget.spend(len(pieces) + 1)
            for piece in pieces:
                found |= self._masks[piece]
            self._known[cell] = found
        return found
