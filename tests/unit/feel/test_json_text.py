"""JSON in formulas: there and back, with every digit, within bounds."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from microflow_runtime.feel import evaluate, parse_temporal
from microflow_runtime.feel.faults import Failure, FeelLimitError
from microflow_runtime.feel.json_text import from_json, to_json

texts = some.text(some.characters(exclude_categories=["Cs"]))
numbers = some.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40)
values = some.recursive(
    some.none() | some.booleans() | numbers | texts,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_what_is_written_is_read(value: object) -> None:
    """Any value of JSON comes back, its numbers with their digits, and another reader means the same."""
    written = to_json(value)
    assert from_json(written) == value
    assert json.loads(written, parse_float=Decimal, parse_int=Decimal) == value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1.10", "1.10"), ("1E+2", "100"), ("1e-2", "0.01"), ("123456789012345678901234567890123456789012", None), ("-0", "0"), ("0.1e1", "1"),
    ],
)  # fmt: skip
def test_numbers_keep_their_digits(text: str, wanted: str | None) -> None:
    """Plain notation, no rounding."""
    assert to_json(from_json(text)) == (wanted or text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"), ("{", "not JSON"), ("NaN", "not JSON"), ("[1,]", "not JSON"), ("1e99999", "exponent beyond 6,144"), ("1" * 1001, "more than 1,000 digits"), ("1" * 5000, "not JSON|more than"),
        ("0." + "1" * 1001, "more than 1,000 digits"), ("[" * 65 + "]" * 65, "deeper than 64"), ("[" * 100_000, "not JSON|deeper"), ('{"' + '":1,"'.join(map(str, range(10_001))) + '":1}', "more than 10,000 keys"),
        ('"\ud800"', "not JSON"),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_json_or_too_much_is_told(text: str, message: str) -> None:
    """The bounds are those of the door that bodies come through."""
    with pytest.raises(Failure, match=message):
        from_json(text)


def test_dates_are_text_and_functions_are_refused() -> None:
    """What JSON has no word for is written as the text it is read from, or refused with its kind."""
    zoned = parse_temporal("2025-10-26T02:30:00+01:00@Europe/Berlin")
    assert (
        to_json({"at": zoned, "for": parse_temporal("PT1H")})
        == '{"at":"2025-10-26T02:30:00+01:00@Europe/Berlin","for":"PT1H"}'
    )
    for text, kind in (("to json([1..2])", "range"), ("to json(function(a) a)", "function")):
        assert evaluate(text, {}).errors[0].message == f"JSON cannot hold {kind}"
    with pytest.raises(Failure, match="half a character at position 2"):
        to_json({"a": ["a\ud800"]})


def test_a_byte_order_mark_is_skipped() -> None:
    """As it is wherever text comes in."""
    assert from_json("\ufeff[true]") == [True]


def test_sizes_are_counted() -> None:
    """Large numbers written out, and large texts, end at the limits of a formula."""
    with pytest.raises(FeelLimitError, match="characters"):
        evaluate("to json(for i in 1..2000 return 1e6100)", {})
    with pytest.raises(FeelLimitError, match=r"items|turns"):
        evaluate("from json(t)", {"t": "[" + "0," * 300_000 + "0]"})
