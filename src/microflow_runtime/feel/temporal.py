"""The dates, times and durations of the language: immutable, hashable, written as ISO 8601 by `str`.

Python's own stop at the year 9999 and at microseconds. Equality and order are FEEL's: two times with an offset are
equal when they are the same moment. Ordering a time with offset and one without raises `Failure`, except that a date and
time without one is taken in the zone of the app whose formula compares it.
"""

from functools import total_ordering
from typing import Any, Self

from microflow_runtime.feel.calendar import (
    DAY_NANOS,
    MAXIMUM_YEAR,
    NANOS,
    add_months,
    date_from_days,
    days_from_date,
)
from microflow_runtime.feel.durations import DaysDuration, MonthsDuration, Temporal, seconds_text, set_fields
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.home_zone import home_zone
from microflow_runtime.feel.zones import format_offset, local_offset, offset_at, resolve_local, standard_offset

__all__ = ["Date", "DateTime", "DaysDuration", "MonthsDuration", "Temporal", "Time", "seconds_text"]


@total_ordering
class Date(Temporal):
    """A day of the calendar."""

    __slots__ = ("day", "month", "year")
    year: int
    month: int
    day: int

    def __init__(self, year: int, month: int, day: int) -> None:
        if abs(year) > MAXIMUM_YEAR:
            raise Failure(f"the year {year} lies outside -{MAXIMUM_YEAR} to {MAXIMUM_YEAR}")
        set_fields(self, year=year, month=month, day=day)

    @property
    def days(self) -> int:
        """Days since 1970-01-01."""
        return days_from_date(self.year, self.month, self.day)

    @classmethod
    def from_days(cls, days: int) -> Self:
        """Make the date so many days after 1970-01-01."""
        return cls(*date_from_days(days))

    def __reduce__(self) -> tuple[Any, ...]:
        return Date, self._key()

    def _key(self) -> tuple[int, int, int]:
        return (self.year, self.month, self.day)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Date) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __lt__(self, other: "Date") -> bool:
        return self._key() < other._key()

    def __add__(self, other: Any) -> "Date":
        if isinstance(other, MonthsDuration):
            return Date(*add_months(self.year, self.month, self.day, other.total))
        if isinstance(other, DaysDuration):
            return Date.from_days(self.days + other.total // DAY_NANOS)
        return NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Date):
            return DaysDuration((self.days - other.days) * DAY_NANOS)
        if isinstance(other, DateTime):
            return self.at_midnight_utc() - other
        return self + -other

    def at_midnight_utc(self) -> "DateTime":
        """Give the moment this day begins in UTC: how FEEL reads a date where a date and time is wanted."""
        return DateTime(self.days, 0, 0, None)

    def __str__(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"

    __repr__ = __str__


def _clock_text(nanos: int) -> str:
    minutes, rest = divmod(nanos, 60 * NANOS)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds_text(rest, 2)}"


@total_ordering
class Time(Temporal):
    """A time of day: nanoseconds since midnight, with an offset in seconds or the name of a zone, or neither."""

    __slots__ = ("nanos", "offset", "zone")
    nanos: int
    offset: int | None
    zone: str | None

    def __init__(self, nanos: int, offset: int | None = None, zone: str | None = None) -> None:
        set_fields(self, nanos=nanos, offset=offset, zone=zone)

    @property
    def utc_offset(self) -> int | None:
        """The offset in seconds; for a named zone the one outside summer time."""
        return self.offset if self.zone is None else standard_offset(self.zone)

    def _moment(self) -> tuple[bool, int]:
        offset = self.utc_offset
        return (False, self.nanos) if offset is None else (True, self.nanos - offset * NANOS)

    def _millisecond(self) -> tuple[bool, int]:
        """Give what is compared: the standard's kit holds two that differ by less than a millisecond for equal."""
        zoned, nanos = self._moment()
        return zoned, nanos // 1_000_000

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Time) and self._millisecond() == other._millisecond()

    def __hash__(self) -> int:
        return hash(self._millisecond())

    def __lt__(self, other: "Time") -> bool:
        mine, theirs = _both(self._millisecond(), other._millisecond(), "times")
        return mine < theirs

    def __add__(self, other: object) -> "Time":
        if not isinstance(other, DaysDuration):
            return NotImplemented
        return Time((self.nanos + other.total) % DAY_NANOS, self.offset, self.zone)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Time):
            mine, theirs = _both(self._moment(), other._moment(), "times")
            return DaysDuration(mine - theirs)
        return self + -other

    def __str__(self) -> str:
        shown = f"@{self.zone}" if self.zone is not None else "" if self.offset is None else format_offset(self.offset)
        return _clock_text(self.nanos) + shown

    __repr__ = __str__


def _both(first: tuple[bool, int], second: tuple[bool, int], what: str) -> tuple[int, int]:
    if first[0] != second[0]:
        raise Failure(f"of the two {what} only one has a time zone or offset")
    return first[1], second[1]


@total_ordering
class DateTime(Temporal):
    """A day (days since 1970-01-01) and a time of it (nanoseconds), with an offset, an offset and a zone, or neither.

    A zone given without an offset is asked for it: of a time that comes twice the first is meant, and one that the zone
    leaves out moves forward with the clock. An offset given beside a zone is taken to be one the zone has then.
    """

    __slots__ = ("days", "nanos", "offset", "zone")
    days: int
    nanos: int
    offset: int | None
    zone: str | None

    def __init__(self, days: int, nanos: int, offset: int | None = None, zone: str | None = None) -> None:
        if abs(days) > 366 * MAXIMUM_YEAR:
            raise Failure(f"the date lies outside the years -{MAXIMUM_YEAR} to {MAXIMUM_YEAR}")
        if zone is not None and offset is None:
            days, nanos, offset = _in_zone(zone, days, nanos, None)
        set_fields(self, days=days, nanos=nanos, offset=offset, zone=zone)

    @classmethod
    def local(cls, days: int, nanos: int, zone: str, wanted: int | None) -> Self:
        """Make the moment of a local time in a zone; `wanted` is the offset that is meant where the time comes twice."""
        return cls(*_in_zone(zone, days, nanos, wanted), zone)

    @property
    def date(self) -> Date:
        """The day."""
        return Date.from_days(self.days)

    @property
    def time(self) -> Time:
        """The time of day. One of a named zone keeps the name, not the offset of the day."""
        return Time(self.nanos, self.offset if self.zone is None else None, self.zone)

    @property
    def utc_offset(self) -> int | None:
        """The offset in seconds, at a named zone the one that holds at this time; None without either."""
        return self.offset

    @property
    def is_second_pass(self) -> bool:
        """Whether the zone shows this time twice and the later one is meant."""
        return self.zone is not None and self.offset != local_offset(self.zone, self.days, self.nanos // NANOS)

    def moment(self) -> tuple[bool, int]:
        """Give nanoseconds since 1970-01-01T00:00:00, and whether they are counted in UTC."""
        local = self.days * DAY_NANOS + self.nanos
        return (False, local) if self.offset is None else (True, local - self.offset * NANOS)

    def at_home(self) -> "DateTime":
        """Give a time without offset as the moment that it is in the zone of the app, any other as it is."""
        zone = home_zone()
        return self if self.offset is not None or zone is None else DateTime(self.days, self.nanos, None, zone)

    def in_zone(self, zone: str) -> "DateTime":
        """Give the same moment as the clocks of a zone show it; a time without offset is one of the app's zone.

        Raises ValueError when there is no such zone.
        """
        zoned, moment = self.at_home().moment()
        if not zoned:
            raise Failure("a date and time without offset is no moment where no app gives a time zone")
        return _from_moment(moment, zone)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DateTime):
            return False
        if (self.offset is None) is (other.offset is None):
            return _milliseconds(self) == _milliseconds(other)
        first, second = self.at_home(), other.at_home()
        return (first.offset is None) is (second.offset is None) and _milliseconds(first) == _milliseconds(second)

    def __hash__(self) -> int:
        # Not of the app's zone, which may be another one where the hash is looked up.
        return hash((self.offset is None, _milliseconds(self)))

    def __lt__(self, other: "DateTime") -> bool:
        first, second = _alike(self, other)
        return _milliseconds(first) < _milliseconds(second)

    def __add__(self, other: Any) -> "DateTime":
        if isinstance(other, MonthsDuration):
            year, month, day = add_months(*date_from_days(self.days), other.total)
            days = days_from_date(year, month, day)
            if self.zone is None:
                return DateTime(days, self.nanos, self.offset)
            return DateTime.local(days, self.nanos, self.zone, self.offset)
        if isinstance(other, DaysDuration):
            return self._later(other.total)
        return NotImplemented

    __radd__ = __add__

    def _later(self, nanos: int) -> "DateTime":
        if self.zone is None:
            days, rest = divmod(self.days * DAY_NANOS + self.nanos + nanos, DAY_NANOS)
            return DateTime(days, rest, self.offset, None)
        return _from_moment(self.moment()[1] + nanos, self.zone)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, DateTime):
            first, second = _alike(self, other)
            return DaysDuration(first.moment()[1] - second.moment()[1])
        if isinstance(other, Date):
            return self - other.at_midnight_utc()
        return self + -other

    def __str__(self) -> str:
        if self.zone is None:
            shown = "" if self.offset is None else format_offset(self.offset)
        else:
            shown = f"{format_offset(self.offset or 0) if self.is_second_pass else ''}@{self.zone}"
        return f"{self.date}T{_clock_text(self.nanos)}{shown}"

    __repr__ = __str__


def _alike(first: DateTime, second: DateTime) -> tuple[DateTime, DateTime]:
    """Give both with an offset where one has one, by the app's zone. Raises Failure where no app tells one."""
    if (first.offset is None) is not (second.offset is None):
        first, second = first.at_home(), second.at_home()
        if (first.offset is None) is not (second.offset is None):
            raise Failure("of the two dates and times only one has a time zone or offset")
    return first, second


def _milliseconds(value: DateTime) -> int:
    """Give what is compared: the standard's kit holds two that differ by less than a millisecond for equal."""
    return (value.days * DAY_NANOS + value.nanos - (value.offset or 0) * NANOS) // 1_000_000


def _in_zone(zone: str, days: int, nanos: int, wanted: int | None) -> tuple[int, int, int]:
    """Give day, nanoseconds and offset of a local time in a zone."""
    forward, offset = resolve_local(zone, days, nanos // NANOS, wanted)
    later, rest = divmod(nanos + forward * NANOS, DAY_NANOS)
    return days + later, rest, offset


def _from_moment(moment: int, zone: str) -> DateTime:
    """Give the time that a zone shows so many nanoseconds after 1970-01-01T00:00:00Z."""
    offset = offset_at(zone, moment // NANOS)
    days, rest = divmod(moment + offset * NANOS, DAY_NANOS)
    return DateTime(days, rest, offset, zone)
