"""What is wrong with a loop or with branches is told when the flow is compiled, with its place."""

import pytest
from tests.unit.small_apps import told_of_flow

LOOP = """
  A:
    type: loop
    each: = In.lines
    item: Line
    next: End
"""
BODY = """
    nodes:
      Start: {type: start, next: Add}
      Add: {type: mapping, out: {Out.id: "x"}, next: End}
      End: {type: end}
"""


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        (LOOP, 'MF-D100 The loop "A" has nothing inside it.'),
        (LOOP + "    branches: {B: {Start: {type: start, next: E}, E: {type: end}}}\n" + BODY, "MF-D100 A loop node takes no `branches`."),
        (
            "  A: {type: mapping, out: {Out.id: x}, next: End, nodes: {S: {type: start, next: E}, E: {type: end}}}",
            "MF-D100 A mapping node takes no `nodes`.",
        ),
        (LOOP + BODY.replace("next: End}", "next: Gone}"), 'MF-D051 There is no node "Gone" in the loop.'),
        (LOOP + BODY.replace("Out.id", "Line.sku"), 'MF-D062 "Line" cannot be written.'),
        (LOOP + "    variables: {In: string}\n" + BODY, 'MF-D101 "In" is the name of something else here already.'),
        (LOOP + "    at_once: 2\n" + BODY, 'MF-D103 Turns that run side by side cannot write "Out" of the flow.'),
        (LOOP + "    while: = true\n" + BODY, "MF-D102 A loop has one of `each`, `from` and `while`."),
        (LOOP.replace("each: = In.lines", "from: {type: mapping}") + BODY, "MF-D105 `from` has the type of a node that gives items one by one."),
        (LOOP.replace("each: = In.lines", "from: {type: database, source: gone, command: select, sql: select 1}") + BODY, 'MF-D076 The application has no data source "gone".'),
        (LOOP.replace("each: = In.lines", "from: {type: database, command: select, sql: select 1}") + BODY, 'MF-D058 The database node "A" needs the setting "source".'),
        (LOOP.replace("= In.lines", "= In.id") + BODY, "MF-F"),
        (LOOP + "    collect: Line\n" + BODY, "MF-D102 `collect` is a formula."),
        (LOOP + "    collect: = Line.nothing\n" + BODY, "MF-F"),
        (LOOP + "    variables: {X: Nothing}\n" + BODY, 'MF-D067 There is no Business Object "Nothing".'),
        (LOOP + BODY.replace("      End: {type: end}", "      Other: {type: end}").replace("next: End}", "next: Other}").replace("{type: start, next: Add}", "{type: start, next: Other}"), 'MF-D055 Nothing leads to the node "Add".'),
        (LOOP + "    nodes:\n      End: {type: end}\n", "MF-D052 The loop has no start node."),
        (LOOP + "    nodes:\n      Start: {type: start, next: Start}\n", "MF-D056 The loop has no end."),
    ],
)  # fmt: skip
def test_a_fault_of_a_loop_is_told(nodes: str, told: str) -> None:
    """The first sentence says what is wrong."""
    assert told in told_of_flow(nodes)


def test_a_fault_inside_a_loop_stands_at_its_line() -> None:
    """The place is that of the word in the nodes inside."""
    found = told_of_flow(LOOP + BODY.replace('"x"', "= Line.skuu"))
    assert "--> shop/microflows/F.yaml:15:" in found, found


BRANCH = """
      {name}:
        Start: {{type: start, next: M}}
        M: {{type: mapping, out: {{{out}}}, next: End}}
        End: {{type: end}}
"""


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("Out.id: a", "Out.count: 1", 'MF-D104 "Out" is written by the branch "Two" and by "One".'),
        (
            "Out.id: a",
            "Note.sku: '= string(Out.id = null)'",
            'MF-D104 "Out" is read by the branch "Two" and written by "One".',
        ),
        (
            "Note.sku: '= string(Out.id = null)'",
            "Out.id: a",
            'MF-D104 "Out" is read by the branch "One" and written by "Two".',
        ),
    ],
)
def test_branches_keep_out_of_each_others_way(first: str, second: str, told: str) -> None:
    """Two branches that write one variable, or one that reads what another writes, are a fault."""
    branches = BRANCH.format(name="One", out=first) + BRANCH.format(name="Two", out=second).lstrip("\n")
    assert told in told_of_flow("  A:\n    type: parallel\n    next: End\n    branches:" + branches)
