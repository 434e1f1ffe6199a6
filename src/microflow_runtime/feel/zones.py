"""Time zones by name, over all years of the calendar. Never the machine's own zone."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from microflow_runtime.feel.calendar import date_from_days

_ZONE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*\Z")
_REFERENCE: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - a local time on purpose
MAXIMUM_OFFSET_SECONDS: Final = 18 * 3600


@lru_cache(maxsize=512)
def get_zone(name: str) -> ZoneInfo:
    """Give the zone of this name.

    Raises ValueError when there is none.
    """
    if not _ZONE_NAME.match(name):
        raise ValueError(f"{name!r} is not the name of a time zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def _python_time(days: int, seconds: int) -> datetime:
    """Give a time of the same rules that Python can hold: the calendar repeats itself every 400 years."""
    year, month, day = date_from_days(days)
    if year < 1:
        year = 1
        day = min(day, 28)
    elif year > 9990:
        year = 9590 + (year - 9590) % 400
    return datetime(year, month, day) + timedelta(seconds=seconds)  # noqa: DTZ001


def local_offset(name: str, days: int, seconds: int) -> int:
    """Give the offset in seconds that holds at a local time: days since 1970-01-01, seconds of the day.

    Of a time that comes twice, that of the first pass; of one that is left out, the offset before the change.
    """
    return _seconds(get_zone(name).utcoffset(_python_time(days, seconds)))


def resolve_local(name: str, days: int, seconds: int, wanted: int | None = None) -> tuple[int, int]:
    """Give what makes a local time a moment: the seconds to move its clock forward, and the offset that holds then.

    Of a time that comes twice, the first pass is meant, or the one whose offset is `wanted`. A time that is left out moves
    forward by what is left out, as a clock does. Source: java.time.ZonedDateTime, which other engines of FEEL build on.
    """
    zone = get_zone(name)
    local = _python_time(days, seconds)
    first = _seconds(zone.utcoffset(local))
    second = _seconds(zone.utcoffset(local.replace(fold=1)))
    if first < second:
        return second - first, second
    return 0, second if wanted == second else first


def _seconds(offset: timedelta | None) -> int:
    return int(offset.total_seconds()) if offset is not None else 0


def offset_at(name: str, utc_seconds: int) -> int:
    """Give the offset in seconds that holds at a moment: seconds since 1970-01-01T00:00:00Z."""
    zone = get_zone(name)
    days, seconds = divmod(utc_seconds, 86_400)
    moment = _python_time(days, seconds).replace(tzinfo=zone)
    return _seconds(zone.fromutc(moment).utcoffset())


def standard_offset(name: str) -> int:
    """Give the zone's offset in seconds outside summer time, for a time of day without a date."""
    zone = get_zone(name)
    offset = zone.utcoffset(_REFERENCE)
    summer = zone.dst(_REFERENCE)
    return int(((offset or timedelta(0)) - (summer or timedelta(0))).total_seconds())


def format_offset(seconds: int) -> str:
    """Write an offset: `Z`, `+07:00`, `-02:45:55`."""
    if seconds == 0:
        return "Z"
    sign = "-" if seconds < 0 else "+"
    minutes, rest = divmod(abs(seconds), 60)
    text = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{rest:02d}" if rest else text
