"""A decision node as a whole: a table or a file, what goes in, what the trace shows."""

import pytest
from tests.unit.decision_flows import answer, app_of, lines_of

from microflow_runtime.nodes import NODE_TYPES

_TABLE = "inputs: {amount: = In.amount}\noutputs: {n: integer}\nrules: [{when: '-', then: 1}]\n"


def test_it_waits_for_nothing() -> None:
    """So a flow with one can be answered at once."""
    assert NODE_TYPES["decision"].waits is False


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("hit: first\n", "MF-D150 The table has no inputs and no outputs and no rules."),
        ("inputs: {a: = In.amount}\nrules: [{then: 1}]\n", "MF-D150 The table has no outputs."),
        (f"file: files/a.dmn\ndecision: A\n{_TABLE}", "MF-D150 A decision is a table or comes from a file."),
        ("file: files/a.dmn\n", "MF-D150 A decision is a table or comes from a file."),
        (f"{_TABLE}in: {{a: 1}}\n", "MF-D070 A decision table takes no `in`."),
        (f"{_TABLE}timeout: 1s\n", "MF-D068 A decision node does not wait, so it takes no `timeout`."),
    ],
)
def test_it_is_one_of_two(settings: str, told: str) -> None:
    """A table with all its parts, or a decision of a file."""
    assert lines_of(settings) == [told]


def test_the_mapping_sees_what_the_table_gives() -> None:
    """Names and types: a single result has no list, a list no single values."""
    assert lines_of(_TABLE, "Out.number: = results[1].n") == ["MF-F002 there is no `results` here"]
    collect = _TABLE.replace("integer", "string").replace("then: 1", "then: a") + "hit: collect\n"
    assert lines_of(collect, "Out.numbers: = results.n") == [
        "MF-F010 the formula gives [string], and [number]? is wanted here"
    ]


def test_everything_is_told_at_once() -> None:
    """The mapping behind a table with a fault, and a file behind another node's fault."""
    assert lines_of(_TABLE.replace("'-'", "'< '"), "Out.text: = n", "Out.wrong: 1") == [
        "MF-F001 expected a value, found the end of the formula",
        "MF-F010 the formula gives number, and string? is wanted here",
        'MF-D063 Answer has no field "wrong".',
    ]


async def test_an_output_may_be_called_as_a_variable_is() -> None:
    """The mapping then means the output."""
    table = "inputs: {amount: = In.amount}\noutputs: {In: integer}\nrules: [{when: '-', then: = In.amount + 1}]\n"
    assert await answer(app_of(table, "Out.whole: = In"), amount=2) == {"whole": 3}


async def test_a_result_is_nobody_elses() -> None:
    """What one call writes into it does not reach the next one, though the rule's values are constants."""
    table = """
    inputs: {amount: = In.amount}
    outputs: {texts: [string]}
    rules: [{when: '-', then: {texts: [a, b]}}]
"""
    app = app_of(table, 'Out.texts: = append(texts, "c")')
    for _ in range(2):
        assert await answer(app) == {"texts": ["a", "b", "c"]}


async def test_rules_read_the_caller() -> None:
    """A table whose cells alone read the caller gets one."""
    table = "inputs: {a: = In.amount}\noutputs: {n: integer?}\nrules: [{when: '? >= 0 and caller.username = \"tester\"', then: 1}]\n"
    assert await answer(app_of(table, "Out.whole: = n")) == {"whole": 1}
