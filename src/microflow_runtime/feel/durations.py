"""The durations of the language, and what its dates, times and durations have in common: nothing can be set on one."""

from decimal import Decimal
from functools import total_ordering
from typing import Any, Final

from microflow_runtime.feel.calendar import DAY_NANOS, MAXIMUM_YEAR, NANOS
from microflow_runtime.feel.faults import Failure

_MAXIMUM_MONTHS: Final = 12 * 10 * MAXIMUM_YEAR
_MAXIMUM_NANOS: Final = 10 * MAXIMUM_YEAR * 366 * DAY_NANOS


def set_fields(target: object, **fields: object) -> None:
    """Set the fields of a value that is being made."""
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
        set_fields(self, total=total)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MonthsDuration) and self.total == other.total

    def __hash__(self) -> int:
        return hash(("months", self.total))

    def __lt__(self, other: "MonthsDuration") -> bool:
        return self.total < other.total

    def __add__(self, other: object) -> "MonthsDuration":
        if isinstance(other, MonthsDuration):
            return MonthsDuration(self.total + other.total)
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
        set_fields(self, total=total)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DaysDuration) and self.total == other.total

    def __hash__(self) -> int:
        return hash(("days", self.total))

    def __lt__(self, other: "DaysDuration") -> bool:
        return self.total < other.total

    def __add__(self, other: object) -> "DaysDuration":
        if isinstance(other, DaysDuration):
            return DaysDuration(self.total + other.total)
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
