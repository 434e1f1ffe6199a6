"""What is wrong with the rules of a table as a whole: two that meet, inputs that none takes, rules that never come to it."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.decisions.gaps import find_gap, find_uncovered
from microflow_runtime.compiler.decisions.grid import Budget, Column, GivenUpError, Point
from microflow_runtime.compiler.decisions.overlaps import Pair, find_overlaps, possible_in

BUDGET: Final = 500_000
"""Pieces looked at for each question: about a tenth of a second."""


class Findings(msgspec.Struct, frozen=True):
    """What was found; rules by their index from 0. `gap` is a point that no rule takes.

    `empty` are rules that take nothing, `shadowed` those before which other rules take all that they do.
    `knows_overlaps` and `knows_gap` tell that there is nothing else to find: no other pair, no gap where none is given.
    `given_up` are the questions that were too much work, in words.
    """

    overlaps: tuple[Pair, ...] = ()
    gap: Point | None = None
    empty: tuple[int, ...] = ()
    shadowed: tuple[int, ...] = ()
    knows_overlaps: bool = False
    knows_gap: bool = False
    given_up: tuple[str, ...] = ()


def analyse(
    columns: Sequence[Column],
    rules: int,
    *,
    overlaps: Callable[[int, int], bool] | None = None,
    gap: bool = False,
    in_turn: bool = False,
    budget: int = BUDGET,
) -> Findings:
    """Look through a table for what is asked.

    `overlaps` tells which pairs of rules must not meet, `in_turn` that a rule counts only where none before it does.
    """
    found: dict[str, Any] = {}
    given_up: list[str] = []
    if overlaps is not None:
        try:
            pairs, found["knows_overlaps"] = find_overlaps(columns, rules, Budget(budget), overlaps)
            found["overlaps"] = tuple(pairs)
        except GivenUpError:
            given_up.append("which rules overlap")
    if gap:
        try:
            found["gap"], found["knows_gap"] = find_gap(columns, (1 << rules) - 1, Budget(budget))
        except GivenUpError:
            given_up.append("which inputs no rule takes")
    try:
        found["empty"] = _empty(columns, rules)
        found["shadowed"] = _shadowed(columns, rules, found["empty"], Budget(budget)) if in_turn else ()
    except GivenUpError:
        given_up.append("which rules never hold")
    return Findings(**found, given_up=tuple(given_up))


def _empty(columns: Sequence[Column], rules: int) -> tuple[int, ...]:
    some = (1 << rules) - 1
    for column in columns:
        taken = 0
        for piece in column.possible:
            taken |= column.may[piece]
        some &= taken
    return tuple(rule for rule in range(rules) if not some >> rule & 1)


def _shadowed(columns: Sequence[Column], rules: int, empty: Sequence[int], budget: Budget) -> tuple[int, ...]:
    masks = [column.surely for column in columns]
    found = []
    for rule in sorted({*range(rules)} - {*empty}):
        pieces = [possible_in(column, column.cells[rule]) for column in columns]
        budget.spend(sum(map(len, pieces)))
        if find_uncovered(pieces, masks, (1 << rule) - 1, budget) is None:
            found.append(rule)
    return tuple(found)
