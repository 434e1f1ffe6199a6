"""`end`: what is told of it."""

from tests.unit.small_apps import told_of_flow


def test_takes_no_inputs() -> None:
    """An end takes no `in`."""
    found = told_of_flow(
        """
  A: {type: mapping, out: {Out.id: x}, next: End}
""",
        end="  End: {type: end, in: {x: 1}}\n",
    )
    assert (
        found.strip("\n")
        == """
MF-D070 An end node takes no `in`.
 --> shop/microflows/F.yaml:8:20
  |
8 |   End: {type: end, in: {x: 1}}
  |                    ^^
  = see: docs/reference/errors.md#mf-d070

1 fault.
""".strip("\n")
    )
