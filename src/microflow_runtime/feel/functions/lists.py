"""Functions on lists. Positions count from 1, from the end with a minus; no function changes a list it is given."""

from collections.abc import Hashable, Sequence
from decimal import Decimal
from typing import Final

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import BuiltIn, Signature, may_take, takes
from microflow_runtime.feel.numbers import to_index
from microflow_runtime.feel.operations import deep_equal, invoke, truth
from microflow_runtime.feel.temporal import DateTime
from microflow_runtime.feel.types import (
    ANY,
    ANY_FUNCTION,
    ANY_LIST,
    BOOLEAN,
    NUMBER,
    ListType,
    Type,
    join,
    join_all,
    required,
)
from microflow_runtime.feel.values import FunctionValue, Value


def count(items: list[Value]) -> Decimal:
    """Count the items."""
    return Decimal(len(items))


def list_contains(items: list[Value], element: Value) -> bool:
    """Tell whether an item equals a value."""
    limits.spend(len(items))
    return any(deep_equal(item, element) for item in items)


def reverse(items: list[Value]) -> list[Value]:
    """Give the items from the last to the first."""
    limits.spend(len(items))
    return items[::-1]


def append(items: list[Value], added: list[Value]) -> list[Value]:
    """Give the list with more items at its end."""
    limits.spend(len(items) + len(added))
    return items + added


def concatenate(lists: list[Value]) -> list[Value]:
    """Give the items of several lists as one list."""
    found: list[Value] = []
    for items in lists:
        limits.spend(len(items) + len(found))
        found.extend(items)
    return found


def _place(items: list[Value], position: Decimal, last: int) -> int:
    index = to_index(position)
    if 0 < index <= last:
        return index - 1
    if -len(items) <= index < 0:
        return len(items) + index
    raise Failure(f"the list has {len(items)} items and no position {index}")


def insert_before(items: list[Value], position: Decimal, item: Value) -> list[Value]:
    """Give the list with one more item before a position."""
    limits.spend(len(items) + 1)
    place = _place(items, position, len(items) + 1)
    return [*items[:place], item, *items[place:]]


def remove(items: list[Value], position: Decimal) -> list[Value]:
    """Give the list without the item at a position."""
    limits.spend(len(items))
    place = _place(items, position, len(items))
    return items[:place] + items[place + 1 :]


def list_replace(items: list[Value], where: Value, item: Value) -> list[Value]:
    """Give the list with another item at a position, or wherever a function of (item, new item) gives true."""
    limits.spend(len(items))
    if type(where) is Decimal:
        place = _place(items, where, len(items))
        return [*items[:place], item, *items[place + 1 :]]
    return [item if truth(invoke(where, [old, item])) else old for old in items]


def sublist(items: list[Value], start: Decimal, length: Decimal | None = None) -> list[Value]:
    """Give the part of a list from a position on."""
    limits.spend(len(items))
    first = _place(items, start, len(items))
    if length is None:
        return items[first:]
    size = to_index(length)
    if size < 0 or first + size > len(items):
        raise Failure(f"the list has {len(items)} items, too few for {size} from position {first + 1} on")
    return items[first : first + size]


def index_of(items: list[Value], element: Value) -> list[Value]:
    """Give the positions of the items that equal a value."""
    limits.spend(len(items))
    return [Decimal(place) for place, item in enumerate(items, 1) if deep_equal(item, element)]


def distinct(items: list[Value]) -> list[Value]:
    """Give each value once, in the order of its first occurrence."""
    limits.spend(len(items))
    found: dict[Hashable, Value] = {}
    for item in items:
        found.setdefault(_key(item), item)
    return list(found.values())


def _key(value: Value) -> Hashable:
    """Give what is equal for equal values, and can be looked up."""
    limits.tick()
    if type(value) is list:
        return (list, tuple(_key(item) for item in value))
    if type(value) is dict:
        return (dict, frozenset((name, _key(item)) for name, item in value.items()))
    return (type(value), value.at_home() if type(value) is DateTime else value)


def union(lists: list[Value]) -> list[Value]:
    """Give the items of several lists, each value once."""
    return distinct(concatenate(lists))


def flatten(items: list[Value]) -> list[Value]:
    """Give the items of lists in lists as one list."""
    found: list[Value] = []
    _flatten_into(items, found, 0)
    return found


def _flatten_into(items: list[Value], found: list[Value], depth: int) -> None:
    if depth > 200:
        raise Failure("the lists nest too deeply")
    limits.spend(len(items))
    for item in items:
        if type(item) is list:
            _flatten_into(item, found, depth + 1)
        else:
            found.append(item)
    if len(found) > limits.MAXIMUM_ITEMS:
        limits.spend(len(found))


def sort(items: list[Value], precedes: FunctionValue | None = None) -> list[Value]:
    """Give the items in order: by a function that tells whether its first argument comes before its second."""
    limits.spend(len(items))
    if precedes is None:
        return _natural_order(items)
    return _merge_sort(items, precedes)


def _natural_order(items: list[Value]) -> list[Value]:
    kinds = {type(item) for item in items}
    if len(kinds) > 1 or kinds & {list, dict, bool, type(None), FunctionValue}:
        raise Failure("`sort` without a function takes numbers, strings, dates, times or durations of one kind")
    return sorted(items)


def _merge_sort(items: list[Value], precedes: FunctionValue) -> list[Value]:
    if len(items) < 2:
        return items[:]
    middle = len(items) // 2
    left, right = _merge_sort(items[:middle], precedes), _merge_sort(items[middle:], precedes)
    merged: list[Value] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if truth(invoke(precedes, [right[j], left[i]])):
            merged.append(right[j])
            j += 1
        else:
            merged.append(left[i])
            i += 1
    return merged + left[i:] + right[j:]


def _item(kinds: Sequence[Type]) -> Type:
    kind = required(kinds[0])
    return kind.item if isinstance(kind, ListType) else ANY


def _same_list(kinds: Sequence[Type]) -> Type:
    return ListType(_item(kinds))


def _appended(kinds: Sequence[Type]) -> Type:
    return ListType(join_all(iter([_item(kinds), *kinds[1:]])))


def _inserted(kinds: Sequence[Type]) -> Type:
    return ListType(join(_item(kinds), kinds[2]))


def _joined(kinds: Sequence[Type]) -> Type:
    return ListType(join_all(_item([kind]) for kind in kinds))


def _flat(kinds: Sequence[Type]) -> Type:
    kind = _item(kinds)
    while isinstance(kind, ListType) and type(kind) is ListType:
        kind = kind.item
    return ListType(kind)


_LIST: Final = takes("list", ANY_LIST)
_POSITION: Final = takes("position", NUMBER)

LISTS: Final = (
    BuiltIn("count", "Counts the items.", (Signature((_LIST,), NUMBER, count),), (("count([1, 2, 3])", "3"), ("count([])", "0"))),
    BuiltIn(
        "list contains", "Tells whether an item of the list equals the value.",
        (Signature((_LIST, takes("element", ANY)), BOOLEAN, list_contains),),
        (("list contains([1, 2, 3], 2)", "true"), ("list contains([1, null], null)", "true")),
    ),
    BuiltIn("reverse", "Gives the items from the last to the first.", (Signature((_LIST,), _same_list, reverse),), (("reverse([1, 2, 3])", "[3, 2, 1]"),)),
    BuiltIn(
        "append", "Gives the list with more items at its end.",
        (Signature((_LIST, takes("item", ANY)), _appended, append, variadic=True),), (("append([1], 2, 3)", "[1, 2, 3]"),),
    ),
    BuiltIn(
        "concatenate", "Gives the items of several lists as one list.",
        (Signature((_LIST,), _joined, concatenate, variadic=True),), (("concatenate([1, 2], [3])", "[1, 2, 3]"),),
    ),
    BuiltIn(
        "insert before", "Gives the list with one more item before a position.",
        (Signature((_LIST, _POSITION, takes("newItem", ANY)), _inserted, insert_before),), (("insert before([1, 3], 1, 2)", "[2, 1, 3]"),),
    ),
    BuiltIn(
        "remove", "Gives the list without the item at a position.",
        (Signature((_LIST, _POSITION), _same_list, remove),), (("remove([1, 2, 3], 2)", "[1, 3]"),),
    ),
    BuiltIn(
        "list replace", "Gives the list with another item at a position, or wherever a function of item and new item gives true.",
        (
            Signature((_LIST, _POSITION, takes("newItem", ANY)), _inserted, list_replace),
            Signature((_LIST, takes("match", ANY_FUNCTION), takes("newItem", ANY)), _inserted, list_replace),
        ),
        (("list replace([2, 4, 7, 8], 3, 6)", "[2, 4, 6, 8]"), ("list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5)", "[5, 5, 7, 8]")),
    ),
    BuiltIn(
        "sublist", "Gives the part of a list from a position on, with `length` items.",
        (Signature((_LIST, takes("start position", NUMBER), may_take("length", NUMBER)), _same_list, sublist),),
        (("sublist([4, 5, 6], 1, 2)", "[4, 5]"), ("sublist([4, 5, 6], -2)", "[5, 6]")),
    ),
    BuiltIn(
        "index of", "Gives the positions of the items that equal the value.",
        (Signature((_LIST, takes("match", ANY)), ListType(NUMBER), index_of),), (("index of([1, 2, 3, 2], 2)", "[2, 4]"),),
    ),
    BuiltIn(
        "union", "Gives the items of several lists, each value once.",
        (Signature((_LIST,), _joined, union, variadic=True),), (("union([1, 2], [2, 3])", "[1, 2, 3]"),),
    ),
    BuiltIn("distinct values", "Gives each value once.", (Signature((_LIST,), _same_list, distinct),), (("distinct values([1, 2, 3, 2, 1])", "[1, 2, 3]"),)),
    BuiltIn("flatten", "Gives the items of lists in lists as one list.", (Signature((_LIST,), _flat, flatten),), (("flatten([[1, 2], [[3]], 4])", "[1, 2, 3, 4]"),)),
    BuiltIn(
        "sort", "Gives the items in order; `precedes` tells whether its first argument comes before its second.",
        (Signature((_LIST, may_take("precedes", ANY_FUNCTION)), _same_list, sort),),
        (("sort([3, 1, 4, 5, 2], function(x, y) x < y)", "[1, 2, 3, 4, 5]"), ("sort([3, 1, 2])", "[1, 2, 3]")),
    ),
)  # fmt: skip
