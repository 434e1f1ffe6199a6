"""YAML 1.2's core schema, by our own rules: which plain text means null, a boolean or a number, and which stays text."""

import re
from decimal import Decimal
from typing import Final

MAX_DIGITS: Final = 1000
MAX_EXPONENT: Final = 6144

type_of_plain = None | bool | int | Decimal | str

_WORDS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_NUMBER: Final = re.compile(r"([-+]?)(\.[0-9]+|([0-9]+)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_MAY_BE_NUMBER: Final = frozenset("+-.0123456789")


class AmbiguousNumber(ValueError):
    """The text looks like a number and would not come back as it was written; its author must say which is meant."""


def resolve(text: str) -> type_of_plain:
    """Give the value that an unquoted scalar means. A number without fraction and exponent is an int, any other a Decimal.

    `no`, `on`, `12:30:00`, `2026-05-19`, `0x1F`, `0o17`, `.inf` and `.nan` are text.

    Raises AmbiguousNumber for `0812345678` and `+66812345678`, which YAML takes for numbers and people for text, and
    for a number over 1,000 digits or beyond the exponents ±6,144.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_NUMBER:
        return text
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    sign, _, whole, fraction, exponent = match.groups()
    if sign == "+" or (whole and len(whole) > 1 and whole[0] == "0"):
        raise AmbiguousNumber(f"`{_shortened(text)}` looks like a number, and as a number it would not keep its form")
    if len(text) > MAX_DIGITS or (exponent and (len(exponent) > 7 or abs(int(exponent[1:])) > MAX_EXPONENT)):
        raise AmbiguousNumber(f"`{_shortened(text)}` is too large a number")
    if exponent is None and (fraction in (None, ".") and whole):
        return int(f"{sign}{whole}")
    number = Decimal(text)
    return int(number) if number.as_tuple().exponent == 0 else number


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
