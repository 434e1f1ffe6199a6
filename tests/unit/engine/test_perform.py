"""A whole call: what comes in, what goes out, and what is refused at both doors."""

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import RunLimits
from microflow_runtime.errors import InputError, LimitExceeded, OutputError

LINE = """
business_object: Line
fields:
  sku: string
  count: integer
"""
ORDER = """
business_object: Order
fields:
  id: string
  count: integer?
  amount: decimal?
  status: {type: string, default: new}
  day: date?
  lines: [Line]
"""
COPY = """
microflow: Copy
inputs: {In: Order}
outputs: {Out: Order}
nodes:
  Start: {type: start, next: End}
  End: {type: end, out: {Out: = In}}
"""


def _app() -> SmallApp:
    return SmallApp(LINE, ORDER, COPY)


def _order(**fields: Any) -> dict[str, Any]:
    return {"In": {"id": "a"} | fields}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (Decimal("100.00"), "100.00"),
        (100, "100"),
        (Decimal("100.5"), "100.5"),
        (Decimal("1E+2"), "100"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("-0.50"), "-0.50"),
        (Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
    ],
)
async def test_decimals_go_out_in_plain_notation_with_their_digits(given: Any, shown: str) -> None:
    """A decimal is a number on the wire, never a text and never with an exponent, and keeps its digits."""
    assert f'"amount":{shown},' in await _app().text("Copy", _order(amount=given))


@pytest.mark.parametrize(
    ("given", "shown"), [(7, "7"), (Decimal("7.0"), "7"), (Decimal("7e0"), "7"), (Decimal("1E+3"), "1000")]
)
async def test_whole_numbers_are_integers_however_they_are_written(given: Any, shown: str) -> None:
    """`7.0` and `7e0` count as 7."""
    assert f'"count":{shown},' in await _app().text("Copy", _order(count=given))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"count": Decimal("7.5")}, "In.count: expected integer, found number 7.5"),
        ({"count": "7"}, 'In.count: expected integer, found text "7"'),
        ({"count": True}, "In.count: expected integer, found true"),
        ({"count": 10**1001}, "In.count: expected integer, found number with too many digits"),
        ({"amount": "100.00"}, 'In.amount: expected decimal, found text "100.00"'),
        ({"amount": "NaN"}, 'In.amount: expected decimal, found text "NaN"'),
        ({"amount": []}, "In.amount: expected decimal, found a list of 0"),
        ({"id": None}, "In.id: expected a value, found nothing"),
        ({"id": 5}, "In.id: expected text, found number 5"),
        ({"lines": {}}, "In.lines: expected a list, found an object"),
        ({"lines": [{"sku": "a", "count": 1}, {"sku": "b"}]}, "In.lines[1].count: expected a value, found nothing"),
        ({"lines": [[]]}, "In.lines[0]: expected an object (Line), found a list of 0"),
        ({"day": "2026-02-30"}, 'In.day: expected a date (YYYY-MM-DD), found text "2026-02-30"'),
        ({"day": "12026-02-03"}, 'In.day: expected a date (YYYY-MM-DD), found text "12026-02-03"'),
    ],
)
async def test_an_input_that_does_not_fit_is_told_with_its_path(fields: dict[str, Any], sentence: str) -> None:
    """The sentence names the flow, the path, what was expected and what came."""
    with pytest.raises(InputError) as caught:
        await _app().call("Copy", _order(**fields))
    assert caught.value.message == f"Copy: {sentence}."


@pytest.mark.parametrize("given", [{}, {"In": None}])
async def test_a_required_input_must_come(given: dict[str, Any]) -> None:
    """Left out and null are the same: an error that names it."""
    with pytest.raises(InputError, match=r"^Copy: In: expected a value, found nothing\.$"):
        await _app().call("Copy", given)


async def test_one_object_is_no_list() -> None:
    """Where a list of objects is declared, one object is an error."""
    app = SmallApp(LINE, COPY.replace("{In: Order}", "{In: [Line]}").replace("{Out: Order}", "{Out: [Line]}"))
    with pytest.raises(InputError, match=r"^Copy: In: expected a list, found an object\.$"):
        await app.call("Copy", {"In": {"sku": "a", "count": 1}})


async def test_defaults_stand_in_for_missing_and_null() -> None:
    """A default stands for both, a missing list is empty, a missing optional field is null."""
    reply = '{"Out":{"id":"a","count":null,"amount":null,"status":"new","day":null,"lines":[]}}'
    assert await _app().text("Copy", _order()) == reply
    assert await _app().text("Copy", _order(status=None, lines=None, count=None)) == reply


async def test_unknown_fields_are_left_out_and_counted() -> None:
    """What is not declared is ignored, in objects and beside them; null in a declared place is not unknown."""
    app = _app()
    line = {"sku": "a", "count": 1, "colour": "red"}
    await app.text("Copy", {"In": {"id": "a", "size": 1, "shape": None, "lines": [line]}, "Other": {}})
    assert app.notes.unknown_fields == 4
    app = SmallApp(LINE, ORDER, COPY.replace("{In: Order}", "{In: Order?}").replace(", out: {Out: = In}", ""))
    await app.start("Copy", {"In": None})
    assert app.notes.unknown_fields == 0


async def test_outputs_nobody_wrote() -> None:
    """A single one is an empty object, a list an empty list."""
    app = SmallApp(
        LINE,
        """
microflow: F
outputs: {One: Line, Many: [Line]}
nodes:
  Start: {type: start, next: End}
  End: {type: end}
""",
    )
    assert await app.text("F") == '{"One":{},"Many":[]}'


async def test_an_output_half_written_is_an_error() -> None:
    """A required field without value is told with its path, and nothing goes out."""
    app = SmallApp(
        LINE,
        """
microflow: F
outputs: {One: Line}
nodes:
  Start: {type: start, next: End}
  End: {type: end, out: {One.sku: a}}
""",
    )
    with pytest.raises(OutputError, match=r"^F: One\.count: expected a value, found nothing\.$"):
        await app.call("F")


async def test_a_reply_is_exact_up_to_its_limit_and_an_error_beyond() -> None:
    """One byte under the limit, or just it: whole. One byte over: an error with the limit and the size."""
    app = _app()
    whole = await app.text("Copy", _order())
    size = len(whole)
    assert await app.text("Copy", _order(), limits=RunLimits(reply_bytes=size)) == whole
    with pytest.raises(LimitExceeded, match=f"the reply has {size} bytes, the limit is {size - 1} bytes"):
        await app.text("Copy", _order(), limits=RunLimits(reply_bytes=size - 1))


async def test_text_of_callers_is_never_evaluated() -> None:
    """A text that looks like a formula, a template or a reference comes out as it went in."""
    for text in ("= 1 + 1", "{{secrets.DB_PASSWORD}}", "${HOME}", "{name}", "%s", '"; drop table x; --'):
        reply = await _app().call("Copy", _order(id=text))
        assert reply["Out"]["id"] == text
