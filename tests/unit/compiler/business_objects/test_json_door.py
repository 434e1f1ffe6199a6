"""The one door for JSON: exact numbers in and out, and every hostile body refused in our own words."""

from decimal import Decimal
from time import monotonic
from typing import Any

import pytest

from microflow_runtime.compiler.business_objects import JsonLimits, decode_json, encode_json
from microflow_runtime.errors import BadRequest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"100.00", Decimal("100.00")),
        (b"1e2", Decimal("1E+2")),
        (b"-0.0", Decimal("-0.0")),
        (b"7", 7),
        (b"1e6144", Decimal("1E+6144")),
        (b"0." + b"1" * 1000, Decimal("0." + "1" * 1000)),
    ],
)
def test_numbers_keep_their_digits(text: bytes, value: Any) -> None:
    """A fraction or an exponent makes a Decimal with the digits as written, a whole number an int."""
    found = decode_json(text)
    assert (type(found), str(found)) == (type(value), str(value))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"{'a': 1}", "is not JSON"),
        (b"[1,]", "is not JSON"),
        (b"NaN", "is not JSON"),
        (b"Infinity", "is not JSON"),
        (b"\xef\xbb\xbf" * 2 + b"{}", "is not JSON"),
        (b"\xef\xbb\xbf{", "is not JSON"),
        (b"\xef\xbb\xbf" + b"[" * 100_000, "nested deeper than 64 levels"),
        ('{"a": 1}'.encode("utf-16-le"), "is not"),
        ('{"a": 1}'.encode("utf-16")[:-1], "is not UTF-16: a wrong byte at position 16"),
        (b'{"a": "\xff"}', "is not UTF-8: a wrong byte at position 7"),
        (b'{"a\xc3": 1}', "is not"),
        (b'"\\ud800"', "is not"),
        (b"1e6145", "an exponent beyond 6144"),
        (b"1e999999999", "an exponent beyond 6144"),
        (b"1e-999999999", "an exponent beyond 6144"),
        (b"0." + b"1" * 1001, "more than 1000 digits"),
        (b"0." + b"1" * 100_000, "more than 1000 digits"),
        (b"[" * 100_000, "nested deeper than 64 levels"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64 levels"),
        (b'{"a":' * 100_000, "nested deeper than 64 levels"),
    ],
)
def test_hostile_bodies_are_refused_soon(body: bytes, reason: str) -> None:
    """Each is a BadRequest that says why, within a moment."""
    begun = monotonic()
    with pytest.raises(BadRequest, match=reason):
        decode_json(body)
    assert monotonic() - begun < 0.5


def test_depth_is_counted_in_containers_not_in_brackets() -> None:
    """64 levels are good, and so are many objects beside each other and brackets inside texts."""
    decode_json(b"[" * 64 + b"]" * 64)
    assert len(decode_json(b"[" + b",".join([b'{"a":[1]}'] * 1000) + b"]")) == 1000
    assert decode_json(b'"' + b"[" * 100 + b'"') == "[" * 100


def test_keys_and_texts_are_bounded() -> None:
    """An object's keys, the keys in all and a text's length have limits of their own."""
    limits = JsonLimits(keys_per_object=10, keys=15, text_bytes=200)

    def keys(count: int) -> bytes:
        return b"{" + b",".join(b'"%d":0' % number for number in range(count)) + b"}"

    decode_json(keys(10), limits)
    with pytest.raises(BadRequest, match="more than 10 keys in an object or 15 in all"):
        decode_json(keys(11), limits)
    with pytest.raises(BadRequest, match="more than 10 keys in an object or 15 in all"):
        decode_json(b"[" + keys(8) + b"," + keys(8) + b"]", limits)
    with pytest.raises(BadRequest, match="longer than 200 bytes"):
        decode_json(b'["' + b"x" * 201 + b'"]', limits)


def test_decimals_go_out_as_numbers() -> None:
    """A Decimal is a number on the wire, with its digits, and Thai is not escaped."""
    assert encode_json({"a": Decimal("1.50"), "b": "ก"}) == '{"a":1.50,"b":"ก"}'.encode()


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_is_no_part_of_the_body(codec: str) -> None:
    """It says what the body is in."""
    assert decode_json('{"a": "กข"}'.encode(codec)) == {"a": "กข"}
