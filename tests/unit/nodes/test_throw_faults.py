"""`throw`: what is told of it."""

from tests.unit.small_apps import told_of_flow


def test_takes_no_mapping() -> None:
    """A throw takes no `out`."""
    found = told_of_flow(
        """
  A: {type: throw, message: x, out: {Out.id: x}}
""",
        end="",
    )
    assert (
        found.strip("\n")
        == """
MF-D070 A throw node takes no `out`.
 --> shop/microflows/F.yaml:7:32
  |
7 |   A: {type: throw, message: x, out: {Out.id: x}}
  |                                ^^^
  = see: docs/reference/errors.md#mf-d070

1 fault.
""".strip("\n")
    )
