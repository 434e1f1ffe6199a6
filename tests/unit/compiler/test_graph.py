"""The shape of flows: what is told of links, starts, ends and ways."""

from tests.unit.small_apps import told_of_flow


def test_a_target_that_does_not_exist() -> None:
    """A link to a node that is not there is told once, with the nearest name, and nothing that only follows from it."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.id: x}, next: Ende}
""")
    assert (
        found.strip("\n")
        == """
MF-D051 There is no node "Ende".
 --> shop/microflows/F.yaml:7:46
  |
7 |   A: {type: mapping, out: {Out.id: x}, next: Ende}
  |                                              ^^^^
  = help: did you mean "End"?
  = see: docs/reference/errors.md#mf-d051

1 fault.
""".strip("\n")
    )


def test_no_start() -> None:
    """A flow without start is told at its nodes."""
    found = told_of_flow(
        """
  A: {type: mapping, out: {Out.id: x}, next: End}
""",
        start="",
    )
    assert (
        found.strip("\n")
        == """
MF-D052 The flow has no start node.
 --> shop/microflows/F.yaml:5:1
  |
5 | nodes:
  | ^^^^^
  = help: add a node with `type: start`
  = see: docs/reference/errors.md#mf-d052

1 fault.
""".strip("\n")
    )


def test_a_second_start() -> None:
    """A second start is told at its name, with the first."""
    found = told_of_flow("""
  A: {type: start, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D052 The flow has a second start, "A"; the first is "Start".
 --> shop/microflows/F.yaml:7:3
  |
7 |   A: {type: start, next: End}
  |   ^
  = see: docs/reference/errors.md#mf-d052

1 fault.
""".strip("\n")
    )


def test_a_node_that_does_not_go_on() -> None:
    """A node without `next` is told with what to add, and nothing that only follows from it."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.id: x}}
""")
    assert (
        found.strip("\n")
        == """
MF-D053 The node "A" does not say where the flow goes on.
 --> shop/microflows/F.yaml:7:3
  |
7 |   A: {type: mapping, out: {Out.id: x}}
  |   ^
  = help: add `next: NODE`
  = see: docs/reference/errors.md#mf-d053

1 fault.
""".strip("\n")
    )


def test_a_gateway_without_links() -> None:
    """A gateway without links is told with what to add."""
    found = told_of_flow("""
  A: {type: gateway}
""")
    assert (
        found.strip("\n")
        == """
MF-D053 The gateway "A" has no links.
 --> shop/microflows/F.yaml:7:3
  |
7 |   A: {type: gateway}
  |   ^
  = help: add `links:` with at least one link
  = see: docs/reference/errors.md#mf-d053

1 fault.
""".strip("\n")
    )


def test_a_throw_that_goes_on() -> None:
    """A node that ends the flow takes no `next`."""
    found = told_of_flow("""
  A: {type: throw, message: x, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D054 A throw node takes no `next`.
 --> shop/microflows/F.yaml:7:32
  |
7 |   A: {type: throw, message: x, next: End}
  |                                ^^^^
  = see: docs/reference/errors.md#mf-d054

1 fault.
""".strip("\n")
    )


def test_links_of_another_kind() -> None:
    """Only a gateway has links; what the node lacks instead is told as well."""
    found = told_of_flow("""
  A:
    type: mapping
    out: {Out.id: x}
    links: [{otherwise: true, to: End}]
""")
    assert (
        found.strip("\n")
        == """
MF-D053 The node "A" does not say where the flow goes on.
 --> shop/microflows/F.yaml:7:3
  |
7 |   A:
  |   ^
  = help: add `next: NODE`
  = see: docs/reference/errors.md#mf-d053

MF-D054 A mapping node takes no `links`.
  --> shop/microflows/F.yaml:10:5
   |
10 |     links: [{otherwise: true, to: End}]
   |     ^^^^^
   = see: docs/reference/errors.md#mf-d054

2 faults.
""".strip("\n")
    )


def test_a_node_that_nothing_leads_to() -> None:
    """A node that no way reaches is told at its name."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.id: x}, next: End}
  Lost: {type: mapping, out: {Out.id: x}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D055 Nothing leads to the node "Lost".
 --> shop/microflows/F.yaml:8:3
  |
8 |   Lost: {type: mapping, out: {Out.id: x}, next: End}
  |   ^^^^
  = help: link it or delete it
  = see: docs/reference/errors.md#mf-d055

1 fault.
""".strip("\n")
    )


def test_a_node_without_way_to_an_end() -> None:
    """A node that goes round for ever is told at its name."""
    found = told_of_flow("""
  A:
    type: gateway
    links:
      - {when: = In.id = "x", to: Round}
      - {otherwise: true, to: End}
  Round: {type: mapping, out: {Out.id: x}, next: Round}
""")
    assert (
        found.strip("\n")
        == """
MF-D056 From the node "Round" there is no way to an end.
  --> shop/microflows/F.yaml:12:3
   |
12 |   Round: {type: mapping, out: {Out.id: x}, next: Round}
   |   ^^^^^
   = see: docs/reference/errors.md#mf-d056

1 fault.
""".strip("\n")
    )


def test_no_end() -> None:
    """A flow without any end is told at its nodes."""
    found = told_of_flow(
        """
  A: {type: mapping, out: {Out.id: x}, next: A}
""",
        end="",
    )
    assert (
        found.strip("\n")
        == """
MF-D056 The flow has no end.
 --> shop/microflows/F.yaml:5:1
  |
5 | nodes:
  | ^^^^^
  = help: add a node with `type: end`
  = see: docs/reference/errors.md#mf-d056

1 fault.
""".strip("\n")
    )
