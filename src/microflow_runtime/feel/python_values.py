"""Dates, times and durations to and from Python's own classes, for drivers and libraries that take those."""

import datetime as dt
from zoneinfo import ZoneInfo

from microflow_runtime.feel.calendar import DAY_NANOS, NANOS, days_from_date
from microflow_runtime.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time

Ours = Date | Time | DateTime | DaysDuration | MonthsDuration
Pythons = dt.date | dt.time | dt.datetime | dt.timedelta


def from_python(value: Pythons) -> Date | Time | DateTime | DaysDuration:
    """Give the value of the language for one of Python's; a `ZoneInfo` keeps its name and the pass (`fold`) that is meant, other zones become offsets."""
    if isinstance(value, dt.timedelta):
        return DaysDuration(value.days * DAY_NANOS + value.seconds * NANOS + value.microseconds * 1000)
    if isinstance(value, dt.datetime):
        days = days_from_date(value.year, value.month, value.day)
        if isinstance(value.tzinfo, ZoneInfo) and value.tzinfo.key:
            return DateTime.local(days, _nanos(value), value.tzinfo.key, _seconds(value))
        return DateTime(days, _nanos(value), _seconds(value))
    if isinstance(value, dt.date):
        return Date(value.year, value.month, value.day)
    if isinstance(value.tzinfo, ZoneInfo) and value.tzinfo.key:
        return Time(_nanos(value), None, value.tzinfo.key)
    return Time(_nanos(value), _seconds(value))


def _nanos(value: dt.datetime | dt.time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * NANOS + value.microsecond * 1000


def _seconds(value: dt.datetime | dt.time) -> int | None:
    offset = value.utcoffset()
    return None if offset is None else int(offset.total_seconds())


def to_python(value: Ours) -> Pythons:
    """Give Python's value. Digits beyond microseconds are cut, a zone becomes the offset that holds then.

    Raises ValueError for what Python cannot hold: years before 1 or after 9999, durations of months.
    """
    if isinstance(value, MonthsDuration):
        raise ValueError(f"Python has no duration of months, as {value}")  # noqa: TRY004 - it is the value that does not fit
    try:
        if isinstance(value, DaysDuration):
            return dt.timedelta(microseconds=value.total // 1000)
        if isinstance(value, Date):
            return dt.date(value.year, value.month, value.day)
        if isinstance(value, Time):
            return _time(value.nanos, value.utc_offset)
        day = value.date
        return dt.datetime.combine(dt.date(day.year, day.month, day.day), _time(value.nanos, value.utc_offset))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"Python cannot hold {value}: its years go from 1 to 9999") from error


def _time(nanos: int, offset: int | None) -> dt.time:
    minutes, rest = divmod(nanos, 60 * NANOS)
    zone = None if offset is None else dt.timezone(dt.timedelta(seconds=offset))
    return dt.time(minutes // 60, minutes % 60, rest // NANOS, rest % NANOS // 1000, tzinfo=zone)
