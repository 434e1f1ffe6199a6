"""A table as it is written in a node: what is told of it."""

import pytest
from tests.unit.decision_flows import lines_of, told_of

_INPUTS = "inputs: {amount: = In.amount}\n"
_OUTPUTS = "outputs: {n: integer?}\n"
_RULES = "rules: [{when: '-', then: 1}]\n"


def _lines(inputs: str = _INPUTS, outputs: str = _OUTPUTS, rules: str = _RULES, more: str = "") -> list[str]:
    return lines_of(more + inputs + outputs + rules)


def test_a_table_without_faults() -> None:
    """Is told nothing of."""
    assert _lines() == []


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ("inputs: {}\n", "MF-D150 A table has 1 to 64 inputs; this one has 0."),
        ("inputs: {amount: 5}\n", 'MF-D151 The input "amount" is a formula.'),
        ("inputs: {amount: {type: integer}}\n", 'MF-D151 The input "amount" is a formula.'),
        ("inputs: {amount: {value: = In.amount, typ: x}}\n", 'MF-D151 There is no "typ" here.'),
        ("inputs: {amount: {value: = In.amount, type: wat}}\n", 'MF-D106 No variable, input or output of the flow is a "wat".'),
        ("inputs: {amount: {value: = In, type: Case}}\n", "MF-D151 The type of an input is a simple one, as `integer`."),
        ("inputs: {amount: {value: = In.amount, allowed: 5}}\n", "MF-D151 `allowed` is a list of values, or tests as '[0..100]'."),
        (
            "inputs: {amount: {value: = In.amount, allowed: [a]}}\n",
            "MF-D151 The allowed values of amount are no list of values of its type, number.",
        ),
        (
            "inputs: {day: {value: = In.day, allowed: [someday]}}\n",
            "MF-D151 The allowed values of day are no list of values of its type, date.",
        ),
        ("inputs: {amount: = In.amout}\n", "MF-F003 Case has no field `amout`"),
        (
            "inputs: {amount: {value: = In.word, type: integer}}\n",
            "MF-F010 the formula gives string?, and number? is wanted here",
        ),
    ],
)  # fmt: skip
def test_inputs(inputs: str, told: str) -> None:
    """One that is no formula, with a wrong type or wrong allowed values."""
    assert told in _lines(inputs=inputs)


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ("outputs: {}\n", "MF-D150 A table has 1 to 64 outputs; this one has 0."),
        ("outputs: {n: wat}\n", 'MF-D106 No variable, input or output of the flow is a "wat".'),
        ("outputs: {n: {allowed: [1]}}\n", "MF-D106 `type` is no type."),
        ("outputs: {result: integer}\n", 'MF-D152 An output cannot be called "result".'),
        ("outputs: {a.b: integer}\n", 'MF-D152 An output cannot be called "a.b".'),
        ("outputs: {n: {type: integer, allowed: [a]}}\n", 'MF-D152 The allowed values of "n" are no list of values of its type.'),
        ("outputs: {n: {type: integer, allowed: [2]}}\n", 'MF-D154 This is none of the allowed values of "n".'),
        ("outputs: {n: {type: integer, default: x}}\n", 'MF-D061 The value does not fit: expected integer, found text "x".'),
        ("outputs: {n: {type: integer, defaut: 1}}\n", 'MF-D151 There is no "defaut" here.'),
    ],
)  # fmt: skip
def test_outputs(outputs: str, told: str) -> None:
    """One of no type, with a name of the node's own, wrong allowed values or a wrong default."""
    assert told in _lines(outputs=outputs)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("rules: []\n", "MF-D150 A table has 1 to 1,000 rules; this one has 0."),
        ("rules: [{when: '-', the: 1}]\n", 'MF-D151 There is no "the" here.'),
        ("rules: [{when: {amont: 1}, then: 1}]\n", 'MF-D153 The table has no input "amont".'),
        ("rules: [{when: [1, 2], then: 1}]\n", "MF-D153 The rule has 2 values for 1 input."),
        ("rules: [{when: [[1, 2]], then: 1}]\n", "MF-D153 A cell is a text of unary tests, a number, true or false."),
        ("rules: [{when: {amount: }, then: 1}]\n", "MF-D153 A cell is a text of unary tests, a number, true or false."),
        ("rules: [{when: '< ', then: 1}]\n", "MF-F001 expected a value, found the end of the formula"),
        ("rules: [{when: gold, then: 1}]\n", "MF-F002 there is no `gold` here"),
        ("rules: [{when: '\"gold\"', then: 1}]\n", "MF-F009 `=` of number and string can never be true"),
        ("rules: [{when: true, then: 1}]\n", "MF-F009 `=` of number and boolean can never be true"),
        ("rules: [{when: '-', then: {n: = In.word}}]\n", "MF-F010 the formula gives string?, and number? is wanted here"),
        ("rules: [{when: '-', then: 1.5}]\n", "MF-D061 The value does not fit: expected integer, found number 1.5."),
    ],
)  # fmt: skip
def test_rules(rules: str, told: str) -> None:
    """One with a column too many, a cell that is none, a test or value of the wrong type."""
    assert told in _lines(rules=rules)


def test_every_rule_gives_what_may_not_be_missing() -> None:
    """Left out, or given as nothing."""
    assert _lines(outputs="outputs: {n: integer}\n", rules="rules: [{when: '< 5'}, {when: '>= 5', then: {n: }}]\n") == [
        'MF-D153 Rule 1 gives no value to "n".',
        'MF-D153 "n" needs a value.',
    ]


def test_a_text_without_its_quotes() -> None:
    """The commonest mistake shows its remedy, under the right characters whatever the quotes of YAML are."""
    assert (
        told_of("inputs: {word: = In.word}\noutputs: {n: integer}\nrules:\n  - {when: ['\"a\", gold'], then: 1}\n")
        == """
MF-F002 there is no `gold` here
  --> shop/microflows/F.yaml:11:23
   |
11 |       - {when: ['"a", gold'], then: 1}
   |                       ^^^^
   = expected: ?, In, Out, caller
   = found: gold
   = help: a text stands in double quotes: "gold"
   = see: docs/reference/errors.md#mf-f002

1 fault.
""".lstrip("\n")
    )


@pytest.mark.parametrize(
    ("hit", "outputs", "told"),
    [
        ("priority", _OUTPUTS, "MF-D155 The hit policy priority needs an output with a list of allowed values, the best first."),
        ("output order", _OUTPUTS, "MF-D155 The hit policy output order needs an output with a list of allowed values, the best first."),
        ("collect\naggregate: sum", "outputs: {n: string?}\n", "MF-D155 The sum cannot be made of string."),
        ("collect\naggregate: max", "outputs: {n: boolean?}\n", "MF-D155 The max cannot be made of boolean."),
        ("collect\naggregate: min", "outputs: {n: integer?, m: integer?}\n", "MF-D155 To collect the min, a table has one output."),
        ("first\naggregate: min", _OUTPUTS, "MF-D150 `aggregate` belongs to the hit policy collect, not to first."),
        ("uniqe", _OUTPUTS, "MF-D059 The setting \"hit\" does not fit: Invalid enum value 'uniqe'."),
    ],
)  # fmt: skip
def test_hit_policies_need_what_they_work_with(hit: str, outputs: str, told: str) -> None:
    """Priorities need an order of values, sums numbers."""
    rules = "rules: [{when: '-', then: {n: }}]\n"
    assert _lines(outputs=outputs, rules=rules, more=f"hit: {hit}\n") == [told]


def test_too_many_rules() -> None:
    """A table stays one that can be looked through."""
    rules = "rules:\n" + "".join(f"  - {{when: {n}, then: 1}}\n" for n in range(1001))
    assert _lines(rules=rules) == ["MF-D150 A table has 1 to 1,000 rules; this one has 1,001."]
