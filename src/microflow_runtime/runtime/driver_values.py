"""Values between formulas and database drivers: numbers exact both ways, dates as the formula language's own."""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from microflow_runtime.errors import NodeError
from microflow_runtime.feel import Date, DateTime, DaysDuration, MonthsDuration, Time, parse_date_time, parse_time

_INT64: Final = 2**63
_MICROSECOND: Final = dt.timedelta(microseconds=1)


def to_driver(value: Any) -> Any:
    """Give a formula's value as SQLite binds it: whole numbers as integers, other decimals as text, dates as ISO text.

    Raises NodeError of kind `database` for a list or a context: SQL takes single values.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and -_INT64 <= value < _INT64
        return int(value) if whole else format(value, "f")
    if isinstance(value, Date | Time | DateTime | DaysDuration | MonthsDuration):
        return str(value)
    raise NodeError(f"SQL takes single values, not a {type(value).__name__}.", kind="database")


def from_row(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """Give a row as a context by column name."""
    return {
        column: value if type(value) is str else from_driver(value) for column, value in zip(columns, row, strict=True)
    }


def from_driver(value: Any) -> Any:
    """Give a driver's value as formulas know it. Raises NodeError of kind `database` for a type that has no counterpart."""
    if value is None or isinstance(value, str | bool):
        return value
    convert = _FROM_DRIVER.get(type(value))
    if convert is None:
        raise NodeError(
            f"the database gave a value of the type {type(value).__name__}, which formulas do not have.",
            kind="database",
        )
    return convert(value)


def _from_float(value: float) -> Decimal:
    number = Decimal(repr(value))
    if not number.is_finite():
        raise NodeError(f"the database gave {value}, which is no number.", kind="database")
    return number


_FROM_DRIVER: Final[dict[type, Callable[[Any], Any]]] = {
    int: Decimal,
    float: _from_float,
    Decimal: lambda value: value,
    dt.date: lambda value: Date(value.year, value.month, value.day),
    dt.datetime: lambda value: parse_date_time(value.isoformat()),
    dt.time: lambda value: parse_time(value.isoformat()),
    dt.timedelta: lambda value: DaysDuration((value // _MICROSECOND) * 1_000),
    UUID: str,
}
