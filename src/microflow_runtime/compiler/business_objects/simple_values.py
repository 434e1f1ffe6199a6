"""The simple types: how each is read from JSON, taken over from a formula or a driver, and written as JSON.

Numbers are Decimals in memory whatever their type; an integer is one without a fraction. Dates and times are the
formula language's own values. `read` takes what the JSON door gives, `adopt` what a formula gives.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from microflow_runtime.compiler.business_objects.iso_forms import as_iso
from microflow_runtime.compiler.business_objects.json_door import INT_BOUND, MAX_DIGITS
from microflow_runtime.compiler.business_objects.misfit import Misfit, Notes, describe
from microflow_runtime.feel import (
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_time,
)

_Dated = TypeVar("_Dated", Date, DateTime)


class SimpleType(msgspec.Struct, frozen=True):
    """What the runtime does with values of one simple type. `write` is None where the value is JSON already."""

    read: Callable[[Any, Notes], Any]
    adopt: Callable[[Any], Any]
    write: Callable[[Any], Any] | None = None


def _read_string(value: Any, _notes: Notes) -> str:
    if type(value) is str:
        return value
    raise Misfit("text", describe(value))


def _string(value: Any) -> str:
    if type(value) is not str:
        raise Misfit("text", describe(value))
    return value


def _read_boolean(value: Any, _notes: Notes) -> bool:
    return _boolean(value)


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise Misfit("true or false", describe(value))
    return value


def _read_decimal(value: Any, _notes: Notes) -> Decimal:
    kind = type(value)
    if kind is Decimal:
        return value  # type: ignore[no-any-return]  # the door made it and checked its bounds
    if kind is int and -INT_BOUND < value < INT_BOUND:
        return Decimal(value)
    raise Misfit("decimal", describe(value))


def _read_integer(value: Any, _notes: Notes) -> Decimal:
    if type(value) is int and -INT_BOUND < value < INT_BOUND:
        return Decimal(value)
    if type(value) is Decimal:
        return _whole(_read_decimal(value, _notes))
    raise Misfit("integer", describe(value))


def _whole(value: Decimal) -> Decimal:
    """Give the value without fraction digits; a fraction that is not zero does not fit."""
    if not value.is_finite() or value.adjusted() >= MAX_DIGITS or value != value.to_integral_value():
        raise Misfit("integer", describe(value))
    return Decimal(int(value))


def _adopt_decimal(value: Any) -> Decimal:
    if type(value) is not Decimal or not value.is_finite():
        raise Misfit("decimal", describe(value))
    return value


def _adopt_integer(value: Any) -> Decimal:
    if type(value) is not Decimal:
        raise Misfit("integer", describe(value))
    return _whole(value)


def _parsed(expected: str, parse: Callable[[str], Any]) -> Callable[[Any, Notes], Any]:
    def read(value: Any, _notes: Notes) -> Any:
        if type(value) is not str:
            raise Misfit(expected, describe(value))
        try:
            return parse(value)
        except ValueError as error:
            raise Misfit(expected, describe(value)) from error

    return read


def _instance(expected: str, kinds: tuple[type, ...]) -> Callable[[Any], Any]:
    def adopt(value: Any) -> Any:
        if type(value) not in kinds:
            raise Misfit(expected, describe(value))
        return value

    return adopt


def _dated(kind: type[_Dated], expected: str) -> Callable[[Any], _Dated]:
    def adopt(value: Any) -> _Dated:
        if type(value) is not kind:
            raise Misfit(expected, describe(value))
        try:
            return _in_years(value)
        except ValueError as error:
            raise Misfit(f"{expected} between the years 0001 and 9999", describe(value)) from error

    return adopt


def _bo_date(text: str) -> Date:
    """Read a date; Business Objects hold years 0001 to 9999, the formula language many more."""
    return _in_years(parse_date(text))


def _bo_date_time(text: str) -> DateTime:
    try:
        value = parse_date_time(text)
    except ValueError:
        iso = as_iso(text)
        if iso is None or "T" not in iso:
            raise
        value = parse_date_time(iso)
    return _in_years(value)


def _bo_time(text: str) -> Time:
    try:
        return parse_time(text)
    except ValueError:
        iso = as_iso(text)
        if iso is None or "T" in iso:
            raise
        return parse_time(iso)


def _in_years(value: _Dated) -> _Dated:
    day = value if isinstance(value, Date) else value.date
    if not 1 <= day.year <= 9999:
        raise ValueError("the year is not between 0001 and 9999")
    return value


SIMPLE: Final[dict[str, SimpleType]] = {
    "string": SimpleType(_read_string, _string),
    "integer": SimpleType(_read_integer, _adopt_integer),
    "decimal": SimpleType(_read_decimal, _adopt_decimal),
    "boolean": SimpleType(_read_boolean, _boolean),
    "date": SimpleType(_parsed("a date (YYYY-MM-DD)", _bo_date), _dated(Date, "a date"), str),
    "time": SimpleType(_parsed("a time (hh:mm:ss)", _bo_time), _instance("a time", (Time,)), str),
    "date-time": SimpleType(
        _parsed("a date-time (YYYY-MM-DDThh:mm:ss)", _bo_date_time), _dated(DateTime, "a date-time"), str
    ),
    "duration": SimpleType(
        _parsed("a duration (ISO 8601, as P1DT2H or P1Y2M)", parse_duration),
        _instance("a duration", (DaysDuration, MonthsDuration)),
        str,
    ),
}
