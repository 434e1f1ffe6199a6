"""All that does not fit in one value is told at once."""

from typing import Any

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.errors import InputError

LINE = "business_object: Line\nfields: {sku: {type: string, max_length: 3}, count: integer}"
ORDER = """
business_object: Order
fields:
  id: string
  count: integer?
  day: date?
  lines: [Line]
  first: Line?
  numbers: [decimal]
"""
FLOW = """
microflow: F
inputs: {In: Order, More: [Line], Other: Order}
nodes:
  Start: {type: start, next: End}
  End: {type: end}
"""
GOOD: dict[str, Any] = {"In": {"id": "1"}, "Other": {"id": "1"}}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"In": {"id": 1}}, ["Other: expected a value, found nothing", "In.id: expected text, found number 1"]),
        (
            GOOD
            | {"In": {"count": "7", "day": "x", "lines": [{"sku": "abcd"}, 5, {"sku": "a", "count": 1}], "first": {}}},
            [
                "In.id: expected a value, found nothing",
                'In.count: expected integer, found text "7"',
                'In.day: expected a date (YYYY-MM-DD), found text "x"',
                "In.lines[0].sku: expected at most 3 characters, found 4",
                "In.lines[0].count: expected a value, found nothing",
                "In.lines[1]: expected an object (Line), found number 5",
                "In.first.sku: expected a value, found nothing",
                "In.first.count: expected a value, found nothing",
            ],
        ),
        (
            GOOD | {"More": [1, {}]},
            ["More[0]: expected an object (Line), found number 1", "More[1].sku", "More[1].count"],
        ),
        (GOOD | {"More": 1, "In": []}, ["In: expected an object (Order), found a list of 0", "More: expected a list"]),
        (GOOD | {"In": {"id": "1", "numbers": [1, "x", True]}}, ["In.numbers[1]: expected decimal", "In.numbers[2]"]),
    ],
)
async def test_every_misfit_is_told(given: dict[str, Any], told: list[str]) -> None:
    """Each with its path, in one sentence."""
    with pytest.raises(InputError) as caught:
        await SmallApp(LINE, ORDER, FLOW).call("F", given)
    parts = caught.value.message.removeprefix("F: ").removesuffix(".").split("; ")
    assert len(parts) == len(told)
    for sentence in told:
        assert [part for part in parts if part.startswith(sentence)], sentence


@pytest.mark.parametrize(("wrong", "rest"), [(20, ""), (21, "and 1 more"), (600, "and at least 980 more")])
async def test_the_sentence_has_an_end(wrong: int, rest: str) -> None:
    """Twenty are shown and the others counted, up to a thousand."""
    per_item = 2 if wrong == 600 else 1
    items = [{} if per_item == 2 else {"sku": "a"}] * wrong
    with pytest.raises(InputError) as caught:
        await SmallApp(LINE, ORDER, FLOW).call("F", GOOD | {"More": items})
    message = caught.value.message
    assert message.count("expected") == 20
    assert message.removesuffix(".").endswith(rest)


async def test_sensitive_values_are_not_shown() -> None:
    """Neither that of a sensitive field nor what stands inside one."""
    card = (
        "business_object: Card\nfields: {pin: {type: integer, sensitive: true}, holder: {type: Line, sensitive: true}}"
    )
    flow = FLOW.replace("{In: Order, More: [Line], Other: Order}", "{In: Card}")
    given = {"pin": "canary", "holder": {"sku": 7001, "count": "canary"}}
    with pytest.raises(InputError) as caught:
        await SmallApp(LINE, card, flow).call("F", {"In": given})
    assert caught.value.message.count("expected") == 3
    assert "canary" not in caught.value.message
    assert "7001" not in caught.value.message
