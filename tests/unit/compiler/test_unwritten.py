"""What formulas read before any node has written it: a declared list is empty from the start, all else is missing."""

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp, faults_of

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


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["Out.n: = Out.n + 1"], ["Out.n"]),
        (["Out.n: = V.inner.n * 2 + V.n"], ["V.inner.n", "V.n"]),
        (["V.n: = -V.n"], ["V.n"]),
        (["Out.n: = if Out.n = null then 1 else Out.n + 1"], []),
        (["Out.n: = if V.inner != null then V.inner.n + 1 else 0"], []),
        (["Out.n: = V.n"], []),
        (["Out.n: = P.n + 1"], []),
        (["Out.n: 1", "Out.n: = Out.n + 1"], []),
        (["V.n: = P.n", "Out.n: = V.n + 1"], []),
        (["V: = Out", "Out.n: = V.n + V.inner.n"], []),
        (["Out.n: '= count(V.inner.names) + sum(V.items.city)'"], []),
    ],
)
def test_what_is_computed_with_nothing_is_told(lines: list[str], told: list[str]) -> None:
    """A formula that computes with a value nobody has written yet is warned of, unless it asks for it or hands it on."""
    found = faults_of(CITY, PAGES, _flow(*lines))
    warned = [fault.message for fault in found if fault.code == "MF-F011" and not fault.is_error]
    assert [message.split("`")[1] for message in warned] == told


@pytest.mark.parametrize(("before", "told"), [("V.n: 1", ["Out.n"]), ("Out.n: 0", [])])
def test_the_first_turn_finds_what_was_written_before(before: str, told: list[str]) -> None:
    """What only an earlier turn, or an earlier round of links, would have written is not there in the first."""
    flow = f"""
microflow: F
outputs: {{Out: Pages}}
variables: {{V: Pages}}
nodes:
  Start: {{type: start, next: M}}
  M: {{type: mapping, out: {{{before}}}, next: L}}
  L:
    type: loop
    each: '= [1, 2]'
    nodes:
      Start: {{type: start, next: A}}
      A: {{type: mapping, out: {{Out.n: = Out.n + Item}}, next: End}}
      End: {{type: end}}
    next: Again?
  Again?: {{type: gateway, links: [{{when: = Out.n > 7, to: End}}, {{otherwise: true, to: L}}]}}
  End: {{type: end}}
"""
    assert [fault.message.split("`")[1] for fault in faults_of(CITY, PAGES, flow)] == told
