"""The one door through which JSON comes in, and the way it goes out.

Numbers keep their digits: a literal with a fraction or an exponent becomes a Decimal, a whole one an int. Everything that
a hostile body can provoke in the decoder is caught here and becomes `BadRequest`.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, Inexact, Overflow, Underflow
from itertools import chain
from typing import Any, Final

import msgspec

from microflow_runtime.errors import BadRequest
from microflow_runtime.feel.json_text import EXACT, INT_BOUND, MAX_DIGITS, MAX_EXPONENT
from microflow_runtime.feel.numbers import format_number
from microflow_runtime.text import BrokenText, to_utf8

__all__ = ["INT_BOUND", "MAX_DIGITS", "MAX_EXPONENT", "JsonLimits", "decode_json", "encode_json", "exact_number"]

_KEY_BYTES: Final = 4
_NUMBER: Final = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*\Z")


class JsonLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of a body beyond its size, as settings give them. Depth counts arrays and objects that are open at once."""

    depth: int = 64
    keys_per_object: int = 10_000
    keys: int = 1_000_000
    text_bytes: int = 4 * 1024 * 1024


_EXPONENT: Final = re.compile(rb"E[+-]")
_decode: Final = msgspec.json.Decoder(float_hook=EXACT.create_decimal).decode
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_DEFAULTS: Final = JsonLimits()
_MARKS: Final = (b"\xef\xbb", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
"""How byte order marks begin."""


def decode_json(body: bytes, limits: JsonLimits = _DEFAULTS) -> Any:
    """Decode a JSON text: in UTF-8, or in what its byte order mark says.

    Raises BadRequest when it is not JSON, holds a wrong byte, is nested deeper than the limit, or holds too many keys, too long a text
    or too large a number.
    """
    try:
        value = _decode(body)
    except (ValueError, ArithmeticError, RecursionError) as error:  # only now is it worth a look how the body begins
        if not body.startswith(_MARKS):
            raise _refusal(body, error, limits) from error
        body = _without_mark(body)
        value = _decode_again(body, limits)
    size = len(body)
    containers = body.count(b"{") + body.count(b"[")  # as many as there are, or more: a text may hold some
    if containers > limits.depth or size >= _KEY_BYTES * limits.keys_per_object or size > limits.text_bytes:
        _check_sizes(value, limits, body, containers)
    return value


def _without_mark(body: bytes) -> bytes:
    try:
        return to_utf8(body)
    except BrokenText as error:
        raise BadRequest(f"The body {error.reason}.") from error


def _decode_again(body: bytes, limits: JsonLimits) -> Any:
    """Decode a body that had a mark."""
    try:
        return _decode(body)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise _refusal(body, error, limits) from error


def _refusal(body: bytes, error: Exception, limits: JsonLimits) -> BadRequest:
    """Say what the decoder's error means."""
    match error:
        case UnicodeDecodeError():
            try:
                body.decode()  # the decoder counts from the beginning of a text
            except UnicodeDecodeError as wrong:
                return BadRequest(f"The body is not UTF-8: a wrong byte at position {wrong.start}.")
            return BadRequest("The body is not UTF-8.")
        case RecursionError():
            return BadRequest(f"The body is nested deeper than {limits.depth} levels.")
        case Inexact() if not isinstance(error, Overflow | Underflow):
            return BadRequest(f"The body is not JSON: a number has more than {MAX_DIGITS} digits.")
        case ArithmeticError():
            return BadRequest(f"The body is not JSON: a number has an exponent beyond {MAX_EXPONENT}.")
        case _:  # msgspec.DecodeError is a ValueError
            return BadRequest(f"The body is not JSON: {error}.")


def encode_json(value: Any) -> bytes:
    """Encode a value. Numbers go out in plain notation with their digits kept: never `1E+2`, never as text."""
    text = _encode(value)
    if b"E" in text and _EXPONENT.search(text):  # a number's, or a text's; numbers in this notation are rare
        text = _encode(_plain_numbers(value))
    return text


def _plain_numbers(value: Any) -> Any:
    """Give the value with every number that would be written with an exponent as it is to be written."""
    kind = type(value)
    if kind is Decimal:
        return msgspec.Raw(format_number(value).encode()) if "E" in str(value) else value
    if kind is dict:
        return {key: _plain_numbers(item) for key, item in value.items()}
    if kind is list:
        return [_plain_numbers(item) for item in value]
    return value


def exact_number(text: str) -> Decimal:
    """Read a number that a database keeps as text, within the same bounds and with all its digits.

    Raises ValueError for anything else, `NaN` and `Infinity` among it.
    """
    if not _NUMBER.match(text):
        raise ValueError("this is no number")
    try:
        return EXACT.create_decimal(text.strip())
    except ArithmeticError as error:
        raise ValueError("this is a number out of bounds") from error


def _check_sizes(value: Any, limits: JsonLimits, body: bytes, containers: int) -> None:
    """Look at the containers level by level; the decoder's own guard has already bounded how deep they can be.

    There are at most so many `containers`: when they have all been seen, the values in the last of them, which make most
    of a large body, need no look.
    """
    may_be_long = _may_hold_long_text(body, limits.text_bytes)
    depth = 0
    keys = 0
    dicts: list[dict[str, Any]] = [value] if type(value) is dict else []
    lists: list[list[Any]] = [value] if type(value) is list else []
    while dicts or lists:
        depth += 1
        if depth > limits.depth:
            raise BadRequest(f"The body is nested deeper than {limits.depth} levels.")
        keys += sum(map(len, dicts))
        if keys > limits.keys or max(map(len, dicts), default=0) > limits.keys_per_object:
            raise BadRequest(
                f"The body has more than {limits.keys_per_object} keys in an object or {limits.keys} in all."
            )
        containers -= len(dicts) + len(lists)
        if containers == 0 and not may_be_long:
            return
        kinds = set(map(type, _items(dicts, lists)))
        if may_be_long and str in kinds:
            _check_texts(_items(dicts, lists), limits.text_bytes)
        dicts, lists = (
            [item for item in _items(dicts, lists) if type(item) is dict] if dict in kinds else [],
            [item for item in _items(dicts, lists) if type(item) is list] if list in kinds else [],
        )


def _items(dicts: list[dict[str, Any]], lists: list[list[Any]]) -> Iterator[Any]:
    """Give what stands in some containers."""
    return chain(chain.from_iterable(map(dict.values, dicts)), chain.from_iterable(lists))


def _may_hold_long_text(body: bytes, most_bytes: int) -> bool:
    """Tell whether a text of more than so many bytes may stand in a body.

    Such a text covers a position that is a multiple of the bound; without a quote in its middle it is as long as the way
    from the quote before the position to the one behind it.
    """
    if len(body) <= most_bytes:
        return False
    if b"\\" in body and b'\\"' in body:
        return True
    return any(
        body.find(b'"', at) - body.rfind(b'"', 0, at) - 1 > most_bytes
        for at in range(most_bytes, len(body), most_bytes)
    )


def _check_texts(items: Iterable[Any], most_bytes: int) -> None:
    for item in items:
        if type(item) is str and len(item) * 4 > most_bytes and len(item.encode()) > most_bytes:
            raise BadRequest(f"A text in the body is longer than {most_bytes} bytes.")
