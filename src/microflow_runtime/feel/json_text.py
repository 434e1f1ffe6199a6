"""JSON as formulas read and write it: exact numbers, dates as text, with the bounds of the door that bodies come through."""

from decimal import Clamped, Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal, Underflow
from typing import Any, Final

import msgspec

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.numbers import format_number
from microflow_runtime.feel.temporal import Temporal
from microflow_runtime.feel.values import Value, type_word

MAX_DIGITS: Final = 1_000
MAX_EXPONENT: Final = 6_144
INT_BOUND: Final = 10**MAX_DIGITS
MAX_DEPTH: Final = 64
MAX_KEYS: Final = 10_000
EXACT: Final = Context(
    prec=MAX_DIGITS,
    Emax=MAX_EXPONENT,
    Emin=-MAX_EXPONENT,
    traps=[Clamped, InvalidOperation, Overflow, Underflow, Subnormal, Inexact],
)
"""Takes a number exactly as it is written, or refuses it: too many digits are inexact here, too large an exponent overflows."""

_decode: Final = msgspec.json.Decoder(float_hook=EXACT.create_decimal).decode
_encode: Final = msgspec.json.Encoder().encode


def from_json(text: str) -> Value:
    """Read JSON: objects become contexts, arrays lists, numbers keep their digits, and texts stay texts."""
    limits.spend_text(len(text))
    limits.check_time()
    try:
        return _taken(_decode(text.removeprefix("\ufeff").encode("utf-8")), 0)
    except ArithmeticError as error:
        raise Failure(
            f"the text is not JSON: a number has more than {MAX_DIGITS:,} digits or an exponent beyond {MAX_EXPONENT:,}"
        ) from error
    except RecursionError as error:
        raise Failure(f"the JSON is nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise Failure(f"the text is not JSON: {error}") from error


def _taken(value: Any, depth: int) -> Value:
    kind = type(value)
    if kind is int:
        if not -INT_BOUND < value < INT_BOUND:
            raise Failure(f"the text is not JSON: a number has more than {MAX_DIGITS:,} digits")
        return Decimal(value)
    if kind is not list and kind is not dict:
        return value
    if depth >= MAX_DEPTH:
        raise Failure(f"the JSON is nested deeper than {MAX_DEPTH} levels")
    limits.spend(len(value))
    if kind is list:
        return [_taken(item, depth + 1) for item in value]
    if len(value) > MAX_KEYS:
        raise Failure(f"the JSON has more than {MAX_KEYS:,} keys in an object")
    return {name: _taken(item, depth + 1) for name, item in value.items()}


def to_json(value: Value) -> str:
    """Write a value as JSON without blanks: numbers in plain notation, dates, times and durations as their text."""
    try:
        text = _encode(_given(value, 0)).decode("utf-8")
    except UnicodeEncodeError as error:
        raise Failure(f"a text has half a character at position {error.start + 1}, which JSON cannot hold") from error
    limits.spend_text(len(text))
    return text


def _given(value: Value, depth: int) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        limits.spend_text(len(value))
        return value
    if kind is Decimal:
        digits = format_number(value)
        limits.spend_text(len(digits))
        return msgspec.Raw(digits.encode("ascii"))
    if isinstance(value, Temporal):
        return str(value)
    if depth >= MAX_DEPTH:
        raise Failure(f"the value is nested deeper than {MAX_DEPTH} levels")
    if kind is list:
        limits.spend(len(value))
        return [_given(item, depth + 1) for item in value]
    if kind is dict:
        limits.spend(len(value))
        return {name: _given(item, depth + 1) for name, item in value.items()}
    raise Failure(f"JSON cannot hold {type_word(value)}")
