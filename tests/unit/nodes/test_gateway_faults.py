"""`gateway`: what is told of it."""

from tests.unit.small_apps import told_of_flow


def test_takes_no_mapping() -> None:
    """A gateway takes no `out`."""
    found = told_of_flow("""
  A: {type: gateway, out: {Out.id: x}, links: [{otherwise: true, to: End}]}
""")
    assert (
        found.strip("\n")
        == """
MF-D070 A gateway takes no `out`.
 --> shop/microflows/F.yaml:7:22
  |
7 |   A: {type: gateway, out: {Out.id: x}, links: [{otherwise: true, to: End}]}
  |                      ^^^
  = help: use a mapping node before or after
  = see: docs/reference/errors.md#mf-d070

1 fault.
""".strip("\n")
    )


def test_two_for_the_rest() -> None:
    """A gateway has one `otherwise`; the second is told once."""
    found = told_of_flow("""
  A:
    type: gateway
    links:
      - {otherwise: true, to: End}
      - {otherwise: true, to: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D017 A gateway has one link for the rest
  --> shop/microflows/F.yaml:11:10
   |
11 |       - {otherwise: true, to: End}
   |          ^^^^^^^^^
   = declared at: shop/microflows/F.yaml:10:10
   = see: docs/reference/errors.md#mf-d017

1 fault.
""".strip("\n")
    )


def test_a_condition_for_the_rest() -> None:
    """A link for the rest has no condition."""
    found = told_of_flow("""
  A:
    type: gateway
    links:
      - {otherwise: true, when: = true, to: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D017 `nodes.A.links[1]` has both `when` and `otherwise`
  --> shop/microflows/F.yaml:10:10
   |
10 |       - {otherwise: true, when: = true, to: End}
   |          ^^^^^^^^^
   = declared at: shop/microflows/F.yaml:10:27
   = help: keep one of the two
   = see: docs/reference/errors.md#mf-d017

1 fault.
""".strip("\n")
    )


def test_a_link_without_condition() -> None:
    """A link has a condition or is for the rest."""
    found = told_of_flow("""
  A:
    type: gateway
    links:
      - {to: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D017 `nodes.A.links[1]` has neither `when` nor `otherwise`
  --> shop/microflows/F.yaml:10:9
   |
10 |       - {to: End}
   |         ^
   = help: add `when` or `otherwise`
   = see: docs/reference/errors.md#mf-d017

1 fault.
""".strip("\n")
    )
