"""The simple types: exact in both ways, and what does not fit."""

from decimal import Decimal
from typing import Any

import pytest

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.feel import parse_date, parse_date_time, parse_duration, parse_time
from microflow_runtime.nodes.soap.simple_kinds import kind_of


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("string", " a\nb ", " a\nb "),
        ("boolean", True, "true"),
        ("decimal", Decimal("0.10"), "0.10"),
        ("decimal", Decimal("-0.00"), "0.00"),
        ("double", Decimal("1.1"), "1.1"),
        ("integer", Decimal(10) ** 40, "1" + "0" * 40),
        ("unsignedByte", Decimal(255), "255"),
        ("date", parse_date("0001-01-01"), "0001-01-01"),
        ("time", parse_time("15:15:00.123456789"), "15:15:00.123456789"),
        ("dateTime", parse_date_time("2026-05-19T15:15:00"), "2026-05-19T15:15:00"),
        ("dateTime", parse_date_time("2026-05-19T15:15:00-05:30"), "2026-05-19T15:15:00-05:30"),
        ("duration", parse_duration("-P1DT2H"), "-P1DT2H"),
        ("duration", parse_duration("P1Y2M"), "P1Y2M"),
        ("anyURI", "urn:x", "urn:x"),
        ("hexBinary", "0aFF", "0aFF"),
        ("base64Binary", "aGk=", "aGk="),
        ("gYear", "2026", "2026"),
    ],
)
def test_there_and_back(name: str, value: Any, text: str) -> None:
    """A value is written as its type says and read as the same value."""
    kind = kind_of(name)
    assert kind.write(value) == text
    assert kind.read(text) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("boolean", " 1 ", True),
        ("decimal", "+1.", Decimal(1)),
        ("double", "-1.5E-3", Decimal("-0.0015")),
        ("int", "007.0", Decimal(7)),
        ("date", "2026-05-19+14:00", parse_date("2026-05-19")),
        ("date", "2026-05-19Z", parse_date("2026-05-19")),
        ("token", " a \n b ", "a b"),
        ("base64Binary", "aG\n k=", "aGk="),
    ],
)
def test_other_ways_to_write_it(name: str, text: str, value: Any) -> None:
    """What servers write in other ways is the same value; a date stays the day that it was written as."""
    assert kind_of(name).read(text) == value


def test_the_name_of_a_zone_becomes_its_offset() -> None:
    """XML has no names of zones: the offset that holds at that moment stands for it."""
    kind = kind_of("dateTime")
    assert kind.write(parse_date_time("2026-07-01T12:00:00@Europe/Berlin")) == "2026-07-01T12:00:00+02:00"
    assert kind.write(parse_date_time("2026-01-01T12:00:00@Europe/Berlin")) == "2026-01-01T12:00:00+01:00"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("string", Decimal(1), "text"),
        ("string", "a\x00b", "a text that XML can hold"),
        ("string", "a\x1bb", "a text that XML can hold"),
        ("boolean", "true", "true or false"),
        ("decimal", "1.0", "decimal"),
        ("decimal", True, "decimal"),
        ("int", Decimal("7.5"), "integer from -2147483648 up to 2147483647"),
        ("int", Decimal(2) ** 31, "integer from"),
        ("positiveInteger", Decimal(0), "integer from 1"),
        ("date", "2026-02-30", "a date"),
        ("date", parse_date_time("2026-01-01T00:00:00"), "a date"),
        ("dateTime", "2026-01-01", "a date-time"),
        ("dateTime", "2026-01-01T00:00:00@Europe/Berlin", "a date-time"),
        ("base64Binary", "a", "bytes in base64"),
        ("hexBinary", "0g", "bytes in hexadecimal"),
        ("duration", "P1Y1D", "a duration"),
        ("anySimpleType", ["a"], "a single value"),
        ("token", "a  b", "words with one blank"),
        ("anyURI", "urn:x\r", "words with one blank"),
    ],
)
def test_what_cannot_be_written(name: str, value: Any, expected: str) -> None:
    """A value of another type, or out of bounds, does not fit."""
    with pytest.raises(Misfit) as caught:
        kind_of(name).write(value)
    assert expected in caught.value.expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("boolean", "yes"),
        ("boolean", ""),
        ("decimal", "1e5"),
        ("decimal", "NaN"),
        ("double", "INF"),
        ("double", "1e999999"),
        ("integer", "1" * 1001),
        ("integer", "1.5"),
        ("int", "2147483648"),
        ("int", ""),
        ("date", "19.5.2026"),
        ("time", "25:00:00"),
        ("decimal", "1 000"),
    ],
)
def test_what_cannot_be_read(name: str, text: str) -> None:
    """A text of a server that is no value of the type does not fit; it is never read as something else."""
    with pytest.raises(Misfit):
        kind_of(name).read(text)
