"""What formulas read before any node has written it: a declared list is empty from the start, all else is missing."""

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp

CITY = "business_object: City\nfields: {city: string?}"
PAGES = """
business_object: Pages
fields:
  items: [City]
  names: [string]
  n: integer?
  inner: Pages?
"""


def _flow(*lines: str) -> str:
    steps = "".join(
        f"  M{number}: {{type: mapping, out: {{{line}}}, next: M{number + 1}}}\n" for number, line in enumerate(lines)
    )
    return f"""
microflow: F
inputs: {{P: "Pages?"}}
outputs: {{Out: Pages}}
variables: {{V: Pages, L: [City]}}
nodes:
  Start: {{type: start, next: M0}}
{steps}  M{len(lines)}: {{type: end}}
"""


@pytest.mark.parametrize(
    ("lines", "field", "value"),
    [
        (["Out.items: '= append(Out.items, {city: \"a\"})'"] * 2, "items", [{"city": "a"}] * 2),
        (["Out.items: '= concatenate(Out.items, [{city: \"a\"}])'"] * 2, "items", [{"city": "a"}] * 2),
        (["Out.items: '= union(Out.items, [{city: \"a\"}])'"] * 2, "items", [{"city": "a"}]),
        (["Out.items: '= insert before(Out.items, 1, {city: \"a\"})'"], "items", [{"city": "a"}]),
        (["V.items: '= append(V.items, {city: \"a\"})'"] * 2 + ["Out.items: = V.items"], "items", [{"city": "a"}] * 2),
        (["L: '= append(L, {city: \"a\"})'"] * 2 + ["Out.items: = L"], "items", [{"city": "a"}] * 2),
        (["Out.items: = for i in Out.items return i"], "items", []),
        (["Out.n: = count(Out.items)"], "n", Decimal(0)),
        (["Out.n: = count(Out.inner.items)"], "n", Decimal(0)),
        (["Out.n: = count(P.items)"], "n", Decimal(0)),
        (["Out.n: '= if \"a\" in Out.names then 1 else 2'"], "n", Decimal(2)),
        (["Out.inner.names: '= append(Out.inner.names, \"a\")'", "Out.names: = Out.inner.names"], "names", ["a"]),
        (["Out.n: = Out.n + 1"], "n", None),
    ],
)
async def test_a_list_is_empty_from_the_start(lines: list[str], field: str, value: Any) -> None:
    """A list of a variable, of an output and of a parent that is not there yet is empty, and what is added stays."""
    out = await SmallApp(CITY, PAGES, _flow(*lines)).call("F", {})
    assert out["Out"][field] == value


async def test_turns_of_a_loop_add_to_an_output() -> None:
    """All that the turns append is in the list, the first item as well."""
    flow = """
microflow: F
outputs: {Out: Pages}
nodes:
  Start: {type: start, next: L}
  L:
    type: loop
    each: '= ["a", "b", "c"]'
    nodes:
      Start: {type: start, next: A}
      A: {type: mapping, out: {Out.names: "= append(Out.names, Item)"}, next: End}
      End: {type: end}
    next: End
  End: {type: end}
"""
    out = await SmallApp(CITY, PAGES, flow).call("F", {})
    assert out["Out"]["names"] == ["a", "b", "c"]
