"""Values of formulas as JSON and back: numbers exact, in plain notation, never as text and never as floats."""

from decimal import Decimal
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.business_objects import JsonLimits, decode_json, encode_json
from microflow_runtime.compiler.business_objects.json_door import INT_BOUND, MAX_DIGITS
from microflow_runtime.errors import BadRequest, NodeError
from microflow_runtime.feel import format_number
from microflow_runtime.nodes.rest.texts import TEMPORAL, refused
from microflow_runtime.text import UTF_8, BrokenText, declared_encoding, to_utf8

_LIMITS: Final = JsonLimits(text_bytes=1024 * 1024 * 1024)
"""How long texts are is bounded by the reply's size already."""


def write_json(value: Any) -> bytes:
    """Give the JSON text of a value. Raises NodeError of kind `http.request` for a function or a range."""
    try:
        return encode_json(_plain(value))
    except UnicodeEncodeError as error:
        raise refused("a text holds half a character, which has no encoding") from error


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Decimal):
        return msgspec.Raw(format_number(value).encode()) if "E" in str(value) else value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, TEMPORAL):
        return str(value)
    raise refused("the body holds a function or a range, which JSON does not have")


def read_json(body: bytes, content_type: str = "") -> Any:
    """Decode a reply; whole numbers are ints, others Decimals. Raises NodeError of kind `http.reply`."""
    try:
        return decode_json(to_utf8(body, declared_encoding(content_type) or UTF_8), _LIMITS)
    except BrokenText as error:
        raise NodeError(f"the body of the reply {error.reason}.", kind="http.reply") from error
    except BadRequest as error:
        told = error.message.replace("The body", "the body of the reply", 1)
        raise NodeError(told, kind="http.reply") from error


def with_numbers(value: Any) -> Any:
    """Give a decoded value as formulas know it: every number a Decimal. Raises NodeError of kind `http.reply`."""
    kind = type(value)
    if kind is int:
        if not -INT_BOUND < value < INT_BOUND:
            raise NodeError(f"a number of the reply has more than {MAX_DIGITS} digits.", kind="http.reply")
        return Decimal(value)
    if kind is list:
        return [with_numbers(item) for item in value]
    if kind is dict:
        return {name: with_numbers(item) for name, item in value.items()}
    return value
