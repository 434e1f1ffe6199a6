"""Single values in files: from a cell's text to what a Business Object reads, and back."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from msgspec import UNSET

from microflow_runtime.compiler.business_objects import Misfit, exact_number
from microflow_runtime.compiler.business_objects.iso_forms import as_iso
from microflow_runtime.compiler.business_objects.misfit import describe
from microflow_runtime.feel import Date, format_number
from microflow_runtime.formats.sheet_cells import BadCell
from microflow_runtime.model.business_object import Field

ReadText = Callable[[str], Any]
ReadCell = Callable[[Any], Any]
WriteText = Callable[[Any], str]
_NUMBERS: Final = frozenset({"integer", "decimal"})
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}
_PARTS: Final = {"YYYY": r"(?P<year>[0-9]{4})", "MM": r"(?P<month>[0-9]{2})", "DD": r"(?P<day>[0-9]{2})"}
_PART: Final = re.compile("YYYY|MM|DD")


def wrong_with_dates(pattern: str) -> str:
    """Say why a text cannot be the way that dates are written; `""` when it can."""
    if sorted(_PART.findall(pattern)) != ["DD", "MM", "YYYY"]:
        return "it holds YYYY, MM and DD, each once"
    rest = _PART.sub("", pattern)
    return "between them it holds no letters and digits" if any(each.isalnum() for each in rest) else ""


def blank_of(field: Field) -> Any:
    """Give what an empty cell is: nothing, but the empty text where a text has to be there."""
    ref = field.type
    is_empty_text = ref.name == "string" and not ref.is_optional and field.default is UNSET
    return "" if is_empty_text else None


def text_reader(field: Field, decimal_sign: str, dates: str) -> ReadText:
    """Make what reads the text of a cell, which is not empty. It raises Misfit; what it gives, the Business Object checks."""
    kind = field.type.name
    if kind in _NUMBERS:
        return _number_reader(kind, decimal_sign)
    if kind == "boolean":
        return _truth
    if kind == "date":
        return _date_reader(dates) if dates else str.strip
    if kind == "date-time":
        return _date_time
    return _same if kind == "string" else str.strip


def _same(text: str) -> str:
    return text


def _truth(text: str) -> bool:
    found = _TRUTH.get(text.strip().lower())
    if found is None:
        raise Misfit("true or false", describe(text))
    return found


def _number_reader(kind: str, decimal_sign: str) -> ReadText:
    def read(text: str) -> Decimal:
        try:
            if decimal_sign == ".":
                return exact_number(text)
            if "." in text:
                raise ValueError("the other sign")
            return exact_number(text.replace(decimal_sign, "."))
        except ValueError as error:
            raise Misfit(kind, describe(text)) from error

    return read


def _date_reader(pattern: str) -> ReadText:
    written = re.compile("".join(_PARTS.get(part, re.escape(part)) for part in re.split("(YYYY|MM|DD)", pattern)))

    def read(text: str) -> str:
        found = written.fullmatch(text.strip())
        if found is None:
            raise Misfit(f"a date ({pattern})", describe(text))
        return f"{found['year']}-{found['month']}-{found['day']}"

    return read


def _date_time(text: str) -> str:
    """Take a blank between date and time for the `T`, as databases and spreadsheets write it."""
    plain = text.strip()
    if plain[10:11] != " ":
        return plain
    with_sign = f"{plain[:10]}T{plain[11:]}"
    if as_iso(with_sign) is None:
        raise Misfit("a date-time (YYYY-MM-DDThh:mm:ss)", describe(text))
    return with_sign


def cell_reader(field: Field, decimal_sign: str, dates: str) -> ReadCell:
    """Make what reads a typed cell of a spreadsheet, which is not empty. It raises Misfit."""
    kind = field.type.name
    read_text = text_reader(field, decimal_sign, dates)

    def read(value: Any) -> Any:
        if isinstance(value, str):
            return read_text(value)
        if type(value) is BadCell:
            raise value.misfit
        given = _plain(value)
        if kind == "string" and not isinstance(given, str):
            return ("true" if given else "false") if isinstance(given, bool) else format_number(given)
        if kind == "date" and isinstance(value, dt.datetime):
            if value.time() != dt.time():
                raise Misfit("a date", describe(given))
            return value.date().isoformat()
        if kind == "date-time" and isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return f"{value.isoformat()}T00:00:00"
        return given

    return read


def _plain(value: Any) -> Any:
    """Give a cell as a truth value, a number or a text."""
    if isinstance(value, bool | Decimal):
        return value
    if isinstance(value, dt.timedelta):
        seconds = Decimal(value // dt.timedelta(milliseconds=1)) / 1000
        return f"{'-' if seconds < 0 else ''}PT{format_number(abs(seconds))}S"
    return value.isoformat()


def text_writer(field: Field, decimal_sign: str, dates: str) -> WriteText:
    """Make what writes a value that is there as the text of a cell."""
    kind = field.type.name
    if kind in _NUMBERS:
        if decimal_sign == ".":
            return format_number
        return lambda value: format_number(value).replace(".", decimal_sign)
    if kind == "boolean":
        return lambda value: "true" if value else "false"
    if kind == "date" and dates:
        return lambda value: _in_pattern(value, dates)
    return str


def _in_pattern(value: Date, pattern: str) -> str:
    given = {"YYYY": f"{value.year:04}", "MM": f"{value.month:02}", "DD": f"{value.day:02}"}
    return _PART.sub(lambda part: given[part[0]], pattern)
