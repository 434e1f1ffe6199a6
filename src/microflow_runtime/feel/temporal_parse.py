"""Reads dates, times and durations from their ISO 8601 text. Every function raises ValueError with a sentence."""

import re
from decimal import Decimal
from typing import Final

from microflow_runtime.feel.calendar import DAY_NANOS, MAXIMUM_YEAR, NANOS, days_from_date, month_length
from microflow_runtime.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from microflow_runtime.feel.zones import MAXIMUM_OFFSET_SECONDS, get_zone

_DATE_PART: Final = r"(-?)([0-9]{4}|[1-9][0-9]{4,8})-([0-9]{2})-([0-9]{2})"
_TIME_PART: Final = (
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,30}))?"
    r"(?:(Z|z)|([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?)?(?:@([A-Za-z0-9_+/-]{1,64}))?"
)
_DATE: Final = re.compile(_DATE_PART + r"\Z")
_TIME: Final = re.compile("T?" + _TIME_PART + r"\Z")
_DATE_TIME: Final = re.compile(_DATE_PART + "T" + _TIME_PART + r"\Z")
_MONTHS: Final = re.compile(r"(-?)P(?:([0-9]{1,18})Y)?(?:([0-9]{1,18})M)?\Z")
_DAYS: Final = re.compile(
    r"(-?)P(?:([0-9]{1,18})D)?(T(?:([0-9]{1,18})H)?(?:([0-9]{1,18})M)?(?:([0-9]{1,18})(?:\.([0-9]{0,30}))?S)?)?\Z"
)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _day(text: str, parts: tuple[str, ...]) -> tuple[int, int, int]:
    sign, year_text, month_text, day_text = parts
    year, month, day = int(year_text), int(month_text), int(day_text)
    year = -year if sign else year
    if not 1 <= month <= 12 or not 1 <= day <= month_length(year, month):
        raise ValueError(f"the date {_shown(text)} does not exist")
    if abs(year) > MAXIMUM_YEAR:
        raise ValueError(f"the year of {_shown(text)} lies outside -{MAXIMUM_YEAR} to {MAXIMUM_YEAR}")
    return year, month, day


def _clock(text: str, parts: tuple[str | None, ...]) -> tuple[int, int | None, str | None]:
    """Give nanoseconds since midnight (24:00:00 gives a whole day), offset and zone."""
    hour, minute, second, fraction, utc, sign, offset_hours, offset_minutes, offset_seconds, zone = parts
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    nanos = int((fraction or "").ljust(9, "0")[:9])
    whole_day = hours == 24 and minutes == seconds == nanos == 0
    if (hours > 23 and not whole_day) or minutes > 59 or seconds > 59:
        raise ValueError(f"the time of {_shown(text)} does not exist")
    offset: int | None = None
    if utc:
        offset = 0
    elif sign:
        offset = int(offset_hours or 0) * 3600 + int(offset_minutes or 0) * 60 + int(offset_seconds or 0)
        if offset > MAXIMUM_OFFSET_SECONDS or int(offset_minutes or 0) > 59 or int(offset_seconds or 0) > 59:
            raise ValueError(f"the offset of {_shown(text)} does not exist")
        offset = -offset if sign == "-" else offset
    if zone:
        get_zone(zone)
    return ((hours * 60 + minutes) * 60 + seconds) * NANOS + nanos, offset, zone


def parse_date(text: str) -> Date:
    """Read `2025-01-31`."""
    found = _DATE.match(text)
    if found is None:
        raise ValueError(f"{_shown(text)} is not a date; a date is written 2025-01-31")
    return Date(*_day(text, found.groups()))


def parse_time(text: str) -> Time:
    """Read `10:30:00`, with a fraction, an offset (`Z`, `+07:00`) or a zone (`@Asia/Bangkok`)."""
    found = _TIME.match(text)
    if found is None:
        raise ValueError(
            f"{_shown(text)} is not a time; a time is written 10:30:00, 10:30:00+07:00 or 10:30:00@Asia/Bangkok"
        )
    nanos, offset, zone = _clock(text, found.groups())
    if zone is not None and offset is not None:
        raise ValueError(f"{_shown(text)} is not a time: it has an offset or a zone, not both")
    return Time(nanos % DAY_NANOS, offset, zone)


def parse_date_time(text: str) -> DateTime:
    """Read `2025-01-31T10:30:00`, with a fraction, an offset or a zone; a date alone is its midnight.

    An offset before the zone, as in `2025-10-26T02:30:00+01:00@Europe/Berlin`, tells which of two passes is meant.
    """
    found = _DATE_TIME.match(text)
    if found is None:
        day = _DATE.match(text)
        if day is None:
            raise ValueError(f"{_shown(text)} is not a date and time; one is written 2025-01-31T10:30:00")
        return DateTime(days_from_date(*_day(text, day.groups())), 0)
    groups = found.groups()
    days = days_from_date(*_day(text, groups[:4]))
    nanos, offset, zone = _clock(text, groups[4:])
    days, nanos = days + nanos // DAY_NANOS, nanos % DAY_NANOS
    if zone is None:
        return DateTime(days, nanos, offset)
    made = DateTime.local(days, nanos, zone, offset)
    if offset is not None and (made.offset, made.days, made.nanos) != (offset, days, nanos):
        raise ValueError(f"{_shown(text)} does not exist: {zone} has another offset then")
    return made


def parse_duration(text: str) -> DaysDuration | MonthsDuration:
    """Read `P1DT2H30M` or `P1Y2M`."""
    months = _MONTHS.match(text)
    if months and (months[2] or months[3]):
        total = int(months[2] or 0) * 12 + int(months[3] or 0)
        if total > 12 * 10 * MAXIMUM_YEAR:
            raise ValueError(f"the duration {_shown(text)} is longer than any of the language")
        return MonthsDuration(-total if months[1] else total)
    found = _DAYS.match(text)
    if found is None or found[3] == "T" or not (found[2] or found[3]):
        raise ValueError(f"{_shown(text)} is not a duration; one is written P1DT2H30M or P1Y2M")
    sign, day, _, hour, minute, second, fraction = found.groups()
    seconds = ((int(day or 0) * 24 + int(hour or 0)) * 60 + int(minute or 0)) * 60 + int(second or 0)
    total = seconds * NANOS + int((fraction or "").ljust(9, "0")[:9])
    if total > 10 * MAXIMUM_YEAR * 366 * DAY_NANOS:
        raise ValueError(f"the duration {_shown(text)} is longer than any of the language")
    return DaysDuration(-total if sign else total)


def parse_temporal(text: str) -> Date | Time | DateTime | DaysDuration | MonthsDuration:
    """Read whichever of the kinds the text is, as in `@"…"`."""
    if text.lstrip("-").startswith("P"):
        return parse_duration(text)
    if "T" in text and _DATE_TIME.match(text):
        return parse_date_time(text)
    if _DATE.match(text):
        return parse_date(text)
    if _TIME.match(text):
        return parse_time(text)
    raise ValueError(f"{_shown(text)} is no date, time, date and time or duration")


def nanos_of(seconds: Decimal) -> int:
    """Give seconds as whole nanoseconds, cutting what is smaller."""
    return int(seconds.scaleb(9))
