"""`sub flow`: what is told of it."""

from tests.unit.small_apps import told_of_flow


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
  A: {type: sub flow, flow: F, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D075 The flow "F" needs the input "In".
 --> shop/microflows/F.yaml:7:3
  |
7 |   A: {type: sub flow, flow: F, next: End}
  |   ^
  = help: add `in: {In: = …}`
  = see: docs/reference/errors.md#mf-d075

1 fault.
""".strip("\n")
    )


def test_an_unknown_input() -> None:
    """An input that the callee does not have is told with the nearest one."""
    found = told_of_flow("""
  A: {type: sub flow, flow: F, in: {In: = In, Inn: = In}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D065 The node takes no input "Inn".
 --> shop/microflows/F.yaml:7:47
  |
7 |   A: {type: sub flow, flow: F, in: {In: = In, Inn: = In}, next: End}
  |                                               ^^^
  = help: did you mean "In"?
  = see: docs/reference/errors.md#mf-d065

1 fault.
""".strip("\n")
    )


def test_a_literal_that_does_not_fit() -> None:
    """A literal is checked against the callee's type."""
    found = told_of_flow("""
  A: {type: sub flow, flow: F, in: {In: {id: 5}}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D061 The value does not fit: id: expected text, found number 5.
 --> shop/microflows/F.yaml:7:41
  |
7 |   A: {type: sub flow, flow: F, in: {In: {id: 5}}, next: End}
  |                                         ^
  = expected: text
  = found: number 5
  = see: docs/reference/errors.md#mf-d061

1 fault.
""".strip("\n")
    )
