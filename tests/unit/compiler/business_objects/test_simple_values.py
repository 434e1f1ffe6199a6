"""The simple types: what each reads from JSON, takes over from formulas, and writes."""

from decimal import Decimal
from typing import Any

import pytest

from microflow_runtime.compiler.business_objects import Misfit, encode_json, shape_of
from microflow_runtime.feel import parse_date, parse_date_time
from microflow_runtime.model.type_ref import TypeRef


def _shape(name: str) -> Any:
    return shape_of(TypeRef(name), {})


def _there_and_back(name: str, value: Any) -> bytes:
    shape = _shape(name)
    taken = shape.read(value, None)
    return encode_json(taken if shape.write is None else shape.write(taken))


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("string", "กขค", '"กขค"'),
        ("string", "", '""'),
        ("integer", 7, "7"),
        ("integer", Decimal("7.000"), "7"),
        ("integer", Decimal("-1.2E+3"), "-1200"),
        ("integer", 10**999, str(10**999)),
        ("decimal", 7, "7"),
        ("decimal", Decimal("7.10"), "7.10"),
        ("decimal", Decimal("1E+3"), "1000"),
        ("decimal", Decimal("1.5E-9"), "0.0000000015"),
        ("boolean", False, "false"),
        ("date", "2026-05-19", '"2026-05-19"'),
        ("date", "0001-01-01", '"0001-01-01"'),
        ("date", "2024-02-29", '"2024-02-29"'),
        ("time", "12:30:00", '"12:30:00"'),
        ("time", "12:30:00+07:00", '"12:30:00+07:00"'),
        ("date-time", "2026-05-19T15:15:00", '"2026-05-19T15:15:00"'),
        ("date-time", "2026-05-19T15:15:00.123+07:00", '"2026-05-19T15:15:00.123+07:00"'),
        ("duration", "P1DT2H", '"P1DT2H"'),
        ("duration", "P1Y2M", '"P1Y2M"'),
    ],
)
def test_values_come_back_as_they_came(name: str, value: Any, shown: str) -> None:
    """Read and written again, a value is what it was: digits, zone and wall clock."""
    assert _there_and_back(name, value).decode() == shown


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("string", 5, "expected text, found number 5"),
        ("string", True, "expected text, found true"),
        ("string", {}, "expected text, found an object"),
        ("integer", Decimal("7.5"), "expected integer, found number 7.5"),
        ("integer", "7", 'expected integer, found text "7"'),
        ("integer", True, "expected integer, found true"),
        ("integer", 10**1000, "expected integer, found number with too many digits"),
        ("integer", Decimal("1E+6000"), "expected integer, found number 1E+6000"),
        ("decimal", "NaN", 'expected decimal, found text "NaN"'),
        ("decimal", False, "expected decimal, found false"),
        ("boolean", 1, "expected true or false, found number 1"),
        ("boolean", "true", 'expected true or false, found text "true"'),
        ("date", "19.05.2026", 'expected a date (YYYY-MM-DD), found text "19.05.2026"'),
        ("date", "2026-02-29", 'expected a date (YYYY-MM-DD), found text "2026-02-29"'),
        ("date", "0000-01-01", 'expected a date (YYYY-MM-DD), found text "0000-01-01"'),
        ("date", "2026-05-19T00:00:00", 'expected a date (YYYY-MM-DD), found text "2026-05-19T00:00:00"'),
        ("time", "25:00:00", 'expected a time (hh:mm:ss), found text "25:00:00"'),
        ("date-time", "99999-05-19T15:15:00", 'expected a date-time (YYYY-MM-DDThh:mm:ss), found text "99999-'),
        ("duration", "1 day", 'expected a duration (ISO 8601, as P1DT2H or P1Y2M), found text "1 day"'),
        ("string", None, "expected text, found nothing"),
    ],
)
def test_what_does_not_fit_is_told(name: str, value: Any, sentence: str) -> None:
    """The sentence says what was expected and what came; no look of a value decides its type."""
    with pytest.raises(Misfit) as caught:
        _shape(name).read(value, None)
    assert caught.value.sentence().startswith(sentence)


def test_long_values_are_shortened_in_sentences() -> None:
    """A sentence shows sixty characters of a text, not all of it."""
    with pytest.raises(Misfit) as caught:
        _shape("integer").read("x" * 1000, None)
    assert caught.value.sentence() == f'expected integer, found text "{"x" * 60}…"'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decimal", Decimal("NaN")),
        ("decimal", Decimal("Infinity")),
        ("decimal", 1.5),
        ("integer", Decimal("0.1")),
        ("date", "2026-05-19"),
        ("date", parse_date("12026-01-01")),
        ("date-time", parse_date("2026-01-01")),
        ("date-time", parse_date_time("12026-01-01T00:00:00")),
        ("string", Decimal(1)),
    ],
)
def test_values_of_formulas_must_have_the_type(name: str, value: Any) -> None:
    """What a formula or a driver gives is taken over only as a value of the type, within its bounds."""
    with pytest.raises(Misfit):
        _shape(name).adopt(value)
