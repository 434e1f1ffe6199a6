"""Values between formulas and database drivers: numbers exact both ways, dates as the formula language's own.

What differs from one database to another is in the modules of the databases; what all have in common is here.
"""

import base64
import binascii
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from microflow_runtime.compiler.business_objects import decode_json
from microflow_runtime.engine.column_names import column_names
from microflow_runtime.engine.sql import SqlStatement
from microflow_runtime.errors import BadRequest, NodeError
from microflow_runtime.feel import Date, DateTime, DaysDuration, MonthsDuration, Time, from_python, to_python

_MAX_DIGITS: Final = 1_000
_MAX_EXPONENT: Final = 6_144
Convert = Callable[[Any], Any]
RowReader = Callable[[Sequence[Any]], dict[str, Any]]
_write_json: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=str).encode
_TEMPORAL: Final = (Date, Time, DateTime, DaysDuration, MonthsDuration)


FINER: Final = "the database cannot hold {value}: it keeps six digits of a second."


class JsonText(bytes):
    """JSON as a database gave it, to be told from a text."""


def refusal(message: str) -> NodeError:
    """Give the error of a value that a database or a formula cannot hold."""
    return NodeError(message, kind="database")


# To the database


def bound(statement: SqlStatement, values: Mapping[str, Any], write: Convert) -> dict[str, Any]:
    """Give the values as a driver binds them; `write` converts what is not declared to be special."""
    special = statement.parameters
    try:
        if not special:
            return {name: write(value) for name, value in values.items()}
        return {
            name: _WRITE_SPECIAL[special[name]](value) if name in special else write(value)
            for name, value in values.items()
        }
    except NodeError:
        for name, value in values.items():
            _write_named(name, value, _WRITE_SPECIAL[special[name]] if name in special else write)
        raise


def _write_named(name: str, value: Any, write: Convert) -> None:
    """Raise the error of a value that cannot be written with the name of its parameter."""
    try:
        write(value)
    except NodeError as error:
        raise refusal(f"`:{name}`: {error.message}") from error


def to_json(value: Any) -> str | None:
    """Give any value as JSON text: numbers with all their digits, dates as text; null stays the null of SQL."""
    return None if value is None else _write_json(value).decode()


def from_base64(value: Any) -> bytes | None:
    """Give the bytes that a text stands for. Raises NodeError of kind `database` when it stands for none."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise refusal("a parameter that is declared `base64` takes text.")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise refusal("a parameter that is declared `base64` got a text that is none.") from error


_WRITE_SPECIAL: Final[Mapping[str, Convert]] = {"json": to_json, "base64": from_base64}


def to_python_value(value: Any) -> Any:
    """Give a date, time or date and time as Python's. Raises NodeError for years that databases do not have in common."""
    if value.nanos % 1_000 if isinstance(value, Time | DateTime) else False:
        raise refusal(FINER.format(value=value))
    try:
        return to_python(value)
    except ValueError as error:
        raise refusal(f"the database cannot hold {value}: its years go from 1 to 9999.") from error


def is_temporal(value: Any) -> bool:
    """Tell whether a value is one of the language's dates, times and durations."""
    return isinstance(value, _TEMPORAL)


# From the database


def row_reader(
    given: Iterable[str], statement: SqlStatement, by_index: Mapping[int, Convert] | None = None
) -> RowReader:
    """Make what gives a row as a context by column name. `by_index` converts columns whose values do not tell their type.

    Raises NodeError of kind `database` when a column that is read is not there, or two columns have one name.
    """
    columns = column_names(tuple(given), statement.read, statement.taken)
    declared = statement.columns
    special = {index: _READ_SPECIAL[declared[name]] for index, name in enumerate(columns) if name in declared}
    if not special and not by_index:

        def read_plain(row: Sequence[Any]) -> dict[str, Any]:
            try:
                return {
                    column: value if type(value) is str else from_driver(value)
                    for column, value in zip(columns, row, strict=True)
                }
            except NodeError as error:
                raise _of_column(columns, [from_driver] * len(columns), row, error) from error

        return read_plain
    each = [special.get(index) or (by_index or {}).get(index) or from_driver for index in range(len(columns))]

    def read(row: Sequence[Any]) -> dict[str, Any]:
        try:
            return {
                column: None if value is None else convert(value)
                for column, convert, value in zip(columns, each, row, strict=True)
            }
        except NodeError as error:
            raise _of_column(columns, each, row, error) from error

    return read


def _of_column(columns: Sequence[str], each: Sequence[Convert], row: Sequence[Any], error: NodeError) -> NodeError:
    """Give the error of a row with the name of the column whose value formulas do not have."""
    for column, convert, value in zip(columns, each, row, strict=True):
        try:
            if value is not None:
                convert(value)
        except NodeError as found:
            return refusal(f'column "{column}": {found.message}')
    return error


def from_driver(value: Any) -> Any:
    """Give a driver's value as formulas know it. Raises NodeError of kind `database` for a type that has no counterpart."""
    if value is None or isinstance(value, str | bool):
        return value
    convert = _FROM_DRIVER.get(type(value))
    if convert is None:
        name = type(value).__name__
        raise refusal(f"the database gave a value of the type {name}, which formulas do not have; cast it in the SQL.")
    return convert(value)


def exact(number: Decimal) -> Decimal:
    """Give a number within the bounds that hold everywhere. Raises NodeError for others, `NaN` and `Infinity` among them."""
    if not number.is_finite():
        raise refusal(f"the database gave {number}, which is no number.")
    if abs(number.adjusted()) > _MAX_EXPONENT or len(number.as_tuple().digits) > _MAX_DIGITS:
        raise refusal(
            f"the database gave a number with more than {_MAX_DIGITS} digits or an exponent beyond {_MAX_EXPONENT}."
        )
    return number


def from_json(value: Any) -> Any:
    """Read JSON with exact numbers. Raises NodeError of kind `database`."""
    try:
        return _with_decimals(decode_json(value if isinstance(value, bytes) else str(value).encode()))
    except BadRequest as error:
        raise refusal("the database gave JSON that is wrong, nested too deep or too large.") from error


def to_base64(value: Any) -> str:
    """Give bytes as the text that stands for them. Raises NodeError for anything but bytes."""
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    raise refusal("a column that is declared `base64` holds something other than bytes.")


def _with_decimals(value: Any) -> Any:
    kind = type(value)
    if kind is int:
        return Decimal(value)
    if kind is list:
        return [_with_decimals(item) for item in value]
    if kind is dict:
        return {name: _with_decimals(item) for name, item in value.items()}
    return value


def _refuse_bytes(_: Any) -> Any:
    raise refusal("the database gave bytes, which formulas do not have; declare the column as `base64`.")


_READ_SPECIAL: Final[Mapping[str, Convert]] = {"json": from_json, "base64": to_base64}
_FROM_DRIVER: Final[dict[type, Convert]] = {
    int: Decimal,
    float: lambda value: exact(Decimal(repr(value))),
    Decimal: exact,
    dt.date: from_python,
    dt.datetime: lambda value: with_offset(from_python(value)),
    dt.time: from_python,
    dt.timedelta: from_python,
    list: lambda value: [from_driver(item) for item in value],
    Date: lambda value: value,
    Time: lambda value: value,
    DateTime: lambda value: value,
    DaysDuration: lambda value: value,
    MonthsDuration: lambda value: value,
    UUID: str,
    JsonText: from_json,
    bytes: _refuse_bytes,
    bytearray: _refuse_bytes,
    memoryview: _refuse_bytes,
}


def with_offset(value: Any) -> Any:
    """Give a moment of a named zone with the offset that holds there then, as replies show it."""
    return value if value.zone is None else DateTime(value.days, value.nanos, value.utc_offset)
