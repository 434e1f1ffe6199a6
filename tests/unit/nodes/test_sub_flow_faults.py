"""`sub flow`: what is told of it."""

from tests.unit.small_apps import told, told_of_flow


def test_an_unknown_flow() -> None:
    """A flow that the app does not have is told."""
    found = told_of_flow("""
  A: {type: sub flow, flow: Gee, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D074 The application has no flow "Gee".
 --> shop/microflows/F.yaml:7:29
  |
7 |   A: {type: sub flow, flow: Gee, next: End}
  |                             ^^^
  = see: docs/reference/errors.md#mf-d074

1 fault.
""".strip("\n")
    )


def test_a_missing_input() -> None:
    """An input that the callee needs is told with what to add."""
    found = told_of_flow("""
  A: {type: sub flow, flow: F, next: End, recursive: true}
""")
    assert (
        found.strip("\n")
        == """
MF-D075 The flow "F" needs the input "In".
 --> shop/microflows/F.yaml:7:3
  |
7 |   A: {type: sub flow, flow: F, next: End, recursive: true}
  |   ^
  = help: add `in: {In: = …}`
  = see: docs/reference/errors.md#mf-d075

1 fault.
""".strip("\n")
    )


def test_an_unknown_input() -> None:
    """An input that the callee does not have is told with the nearest one."""
    found = told_of_flow("""
  A: {type: sub flow, flow: F, in: {In: = In, Inn: = In}, next: End, recursive: true}
""")
    assert (
        found.strip("\n")
        == """
MF-D065 The node takes no input "Inn".
 --> shop/microflows/F.yaml:7:47
  |
7 |   A: {type: sub flow, flow: F, in: {In: = In, Inn: = In}, next: End, recursive: true}
  |                                               ^^^
  = help: did you mean "In"?
  = see: docs/reference/errors.md#mf-d065

1 fault.
""".strip("\n")
    )


def test_a_literal_that_does_not_fit() -> None:
    """A literal is checked against the callee's type."""
    found = told_of_flow("""
  A: {type: sub flow, flow: F, in: {In: {id: 5}}, next: End, recursive: true}
""")
    assert (
        found.strip("\n")
        == """
MF-D061 The value does not fit: id: expected text, found number 5.
 --> shop/microflows/F.yaml:7:41
  |
7 |   A: {type: sub flow, flow: F, in: {In: {id: 5}}, next: End, recursive: true}
  |                                         ^
  = expected: text
  = found: number 5
  = see: docs/reference/errors.md#mf-d061

1 fault.
""".strip("\n")
    )


def test_a_flow_that_calls_itself() -> None:
    """The message names the ring, and the help how it is allowed."""
    found = told_of_flow("""
  A: {type: sub flow, flow: F, in: {In: = In}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D108 The flow calls itself: F → F.
 --> shop/microflows/F.yaml:7:29
  |
7 |   A: {type: sub flow, flow: F, in: {In: = In}, next: End}
  |                             ^
  = help: set `recursive: true` if that is meant, and see that it comes to an end
  = see: docs/reference/errors.md#mf-d108

1 fault.
""".strip("\n")
    )


RING = """
microflow: {name}
nodes:
  Start: {{type: start, next: Call}}
  Call: {{type: sub flow, flow: {callee}, next: End}}
  End: {{type: end}}
"""


def test_flows_that_call_each_other_in_a_ring() -> None:
    """Each call of the ring is told; a flow that only leads into it is not."""
    names = {"A": "B", "B": "C", "C": "A", "D": "A"}
    found = told(*(RING.format(name=name, callee=callee) for name, callee in names.items()))
    assert sorted(line for line in found.splitlines() if line.startswith("MF-")) == [
        "MF-D108 The flow calls itself: A → B → C → A.",
        "MF-D108 The flow calls itself: B → C → A → B.",
        "MF-D108 The flow calls itself: C → A → B → C.",
    ]


def test_recursive_that_is_not() -> None:
    """A flow that says it calls itself and does not gets a warning."""
    quiet = "microflow: Quiet\nnodes:\n  Start: {type: start, next: End}\n  End: {type: end}\n"
    loud = RING.format(name="Loud", callee="Quiet").replace("next: End}", "next: End, recursive: true}")
    found = told(quiet, loud)
    assert "MF-D108 warning: The flow does not call itself by this node." in found
    assert "1 warning" in found
