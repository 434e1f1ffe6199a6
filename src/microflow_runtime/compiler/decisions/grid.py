"""The rules of a table over the pieces of its inputs: for each piece the rules that take it, as the bits of a number.

Bit 0 is the first rule. A cell that is more than comparisons with constants may take any piece: the rules that `may` take
a piece count it, those that `surely` do leave it out.
"""

from collections.abc import Iterable, Sequence

import msgspec

from microflow_runtime.compiler.decisions.axes import Axis, Facts, Span, axis_of
from microflow_runtime.compiler.decisions.simple_tests import SimpleTests
from microflow_runtime.feel import Type


class Column(msgspec.Struct, frozen=True):
    """One input. `possible` are the pieces that can come; `refused` those that the input's allowed values leave out.

    `cells` gives for each rule the pieces that its cell takes, None for a cell that may take any.
    """

    label: str
    axis: Axis
    facts: Facts
    possible: tuple[int, ...]
    refused: frozenset[int]
    cells: tuple[tuple[Span, ...] | None, ...]
    may: tuple[int, ...]
    surely: tuple[int, ...]

    @property
    def is_known(self) -> bool:
        """Whether all cells are comparisons with constants."""
        return None not in self.cells


def column_of(
    label: str,
    kind: Type,
    cells: Sequence[SimpleTests | None],
    facts: Facts,
    allowed: SimpleTests | None = None,
) -> Column:
    """Make the column of an input of a type. A missing value is never refused; the type tells whether it can come."""
    looked_into = [tests for tests in (*cells, allowed) if tests is not None]
    axis = axis_of(kind, {value for tests in looked_into for value in tests.constants} | set(facts.constants))
    known: dict[int, tuple[Span, ...]] = {}
    spans: list[tuple[Span, ...] | None] = []
    for tests in cells:
        if tests is None or (axis.is_blind and not tests.always):
            spans.append(None)
            continue
        if id(tests) not in known:
            known[id(tests)] = tuple(axis.spans(tests))
        spans.append(known[id(tests)])
    refused: frozenset[int] = frozenset()
    if allowed is not None and not axis.is_blind:
        taken = {piece for start, end in axis.spans(allowed) for piece in range(start, end)}
        refused = frozenset(range(axis.missing)) - taken
    possible = axis.possible(facts, may_be_missing=kind.optional)
    surely = _masks(axis, spans)
    open_rules = sum(1 << rule for rule, cell in enumerate(spans) if cell is None)
    return Column(
        label=label,
        axis=axis,
        facts=facts,
        possible=tuple(piece for piece in possible if piece not in refused),
        refused=refused,
        cells=tuple(spans),
        may=tuple(mask | open_rules for mask in surely) if open_rules else surely,
        surely=surely,
    )


def _masks(axis: Axis, cells: Iterable[tuple[Span, ...] | None]) -> tuple[int, ...]:
    """Give the rules of each piece: they change where a span begins or ends."""
    changes = [0] * (axis.pieces + 1)
    for rule, spans in enumerate(cells):
        for start, end in spans or ():
            changes[start] ^= 1 << rule
            changes[end] ^= 1 << rule
    masks, mask = [], 0
    for change in changes[:-1]:
        mask ^= change
        masks.append(mask)
    return tuple(masks)


Point = tuple[int, ...]
"""A piece of each column: inputs that the table may be given."""


class Budget:
    """How much looking is left, counted in pieces looked at."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, count: int) -> None:
        """Take some away. Raises GivenUpError when nothing is left."""
        self.left -= count
        if self.left < 0:
            raise GivenUpError


class GivenUpError(Exception):
    """The table is too large to be looked through."""
