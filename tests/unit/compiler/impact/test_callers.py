"""What callers meet at the flow itself, and which flows are touched by others."""

from typing import Any

import pytest
from tests.unit.app_contents import business_object, content, flow

from microflow_runtime.compiler.impact import KINDS, AppContent, Impact, impact_of
from microflow_runtime.model.microflow import Limits, Node
from microflow_runtime.model.type_ref import TypeRef


def told(impacts: tuple[Impact, ...]) -> list[tuple[str, str, bool]]:
    """Give flow, kind and whether it breaks."""
    return [(impact.flow, impact.kind, impact.breaking) for impact in impacts]


def test_a_first_version_has_no_callers() -> None:
    """Nobody can call what was not there."""
    assert impact_of(None, content(flow())) == ()
    assert impact_of(None, None) == ()


def test_taking_an_app_away_removes_its_flows() -> None:
    """Without a new version every flow is gone."""
    assert told(impact_of(content(flow("B"), flow("A")), None)) == [
        ("A", "flow removed", True),
        ("B", "flow removed", True),
    ]


def test_what_did_not_change_is_not_told() -> None:
    """The same definitions, a new flow, new nodes and new words touch no caller."""
    old = content(flow(), business_object("Order", id="string"))
    new = content(
        flow(nodes={"End": Node(name="End", type="end")}, description="better"),
        flow("New"),
        business_object("Order", id="string"),
        version="v.0.2.0",
    )
    assert impact_of(old, old) == ()
    assert impact_of(old, new) == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"id": "other"}, ("flow id", True)),
        ({"anonymous_as": "web"}, {}, ("anonymous", True)),
        ({}, {"anonymous_as": "web"}, ("anonymous", False)),
        ({"anonymous_as": "web"}, {"anonymous_as": "shop"}, ("anonymous", False)),
        ({"runs_as": "clerk"}, {}, ("runs as", False)),
        ({}, {"runs_as": "clerk"}, ("runs as", False)),
        ({}, {"limits": Limits(execution_seconds=2.0, rows=5)}, ("flow limits", False)),
    ],
)
def test_what_is_met_at_the_flow(before: dict[str, Any], after: dict[str, Any], expected: tuple[str, bool]) -> None:
    """Each thing that is declared of the flow as a whole has its kind."""
    assert told(impact_of(content(flow(**before)), content(flow(**after)))) == [("F", *expected)]


def test_changed_limits_are_told_with_their_values() -> None:
    """The sentence names each limit that changed, before and after."""
    (impact,) = impact_of(content(flow(limits=Limits(rows=10))), content(flow(limits=Limits(steps=3))))
    assert impact.sentence == (
        "The flow's limits changed: steps from the server's to 3; rows from 10 to the server's. Calls beyond them fail."
    )


def test_a_renamed_flow_is_known_by_its_id() -> None:
    """Callers are told the new name, and what else changed; a flow that only lost its name to another is gone."""
    order = business_object("Order", id="string")
    old = content(flow("Old", inputs={"A": "Order"}, id="1"), flow("Other", id="2"), order)
    new = content(flow("New", inputs={"A": "[Order]"}, id="1"), flow("Other", id="2"), order)
    assert told(impact_of(old, new)) == [("Old", "flow renamed", True), ("Old", "list", True)]
    assert "`New`" in impact_of(old, new)[0].sentence
    swapped = content(flow("Other", id="1"), order)
    assert told(impact_of(old, swapped)) == [("Old", "flow removed", True), ("Other", "flow id", True)]


def test_another_time_zone_is_told_once_for_the_app() -> None:
    """It touches every flow alike, so that no flow is named."""
    found = impact_of(content(flow("A"), flow("B")), content(flow("A"), flow("B"), time_zone="Asia/Bangkok"))
    assert told(found) == [("", "time zone", False)]


def test_flows_that_call_a_changed_one_are_named() -> None:
    """Those who call it directly are touched; those behind them, and calls of a named snapshot, are not."""
    order, changed = business_object("Order", id="string"), business_object("Order", id="string", sku="string")
    pinned = Node(name="Call", type="sub flow", settings={"flow": "Inner", "snapshot": "v.0.1.0"})
    flows = (
        flow("Inner", inputs={"A": "Order"}),
        flow("Middle", calls=("Inner",)),
        flow("Outer", calls=("Middle",)),
        flow("Pinned", nodes={"Call": pinned}),
    )
    assert told(impact_of(content(*flows, order), content(*flows, changed))) == [
        ("Inner", "added", True),
        ("Middle", "calls a changed flow", False),
    ]


def test_flows_that_use_a_changed_object_only_inside_are_named() -> None:
    """A Business Object of the variables alone reaches no caller, whatever is in between."""
    holder = business_object("Basket", order="Order")
    old = content(flow(variables={"Kept": "Basket"}), holder, business_object("Order", id="string"))
    new = content(flow(variables={"Kept": "Basket"}), holder, business_object("Order", id="integer"))
    (impact,) = impact_of(old, new)
    assert (impact.kind, impact.side, impact.path, impact.breaking) == ("changed inside", "flow", "", False)
    assert "`Basket`" in impact.sentence


def test_nodes_inside_others_are_looked_at() -> None:
    """A call and a variable within a loop touch their flow as those outside do."""
    call = Node(name="Call", type="sub flow", settings={"flow": "Inner"})
    loop = Node(name="Loop", type="loop", bodies={"": {"Call": call}}, variables={"Kept": TypeRef("Order")})
    flows = (flow("Inner", inputs={"A": "Order"}), flow("Outer", nodes={"Loop": loop}))
    old, new = business_object("Order", id="string"), business_object("Order", id="string?")
    assert told(impact_of(content(*flows, old), content(*flows, new))) == [
        ("Inner", "required", False),
        ("Outer", "changed inside", False),
        ("Outer", "calls a changed flow", False),
    ]


def test_ten_thousand_flows_are_compared_quickly() -> None:
    """One change among ten thousand Business Objects and flows names its flow and no other."""
    objects = [business_object(f"BO{number}", id="string", below=f"[BO{number + 1}]") for number in range(10_000)]
    flows = [flow(f"F{number}", inputs={"A": f"BO{number}"}) for number in range(10_000)]
    old = content(*flows, *objects, business_object("BO10000", id="string"))
    new = content(
        *flows,
        *(
            business_object("BO3", id="string", below="[BO4]", more="string?") if each.name == "BO3" else each
            for each in objects
        ),
        business_object("BO10000", id="string"),
    )
    assert [impact.path for impact in impact_of(old, new)] == [
        "A.below.below.below.more",
        "A.below.below.more",
        "A.below.more",
        "A.more",
    ]


def test_every_kind_is_documented() -> None:
    """A kind without a row in the page of rules is not finished."""
    from pathlib import Path

    page = (Path(__file__).parents[4] / "docs/reference/impact.md").read_text(encoding="utf-8")
    assert not [kind for kind in KINDS if f"`{kind}`" not in page]


def test_contents_are_not_changed() -> None:
    """The comparison leaves what it is given as it is."""
    old = content(flow(inputs={"A": "Order"}), business_object("Order", id="string"))
    twin = content(flow(inputs={"A": "Order"}), business_object("Order", id="string"))
    impact_of(old, content())
    assert isinstance(old, AppContent)
    assert old == twin
