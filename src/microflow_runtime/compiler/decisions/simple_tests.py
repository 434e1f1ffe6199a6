"""Unary tests that ask nothing but how a value compares with constants: a table of them can be analysed and indexed.

Their truth depends on the order of the value among the constants alone, so they are looked at with places in that order
instead of values, and come out as the compiled formulas do: true, false, or null where a value is missing.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Final

import msgspec

from microflow_runtime.feel import BOOLEAN, DATE, NUMBER, NUMBER_CONTEXT, STRING, Date, Type, Value, required, syntax
from microflow_runtime.feel.emit.fold import NOT_CONSTANT, constant_of

Ranks = Mapping[Value, int]
Holds = Callable[[int | None, Ranks], bool | None]

CLASSES: Final[Mapping[Type, type]] = {NUMBER: Decimal, DATE: Date, STRING: str, BOOLEAN: bool}
"""The types that are looked into, and the class of their values."""
ORDERED: Final = frozenset({NUMBER, DATE})
_NOTHING: Final[Ranks] = {}
_TRUE: Final = True


class SimpleTests(msgspec.Struct, frozen=True):
    """A cell of such tests. `holds(rank, ranks)` tells it of a value by its rank; None is a missing value.

    `constants` are those that it compares with, null left out.
    """

    constants: frozenset[Value]
    holds: Holds

    @property
    def always(self) -> bool:
        """Whether it holds for every value, a missing one included."""
        return not self.constants and self.holds(0, _NOTHING) is True and self.holds(None, _NOTHING) is True


class _NotSimpleError(Exception):
    """The cell asks more than that."""


def simple_tests(tree: syntax.Node, kind: Type) -> SimpleTests | None:
    """Read a checked cell of tests over a value of this type; None when it is more than comparisons with constants."""
    plain = required(kind)
    if not isinstance(tree, syntax.Tests) or (tree.tests and plain not in CLASSES):
        return None
    reader = _Reader(plain)
    try:
        holds = reader.cell(tree)
    except _NotSimpleError:
        return None
    return SimpleTests(frozenset(reader.constants), holds)


def listed_values(tree: syntax.Node) -> tuple[Value, ...] | None:
    """Give the values that a cell lists, whatever their types; None when it is more than a list of constants."""
    if not isinstance(tree, syntax.Tests) or tree.negated:
        return None
    with localcontext(NUMBER_CONTEXT):
        values = tuple(constant_of(test) for test in tree.tests)
    good = values and not any(value is NOT_CONSTANT or value is None for value in values)
    return values if good else None


def one_of(values: Iterable[Value]) -> SimpleTests:
    """Give the tests that hold for these values."""
    given = tuple(values)
    return SimpleTests(frozenset(given), _any([_equal(value) for value in given]))


def _always(_rank: int | None, _ranks: Ranks) -> bool:
    return True


class _Reader:
    """Reads one cell, noting the constants on the way."""

    def __init__(self, kind: Type) -> None:
        self._kind = kind
        self.constants: set[Value] = set()

    def cell(self, tree: syntax.Tests) -> Holds:
        if not tree.tests:
            return _always
        holds = _any([self._test(test) for test in tree.tests])
        return _not(holds) if tree.negated else holds

    def constant(self, node: syntax.Node) -> Value:
        """Give the constant that a part is, null or a value of the cell's type."""
        with localcontext(NUMBER_CONTEXT):
            value = constant_of(node)
        if value is None:
            return None
        if value is NOT_CONSTANT or type(value) is not CLASSES[self._kind]:
            raise _NotSimpleError
        self.constants.add(value)
        return value

    def _test(self, node: syntax.Node) -> Holds:
        match node:
            case syntax.Test():
                return self._compared(node.operator, node.operand)
            case syntax.Range():
                ends = self.constant(node.low), self.constant(node.high)
                if None in ends or self._kind not in ORDERED:
                    raise _NotSimpleError
                above = _order(">=" if node.low_included else ">", ends[0])
                below = _order("<=" if node.high_included else "<", ends[1])
                return _both(above, below)
            case syntax.List():
                return _any([_equal(self.constant(item)) for item in node.items])
            case syntax.Name() | syntax.Comparison() | syntax.Logic() | syntax.Between() | syntax.In():
                return self._condition(node)
        return _equal(self.constant(node))

    def _compared(self, operator: str, operand: syntax.Node) -> Holds:
        value = self.constant(operand)
        if operator == "=":
            return _equal(value)
        if operator == "!=":
            return _not(_equal(value))
        if self._kind not in ORDERED:
            raise _NotSimpleError
        return _order(operator, value)

    def _condition(self, node: syntax.Node) -> Holds:
        match node:
            case syntax.Name():
                if self._kind is BOOLEAN and _is_value(node):
                    self.constants.add(_TRUE)
                    return _itself
            case syntax.Comparison() if _is_value(node.left):
                return self._compared(node.operator, node.right)
            case syntax.Comparison() if _is_value(node.right):
                return self._compared(_TURNED[node.operator], node.left)
            case syntax.Logic():
                combine = _both if node.operator == "and" else _either
                return combine(self._condition(node.left), self._condition(node.right))
            case syntax.Between() if _is_value(node.value):
                return _both(self._compared(">=", node.low), self._compared("<=", node.high))
            case syntax.In() if _is_value(node.value):
                return _any([self._test(test) for test in node.tests])
        raise _NotSimpleError


_TURNED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _is_value(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Name) and node.name == "?"


def _itself(rank: int | None, ranks: Ranks) -> bool | None:
    return None if rank is None else rank == ranks[True]


def _equal(value: Value) -> Holds:
    if value is None:
        return lambda rank, _ranks: rank is None
    return lambda rank, ranks: rank == ranks[value]


def _order(operator: str, value: Value) -> Holds:
    if value is None:
        return lambda _rank, _ranks: None
    match operator:
        case "<":
            return lambda rank, ranks: None if rank is None else rank < ranks[value]
        case "<=":
            return lambda rank, ranks: None if rank is None else rank <= ranks[value]
        case ">":
            return lambda rank, ranks: None if rank is None else rank > ranks[value]
        case _:
            return lambda rank, ranks: None if rank is None else rank >= ranks[value]


def _not(holds: Holds) -> Holds:
    def negated(rank: int | None, ranks: Ranks) -> bool | None:
        found = holds(rank, ranks)
        return None if found is None else not found

    return negated


def _both(first: Holds, second: Holds) -> Holds:
    def both(rank: int | None, ranks: Ranks) -> bool | None:
        found = first(rank, ranks), second(rank, ranks)
        return False if False in found else None if None in found else True

    return both


def _either(first: Holds, second: Holds) -> Holds:
    def either(rank: int | None, ranks: Ranks) -> bool | None:
        found = first(rank, ranks), second(rank, ranks)
        return True if True in found else None if None in found else False

    return either


def _any(parts: list[Holds]) -> Holds:
    if len(parts) == 1:
        return parts[0]

    def some(rank: int | None, ranks: Ranks) -> bool | None:
        result: bool | None = False
        for holds in parts:
            found = holds(rank, ranks)
            if found is True:
                return True
            if found is None:
                result = None
        return result

    return some
