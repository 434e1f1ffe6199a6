"""`start`: what is told of it."""

from tests.unit.small_apps import told_of_flow


def test_takes_no_mapping() -> None:
    """A start takes no `out`."""
    found = told_of_flow(
        """
  A: {type: mapping, out: {Out.id: x}, next: End}
""",
        start="  Start: {type: start, out: {Out.id: x}, next: A}\n",
    )
    assert (
        found.strip("\n")
        == """
MF-D070 A start node takes no `out`.
 --> shop/microflows/F.yaml:6:24
  |
6 |   Start: {type: start, out: {Out.id: x}, next: A}
  |                        ^^^
  = help: use a mapping node
  = see: docs/reference/errors.md#mf-d070

1 fault.
""".strip("\n")
    )
