"""Functions that ask a date or the clock."""

from decimal import Decimal
from typing import Final

from microflow_runtime.feel.calendar import days_from_date, month_length
from microflow_runtime.feel.clock import now, today
from microflow_runtime.feel.date_format import MONTHS, WEEKDAYS
from microflow_runtime.feel.functions.conversion import to_date
from microflow_runtime.feel.functions.signature import CAMUNDA, BuiltIn, Signature, takes
from microflow_runtime.feel.temporal import Date
from microflow_runtime.feel.types import DATE, DATE_TIME, NUMBER, STRING
from microflow_runtime.feel.values import Value


def _weekday(days: int) -> int:
    """Give 0 for a Monday."""
    return (days + 3) % 7


def day_of_year(source: Value) -> Decimal:
    """Count the days since the year began."""
    day = to_date(source)
    return Decimal(day.days - days_from_date(day.year, 1, 1) + 1)


def day_of_week(source: Value) -> str:
    """Name the day of the week, in English."""
    return WEEKDAYS[_weekday(to_date(source).days)]


def month_of_year(source: Value) -> str:
    """Name the month, in English."""
    return MONTHS[to_date(source).month - 1]


def week_of_year(source: Value) -> Decimal:
    """Give the week's number by ISO 8601: week 1 holds the year's first Thursday."""
    day = to_date(source)
    thursday = day.days - _weekday(day.days) + 3
    year = type(day).from_days(thursday).year
    return Decimal((thursday - days_from_date(year, 1, 1)) // 7 + 1)


def last_day_of_month(source: Value) -> Date:
    """Give the last day of the month of a day."""
    day = to_date(source)
    return Date(day.year, day.month, month_length(day.year, day.month))


_DATE: Final = takes("date", DATE, DATE_TIME)

DATES: Final = (
    BuiltIn("now", "Gives the present date and time, to the microsecond, in the zone of the execution.", (Signature((), DATE_TIME, now),), (), constant=False),
    BuiltIn("today", "Gives the present date, in the zone of the execution.", (Signature((), DATE, today),), (), constant=False),
    BuiltIn("day of year", "Counts the days since the year began.", (Signature((_DATE,), NUMBER, day_of_year),), (('day of year(@"2019-09-17")', "260"),)),
    BuiltIn("day of week", "Names the day of the week, in English.", (Signature((_DATE,), STRING, day_of_week),), (('day of week(@"2019-09-17")', '"Tuesday"'),)),
    BuiltIn("month of year", "Names the month, in English.", (Signature((_DATE,), STRING, month_of_year),), (('month of year(@"2019-09-17")', '"September"'),)),
    BuiltIn("week of year", "Gives the week's number by ISO 8601.", (Signature((_DATE,), NUMBER, week_of_year),), (('week of year(@"2005-01-01")', "53"),)),
    BuiltIn("last day of month", "Gives the last day of the month.", (Signature((_DATE,), DATE, last_day_of_month),), (('last day of month(@"2024-02-05")', '@"2024-02-29"'),), extension=CAMUNDA),
)  # fmt: skip
