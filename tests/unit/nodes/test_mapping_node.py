"""`mapping`: what is told of it."""

from tests.unit.small_apps import told_of_flow


def test_takes_no_inputs() -> None:
    """A mapping takes no `in`."""
    found = told_of_flow("""
  A: {type: mapping, in: {x: 1}, out: {Out.id: x}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D070 A mapping node takes no `in`; its formulas see every variable.
 --> shop/microflows/F.yaml:7:22
  |
7 |   A: {type: mapping, in: {x: 1}, out: {Out.id: x}, next: End}
  |                      ^^
  = see: docs/reference/errors.md#mf-d070

1 fault.
""".strip("\n")
    )


def test_maps_something() -> None:
    """A mapping without a line is told with what to add."""
    found = told_of_flow("""
  A: {type: mapping, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D071 The mapping "A" maps nothing.
 --> shop/microflows/F.yaml:7:3
  |
7 |   A: {type: mapping, next: End}
  |   ^
  = help: add `out:` with at least one line
  = see: docs/reference/errors.md#mf-d071

1 fault.
""".strip("\n")
    )
