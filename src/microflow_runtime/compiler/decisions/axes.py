"""The values of one input, cut at the constants that its tests compare with: within a piece no test tells two values apart.

A piece of an ordered type is a constant or the gap between two, of texts and booleans a constant or all the rest; the
missing value is a piece of its own, the last. Pieces are numbered from 0 in their order.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal, localcontext
from itertools import pairwise
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.decisions.simple_tests import ORDERED, SimpleTests
from microflow_runtime.feel import BOOLEAN, NUMBER, STRING, Date, Type, Value, required
from microflow_runtime.feel.faults import Failure

Span = tuple[int, int]
"""Pieces from one number up to, not including, another."""

NO_VALUE: Final = object()
"""Stands for the example of a piece that holds no value, as that between two days that follow each other."""

_SHOWN_CHARACTERS: Final = 60
_EXACT_DIGITS: Final = 13_000
"""Enough for the middle of any two numbers of the language."""


class Facts(msgspec.Struct, frozen=True):
    """What is known of the values of an input beyond its type.

    `whole` numbers have no fraction; `least` and `most` belong to the values; `only` are all the values there are.
    """

    whole: bool = False
    least: Value = None
    most: Value = None
    only: tuple[Value, ...] | None = None

    @property
    def constants(self) -> tuple[Value, ...]:
        """The values among the facts."""
        return tuple(value for value in (self.least, self.most, *(self.only or ())) if value is not None)


NO_FACTS: Final = Facts()


class Axis:
    """The pieces of a type that is not looked into: one, and tests that always hold are all that is known of it."""

    is_blind = True

    def __init__(self, constants: Iterable[Value] = ()) -> None:
        self.constants: list[Any] = list(constants)
        self.ranks: Mapping[Value, int] = {}
        self.pieces = 1

    @property
    def missing(self) -> int:
        """The number of the piece of the missing value."""
        return self.pieces - 1

    def piece_of(self, value: Value) -> int:
        """Give the number of the piece that holds a value of the axis' type."""
        del value
        return 0

    def spans(self, tests: SimpleTests) -> list[Span]:
        """Give the pieces for whose values the tests hold."""
        return [(0, 1)] if tests.always else []

    def possible(self, facts: Facts, *, may_be_missing: bool) -> list[int]:
        """Give the pieces that hold values which can come."""
        del facts, may_be_missing
        return [0]

    def example(self, piece: int, facts: Facts) -> Value:
        """Give a value of a piece, or NO_VALUE."""
        del piece, facts
        return None

    def words(self, piece: int, facts: Facts) -> str:
        """Tell the example to a person."""
        del piece, facts
        return "any value"


class _SeenAxis(Axis):
    """An axis of a type that is looked into."""

    is_blind = False

    def spans(self, tests: SimpleTests) -> list[Span]:
        """See above: between two constants of its own a cell answers alike."""
        own = sorted(self.ranks[value] for value in tests.constants)
        edges = [0, *(edge for rank in own for edge in (rank, rank + 1)), self.missing]
        found: list[Span] = []
        for start, end in pairwise(edges):
            if start < end and tests.holds(start, self.ranks) is True:
                _append(found, (start, end))
        if tests.holds(None, self.ranks) is True:
            _append(found, (self.missing, self.missing + 1))
        return found

    def possible(self, facts: Facts, *, may_be_missing: bool) -> list[int]:
        """See above."""
        low = self.ranks[facts.least] if facts.least is not None else 0
        high = self.ranks[facts.most] + 1 if facts.most is not None else self.missing
        only = None if facts.only is None else {self.ranks[value] for value in facts.only if value is not None}
        found = [
            piece
            for piece in range(low, high)
            if (only is None or piece in only) and self.example(piece, facts) is not NO_VALUE
        ]
        return [*found, self.missing] if may_be_missing else found

    def words(self, piece: int, facts: Facts) -> str:
        """See above."""
        return "missing" if piece == self.missing else shown(self.example(piece, facts))


class OrderedAxis(_SeenAxis):
    """Numbers or dates: constants at odd numbers, the gaps around them at even ones."""

    def __init__(self, constants: Iterable[Value], *, dates: bool) -> None:
        super().__init__(sorted(set(constants)))
        self.dates = dates
        self.ranks = {value: 2 * index + 1 for index, value in enumerate(self.constants)}
        self.pieces = 2 * len(self.constants) + 2
        self._between = _date_between if dates else _number_between

    def piece_of(self, value: Value) -> int:
        """See above."""
        if value is None:
            return self.missing
        index = bisect_left(self.constants, value)
        return 2 * index + (index < len(self.constants) and self.constants[index] == value)

    def example(self, piece: int, facts: Facts) -> Value:
        """See above."""
        if piece == self.missing:
            return None
        index, is_constant = divmod(piece, 2)
        if is_constant:
            value = self.constants[index]
            return NO_VALUE if facts.whole and value != value.to_integral_value() else value
        low = self.constants[index - 1] if index else None
        high = self.constants[index] if index < len(self.constants) else None
        return self._between(low, high, facts)


class TextAxis(_SeenAxis):
    """Texts that are only compared for being equal: each constant, then every other text."""

    def __init__(self, constants: Iterable[Value]) -> None:
        super().__init__(sorted(set(constants)))
        self.ranks = {value: index for index, value in enumerate(self.constants)}
        self.pieces = len(self.constants) + 2

    def piece_of(self, value: Value) -> int:
        """See above."""
        return self.missing if value is None else self.ranks.get(value, len(self.constants))

    def example(self, piece: int, facts: Facts) -> Value:
        """See above."""
        del facts
        if piece == self.missing:
            return None
        if piece < len(self.constants):
            return self.constants[piece]
        return next(
            text for number in range(len(self.constants) + 1) if (text := f"other{number or ''}") not in self.ranks
        )

    def words(self, piece: int, facts: Facts) -> str:
        """See above."""
        return "any other text" if piece == len(self.constants) else super().words(piece, facts)


class TruthAxis(_SeenAxis):
    """False, true."""

    def __init__(self) -> None:
        super().__init__((False, True))
        self.ranks = {False: 0, True: 1}
        self.pieces = 3

    def piece_of(self, value: Value) -> int:
        """See above."""
        return self.missing if value is None else int(value)

    def example(self, piece: int, facts: Facts) -> Value:
        """See above."""
        del facts
        return (False, True, None)[piece]


def axis_of(kind: Type, constants: Iterable[Value]) -> Axis:
    """Give the axis of a type, cut at these constants."""
    plain = required(kind)
    if plain in ORDERED:
        return OrderedAxis(constants, dates=plain is not NUMBER)
    if plain is STRING:
        return TextAxis(constants)
    return TruthAxis() if plain is BOOLEAN else Axis()


def shown(value: Value) -> str:
    """Write a value of one of these types for a person."""
    if isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, bool):
        text = "true" if value else "false"
    else:
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _append(spans: list[Span], span: Span) -> None:
    if spans and spans[-1][1] == span[0]:
        spans[-1] = (spans[-1][0], span[1])
    else:
        spans.append(span)


def _number_between(low: Decimal | None, high: Decimal | None, facts: Facts) -> Value:
    """Give a number between two, a whole one where there is one."""
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = _EXACT_DIGITS, 999_999, -999_999
        if low is not None:
            number = low.to_integral_value(ROUND_FLOOR) + 1
        elif high is not None:
            number = -((-high).to_integral_value(ROUND_FLOOR) + 1)
        else:
            number = Decimal(0)
        if (low is None or low < number) and (high is None or number < high):
            return number
        if facts.whole or low is None or high is None:
            return NO_VALUE
        return (low + high) / 2


def _date_between(low: Date | None, high: Date | None, _facts: Facts) -> Value:
    """Give a day between two."""
    try:
        if low is not None:
            day = Date.from_days(low.days + 1)
        elif high is not None:
            day = Date.from_days(high.days - 1)
        else:
            day = Date(2000, 1, 1)
    except Failure:
        return NO_VALUE
    return day if high is None or day < high else NO_VALUE
