"""The simple types of XML Schema: how each is written from a value of formulas and read into one, exact in both ways.

Everything here raises Misfit, which says what was expected and what came.
"""

import base64
import binascii
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.business_objects.json_door import MAX_DIGITS, MAX_EXPONENT
from microflow_runtime.compiler.business_objects.misfit import describe
from microflow_runtime.feel import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DURATION,
    NUMBER,
    STRING,
    TIME,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    Type,
    format_number,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_time,
)

_BLANKS: Final = re.compile(r"[\t\n\r ]+")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECIMAL: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_FLOAT: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")
_ZONE: Final = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")


class SimpleKind(msgspec.Struct, frozen=True):
    """What is done with values of one simple type. `write` gives the text for a value, `read` the value of a text."""

    type: Type
    read: Callable[[str], Any]
    write: Callable[[Any], str]


def clean(text: str) -> str:
    """Give a text that XML can hold."""
    found = _NOT_XML.search(text)
    if found:
        raise Misfit("a text that XML can hold", f"the character U+{ord(found[0]):04X} in it")
    return text


def _write_text(value: Any) -> str:
    if type(value) is not str:
        raise Misfit("text", describe(value))
    return clean(value)


def _collapsed(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" ")


def _write_words(value: Any) -> str:
    """Write a text whose type knows no other blanks than single ones between words: any others would be lost."""
    text = _write_text(value)
    if text != _collapsed(text):
        raise Misfit("words with one blank between them", describe(value))
    return text


def _read_boolean(text: str) -> bool:
    found = {"true": True, "1": True, "false": False, "0": False}.get(_collapsed(text))
    if found is None:
        raise Misfit("true or false", describe(text))
    return found


def _write_boolean(value: Any) -> str:
    if type(value) is not bool:
        raise Misfit("true or false", describe(value))
    return "true" if value else "false"


def _number(expected: str, pattern: re.Pattern[str]) -> SimpleKind:
    def read(text: str) -> Decimal:
        text = _collapsed(text)
        if len(text) > MAX_DIGITS + 20 or not pattern.fullmatch(text):
            raise Misfit(expected, describe(text))
        value = Decimal(text)
        digits = value.as_tuple()
        if len(digits.digits) > MAX_DIGITS or abs(value.adjusted()) > MAX_EXPONENT:
            raise Misfit(f"{expected} of at most {MAX_DIGITS} digits", describe(text))
        return value

    def write(value: Any) -> str:
        if type(value) is not Decimal or not value.is_finite():
            raise Misfit(expected, describe(value))
        return format_number(value)

    return SimpleKind(NUMBER, read, write)


_DECIMALS: Final = _number("decimal", _DECIMAL)


def _whole(least: int | None = None, most: int | None = None) -> SimpleKind:
    bounds = f" from {least}" if least is not None else ""
    bounds += f" up to {most}" if most is not None else ""
    expected = f"integer{bounds}"

    def checked(value: Decimal, found: Any) -> Decimal:
        if value.adjusted() >= MAX_DIGITS or value != value.to_integral_value():
            raise Misfit(expected, describe(found))
        whole = Decimal(int(value))
        if (least is not None and whole < least) or (most is not None and whole > most):
            raise Misfit(expected, describe(found))
        return whole

    def read(text: str) -> Decimal:
        try:
            return checked(_DECIMALS.read(text), text)
        except Misfit as misfit:
            raise Misfit(expected, misfit.found) from misfit

    def write(value: Any) -> str:
        if type(value) is not Decimal or not value.is_finite():
            raise Misfit(expected, describe(value))
        return format_number(checked(value, value))

    return SimpleKind(NUMBER, read, write)


def _dated(
    kind: type, feel_type: Type, expected: str, parse: Callable[[str], Any], show: Callable[[Any], str]
) -> SimpleKind:
    """Make the kind of dates and times. A text in the right form is taken for one, as it comes out of JSON."""

    def read(text: str) -> Any:
        text = _collapsed(text)
        try:
            if "@" in text:
                raise ValueError("a name of a zone is none of XML")
            return parse(text)
        except ValueError as error:
            raise Misfit(expected, describe(text)) from error

    def write(value: Any) -> str:
        return show(read(value) if type(value) is str else _instance(value, (kind,), expected))

    return SimpleKind(feel_type, read, write)


def _instance(value: Any, kinds: tuple[type, ...], expected: str) -> Any:
    if type(value) not in kinds:
        raise Misfit(expected, describe(value))
    return value


def _day(text: str) -> Date:
    """Read a date; a zone behind it is left out, so that the day stays the one that was written."""
    return parse_date(_ZONE.sub("", text))


def _zoned(value: Any) -> str:
    """Write a time with the offset that holds then in place of the name of a zone, which XML does not have."""
    if value.zone is None:
        return str(value)
    if isinstance(value, Time):
        return str(Time(value.nanos, value.utc_offset))
    return str(DateTime(value.days, value.nanos, value.utc_offset))


def _moment(text: str) -> DateTime:
    if "T" not in text:
        raise ValueError("a date is no date-time")
    return parse_date_time(text)


def _read_duration(text: str) -> Any:
    try:
        return parse_duration(_collapsed(text))
    except ValueError as error:
        raise Misfit("a duration of years and months, or of days and time", describe(text)) from error


def _write_duration(value: Any) -> str:
    if type(value) is str:
        value = _read_duration(value)
    return str(_instance(value, (DaysDuration, MonthsDuration), "a duration"))


def _read_base64(text: str) -> str:
    packed = _BLANKS.sub("", text)
    try:
        base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Misfit("bytes in base64", describe(text)) from error
    return packed


def _read_hexadecimal(text: str) -> str:
    packed = _collapsed(text)
    try:
        bytes.fromhex(packed)
    except ValueError as error:
        raise Misfit("bytes in hexadecimal", describe(text)) from error
    return packed


def _write_any(value: Any) -> str:
    """Write a single value whose type nobody declared."""
    for kinds, kind in _BY_VALUE:
        if type(value) in kinds:
            return kind.write(value)
    raise Misfit("a single value", describe(value))


def _same(text: str) -> str:
    return text


TEXT: Final = SimpleKind(STRING, _same, _write_text)
_WORDS: Final = SimpleKind(STRING, _collapsed, _write_words)
ANY_SIMPLE: Final = SimpleKind(ANY, _same, _write_any)
_BOOLEANS: Final = SimpleKind(BOOLEAN, _read_boolean, _write_boolean)
_DATES: Final = _dated(Date, DATE, "a date (YYYY-MM-DD)", _day, str)
_TIMES: Final = _dated(Time, TIME, "a time (hh:mm:ss)", parse_time, _zoned)
_MOMENTS: Final = _dated(DateTime, DATE_TIME, "a date-time (YYYY-MM-DDThh:mm:ss)", _moment, _zoned)
_DURATIONS: Final = SimpleKind(DURATION, _read_duration, _write_duration)
_FLOATS: Final = _number("a number", _FLOAT)
_BY_VALUE: Final[tuple[tuple[tuple[type, ...], SimpleKind], ...]] = (
    ((str,), TEXT),
    ((bool,), _BOOLEANS),
    ((Decimal,), _DECIMALS),
    ((Date,), _DATES),
    ((Time,), _TIMES),
    ((DateTime,), _MOMENTS),
    ((DaysDuration, MonthsDuration), _DURATIONS),
)
KINDS: Final[dict[str, SimpleKind]] = {
    "string": TEXT,
    "normalizedString": TEXT,
    "boolean": _BOOLEANS,
    "decimal": _DECIMALS,
    "float": _FLOATS,
    "double": _FLOATS,
    "integer": _whole(),
    "nonPositiveInteger": _whole(most=0),
    "negativeInteger": _whole(most=-1),
    "nonNegativeInteger": _whole(0),
    "positiveInteger": _whole(1),
    "long": _whole(-(2**63), 2**63 - 1),
    "int": _whole(-(2**31), 2**31 - 1),
    "short": _whole(-(2**15), 2**15 - 1),
    "byte": _whole(-(2**7), 2**7 - 1),
    "unsignedLong": _whole(0, 2**64 - 1),
    "unsignedInt": _whole(0, 2**32 - 1),
    "unsignedShort": _whole(0, 2**16 - 1),
    "unsignedByte": _whole(0, 2**8 - 1),
    "date": _DATES,
    "time": _TIMES,
    "dateTime": _MOMENTS,
    "duration": _DURATIONS,
    "base64Binary": SimpleKind(STRING, _read_base64, lambda value: _read_base64(_write_text(value))),
    "hexBinary": SimpleKind(STRING, _read_hexadecimal, lambda value: _read_hexadecimal(_write_text(value))),
    "anySimpleType": ANY_SIMPLE,
}
"""The built-in types that are more than words, by their names in XML Schema. All others are texts of words, one blank between."""


def kind_of(name: str) -> SimpleKind:
    """Give the kind of a built-in type."""
    return KINDS.get(name, _WORDS)
