"""The dates, times and durations of the language: immutable, hashable, written as ISO 8601 by `str`.

Python's own stop at the year 9999 and at microseconds. Equality and order are FEEL's: two times with an offset are
equal when they are the same moment. Ordering a time with offset and one without raises `Failure`.
"""

from decimal import Decimal
from functools import total_ordering
from typing import Any, Final, Self

from microflow_runtime.feel.calendar import (
    DAY_NANOS,
    MAXIMUM_YEAR,
    NANOS,
    add_months,
    date_from_days,
    days_from_date,
)
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.zones import format_offset, local_offset, offset_at, standard_offset

_MAXIMUM_MONTHS: Final = 12 * 10 * MAXIMUM_YEAR
_MAXIMUM_NANOS: Final = 10 * MAXIMUM_YEAR * 366 * DAY_NANOS


def _set(target: object, **fields: object) -> None:
    for name, value in fields.items():
        object.__setattr__(target, name, value)


class Temporal:
    """The root of the six kinds; nothing can be set on one."""

    __slots__: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in self.__slots__)


@total_ordering
class MonthsDuration(Temporal):
    """A duration of whole months, `P1Y2M`."""

    __slots__ = ("total",)
    total: int

    def __init__(self, total: int) -> None:
        if abs(total) > _MAXIMUM_MONTHS:
            raise Failure("the duration is longer than any of the language")
        _set(self, total=total)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MonthsDuration) and self.total == other.total

    def __hash__(self) -> int:
        return hash(("months", self.total))

    def __lt__(self, other: "MonthsDuration") -> bool:
        return self.total < other.total

    def __add__(self, other: Any) -> Any:
        if isinstance(other, MonthsDuration):
            return MonthsDuration(self.total + other.total)
        if isinstance(other, Date | DateTime):
            return other + self
        return NotImplemented

    def __sub__(self, other: "MonthsDuration") -> "MonthsDuration":
        return MonthsDuration(self.total - other.total)

    def __neg__(self) -> "MonthsDuration":
        return MonthsDuration(-self.total)

    def __abs__(self) -> "MonthsDuration":
        return MonthsDuration(abs(self.total))

    def __mul__(self, factor: Decimal) -> "MonthsDuration":
        return MonthsDuration(int(Decimal(self.total) * _bounded(factor)))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, MonthsDuration):
            return Decimal(self.total) / Decimal(other.total)
        return MonthsDuration(int(Decimal(self.total) / other))

    def __str__(self) -> str:
        years, months = divmod(abs(self.total), 12)
        sign = "-" if self.total < 0 else ""
        return f"{sign}P{f'{years}Y' if years else ''}{f'{months}M' if months or not years else ''}"

    __repr__ = __str__


def _bounded(factor: Decimal) -> Decimal:
    if factor.adjusted() > 40:
        raise Failure("the duration is longer than any of the language")
    return factor


@total_ordering
class DaysDuration(Temporal):
    """A duration of days and time, `P1DT2H`, counted in nanoseconds."""

    __slots__ = ("total",)
    total: int

    def __init__(self, total: int) -> None:
        if abs(total) > _MAXIMUM_NANOS:
            raise Failure("the duration is longer than any of the language")
        _set(self, total=total)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DaysDuration) and self.total == other.total

    def __hash__(self) -> int:
        return hash(("days", self.total))

    def __lt__(self, other: "DaysDuration") -> bool:
        return self.total < other.total

    def __add__(self, other: Any) -> Any:
        if isinstance(other, DaysDuration):
            return DaysDuration(self.total + other.total)
        if isinstance(other, Date | Time | DateTime):
            return other + self
        return NotImplemented

    def __sub__(self, other: "DaysDuration") -> "DaysDuration":
        return DaysDuration(self.total - other.total)

    def __neg__(self) -> "DaysDuration":
        return DaysDuration(-self.total)

    def __abs__(self) -> "DaysDuration":
        return DaysDuration(abs(self.total))

    def __mul__(self, factor: Decimal) -> "DaysDuration":
        return DaysDuration(int(Decimal(self.total) * _bounded(factor)))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, DaysDuration):
            return Decimal(self.total) / Decimal(other.total)
        return DaysDuration(int(Decimal(self.total) / other))

    def parts(self) -> tuple[int, int, int, int]:
        """Give days, hours, minutes and nanoseconds of the absolute value."""
        days, rest = divmod(abs(self.total), DAY_NANOS)
        hours, rest = divmod(rest, 3600 * NANOS)
        minutes, nanos = divmod(rest, 60 * NANOS)
        return days, hours, minutes, nanos

    def __str__(self) -> str:
        days, hours, minutes, nanos = self.parts()
        clock = f"{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}{f'{seconds_text(nanos)}S' if nanos else ''}"
        if not days and not clock:
            return "PT0S"
        return f"{'-' if self.total < 0 else ''}P{f'{days}D' if days else ''}{'T' + clock if clock else ''}"

    __repr__ = __str__


def seconds_text(nanos: int, width: int = 0) -> str:
    """Write nanoseconds as seconds, with as many digits after the point as it takes."""
    seconds, fraction = divmod(nanos, NANOS)
    text = f"{seconds:0{width}d}"
    return f"{text}.{fraction:09d}".rstrip("0") if fraction else text


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
        _set(self, year=year, month=month, day=day)

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


def _zone_text(offset: int | None, zone: str | None) -> str:
    if zone is not None:
        return "@" + zone
    return "" if offset is None else format_offset(offset)


@total_ordering
class Time(Temporal):
    """A time of day: nanoseconds since midnight, with an offset in seconds or the name of a zone, or neither."""

    __slots__ = ("nanos", "offset", "zone")
    nanos: int
    offset: int | None
    zone: str | None

    def __init__(self, nanos: int, offset: int | None = None, zone: str | None = None) -> None:
        _set(self, nanos=nanos, offset=offset, zone=zone)

    @property
    def utc_offset(self) -> int | None:
        """The offset in seconds; for a named zone the one outside summer time."""
        return self.offset if self.zone is None else standard_offset(self.zone)

    def _moment(self) -> tuple[bool, int]:
        offset = self.utc_offset
        return (False, self.nanos) if offset is None else (True, self.nanos - offset * NANOS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Time) and self._moment() == other._moment()

    def __hash__(self) -> int:
        return hash(self._moment())

    def __lt__(self, other: "Time") -> bool:
        return _both(self._moment(), other._moment(), "times")[0] < other._moment()[1]

    def __add__(self, other: DaysDuration) -> "Time":
        return Time((self.nanos + other.total) % DAY_NANOS, self.offset, self.zone)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Time):
            mine, theirs = _both(self._moment(), other._moment(), "times")
            return DaysDuration(mine - theirs)
        return self + -other

    def __str__(self) -> str:
        return _clock_text(self.nanos) + _zone_text(self.offset, self.zone)

    __repr__ = __str__


def _both(first: tuple[bool, int], second: tuple[bool, int], what: str) -> tuple[int, int]:
    if first[0] != second[0]:
        raise Failure(f"of the two {what} only one has a time zone or offset")
    return first[1], second[1]


@total_ordering
class DateTime(Temporal):
    """A day (days since 1970-01-01) and a time of it (nanoseconds), with an offset, the name of a zone, or neither."""

    __slots__ = ("days", "nanos", "offset", "zone")
    days: int
    nanos: int
    offset: int | None
    zone: str | None

    def __init__(self, days: int, nanos: int, offset: int | None = None, zone: str | None = None) -> None:
        if abs(days) > 366 * MAXIMUM_YEAR:
            raise Failure(f"the date lies outside the years -{MAXIMUM_YEAR} to {MAXIMUM_YEAR}")
        _set(self, days=days, nanos=nanos, offset=offset, zone=zone)

    @property
    def date(self) -> Date:
        """The day."""
        return Date.from_days(self.days)

    @property
    def time(self) -> Time:
        """The time of day."""
        return Time(self.nanos, self.offset, self.zone)

    @property
    def utc_offset(self) -> int | None:
        """The offset in seconds, at a named zone the one that holds at this time; None without either."""
        return self.offset if self.zone is None else local_offset(self.zone, self.days, self.nanos // NANOS)

    def _moment(self) -> tuple[bool, int]:
        local = self.days * DAY_NANOS + self.nanos
        offset = self.utc_offset
        return (False, local) if offset is None else (True, local - offset * NANOS)

    def _millisecond(self) -> tuple[bool, int]:
        """Give what is compared: the standard's kit holds two that differ by less than a millisecond for equal."""
        zoned, nanos = self._moment()
        return zoned, nanos // 1_000_000

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DateTime) and self._millisecond() == other._millisecond()

    def __hash__(self) -> int:
        return hash(self._millisecond())

    def __lt__(self, other: "DateTime") -> bool:
        mine, theirs = _both(self._millisecond(), other._millisecond(), "dates and times")
        return mine < theirs

    def __add__(self, other: Any) -> "DateTime":
        if isinstance(other, MonthsDuration):
            year, month, day = add_months(*date_from_days(self.days), other.total)
            return DateTime(days_from_date(year, month, day), self.nanos, self.offset, self.zone)
        if isinstance(other, DaysDuration):
            return self._later(other.total)
        return NotImplemented

    def _later(self, nanos: int) -> "DateTime":
        if self.zone is None:
            days, rest = divmod(self.days * DAY_NANOS + self.nanos + nanos, DAY_NANOS)
            return DateTime(days, rest, self.offset, None)
        moment = self._moment()[1] + nanos
        local = moment + offset_at(self.zone, moment // NANOS) * NANOS
        days, rest = divmod(local, DAY_NANOS)
        return DateTime(days, rest, None, self.zone)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, DateTime):
            mine, theirs = _both(self._moment(), other._moment(), "dates and times")
            return DaysDuration(mine - theirs)
        if isinstance(other, Date):
            return self - other.at_midnight_utc()
        return self + -other

    def __str__(self) -> str:
        return f"{self.date}T{_clock_text(self.nanos)}{_zone_text(self.offset, self.zone)}"

    __repr__ = __str__
