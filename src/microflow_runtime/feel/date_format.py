"""Writes dates and times by a pattern such as `dd.MM.yyyy HH:mm`, as java.time and Unicode's CLDR read it, in English."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from microflow_runtime.feel import limits
from microflow_runtime.feel.calendar import NANOS, days_from_date
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.temporal import Date, DateTime, Time

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip

Moment = Date | Time | DateTime
_Write = Callable[[Moment], str]
_LONGEST: Final = 200
_TOKEN: Final = re.compile(r"'((?:[^']|'')*)'|(?P<letter>[A-Za-z])(?P=letter)*|[^A-Za-z']+")


def _day(moment: Moment) -> Date:
    if isinstance(moment, Time):
        raise Failure("a time of day has no year, month or day to be written")
    return moment.date if isinstance(moment, DateTime) else moment


def _nanos(moment: Moment) -> int:
    if isinstance(moment, Date):
        raise Failure("a date has no hour, minute or second to be written")
    return moment.nanos


def _number(part: Callable[[Moment], int], most: int) -> Callable[[int], _Write | None]:
    def of(count: int) -> _Write | None:
        return None if count > most else lambda moment: f"{part(moment):0{count}d}"

    return of


def _year(count: int) -> _Write | None:
    if count == 2:
        return lambda moment: f"{abs(_day(moment).year) % 100:02d}"

    def write(moment: Moment) -> str:
        year = _day(moment).year
        return f"{'-' if year < 0 else ''}{abs(year):0{count}d}"

    return write if count <= 9 else None


def _month(count: int) -> _Write | None:
    if count <= 2:
        return lambda moment: f"{_day(moment).month:0{count}d}"
    size = {3: 3, 4: None}
    return None if count not in size else lambda moment: MONTHS[_day(moment).month - 1][: size[count]]


def _weekday(count: int) -> _Write | None:
    size = 3 if count <= 3 else None
    return None if count > 4 else lambda moment: WEEKDAYS[(_day(moment).days + 3) % 7][:size]


def _half(count: int) -> _Write | None:
    return None if count > 1 else lambda moment: "AM" if _nanos(moment) < 12 * 3600 * NANOS else "PM"


def _fraction(count: int) -> _Write | None:
    return None if count > 9 else lambda moment: f"{_nanos(moment) % NANOS:09d}"[:count]


def _offset(*, has_z: bool) -> Callable[[int], _Write | None]:
    def of(count: int) -> _Write | None:
        colon = ":" if count == 3 else ""

        def write(moment: Moment) -> str:
            seconds = None if isinstance(moment, Date) else moment.utc_offset
            if seconds is None:
                raise Failure("there is no offset to be written; `in zone(…)` gives one")
            if seconds == 0 and has_z:
                return "Z"
            hours, minutes = divmod(abs(seconds) // 60, 60)
            sign = "-" if seconds < 0 else "+"
            return f"{sign}{hours:02d}" + (f"{colon}{minutes:02d}" if minutes or count > 1 else "")

        return write if count <= 3 else None

    return of


def _zone(count: int) -> _Write | None:
    def write(moment: Moment) -> str:
        if isinstance(moment, Date) or moment.zone is None:
            raise Failure("there is no zone to be written; `in zone(…)` gives one")
        return moment.zone

    return write if count == 2 else None


_PARTS: Final[dict[str, Callable[[int], _Write | None]]] = {
    "y": _year,
    "u": _year,
    "M": _month,
    "d": _number(lambda moment: _day(moment).day, 2),
    "D": _number(lambda moment: _day(moment).days - days_from_date(_day(moment).year, 1, 1) + 1, 3),
    "Q": _number(lambda moment: (_day(moment).month + 2) // 3, 1),
    "E": _weekday,
    "H": _number(lambda moment: _nanos(moment) // (3600 * NANOS), 2),
    "h": _number(lambda moment: (_nanos(moment) // (3600 * NANOS) + 11) % 12 + 1, 2),
    "a": _half,
    "m": _number(lambda moment: _nanos(moment) // (60 * NANOS) % 60, 2),
    "s": _number(lambda moment: _nanos(moment) // NANOS % 60, 2),
    "S": _fraction,
    "X": _offset(has_z=True),
    "x": _offset(has_z=False),
    "V": _zone,
}
"""What each letter stands for, by how often it is written."""


@lru_cache(maxsize=256)
def read_date_format(pattern: str) -> tuple[str | _Write, ...]:
    """Read a pattern. Raises Failure when it is none."""
    if not pattern or len(pattern) > _LONGEST:
        raise Failure(f"a pattern of dates has 1 to {_LONGEST} characters")
    parts: list[str | _Write] = []
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise Failure(f"a single quote of the pattern {pattern[:60]!r} is not closed")
        at = found.end()
        parts.append(_part(pattern, found))
    return tuple(parts)


def _part(pattern: str, found: re.Match[str]) -> str | _Write:
    if found["letter"] is None:
        return found[0] if found[1] is None else found[1].replace("''", "'") or "'"
    make = _PARTS.get(found["letter"])
    write = None if make is None else make(len(found[0]))
    if write is None:
        hint = (
            "the year is `yyyy`"
            if found["letter"] == "Y"
            else f"the letters are {' '.join(_PARTS)}, and text stands in single quotes"
        )
        raise Failure(f"`{found[0]}` in the pattern {pattern[:60]!r} stands for no part of a date or time: {hint}")
    return write


def format_moment(moment: Any, pattern: str) -> str:
    """Write a date, a time or both by a pattern."""
    text = "".join(part if isinstance(part, str) else part(moment) for part in read_date_format(pattern))
    limits.spend_text(len(text))
    return text
