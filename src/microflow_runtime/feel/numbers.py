"""Numbers: decimals of 34 digits, the context they are computed in, and how they are written as text."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Final

MAXIMUM_EXPONENT: Final = 6144
MINIMUM_EXPONENT: Final = -6143
MINIMUM_SCALE: Final = -6111
MAXIMUM_SCALE: Final = 6176

NUMBER_CONTEXT: Final = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=MINIMUM_EXPONENT,
    Emax=MAXIMUM_EXPONENT,
    capitals=1,
    clamp=0,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""The context of every computation. The caller of a bound formula sets it once for its thread or execution."""

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)

_NUMBER_TEXT: Final = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?\Z")


def parse_number(text: str) -> Decimal:
    """Read a number as the language writes it, rounded to 34 digits.

    Raises ValueError when the text is no number, or is larger than any.
    """
    if len(text) > 10_000 or not _NUMBER_TEXT.match(text):
        raise ValueError(f"{text[:40]!r} is not a number")
    try:
        return NUMBER_CONTEXT.create_decimal(text)
    except (InvalidOperation, Overflow) as error:
        raise ValueError(f"{text[:40]!r} is larger than any number of the language") from error


def format_number(value: Decimal) -> str:
    """Write a number in plain notation with its digits kept: `1E+2` is `100`, `0.10` stays `0.10`, `-0` is `0`."""
    text = format(value, "f")
    return text[1:] if value.is_zero() and text.startswith("-") else text


def is_whole(value: Decimal) -> bool:
    """Tell whether a number has no fraction."""
    return value == value.to_integral_value()


def to_index(value: Decimal) -> int:
    """Give the whole part of a number as a Python int, cut short beyond any index, so that it costs nothing."""
    if value.adjusted() > 17:
        return -(10**18) if value < 0 else 10**18
    return int(value)
