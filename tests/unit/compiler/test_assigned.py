"""What surely holds a value when a node is reached."""

from tests.unit.small_apps import source_of

from microflow_runtime.compiler.assigned import WHOLE, assigned_at_ends, assigned_at_start, assigned_before
from microflow_runtime.compiler.reading import read_definitions
from microflow_runtime.model.microflow import Microflow

POINT = "business_object: Point\nfields: {x: decimal, y: decimal}\n"


def _flow(nodes: str) -> Microflow:
    text = (
        "microflow: F\ninputs: {In: Point, Maybe: Point?}\noutputs: {Out: Point}\nvariables: {A: Point, B: Point}\nnodes:\n"
        + nodes.strip("\n")
        + "\n"
    )
    return read_definitions(source_of(POINT, text)).microflows["F"]


def test_required_inputs_are_there_from_the_start() -> None:
    """An input that may be missing is not."""
    flow = _flow("  Start: {type: start, next: End}\n  End: {type: end}")
    assert assigned_before(flow.nodes, assigned_at_start(flow))["Start"] == {"In": WHOLE}


def test_only_what_every_way_has_written_counts_at_a_join() -> None:
    """Two ways that write different fields of one variable leave what both wrote."""
    flow = _flow("""
  Start: {type: start, next: Which?}
  Which?: {type: gateway, links: [{when: = In.x > 1, to: Left}, {otherwise: true, to: Right}]}
  Left: {type: mapping, out: {A.x: 1, A.y: 1, B: = In}, next: End}
  Right: {type: mapping, out: {A.x: 2, B.y: 2}, next: End}
  End: {type: end, out: {Out.x: 1}}
""")
    state = assigned_before(flow.nodes, assigned_at_start(flow))["End"]
    assert (state["A"], state["B"]) == (frozenset({"x"}), frozenset({"y"}))
    assert assigned_at_ends(flow)["Out"] == frozenset({"x"})


def test_a_catch_has_not_what_the_failed_node_would_have_written() -> None:
    """Behind a catch only the catch's own lines count."""
    flow = _flow("""
  Start: {type: start, next: Try}
  Try:
    type: mapping
    out: {A: = In}
    catch: [{error: any, out: {B: = In}, to: Caught}]
    next: End
  Caught: {type: mapping, out: {Out.x: 1}, next: End}
  End: {type: end}
""")
    states = assigned_before(flow.nodes, assigned_at_start(flow))
    assert states["Caught"] == {"In": WHOLE, "B": WHOLE}
    assert set(states["End"]) == {"In"}


def test_a_loop_counts_what_its_first_round_had() -> None:
    """A node that is reached again from below knows only what both ways have."""
    flow = _flow("""
  Start: {type: start, next: Again?}
  Again?: {type: gateway, links: [{when: = In.x > 1, to: Write}, {otherwise: true, to: End}]}
  Write: {type: mapping, out: {A: = In}, next: Again?}
  End: {type: end}
""")
    states = assigned_before(flow.nodes, assigned_at_start(flow))
    assert set(states["Again?"]) == {"In"}
    assert set(states["End"]) == {"In"}
