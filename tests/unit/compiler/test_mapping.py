"""Mappings as they run: computed before assigned, copied on write, parents made, values converted."""

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.errors import NodeError

POINT = """
business_object: Point
fields:
  x: decimal
  y: decimal
"""
SHAPE = """
business_object: Shape
fields:
  name: {type: string, default: unnamed}
  corner: Point?
  points: [Point]
  count: integer?
  day: date?
  small: {type: decimal?, max: 10}
"""


def _flow(*mappings: str, inputs: str = "{In: Shape}", variables: str = "{P: Point, Q: Point, S: Shape}") -> str:
    steps = "".join(
        f"  M{number}:\n    type: mapping\n    out: {mapping}\n    next: M{number + 1}\n"
        for number, mapping in enumerate(mappings)
    )
    return f"""
microflow: F
inputs: {inputs}
outputs: {{Out: Shape}}
variables: {variables}
nodes:
  Start: {{type: start, next: M0}}
{steps}  M{len(mappings)}: {{type: end}}
"""


async def _run(*mappings: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
    app = SmallApp(POINT, SHAPE, _flow(*mappings))
    reply = await app.call("F", {"In": given or {}})
    return dict(reply["Out"])


async def test_all_lines_are_computed_before_any_is_assigned() -> None:
    """Two lines that swap values swap them, whatever their order."""
    for lines in ("{P.x: = P.y, P.y: = P.x}", "{P.y: = P.x, P.x: = P.y}"):
        out = await _run("{P.x: 1, P.y: 2}", lines, "{Out.corner: = P}")
        assert out["corner"] == {"x": 2, "y": 1}


async def test_lines_of_several_variables_are_computed_before_any_is_assigned() -> None:
    """So do lines that write different variables."""
    out = await _run(
        "{Out.name: a, S.name: b}",
        "{Out.name: = S.name, S.name: = Out.name}",
        "{Out.count: '= string length(S.name + Out.name)'}",
    )
    assert (out["name"], out["count"]) == ("b", 2)


async def test_assignment_copies_on_write() -> None:
    """What was assigned as a whole does not change when a part of its source does, and the other way round."""
    out = await _run(
        "{P.x: 1, P.y: 2}", "{Out.corner: = P, Q: = P}", "{P.x: 9}", "{Out.points: '= [P, Q]'}", "{Out.corner.y: 7}"
    )
    assert out["corner"] == {"x": 1, "y": 7}
    assert out["points"] == [{"x": 9, "y": 2}, {"x": 1, "y": 2}]


async def test_an_input_is_not_changed_by_writing_its_copy() -> None:
    """The input keeps its values when a copy of it is written."""
    out = await _run(
        "{S: = In}",
        "{S.name: changed, S.corner.x: 5, S.corner.y: 6}",
        "{Out: = In}",
        given={"name": "kept", "corner": {"x": 1, "y": 2}},
    )
    assert (out["name"], out["corner"]) == ("kept", {"x": 1, "y": 2})


async def test_missing_parents_are_made_with_their_defaults() -> None:
    """A path into nothing makes what is on the way; other fields hold their defaults."""
    out = await _run("{Out.corner.x: 1, Out.corner.y: 2}")
    assert out == {
        "name": "unnamed",
        "corner": {"x": 1, "y": 2},
        "points": [],
        "count": None,
        "day": None,
        "small": None,
    }


async def test_a_half_made_parent_does_not_pass_for_a_whole() -> None:
    """A required field that nobody wrote is told when the value goes out."""
    with pytest.raises(Exception, match=r"Out\.corner\.y: expected a value, found nothing"):
        await _run("{Out.corner.x: 1}")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{Out.count: = 7 / 2}", r"Out\.count: expected integer, found number 3\.5"),
        ("{Out.small: = 10.5}", r"Out\.small: expected at most 10, found number 10\.5"),
        ("{Out.day: '= date(\"12026-01-01\")'}", r"Out\.day: expected a date between the years 0001 and 9999"),
    ],
)
async def test_what_types_do_not_settle_is_checked_when_it_is_assigned(line: str, sentence: str) -> None:
    """Fractions, bounds and years are errors of the node, of kind `mapping`, with the path."""
    with pytest.raises(NodeError, match=sentence) as caught:
        await _run(line)
    assert caught.value.kind == "mapping"


async def test_a_whole_result_fills_an_integer_without_fraction_digits() -> None:
    """`8.00` is 8 in an integer, and keeps its digits in a decimal."""
    app = SmallApp(POINT, SHAPE, _flow("{Out.count: = 2.00 * 4, Out.corner: '= {x: 2.50, y: 1}'}"))
    assert '"corner":{"x":2.50,"y":1},"points":[],"count":8,' in await app.text("F", {"In": {}})


async def test_numbers_of_formulas_go_out_in_plain_notation() -> None:
    """A large power of ten is written with its zeros."""
    app = SmallApp(POINT, SHAPE, _flow("{Out.corner: '= {x: 10 ** 20, y: 1 / 10 ** 10}'}"))
    assert '{"x":100000000000000000000,"y":0.0000000001}' in await app.text("F", {"In": {}})


async def test_literals_are_values_of_their_target() -> None:
    """A literal list, object, date and text that looks like another type are read as the target's type."""
    out = await _run("{Out.points: [{x: 1, y: 2.5}], Out.day: 2026-05-19, Out.name: '12'}")
    assert out["points"] == [{"x": 1, "y": Decimal("2.5")}]
    assert (out["day"], out["name"]) == ("2026-05-19", "12")


async def test_a_default_stands_in_for_a_missing_result() -> None:
    """Null into a field with default gives the default; null into a list field gives an empty list."""
    out = await _run("{Out.name: = null, Out.points: = null}")
    assert (out["name"], out["points"]) == ("unnamed", [])
