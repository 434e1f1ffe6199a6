"""Every change of the clock of every zone from 1990 to 2040, against Python's own `zoneinfo`.

The quick form looks at each zone's own rules once; `ZONE_CHANGES=all` looks at every name, and at every day.
"""

import datetime as dt
import os
from collections.abc import Iterator
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from microflow_runtime.feel import DateTime, DaysDuration, MonthsDuration, from_python, parse_date_time, to_python
from microflow_runtime.feel.calendar import DAY_NANOS, NANOS, days_from_date
from microflow_runtime.feel.zones import offset_at

ALL = os.environ.get("ZONE_CHANGES") == "all"
FIRST, LAST = 631_152_000, 2_240_611_200  # the first seconds of 1990 and of 2041
STEP = 86_400 * (1 if ALL else 8)
HOUR = DaysDuration(3600 * NANOS)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def offset_of(zone: ZoneInfo, seconds: int) -> int:
    """Give the offset that `zoneinfo` has at a moment."""
    naive = dt.datetime(1970, 1, 1, tzinfo=zone) + dt.timedelta(seconds=seconds)
    found = zone.fromutc(naive).utcoffset()
    assert found is not None
    return found.days * 86_400 + found.seconds


def changes_of(zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """Give each change: the second it happens at, and the offsets before and after it."""
    before, at = offset_of(zone, FIRST), FIRST
    while at < LAST:
        after = offset_of(zone, at + STEP)
        if after == before:
            at += STEP
            continue
        low, high = at, at + STEP  # the first change between them is the one looked for
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset_of(zone, middle) == before else (low, middle)
        after = offset_of(zone, high)
        yield high, before, after
        before, at = after, high


@cache
def changes() -> list[tuple[str, int, int, int]]:
    """Give the changes of all zones; in the quick form zones of the same rules are looked at once."""
    found: list[tuple[str, int, int, int]] = []
    seen: set[tuple[tuple[int, int, int], ...]] = set()
    for name in sorted(available_timezones() - {"localtime"}):
        rows = tuple(changes_of(ZoneInfo(name)))
        if ALL or rows not in seen:
            seen.add(rows)
            found += [(name, *row) for row in rows]
    return found


def at(name: str, seconds: int) -> DateTime:
    """Give the local time of a moment, without the arithmetic that is tested."""
    offset = offset_of(ZoneInfo(name), seconds)
    days, rest = divmod(seconds + offset, 86_400)
    return DateTime(days, rest * NANOS, offset, name)


def moment(value: DateTime) -> int:
    """Give the seconds since 1970 in UTC that a value stands for, from its parts."""
    assert value.offset is not None
    return value.days * 86_400 + value.nanos // NANOS - value.offset


def test_there_are_changes_of_both_kinds_in_many_zones() -> None:
    """The other tests have something to look at."""
    forward = {name for name, _, before, after in changes() if after > before}
    back = {name for name, _, before, after in changes() if after < before}
    assert min(len(forward), len(back)) > 150
    assert len(changes()) > 8_000


def test_durations_are_added_to_the_moment() -> None:
    """Half an hour before a change an hour is added, and one more, and so on: each is an hour later, and an hour taken away leads back."""
    for name, change, _, _ in changes():
        value = at(name, change - 1800)
        for turn in range(1, 4):
            later = value + HOUR
            assert moment(later) == change - 1800 + 3600 * turn, (name, change)
            assert later.offset == offset_at(name, moment(later)), (name, change)
            assert value < later
            assert (later - value) == HOUR
            assert later - HOUR == value
            value = later


def test_each_pass_has_a_text_of_its_own() -> None:
    """Right before and after a change, and within the hour that comes twice, the text reads back as the same moment."""
    for name, change, before, after in changes():
        lasts = abs(before - after)
        for seconds in (change - 1, change, change - lasts // 2, change + lasts // 2):
            value = at(name, seconds)
            back = parse_date_time(str(value))
            assert (moment(back), back.zone, str(back)) == (seconds, name, str(value)), (name, seconds)
            is_second = before > after and change <= seconds < change + lasts
            assert value.is_second_pass is is_second, (name, seconds)
            assert str(value).count("@") == 1
            local = str(value).partition("@")[0]
            assert (local[19:] != "") is is_second, (name, seconds)


def test_local_times_without_offset_are_the_first_pass_or_moved_forward() -> None:
    """A time that comes twice is its first pass; one that is left out moves forward by what is left out."""
    for name, change, before, after in changes():
        local = change + min(before, after) + abs(before - after) // 2
        days, rest = divmod(local, 86_400)
        value = DateTime(days, rest * NANOS, None, name)
        if before > after:
            assert (moment(value), value.nanos) == (local - before, rest * NANOS), (name, change)
        else:
            assert moment(value) == local - before, (name, change)
            assert value.offset == after, (name, change)


def test_python_means_the_same_moment() -> None:
    """What goes to a driver and comes from one is the same moment, whichever pass."""
    for name, change, before, after in changes():
        for seconds in (change - 1, change + 1, change + abs(before - after) // 2):
            value = at(name, seconds)
            python = to_python(value)
            assert isinstance(python, dt.datetime)
            assert (python - EPOCH) == dt.timedelta(seconds=seconds), (name, seconds)
            zoned = from_python(python.astimezone(ZoneInfo(name)))
            assert str(zoned) == str(value), (name, seconds)


def test_months_keep_the_clock_and_the_pass() -> None:
    """No months at all change nothing, not even the pass; a month later the clock shows the same time, or the moved one."""
    none, month = MonthsDuration(0), MonthsDuration(1)
    for name, change, before, after in changes():
        value = at(name, change + abs(before - after) // 2)
        assert str(value + none) == str(value), (name, change)
        earlier = at(name, change - 86_400 * 30)
        later = earlier + month
        assert later.offset == offset_at(name, moment(later)), (name, change)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2025-10-26T02:30:00@Europe/Berlin", "2025-10-26T02:30:00@Europe/Berlin"),
        ("2025-10-26T02:30:00+02:00@Europe/Berlin", "2025-10-26T02:30:00@Europe/Berlin"),
        ("2025-10-26T02:30:00+01:00@Europe/Berlin", "2025-10-26T02:30:00+01:00@Europe/Berlin"),
        ("2025-10-26T01:30:00Z@Europe/London", "2025-10-26T01:30:00Z@Europe/London"),
        ("2025-03-30T02:30:00@Europe/Berlin", "2025-03-30T03:30:00@Europe/Berlin"),
        ("2011-12-30T10:00:00@Pacific/Apia", "2011-12-31T10:00:00@Pacific/Apia"),
        ("2025-04-06T01:45:00+10:30@Australia/Lord_Howe", "2025-04-06T01:45:00+10:30@Australia/Lord_Howe"),
    ],
)
def test_the_text_names_the_pass(text: str, wanted: str) -> None:
    """An offset before the zone means the second pass; the first is written without one, as before."""
    assert str(parse_date_time(text)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "2025-10-26T02:30:00+03:00@Europe/Berlin", "2025-03-30T02:30:00+01:00@Europe/Berlin", "2025-03-30T02:30:00+02:00@Europe/Berlin",
        "2011-12-30T10:00:00-10:00@Pacific/Apia", "2025-07-01T00:00:00Z@Europe/London",
    ],
)  # fmt: skip
def test_an_offset_that_the_zone_does_not_have_then_is_refused(text: str) -> None:
    """Two parts of a text that contradict each other are no value."""
    with pytest.raises(ValueError, match="another offset"):
        parse_date_time(text)


def test_years_beyond_pythons_have_changes_as_well() -> None:
    """The calendar repeats itself every 400 years, and with it the hour that comes twice."""
    value = parse_date_time("12025-10-26T02:30:00@Europe/Berlin")
    later = value + HOUR
    assert str(later) == "12025-10-26T02:30:00+01:00@Europe/Berlin"
    assert later - value == HOUR
    assert value.days == days_from_date(12025, 10, 26)
    assert (value + DaysDuration(DAY_NANOS)).nanos == 90 * 60 * NANOS
