"""Days, months and years of the calendar that runs from the year -999,999,999 to 999,999,999, with a year 0."""

from functools import lru_cache
from typing import Final

MAXIMUM_YEAR: Final = 999_999_999
DAYS_IN_400_YEARS: Final = 146_097
NANOS: Final = 1_000_000_000
DAY_NANOS: Final = 86_400 * NANOS

_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    """Tell whether a year has a 29th of February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(year: int, month: int) -> int:
    """Give the number of days of a month, 1 to 12."""
    return 29 if month == 2 and is_leap(year) else _MONTH_DAYS[month - 1]


def days_from_date(year: int, month: int, day: int) -> int:
    """Give the number of days from 1970-01-01 to a date."""
    shifted = year - (month <= 2)
    era, year_of_era = divmod(shifted, 400)
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * DAYS_IN_400_YEARS + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


@lru_cache(maxsize=1024)
def date_from_days(days: int) -> tuple[int, int, int]:
    """Give year, month and day of the date that lies so many days after 1970-01-01."""
    era, day_of_era = divmod(days + 719_468, DAYS_IN_400_YEARS)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + (3 if shifted_month < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, day


def add_months(year: int, month: int, day: int, months: int) -> tuple[int, int, int]:
    """Give the date so many months later; a day that its month does not have becomes the month's last."""
    total = year * 12 + month - 1 + months
    new_year, new_month = divmod(total, 12)
    return new_year, new_month + 1, min(day, month_length(new_year, new_month + 1))
