"""Reading parts of values whose types are not known beforehand: fields, items, positions, loops."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from microflow_runtime.feel import limits
from microflow_runtime.feel.calendar import NANOS
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.numbers import ONE, is_whole, to_index
from microflow_runtime.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from microflow_runtime.feel.types import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    MONTHS_DURATION,
    NUMBER,
    STRING,
    TIME,
    RangeType,
    Type,
    optional,
)
from microflow_runtime.feel.values import RangeValue, Value, type_word


def _part(pick: Callable[[Any], int]) -> Callable[[Any], Decimal]:
    return lambda value: Decimal(pick(value))


def _offset(value: Time | DateTime) -> DaysDuration | None:
    offset = value.utc_offset
    return None if offset is None else DaysDuration(offset * NANOS)


def _second(value: Time | DateTime) -> Decimal:
    return Decimal(value.nanos % (60 * NANOS)).scaleb(-9).normalize() + 0


def _signed(index: int) -> Callable[[DaysDuration], Decimal]:
    def part(value: DaysDuration) -> Decimal:
        found = Decimal(value.parts()[index])
        if index == 3:
            found = found.scaleb(-9).normalize() + 0
        return -found if value.total < 0 and found else found

    return part


def _years(value: MonthsDuration) -> Decimal:
    return Decimal(abs(value.total) // 12).copy_sign(Decimal(value.total)) + 0


def _months(value: MonthsDuration) -> Decimal:
    return Decimal(abs(value.total) % 12).copy_sign(Decimal(value.total)) + 0


_DATE_PARTS: Final[dict[str, tuple[Callable[[Any], Value], Type]]] = {
    "year": (_part(lambda day: day.year), NUMBER),
    "month": (_part(lambda day: day.month), NUMBER),
    "day": (_part(lambda day: day.day), NUMBER),
    "weekday": (_part(lambda day: (day.days + 3) % 7 + 1), NUMBER),
}
_TIME_PARTS: Final[dict[str, tuple[Callable[[Any], Value], Type]]] = {
    "hour": (_part(lambda time: time.nanos // (3600 * NANOS)), NUMBER),
    "minute": (_part(lambda time: time.nanos // (60 * NANOS) % 60), NUMBER),
    "second": (_second, NUMBER),
    "time offset": (_offset, optional(DAYS_DURATION)),
    "timezone": (lambda time: time.zone, optional(STRING)),
}


def _of_date(pick: Callable[[Any], Value]) -> Callable[[Any], Value]:
    return lambda moment: pick(moment.date)


PROPERTIES: Final[dict[Type, dict[str, tuple[Callable[[Any], Value], Type]]]] = {
    DATE: _DATE_PARTS,
    TIME: _TIME_PARTS,
    DATE_TIME: {name: (_of_date(pick), kind) for name, (pick, kind) in _DATE_PARTS.items()} | _TIME_PARTS,
    DAYS_DURATION: {
        "days": (_signed(0), NUMBER),
        "hours": (_signed(1), NUMBER),
        "minutes": (_signed(2), NUMBER),
        "seconds": (_signed(3), NUMBER),
    },
    MONTHS_DURATION: {"years": (_years, NUMBER), "months": (_months, NUMBER)},
}
"""What can be read with `.` from dates, times and durations."""

_RANGE_PARTS: Final[dict[str, tuple[Callable[[RangeValue], Value], Type]]] = {
    "start": (lambda span: span.low, ANY),
    "end": (lambda span: span.high, ANY),
    "start included": (lambda span: span.low_included, BOOLEAN),
    "end included": (lambda span: span.high_included, BOOLEAN),
}
_BY_CLASS: Final[dict[type, dict[str, tuple[Callable[[Any], Value], Type]]]] = {
    Date: PROPERTIES[DATE],
    Time: PROPERTIES[TIME],
    DateTime: PROPERTIES[DATE_TIME],
    DaysDuration: PROPERTIES[DAYS_DURATION],
    MonthsDuration: PROPERTIES[MONTHS_DURATION],
    RangeValue: _RANGE_PARTS,
}


def properties_of(kind: Type) -> dict[str, tuple[Callable[[Any], Value], Type]] | None:
    """Give what can be read from values of a simple type or range, or None."""
    if isinstance(kind, RangeType):
        end = optional(kind.item)
        return {name: (pick, end if given is ANY else given) for name, (pick, given) in _RANGE_PARTS.items()}
    return PROPERTIES.get(kind)


def member(value: Value, name: str) -> Value:
    """`value.name`: a field of a context, that field of each item of a list, or a part of a date, time, duration, range."""
    kind = type(value)
    if kind is dict:
        return value.get(name)
    if value is None:
        return None
    if kind is list:
        limits.spend(len(value))
        return [member(item, name) for item in value]
    parts = _BY_CLASS.get(kind)
    if parts is None or name not in parts:
        raise Failure(f"{type_word(value)} has no field `{name}`")
    return parts[name][0](value)


def member_of_each(items: list[Value], name: str) -> list[Value]:
    """Give the field of each item; a null item gives null."""
    limits.spend(len(items))
    return [None if item is None else item[name] for item in items]


def list_of_each(items: list[Value], name: str) -> list[Value]:
    """Give the field of each item, which is declared as a list; a missing item has an empty one."""
    limits.spend(len(items))
    return [[] if item is None else item[name] for item in items]


def item_name(item: Value, name: str, otherwise: Value) -> Value:
    """Give what a name means inside a filter: a field of the item where it has one, else its value outside."""
    if type(item) is dict and name in item:
        return item[name]
    return otherwise


def item_at(items: list[Value], position: Decimal) -> Value:
    """Give the item at a position: 1 is the first, -1 the last; null outside the list."""
    index = to_index(position)
    if 0 < index <= len(items):
        return items[index - 1]
    if -len(items) <= index < 0:
        return items[index]
    return None


def as_list(value: Value) -> list[Value]:
    """Give a list: the value itself if it is one, else a list of it alone."""
    return value if type(value) is list else [value]


def filtered(value: Value, test: Callable[[Value], Value]) -> Value:
    """`value[test]`: the items the test holds for, or the one at the position that it gives."""
    if value is None:
        return None
    items = value if type(value) is list else [value]
    if not items:
        return _of_nothing(test)
    found: list[Value] = []
    for part in limits.turns(items):
        for item in part:
            verdict = test(item)
            if verdict is True:
                found.append(item)
            elif type(verdict) is Decimal:
                return item_at(items, verdict)
            elif verdict is not False and verdict is not None:
                raise Failure(f"a filter has to be boolean or number, not {type_word(verdict)}")
    return found


def positioned(value: Value, position: Callable[[Value], Value]) -> Value:
    """`value[position]` where the type tells that it is one: the item there, null where the position is missing."""
    items = [] if value is None else as_list(value)
    found = position(items[0]) if items else None
    return None if found is None else item_at(items, found)


def _of_nothing(test: Callable[[Value], Value]) -> list[Value] | None:
    """Filter an empty list: a position in it is null, a condition leaves it empty."""
    try:
        return None if type(test(None)) is Decimal else []
    except Failure:
        return []


class Span:
    """The numbers or days of a loop, made slice by slice as the loop takes them. `step` is 1 or -1."""

    __slots__ = ("first", "make", "size", "step")

    def __init__(self, first: int, size: int, step: int, make: Callable[[int], Value]) -> None:
        self.first = first
        self.size = size
        self.step = step
        self.make = make

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Value]:
        return iter(self[0 : self.size])

    def __getitem__(self, part: slice) -> list[Value]:
        start, stop, _ = part.indices(self.size)
        first = self.first + start * self.step
        return [self.make(number) for number in range(first, first + (stop - start) * self.step, self.step)]


def iterate(value: Value) -> list[Value] | Span | None:
    """Give what a loop goes over: the items of a list, the members of a range, or one value alone."""
    if value is None or type(value) is list:
        return value
    if type(value) is RangeValue:
        if value.low is None or value.high is None:
            raise Failure("a range without end cannot be looped over")
        items = span(value.low, value.high)
        if items is not None and items.step < 0:
            raise Failure(
                "a range goes from the smaller value to the larger; a loop that counts down is written `5..1`"
            )
        if items is not None:
            left_out = (not value.low_included) + (not value.high_included)
            items.first += 0 if value.low_included else items.step
            items.size = max(0, items.size - left_out)
        return items
    return [value]


def span(low: Value, high: Value) -> Span | None:
    """Give the numbers, or the days, from one to the other, up or down."""
    if low is None or high is None:
        return None
    if type(low) is Decimal and type(high) is Decimal:
        if not is_whole(low) or not is_whole(high):
            raise Failure("a loop goes from one whole number to another")
        _check_size(to_index(abs(high - low) + ONE))
        return _between(int(low), int(high), Decimal)
    if type(low) is Date and type(high) is Date:
        return _between(low.days, high.days, Date.from_days)
    raise Failure(f"a loop cannot go from {type_word(low)} to {type_word(high)}")


def _between(first: int, last: int, make: Callable[[int], Value]) -> Span:
    size = abs(last - first) + 1
    _check_size(size)
    return Span(first, size, 1 if last >= first else -1, make)


def _check_size(size: int) -> None:
    if size > limits.MAXIMUM_ITEMS:
        limits.spend(size)
