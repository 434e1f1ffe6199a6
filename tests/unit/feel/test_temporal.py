"""Dates, times and durations."""

import datetime as dt
import pickle
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microflow_runtime.feel import (
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_temporal,
    parse_time,
)
from microflow_runtime.feel.calendar import date_from_days, days_from_date
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.python_values import from_python, to_python


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-31", "-0044-03-15", "0000-02-29", "999999999-12-31", "10:30:00", "10:30:00.123456789", "10:30:00Z", "10:30:00+07:00", "10:30:00-02:45:55",
        "10:30:00@Asia/Bangkok", "2025-01-31T10:30:00", "2025-01-31T10:30:00@Europe/Paris", "-2025-01-31T10:30:00.5Z", "P1D", "-P1DT2H3M4.5S", "PT0S", "P1Y2M", "-P3Y", "P0M",
    ],
)  # fmt: skip
def test_text_comes_back_as_it_was(text: str) -> None:
    """The text of a value is the ISO 8601 text it was read from."""
    value = parse_temporal(text)
    assert str(value) == text
    assert parse_temporal(str(value)) == value
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (parse_date, "2025-02-29"), (parse_date, "2025-13-01"), (parse_date, "998-12-31"), (parse_date, "02025-01-01"), (parse_date, "2025-1-1"), (parse_date, "1000000000-01-01"),
        (parse_date, "2025-01-01\n"), (parse_date, "٢٠٢٥-01-01"), (parse_time, "24:00:01"), (parse_time, "7:00:00"), (parse_time, "10:30"), (parse_time, "10:30:00+19:00"),
        (parse_time, "10:30:00@Nowhere/Land"), (parse_time, "10:30:00@../../etc/passwd"), (parse_time, "10:30:00+05:60"), (parse_date_time, "2025-01-01T"),
        (parse_date_time, "2025-01-01T10:00:00+02:00@Europe/Paris"), (parse_duration, "P"), (parse_duration, "PT"), (parse_duration, "P1DT"), (parse_duration, "P1Y1D"), (parse_duration, "1D"),
        (parse_duration, "P99999999999999999999D"), (parse_duration, "P1.5D"),
    ],
)  # fmt: skip
def test_a_wrong_text_is_told_in_a_sentence(read, text: str) -> None:
    """What is no value is a ValueError that names the text."""
    with pytest.raises(ValueError, match=r"is not|does not|no time zone|longer"):
        read(text)


@given(st.integers(-365_000_000_000, 365_000_000_000))
@settings(deadline=None)
def test_days_and_dates_agree(days: int) -> None:
    """Every day has one date, and the date leads back to it."""
    assert days_from_date(*date_from_days(days)) == days


@given(st.dates())
@settings(deadline=None)
def test_the_calendar_is_pythons_where_python_has_one(day: dt.date) -> None:
    """Between the years 1 and 9999 the calendar is Python's."""
    ours = Date(day.year, day.month, day.day)
    assert ours.days == (day - dt.date(1970, 1, 1)).days
    assert str(ours) == day.isoformat()
    assert to_python(ours) == day
    assert from_python(day) == ours


@given(
    st.datetimes(timezones=st.none() | st.just(dt.UTC)),
    st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)),
)
@settings(deadline=None)
def test_adding_durations_is_pythons_where_python_has_them(moment: dt.datetime, length: dt.timedelta) -> None:
    """A moment plus a duration is the moment that Python gives."""
    try:
        expected = moment + length
    except OverflowError:
        return
    assert to_python(from_python(moment) + from_python(length)) == expected
    assert to_python(from_python(expected) - from_python(moment)) == length


def test_months_end_where_months_end() -> None:
    """A month more than the 31st is the last day of a shorter month."""
    assert str(Date(2024, 1, 31) + MonthsDuration(1)) == "2024-02-29"
    assert str(parse_date_time("2023-12-31T10:00:00") - MonthsDuration(10)) == "2023-02-28T10:00:00"


def test_zones_know_summer_time() -> None:
    """A duration is added to the moment, so that the local time jumps with the zone."""
    before = parse_date_time("2025-03-30T01:30:00@Europe/Paris")
    assert str(before + parse_duration("PT1H")) == "2025-03-30T03:30:00@Europe/Paris"
    assert str(before + parse_duration("P1M")) == "2025-04-30T01:30:00@Europe/Paris"
    assert parse_date_time("2025-07-01T12:00:00@Europe/Paris") == parse_date_time("2025-07-01T10:00:00Z")
    assert parse_date_time("2025-07-01T12:00:00@Europe/Paris") - parse_date_time(
        "2025-01-01T12:00:00@Europe/Paris"
    ) == parse_duration("P180DT23H")
    assert (
        str(parse_date_time("12025-07-01T12:00:00@Europe/Paris") + parse_duration("PT1H"))
        == "12025-07-01T13:00:00@Europe/Paris"
    )


def test_what_has_a_zone_and_what_has_none_are_not_ordered() -> None:
    """Ordering or subtracting a zoned and a local time is an error; they are never equal."""
    zoned, local = parse_time("10:00:00Z"), parse_time("10:00:00")
    assert zoned != local
    with pytest.raises(Failure, match="only one has a time zone"):
        _ = zoned < local
    with pytest.raises(Failure, match="only one has a time zone"):
        _ = parse_date_time("2025-01-01T00:00:00Z") - parse_date_time("2025-01-01T00:00:00")


def test_values_cannot_be_changed_and_serve_as_keys() -> None:
    """A value is frozen, and equal ones have one hash."""
    value = Date(2025, 1, 1)
    with pytest.raises(AttributeError):
        value.year = 2026  # type: ignore[misc]
    assert (
        len(
            {
                parse_duration("P1D"),
                parse_duration("PT24H"),
                Time(0, 0),
                parse_time("07:00:00+07:00"),
                parse_time("00:00:00Z"),
            }
        )
        == 2
    )


def test_durations_count() -> None:
    """Products are cut towards zero to whole months or nanoseconds."""
    assert str(MonthsDuration(23) * Decimal("-2.5")) == "-P4Y9M"
    assert DaysDuration(3) / Decimal(2) == DaysDuration(1)
    assert parse_duration("P1D") / parse_duration("PT6H") == 4
    with pytest.raises(Failure):
        DaysDuration(1) * Decimal("1E+100")
    with pytest.raises(Failure):
        Date(999_999_999, 12, 31) + MonthsDuration(1)


def test_python_cannot_hold_everything() -> None:
    """What Python's classes cannot hold is a ValueError."""
    with pytest.raises(ValueError, match="Python"):
        to_python(Date(10000, 1, 1))
    with pytest.raises(ValueError, match="Python"):
        to_python(DateTime(10_000_000, 0))
    assert to_python(parse_date_time("2025-01-31T10:30:00@Asia/Bangkok")).isoformat() == "2025-01-31T10:30:00+07:00"
