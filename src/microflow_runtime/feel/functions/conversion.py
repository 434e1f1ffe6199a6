"""Functions that make a value of one kind from another, `not` and `is`."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeVar

from microflow_runtime.feel.calendar import MAXIMUM_YEAR, NANOS, days_from_date, month_length
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import BuiltIn, Signature, may_take, takes
from microflow_runtime.feel.numbers import is_whole, parse_number, to_index
from microflow_runtime.feel.operations import deep_equal
from microflow_runtime.feel.rendering import to_text
from microflow_runtime.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from microflow_runtime.feel.temporal_parse import nanos_of, parse_date, parse_date_time, parse_duration, parse_time
from microflow_runtime.feel.types import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    DURATION,
    MONTHS_DURATION,
    NUMBER,
    STRING,
    TIME,
    optional,
)
from microflow_runtime.feel.values import Value
from microflow_runtime.feel.zones import MAXIMUM_OFFSET_SECONDS

_Parsed = TypeVar("_Parsed")


def to_date(source: Value) -> Date:
    """Give the day of a text, or of a date and time."""
    if type(source) is str:
        return _read(parse_date, source)
    day: Date = source.date if type(source) is DateTime else source
    return day


def _read(parse: Callable[[str], _Parsed], text: str) -> _Parsed:
    try:
        return parse(text)
    except ValueError as error:
        raise Failure(str(error)) from error


def _whole(value: Decimal, what: str) -> int:
    if not is_whole(value):
        raise Failure(f"the {what} has to be a whole number, not {value:f}")
    return to_index(value)


def make_date(year: Decimal, month: Decimal, day: Decimal) -> Date:
    """Give the day of these numbers."""
    y, m, d = _whole(year, "year"), _whole(month, "month"), _whole(day, "day")
    if abs(y) > MAXIMUM_YEAR or not 1 <= m <= 12 or not 1 <= d <= month_length(y, m):
        raise Failure(f"the date of year {y}, month {m}, day {d} does not exist")
    return Date(y, m, d)


def to_time(source: Value) -> Time:
    """Give the time of day of a text, or of a date and time; a date begins at midnight UTC."""
    if type(source) is str:
        return _read(parse_time, source)
    if type(source) is DateTime:
        return source.time
    time: Time = Time(0, 0) if type(source) is Date else source
    return time


def make_time(hour: Decimal, minute: Decimal, second: Decimal, offset: DaysDuration | None = None) -> Time:
    """Give the time of day of these numbers."""
    h, m = _whole(hour, "hour"), _whole(minute, "minute")
    if not 0 <= h <= 23 or not 0 <= m <= 59 or not 0 <= second < 60:
        raise Failure(f"the time of hour {h}, minute {m}, second {second:f} does not exist")
    shift = None if offset is None else int(offset.total / NANOS)
    if shift is not None and abs(shift) > MAXIMUM_OFFSET_SECONDS:
        raise Failure(f"an offset of {offset} does not exist")
    return Time((h * 60 + m) * 60 * NANOS + nanos_of(second), shift)


def to_date_time(source: Value) -> DateTime:
    """Give the date and time of a text; a day alone is its midnight."""
    if type(source) is str:
        return _read(parse_date_time, source)
    moment: DateTime = DateTime(source.days, 0) if type(source) is Date else source
    return moment


def make_date_time(day: Value, time: Time) -> DateTime:
    """Put a day and a time of day together."""
    days = day.days if isinstance(day, DateTime) else days_from_date(day.year, day.month, day.day)
    return DateTime(days, time.nanos, time.offset, time.zone)


def to_number(source: Value, grouping: str | None = None, point: str | None = None) -> Decimal:
    """Read a number, whose digits may be grouped and whose fraction may begin with a comma."""
    if type(source) is Decimal:
        return source
    if (
        grouping not in {None, " ", ",", "."}
        or point not in {None, ",", "."}
        or (grouping is not None and grouping == point)
    ):
        raise Failure(
            "the grouping separator is a space, comma or point, the decimal separator another of comma and point"
        )
    text: str = source if grouping is None else source.replace(grouping, "")
    if point == ",":
        text = text.replace(".", "?").replace(",", ".")
    return _read(parse_number, text)


def to_duration(source: Value) -> Value:
    """Read a duration."""
    return _read(parse_duration, source) if type(source) is str else source


def months_between(start: Value, end: Value) -> MonthsDuration:
    """Count the whole months from one day to another."""
    first, last = to_date(start), to_date(end)
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and last.day < first.day:
        months -= 1
    elif months < 0 and last.day > first.day:
        months += 1
    return MonthsDuration(months)


def negation(value: bool | None) -> bool | None:  # noqa: FBT001
    """`not`: null stays null."""
    return None if value is None else not value


def is_same(first: Value, second: Value) -> bool:
    """Tell whether two values are the same thing: of one kind, and dates and times with one offset or zone."""
    if type(first) is not type(second):
        return False
    if isinstance(first, Time | DateTime):
        return str(first) == str(second)
    return first is second if first is None else deep_equal(first, second)


_FROM: Final = "from"

CONVERSION: Final = (
    BuiltIn("not", "Turns true into false and false into true; null stays null.", (Signature((takes("negand", BOOLEAN),), BOOLEAN, negation),), (("not(true)", "false"), ("not(null)", "null"))),
    BuiltIn(
        "is", "Tells whether two values are of one kind and the same, zones and offsets included.",
        (Signature((takes("value1", ANY), takes("value2", ANY)), BOOLEAN, is_same),),
        (('is(@"2012-12-25", @"2012-12-25")', "true"), ('is(@"23:00:50Z", @"23:00:50@Etc/UTC")', "false")),
    ),
    BuiltIn(
        "date", "Makes a date of a text, of a date and time, or of year, month and day.",
        (
            Signature((takes(_FROM, STRING, DATE, DATE_TIME),), DATE, to_date),
            Signature((takes("year", NUMBER), takes("month", NUMBER), takes("day", NUMBER)), DATE, make_date),
        ),
        (('date("2012-12-25")', '@"2012-12-25"'), ("date(2012, 12, 25)", '@"2012-12-25"')),
    ),
    BuiltIn(
        "time", "Makes a time of day of a text, of a date and time, or of hour, minute, second and offset.",
        (
            Signature((takes(_FROM, STRING, TIME, DATE_TIME, DATE),), TIME, to_time),
            Signature((takes("hour", NUMBER), takes("minute", NUMBER), takes("second", NUMBER), may_take("offset", optional(DAYS_DURATION))), TIME, make_time),
        ),
        (('time("23:59:00Z")', '@"23:59:00Z"'), ('time(11, 45, 30, @"PT7H")', '@"11:45:30+07:00"')),
    ),
    BuiltIn(
        "date and time", "Makes a date and time of a text, or of a date and a time of day.",
        (
            Signature((takes(_FROM, STRING, DATE_TIME, DATE),), DATE_TIME, to_date_time),
            Signature((takes("date", DATE, DATE_TIME), takes("time", TIME)), DATE_TIME, make_date_time),
        ),
        (('date and time("2012-12-24T23:59:00")', '@"2012-12-24T23:59:00"'), ('date and time(@"2012-12-24", @"23:59:00")', '@"2012-12-24T23:59:00"')),
    ),
    BuiltIn(
        "number", "Reads a number from text, with its grouping and its decimal separator.",
        (
            Signature((takes(_FROM, STRING, NUMBER),), NUMBER, to_number),
            Signature(
                (takes(_FROM, STRING), takes("grouping separator", optional(STRING)), takes("decimal separator", optional(STRING))), NUMBER, to_number,
            ),
        ),
        (('number("1 000,5", " ", ",")', "1000.5"), ('number("12.50")', "12.50")),
    ),
    BuiltIn(
        "string", "Writes a value as text: numbers in plain notation, dates, times and durations as ISO 8601.",
        (Signature((takes(_FROM, ANY),), STRING, to_text),),
        (("string(1.1)", '"1.1"'), ('string(date("2012-12-25"))', '"2012-12-25"')),
    ),
    BuiltIn(
        "duration", "Reads a duration from text: of days and time, or of years and months.",
        (Signature((takes(_FROM, STRING, DURATION),), DURATION, to_duration),),
        (('duration("PT20H")', '@"PT20H"'), ('duration("P2Y2M")', '@"P26M"')),
    ),
    BuiltIn(
        "years and months duration", "Counts the whole months from one day to another.",
        (Signature((takes(_FROM, DATE, DATE_TIME), takes("to", DATE, DATE_TIME)), MONTHS_DURATION, months_between),),
        (('years and months duration(@"2011-12-22", @"2013-08-24")', '@"P1Y8M"'),),
    ),
)  # fmt: skip
