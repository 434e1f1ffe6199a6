"""Numbers as text."""

from decimal import Decimal

import pytest

from microflow_runtime.feel import format_number, parse_number
from microflow_runtime.feel.numbers import to_index


@pytest.mark.parametrize(
    ("value", "text"),
    [("1E+2", "100"), ("0.10", "0.10"), ("-0", "0"), ("-0.0", "0.0"), ("1E-7", "0.0000001"), ("-12.5", "-12.5")],
)
def test_a_number_is_written_plainly(value: str, text: str) -> None:
    """No exponent, digits kept, no minus before zero."""
    assert format_number(Decimal(value)) == text


@pytest.mark.parametrize(
    "text", ["", "NaN", "Infinity", "1_000", "١", "1.", "0x1", " 1", "1\n", "+1", "1e999999999", "1e6145", "9" * 20_000]
)
def test_what_is_no_number(text: str) -> None:
    """Python's spellings, other digits and numbers beyond all numbers are refused at once."""
    with pytest.raises(ValueError, match="number"):
        parse_number(text)


def test_numbers_have_34_digits() -> None:
    """More digits are rounded, half to even."""
    assert parse_number("1." + "1" * 40) == Decimal("1." + "1" * 33)
    assert str(parse_number(".5")) == "0.5"


def test_an_index_costs_nothing() -> None:
    """A huge number is cut to one that lies beyond every list."""
    assert to_index(Decimal("1E+6000")) == 10**18
    assert to_index(Decimal("-1E+6000")) == -(10**18)
    assert to_index(Decimal("2.9")) == 2
