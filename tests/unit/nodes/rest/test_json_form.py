"""JSON bodies with exact numbers."""

from decimal import Decimal

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.feel import parse_date, parse_duration
from microflow_runtime.nodes.rest.json_form import read_json, with_numbers, write_json


def test_numbers_are_written_exactly_and_plainly() -> None:
    """Digits are kept, exponents are written out, nothing becomes a text or a float."""
    value = {
        "a": Decimal("100.00"),
        "b": Decimal("1E+2"),
        "c": [Decimal("0.1")],
        "d": Decimal("1E-7"),
        "e": Decimal("-0"),
    }
    assert write_json(value) == b'{"a":100.00,"b":100,"c":[0.1],"d":0.0000001,"e":-0}'
    assert write_json(Decimal("12345678901234567890.123456789")) == b"12345678901234567890.123456789"


def test_other_values_are_written() -> None:
    """Texts, truth, null, dates and durations have their JSON."""
    value = [None, True, "ไทย\n", parse_date("2026-05-19"), parse_duration("P1D")]
    assert write_json(value) == '[null,true,"ไทย\\n","2026-05-19","P1D"]'.encode()


@pytest.mark.parametrize("value", [object(), [len], "\ud800"])
def test_what_json_does_not_have(value: object) -> None:
    """Functions, ranges and half characters are errors of the request."""
    with pytest.raises(NodeError) as caught:
        write_json(value)
    assert caught.value.kind == "http.request"


def test_numbers_are_read_exactly() -> None:
    """Every number becomes a Decimal with its digits."""
    read = with_numbers(read_json(b'{"a": 100.00, "b": [7, 0.1, 1e2], "c": true}'))
    assert repr(read) == "{'a': Decimal('100.00'), 'b': [Decimal('7'), Decimal('0.1'), Decimal('1E+2')], 'c': True}"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"NaN", b"1e999999999", b"[" * 100 + b"]" * 100, b"[" * 100_000, b'"\xff"', b"<html>"],
)
def test_replies_that_are_no_json(body: bytes) -> None:
    """Garbage, depth, endless digits and huge exponents are errors of the reply."""
    with pytest.raises(NodeError, match="the body of the reply") as caught:
        read_json(body)
    assert caught.value.kind == "http.reply"


def test_a_whole_number_has_an_end() -> None:
    """A number of a thousand digits is exact, one digit more is refused."""
    assert with_numbers(read_json(b"9" * 1000)) == Decimal("9" * 1000)
    with pytest.raises(NodeError, match="1000 digits"):
        with_numbers(read_json(b"[1" + b"0" * 1000 + b"]"))
