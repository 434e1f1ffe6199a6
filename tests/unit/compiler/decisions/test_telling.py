"""What is told of a table as a whole, by its hit policy."""

import pytest
from tests.unit.decision_flows import lines_of, told_of


def _lines(
    rules: str, *, hit: str = "unique", inputs: str = "x: = In.amount", outputs: str = "n: integer?"
) -> list[str]:
    return lines_of(f"hit: {hit}\ninputs: {{{inputs}}}\noutputs: {{{outputs}}}\nrules: [{rules}]\n")


def test_an_overlap_is_an_error_at_the_later_rule() -> None:
    """With inputs that both take."""
    table = """
inputs: {kind: = In.kind, amount: = In.amount}
outputs: {n: integer?}
rules:
  - {when: ['"gold"', '<= 10'], then: 1}
  - {when: ['"gold"', '>= 10'], then: 2}
"""
    assert (
        told_of(table)
        == """
MF-D156 Rules 1 and 2 take the same inputs: kind = "gold", amount = 10.
  --> shop/microflows/F.yaml:12:9
   |
12 |       - {when: ['"gold"', '>= 10'], then: 2}
   |         ^
   = help: let their tests exclude each other, or choose another hit policy
   = see: docs/reference/errors.md#mf-d156

1 fault.
""".lstrip("\n")
    )


def test_inputs_that_depend_on_each_other_make_it_a_warning() -> None:
    """Nobody can tell whether the example ever comes."""
    assert _lines(
        "{when: ['< 5', '-'], then: 1}, {when: ['-', '>= 5'], then: 2}", inputs="x: = In.amount, y: = In.amount * 2"
    ) == ["MF-D156 warning Rules 1 and 2 may take the same inputs: x = 4, y = 5."]


def test_many_overlaps_are_told_in_short() -> None:
    """Five, and how many more."""
    found = _lines(", ".join(["{when: '-', then: 1}"] * 5))
    assert len(found) == 6
    assert found[-1] == "MF-D156 So do 5 other pairs of rules."


def test_any_minds_only_outputs_that_differ() -> None:
    """Equal ones are what it is for; formulas are looked at when they are computed."""
    assert _lines("{when: '> 1', then: 1}, {when: '> 2', then: 1}, {when: '> 3', then: = In.count}", hit="any") == []
    assert _lines("{when: '> 1', then: 1}, {when: '> 2', then: 2}", hit="any") == [
        "MF-D156 Rules 1 and 2 take the same inputs and give different outputs: x = 3."
    ]


@pytest.mark.parametrize("hit", ["first", "priority", "rule order", "output order", "collect"])
def test_other_policies_take_overlaps(hit: str) -> None:
    """They say what is given then."""
    outputs = "n: {type: integer?, allowed: [1, 2]}"
    assert _lines("{when: '> 1', then: 1}, {when: '-', then: 2}", hit=hit, outputs=outputs) == []


def test_a_gap_is_a_warning_where_it_would_be_an_error() -> None:
    """Not where a list is empty, an output has a default or may be missing."""
    told = ["MF-D157 warning No rule takes x = -1."]
    assert _lines("{when: '> 0', then: 1}, {when: 0, then: 2}", outputs="n: integer") == told
    assert _lines("{when: '> 0', then: 1}", outputs="n: {type: integer, default: 0}") == []
    assert _lines("{when: '> 0', then: 1}", outputs="n: integer?") == []
    assert _lines("{when: '> 0', then: 1}", outputs="n: integer", hit="collect") == []
    assert _lines("{when: '> 0', then: 1}", outputs="n: integer", hit="collect\naggregate: count") == []
    assert _lines("{when: '> 0', then: 1}", outputs="n: integer", hit="collect\naggregate: sum") == [
        "MF-D157 warning No rule takes x = -1."
    ]


def test_what_is_known_of_an_input_closes_gaps() -> None:
    """Its type, its values, its bounds; a value that may be missing is one more to think of."""
    count = "x: = In.count"
    assert _lines("{when: '[0..4]', then: 1}, {when: '[5..10]', then: 2}", inputs=count, outputs="n: integer") == []
    assert _lines("{when: '[0..4]', then: 1}, {when: '[6..10]', then: 2}", inputs=count, outputs="n: integer") == [
        "MF-D157 warning No rule takes x = 5."
    ]
    kinds = '{when: \'"gold", "silver"\', then: 1}, {when: \'"new"\', then: 2}'
    assert _lines(kinds, inputs="kind: = In.kind", outputs="n: integer") == [
        "MF-D157 warning No rule takes kind is missing."
    ]
    assert _lines(kinds + ", {when: 'null', then: 3}", inputs="kind: = In.kind", outputs="n: integer") == []
    halves = "{when: '< 5', then: 1}, {when: '> 4', then: 2}"
    assert _lines(halves, inputs="x: {value: = In.amount * 2, type: integer}", outputs="n: integer") == []
    listed = "x: {value: = In.amount, allowed: [1, 2]}"
    assert _lines("{when: 1, then: 1}, {when: 2, then: 2}", inputs=listed, outputs="n: integer") == []


def test_rules_that_are_never_taken() -> None:
    """Told at the rule; the example of a gap behind them stands."""
    assert _lines("{when: '[5..1]', then: 1}, {when: '-', then: 2}, {when: 3, then: 3}", hit="first") == [
        "MF-D158 warning Rule 1 never holds: its tests take nothing.",
        "MF-D158 warning Rule 3 is never taken: the rules before it take all that it does.",
    ]


def test_a_table_that_is_too_large_says_so() -> None:
    """And compiles."""
    columns = range(24)
    inputs = ", ".join(f"x{n}: = In.amount + {n}" for n in columns)
    rows = ", ".join(
        "{when: ["
        + ", ".join(
            f"'[{(row * 5 + n * 3) % 11}..{(row * 5 + n * 3) % 11 + 4}]'" if (row + n) % 3 else "'-'" for n in columns
        )
        + "], then: 1}"
        for row in range(60)
    )
    found = _lines(rows, hit="first", inputs=inputs, outputs="n: integer")
    assert all(" warning " in line for line in found)
