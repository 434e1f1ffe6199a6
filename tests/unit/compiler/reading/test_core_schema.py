"""Tests of the meaning of plain text."""

from decimal import Decimal

import pytest

from microflow_runtime.compiler.reading.core_schema import AmbiguousNumber, resolve


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "yes",
        "on",
        "off",
        "y",
        "12:30:00",
        "2026-05-19",
        "0x1F",
        "0o17",
        ".inf",
        "-.INF",
        ".nan",
        "1_000",
        "v.0.2.0",
        "1.2.3",
        "=",
        "-",
        "+",
        ".",
        "1e",
        "٣",
    ],
)
def test_text_stays_text(text: str) -> None:
    """What older YAML took for booleans, times or other numbers is text."""
    assert resolve(text) == text
    assert type(resolve(text)) is str


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("null", None), ("~", None), ("", None)])
def test_words_of_the_core_schema(text: str, value: bool | None) -> None:
    """The core schema's own words mean booleans and null."""
    assert resolve(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-7", -7), ("5.", 5), ("5e0", 5), ("123456789012345678901234567890", 123456789012345678901234567890)],
)
def test_whole_numbers_are_ints(text: str, value: int) -> None:
    """A number without fraction is an int of any size."""
    assert resolve(text) == value
    assert type(resolve(text)) is int


@pytest.mark.parametrize("text", ["1.50", ".5", "-0.1", "1e3", "1.0E-7", "31.184504"])
def test_decimals_keep_their_digits(text: str) -> None:
    """A decimal is exactly the number that was written, with its digits."""
    value = resolve(text)
    assert type(value) is Decimal
    assert str(value) == str(Decimal(text))


@pytest.mark.parametrize(
    "text", ["0812345678", "00", "-01", "+66812345678", "01.5", "1e6145", "1e999999999", "1" * 1001]
)
def test_a_number_that_would_lose_its_form_is_refused(text: str) -> None:
    """Telephone numbers and huge numbers must be quoted, so that nobody guesses."""
    with pytest.raises(AmbiguousNumber):
        resolve(text)
