"""Which outputs of a callee are surely written when it ends."""

import pytest
from tests.unit.small_apps import source_of

from microflow_runtime.compiler.assigned import assigned_at_ends
from microflow_runtime.compiler.reading import read_definitions

POINT = "business_object: Point\nfields: {x: decimal, y: decimal}\n"
HEAD = """microflow: F
inputs: {In: Point, Maybe: Point?}
outputs: {Out: Point, Other: Point}
variables: {A: Point}
nodes:
"""


@pytest.mark.parametrize(
    ("nodes", "written"),
    [
        ("  Start: {type: start, next: End}\n  End: {type: end}", {"In"}),
        ("  Start: {type: start, next: End}\n  End: {type: end, out: {Out.x: 1}}", {"In", "Out"}),
        (
            """
  Start: {type: start, next: Which?}
  Which?: {type: gateway, links: [{when: = In.x > 1, to: Left}, {otherwise: true, to: Right}]}
  Left: {type: mapping, out: {Out.x: 1, A: = In}, next: End}
  Right: {type: mapping, out: {Out: = In, Other: = In}, next: End}
  End: {type: end}""",
            {"In", "Out"},
        ),
        (
            """
  Start: {type: start, next: Try}
  Try: {type: mapping, out: {A: = In, Out: = In}, catch: [{error: any, out: {Out: = In}, to: End}], next: End}
  End: {type: end}""",
            {"In", "Out"},
        ),
        (
            """
  Start: {type: start, next: Again?}
  Again?: {type: gateway, links: [{when: = In.x > 1, to: Write}, {otherwise: true, to: End}]}
  Write: {type: mapping, out: {A: = In}, next: Again?}
  End: {type: end}""",
            {"In"},
        ),
    ],
)
def test_what_every_way_has_written(nodes: str, written: set[str]) -> None:
    """Only what every way to an end writes counts; a catch has its own lines and not those of the node that failed."""
    flow = read_definitions(source_of(POINT, HEAD + nodes.strip("\n") + "\n")).microflows["F"]
    assert assigned_at_ends(flow) == written
