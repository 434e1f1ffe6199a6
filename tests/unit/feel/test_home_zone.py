"""Dates and times without an offset belong to the app's zone when they meet one that has an offset."""

from collections.abc import Iterator

import pytest

from microflow_runtime.errors import FeelError
from microflow_runtime.feel import DATE_TIME, check, evaluate, parse_date_time, set_clock

LOCAL, ZONED = parse_date_time("2026-10-25T02:30:00"), parse_date_time("2026-10-25T00:30:00Z")
SCOPE = {"local": DATE_TIME, "zoned": DATE_TIME}


@pytest.fixture(autouse=True)
def _the_clock_of_nobody() -> Iterator[None]:
    """Leave the clock to the next test as it was."""
    yield
    set_clock()


def strict(text: str) -> object:
    """Compute a formula as a flow does."""
    return check(text, SCOPE).bind({"local": 0, "zoned": 1})([LOCAL, ZONED])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("local = zoned", True),
        ("local != zoned", False),
        ("zoned <= local", True),
        ("local < zoned", False),
        ("local between zoned and zoned", True),
        ("local in [zoned..zoned]", True),
        ('(local - zoned) = @"PT0S"', True),
        ("min(local, zoned) = zoned", True),
        ("count(distinct values([local, zoned]))", 1),
        ("list contains([zoned], local)", True),
        ('@"2026-10-25T02:30:00" = @"2026-10-25T00:30:00Z"', True),
        ('(@"2026-10-25T02:30:00" - @"2026-10-25T00:30:00Z") = @"PT0S"', True),
        ('coincides(@"2026-10-25T02:30:00", @"2026-10-25T00:30:00Z")', True),
    ],
)
def test_one_zone_decides_everywhere(text: str, wanted: object) -> None:
    """In Berlin the two are the same moment, in a comparison, a range, a list and a constant part."""
    set_clock(zone="Europe/Berlin")
    assert strict(text) == wanted
    set_clock(zone="Asia/Bangkok")
    assert strict(text) != wanted


def test_without_an_app_the_standard_holds() -> None:
    """Nothing says what moment it is: not equal, and no order."""
    assert strict("local = zoned") is False
    with pytest.raises(FeelError, match="only one has a time zone"):
        strict("local < zoned")


def test_the_standard_s_evaluation_knows_no_app() -> None:
    """`evaluate` gives what the kit expects, whatever app the thread has computed for, and leaves its zone alone."""
    set_clock(zone="Europe/Berlin")
    values = {"local": LOCAL, "zoned": ZONED}
    assert evaluate("local < zoned", values).value is None
    assert strict("local = zoned") is True
