"""Values between formulas and PostgreSQL: numbers typed as their literals are, intervals exact."""

import re
from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg.adapt import Dumper, Loader
from psycopg.types.numeric import Int4, Int8

from microflow_runtime.feel import DaysDuration, MonthsDuration
from microflow_runtime.runtime.data_sources.values import FINER, is_temporal, refusal, to_json, to_python_value

_INT4: Final = 2**31
_INT8: Final = 2**63
_INTERVAL: Final = re.compile(
    r"(?:([-+]?\d+) years? ?)?(?:([-+]?\d+) mons? ?)?(?:([-+]?\d+) days? ?)?(?:([-+])?(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?"
)


class Interval(str):
    """An interval as PostgreSQL reads it."""

    __slots__ = ()


class IntervalDumper(Dumper):
    """Binds an interval as one."""

    oid = psycopg.adapters.types["interval"].oid

    def dump(self, obj: str) -> bytes:
        """See Dumper."""
        return obj.encode()


class IntervalLoader(Loader):
    """Reads an interval exactly: psycopg would count a month as thirty days."""

    def load(self, data: Any) -> Any:
        """See Loader. Raises NodeError of kind `database` for an interval of months and days."""
        text = bytes(data).decode()
        found = _INTERVAL.fullmatch(text)
        if found is None:
            raise refusal(f"the database gave the interval {text[:60]}, which formulas do not have.")
        years, months, days, sign, hours, minutes, seconds, fraction = found.groups()
        total_months = int(years or 0) * 12 + int(months or 0)
        clock = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
        nanos = clock * 1_000_000_000 + int((fraction or "").ljust(9, "0"))
        total = int(days or 0) * 86_400_000_000_000 + (-nanos if sign == "-" else nanos)
        if total_months and total:
            raise refusal(
                f"the database gave the interval {text[:60]}; formulas have durations of months and others of days, "
                "none of both."
            )
        return MonthsDuration(total_months) if total_months else DaysDuration(total)


class TypedNull:
    """A null of a type, so that PostgreSQL need not guess one. One subclass a type, as psycopg goes by classes."""

    __slots__ = ()


class _NullDumper(Dumper):
    def dump(self, _obj: Any) -> None:
        """See Dumper."""


def _typed_null(name: str) -> tuple[TypedNull, type[Dumper]]:
    kind = type(f"Null_{name}", (TypedNull,), {"__slots__": ()})
    return kind(), type(f"NullDumper_{name}", (_NullDumper,), {"oid": psycopg.adapters.types[name].oid})


_NULL_TYPES: Final = {
    "number": "int4",
    "boolean": "bool",
    "date": "date",
    "time": "time",
    "date and time": "timestamp",
}
"""What a null is bound as, by the type of the formula: what a value of it would be bound as, of numbers the smallest."""
_NULLS: Final = {word: _typed_null(name) for word, name in _NULL_TYPES.items()}
NULLS: Final = {word: null for word, (null, _) in _NULLS.items()}
NULL_DUMPERS: Final = tuple((type(null), dumper) for null, dumper in _NULLS.values())


def to_driver(value: Any) -> Any:
    """Give a value as psycopg binds it, a number as PostgreSQL types the literal of it, so that `=` finds the index.

    A list becomes an array, except that one with contexts or lists in it, as any context, goes as JSON.
    """
    if value is None or isinstance(value, str | bool | bytes):
        return value
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, DaysDuration):
        if value.total % 1_000:
            raise refusal(FINER.format(value=value))
        days, rest = divmod(value.total, 86_400_000_000_000)
        return Interval(f"{days} days {rest // 1_000} microseconds")
    if isinstance(value, MonthsDuration):
        return Interval(f"{value.total} months")
    if is_temporal(value):
        return to_python_value(value)
    if isinstance(value, list):
        if any(isinstance(item, dict | list) for item in value):
            return to_json(value)
        return _array(value)
    if isinstance(value, dict):
        return to_json(value)
    raise refusal(f"SQL takes no {type(value).__name__}.")


def _number(value: Decimal) -> Any:
    if value.as_tuple().exponent < 0:  # type: ignore[operator]  # finite, so a number
        return value
    if -_INT4 <= value < _INT4:
        return Int4(int(value))
    return Int8(int(value)) if -_INT8 <= value < _INT8 else value


def _array(items: list[Any]) -> list[Any]:
    """Give the items as one type: numbers are whole all of them, or none is."""
    converted = [to_driver(item) for item in items]
    if any(isinstance(item, Decimal) for item in converted):
        return [item if item is None else Decimal(item) for item in converted]
    return [Int8(item) if isinstance(item, Int4) else item for item in converted]
