"""Numbers and dates by pattern, zones, JSON."""

from decimal import Decimal

import pytest

from microflow_runtime.errors import FeelError
from microflow_runtime.feel import DATE_TIME, NUMBER, STRING, FormulaFaults, check, evaluate, parse_date_time, set_clock
from microflow_runtime.feel.functions.formatting import in_zone
from microflow_runtime.feel.number_format import format_by


@pytest.mark.parametrize(
    ("number", "pattern", "wanted"),
    [
        ("1234567.891", "#,##0.00", "1,234,567.89"), ("0", "#,##0.00", "0.00"), ("0.5", "#.##", "0.5"), ("0.5", ".00", ".50"), ("0", "#", "0"), ("12", "000", "012"), ("1e3", "0", "1000"),
        ("-1234.5", "#,##0.0", "-1,234.5"), ("-0.001", "0.00", "0.00"), ("-5", "0;(0)", "(5)"), ("5", "0;(0)", "5"), ("0.125", "0%", "12%"), ("0.5", "0.0‰", "500.0‰"), ("3", "'No.' 0", "No. 3"),
        ("3", "0 'o''clock'", "3 o'clock"), ("2.5", "0", "2"), ("3.5", "0", "4"), ("1234", "€ #,##0", "€ 1,234"), ("123456789", "#,##,##0", "123,456,789"), ("1234567", "#,####", "123,4567"),
        ("1e6144", "0", "1" + "0" * 6144), ("1e-6144", "0.##", "0"), ("1.10", "0.0#", "1.1"), ("1234", "0,000.0", "1,234.0"), ("7", "0,000", "0,007"), ("5", "''0", "'5"),
    ],
)  # fmt: skip
def test_numbers_by_pattern(number: str, pattern: str, wanted: str) -> None:
    """As java.text.DecimalFormat writes them, but that nothing is minus zero."""
    assert format_by(Decimal(number), pattern) == wanted


@pytest.mark.parametrize(
    "pattern", ["", "abc", "0,", ",0", "0#", "0.#0", "0.0.0", "0%%", "'0", "#,##0.00,0", "0" * 201]
)
def test_a_wrong_pattern_of_numbers_is_a_fault(pattern: str) -> None:
    """Told when the formula is checked, and when it runs with a pattern that comes in."""
    with pytest.raises(FormulaFaults, match="pattern"):
        check(f'format number(1, "{pattern}")', {})
    with pytest.raises(FeelError, match="pattern"):
        check("format number(n, p)", {"n": NUMBER, "p": STRING}).bind({"n": 0, "p": 1})([Decimal(1), pattern])


@pytest.mark.parametrize(
    ("comma", "point", "message"), [(".", ".", "have to differ"), ("", ",", "is one character"), ("1", ".", "no digit")]
)
def test_wrong_separators_are_told(comma: str, point: str, message: str) -> None:
    """One character each, no digits, and two of them."""
    found = evaluate(f'format number(1000, "#,##0.0", "{comma}", "{point}")', {})
    assert found.value is None
    assert message in found.errors[0].message


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('format date(@"2025-01-05", "d/M/yy")', "5/1/25"), ('format date(@"2025-01-05", "EEEE, d. MMMM yyyy")', "Sunday, 5. January 2025"), ('format date(@"2025-12-31", "DDD Q")', "365 4"),
        ('format date(@"-0044-03-15", "yyyy-MM-dd")', "-0044-03-15"), ('format date(@"12025-03-15", "yyyy")', "12025"), ('format date(@"2025-01-05", "\'T\'yyyy\'\'\'o\'")', "T2025'o"),
        ('format time(@"00:05:09.123456789", "h:mm:ss.SSS a")', "12:05:09.123 AM"), ('format time(@"12:00:00", "hh a H")', "12 PM 12"), ('format time(@"10:00:00+05:30", "HHmmXX")', "1000+0530"),
        ('format date(@"2025-10-26T02:30:00+01:00@Europe/Berlin", "HH:mm XXX VV")', "02:30 +01:00 Europe/Berlin"), ('format date(@"2025-10-26T02:30:00@Europe/Berlin", "X")', "+02"),
        ('format date(@"2025-01-05T10:00:00Z", "HH:mmX xxx")', "10:00Z +00:00"), ('format date(null, "yyyy")', None), ('format date(@"2025-01-05", "日yyyy年")', "日2025年"),
    ],
)  # fmt: skip
def test_dates_and_times_by_pattern(text: str, wanted: str | None) -> None:
    """As java.time writes them in English, of any year, with the offset of the pass that is meant."""
    assert evaluate(text, {}).value == wanted
    assert check(text, {}).bind({})([]) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('format date(@"2025-01-05", "HH")', "a date has no hour"), ('format time(@"10:00:00", "yyyy")', "a time of day has no year"), ('format date(@"2025-01-05T10:00:00", "X")', "no offset to be written"),
        ('format time(@"10:00:00Z", "VV")', "no zone to be written"),
    ],
)  # fmt: skip
def test_a_part_that_is_not_there_is_told(text: str, message: str) -> None:
    """Nothing is made up for it."""
    with pytest.raises(FeelError, match=message):
        check(text, {}).bind({})([])


@pytest.mark.parametrize(
    ("pattern", "message"), [("YYYY", "the year is `yyyy`"), ("ddd", "`ddd` in the pattern"), ("foo", "`f` in the pattern"), ("yyyy'", "not closed"), ("", "1 to 200"), ("SSSSSSSSSS", "stands for no part")]
)  # fmt: skip
def test_a_wrong_pattern_of_dates_is_a_fault(pattern: str, message: str) -> None:
    """The letters that are easily mistaken have a hint of their own."""
    with pytest.raises(FormulaFaults) as caught:
        check(f'format date(@"2025-01-05", "{pattern}")', {})
    assert message in caught.value.faults[0].message


def test_a_moment_in_other_zones() -> None:
    """The moment stays; one without an offset is of the app's zone, and of none where there is no app."""
    moment = parse_date_time("2025-10-26T01:30:00Z")
    assert str(in_zone(moment, "Europe/Berlin")) == "2025-10-26T02:30:00+01:00@Europe/Berlin"
    assert str(in_zone(moment, "+05:30")) == "2025-10-26T07:00:00+05:30"
    assert str(in_zone(parse_date_time("2025-10-26T02:30:00+01:00@Europe/Berlin"), "Z")) == "2025-10-26T01:30:00Z"
    local = check('in zone(at, "Z")', {"at": DATE_TIME}).bind({"at": 0})
    with pytest.raises(FeelError, match="no app gives a time zone"):
        local([parse_date_time("2025-07-01T02:30:00")])
    set_clock(zone="Europe/Berlin")
    try:
        assert str(local([parse_date_time("2025-07-01T02:30:00")])) == "2025-07-01T00:30:00Z"
    finally:
        set_clock()
    for wrong in ("Nowhere", "+25:00", "../etc"):
        assert evaluate(f'in zone(@"2025-07-01T02:30:00Z", "{wrong}")', {}).errors


def test_names_of_the_functions_do_not_stand_in_the_way() -> None:
    """A list called `zone`, a flag called `empty`, a variable called `hash`: all read as before."""
    scope = {"zone": check('["a"]', {}).type, "x": STRING, "hash": STRING, "date": STRING, "trim": STRING}
    frame = {name: index for index, name in enumerate(scope)}
    values = [["a"], "a", "h", "d", "t"]
    for text, wanted in (
        ("x in zone", True),
        ("for i in zone return i", ["a"]),
        ("hash + date + trim", "hdt"),
        ('trim(" h ") + trim', "ht"),
    ):
        assert check(text, scope).bind(frame)(values) == wanted
