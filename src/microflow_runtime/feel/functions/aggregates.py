"""Functions that draw one value from a list, or from several arguments. A null item makes the result null."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import BuiltIn, Result, Signature, takes
from microflow_runtime.feel.numbers import NUMBER_CONTEXT
from microflow_runtime.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from microflow_runtime.feel.types import (
    BOOLEAN,
    DATE,
    DATE_TIME,
    DURATION,
    NUMBER,
    STRING,
    TIME,
    ListType,
    Type,
    join_all,
    optional,
    required,
)
from microflow_runtime.feel.values import Value, type_word

_ORDERED: Final = frozenset({Decimal, str, Date, Time, DateTime, DaysDuration, MonthsDuration})
_SUMMABLE: Final = frozenset({Decimal, DaysDuration, MonthsDuration})


def _one_kind(name: str, items: list[Value], allowed: frozenset[type]) -> bool:
    """Tell whether there is something to compute. Raises Failure for items of another kind than the function's."""
    limits.spend(len(items))
    kinds = {type(item) for item in items}
    wrong = kinds - allowed - {type(None)}
    if wrong or len(kinds - {type(None)}) > 1:
        odd = next(
            item for item in items if item is not None and (type(item) in wrong or type(item) is not type(items[0]))
        )
        raise Failure(f"`{name}` cannot take a list with {type_word(odd)} in it")
    return bool(items) and type(None) not in kinds


def minimum(items: list[Value]) -> Value:
    """Give the smallest item."""
    return min(items) if _one_kind("min", items, _ORDERED) else None


def maximum(items: list[Value]) -> Value:
    """Give the largest item."""
    return max(items) if _one_kind("max", items, _ORDERED) else None


def total(items: list[Value]) -> Value:
    """Add the items."""
    if not _one_kind("sum", items, _SUMMABLE):
        return None
    return sum(items[1:], items[0])


def mean(items: list[Value]) -> Value:
    """Give the average."""
    if not _one_kind("mean", items, _SUMMABLE):
        return None
    return sum(items[1:], items[0]) / Decimal(len(items))


_NUMBERS: Final = frozenset({Decimal})


def product(items: list[Value]) -> Value:
    """Multiply the items."""
    if not _one_kind("product", items, _NUMBERS):
        return None
    result = items[0]
    for item in items[1:]:
        result = result * item
    return result


def median(items: list[Value]) -> Value:
    """Give the middle item, or the mean of the two in the middle."""
    if not _one_kind("median", items, _NUMBERS):
        return None
    ordered = sorted(items)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def standard_deviation(items: list[Value]) -> Value:
    """Give the sample standard deviation."""
    if not _one_kind("stddev", items, _NUMBERS):
        return None
    if len(items) < 2:
        raise Failure("`stddev` takes two numbers or more")
    average = sum(items, Decimal(0)) / len(items)
    squares = sum(((item - average) ** 2 for item in items), Decimal(0))
    return NUMBER_CONTEXT.sqrt(squares / (len(items) - 1))


def mode(items: list[Value]) -> Value:
    """Give the values that occur most often, in ascending order."""
    if not items:
        return []
    if not _one_kind("mode", items, _NUMBERS):
        return None
    groups = [(value, len(list(group))) for value, group in groupby(sorted(items))]
    most = max(size for _, size in groups)
    return [value for value, size in groups if size == most]


def every_one(items: list[Value]) -> bool | None:
    """`and` over a list."""
    return _ternary("all", items, False)  # noqa: FBT003


def any_one(items: list[Value]) -> bool | None:
    """`or` over a list."""
    return _ternary("any", items, True)  # noqa: FBT003


def _ternary(name: str, items: list[Value], decides: bool) -> bool | None:  # noqa: FBT001
    limits.spend(len(items))
    for item in items:
        if item is not None and type(item) is not bool:
            raise Failure(f"`{name}` cannot take a list with {type_word(item)} in it")
    if decides in items:
        return decides
    return None if None in items else not decides


def _item_result(kinds: Sequence[Type]) -> Type:
    """Give the type of an item: of a list it may be missing, as the list may be empty; of arguments as far as one may be."""
    first = required(kinds[0])
    return optional(first.item) if isinstance(first, ListType) else join_all(iter(kinds))


def _aggregate(
    name: str,
    summary: str,
    call: Callable[[list[Value]], Value],
    accepts: tuple[Type, ...],
    result: Result,
    examples: tuple[tuple[str, str], ...],
    item: str = "n",
) -> BuiltIn:
    lists = tuple(ListType(optional(kind)) for kind in accepts)
    one_list = Signature((takes("list", *lists),), result, call)
    many = Signature((takes(item, *(optional(kind) for kind in accepts)),), result, call, variadic=True, alike=True)
    return BuiltIn(name, summary, (one_list, many), examples)


_COMPARABLE: Final = (NUMBER, STRING, DATE, TIME, DATE_TIME, DURATION)
_ADDABLE: Final = (NUMBER, DURATION)

AGGREGATES: Final = (
    _aggregate("min", "Gives the smallest item; of no items null.", minimum, _COMPARABLE, _item_result, (("min([3, 1, 2])", "1"), ("min(1, 2, 3)", "1"), ('min(@"2025-01-31", @"2024-12-01")', '@"2024-12-01"')), "c"),
    _aggregate("max", "Gives the largest item; of no items null.", maximum, _COMPARABLE, _item_result, (("max([3, 1, 2])", "3"), ('max("a", "b")', '"b"')), "c"),
    _aggregate("sum", "Adds the items; of no items null.", total, _ADDABLE, _item_result, (("sum([1, 2, 3])", "6"), ("sum([])", "null"))),
    _aggregate("mean", "Gives the average of the items; of no items null.", mean, _ADDABLE, _item_result, (("mean([1, 2, 3])", "2"),)),
    _aggregate("product", "Multiplies the items; of no items null.", product, (NUMBER,), optional(NUMBER), (("product([2, 3, 4])", "24"),)),
    _aggregate("median", "Gives the middle item, or the mean of the two in the middle.", median, (NUMBER,), optional(NUMBER), (("median(8, 2, 5, 3, 4)", "4"), ("median([6, 1, 2, 3])", "2.5"))),
    _aggregate("stddev", "Gives the sample standard deviation.", standard_deviation, (NUMBER,), optional(NUMBER), (("decimal(stddev(2, 4, 7, 5), 4)", "2.0817"),)),
    _aggregate("mode", "Gives the values that occur most often, in ascending order.", mode, (NUMBER,), ListType(NUMBER), (("mode([6, 1, 9, 6, 1])", "[1, 6]"),)),
    _aggregate("all", "Tells whether every item is true; false decides, then null.", every_one, (BOOLEAN,), optional(BOOLEAN), (("all([true, false])", "false"), ("all([])", "true")), "b"),
    _aggregate("any", "Tells whether an item is true; true decides, then null.", any_one, (BOOLEAN,), optional(BOOLEAN), (("any([true, null])", "true"), ("any([])", "false")), "b"),
)  # fmt: skip
