"""Which rules hold: cells that are looked up and cells that are computed, missing values, declared types, allowed values."""

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.decision_flows import answer, app_of
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import RunLimits
from microflow_runtime.errors import DeadlineExceeded, NodeError


def _app(value: str, *cells: str, more: str = "") -> SmallApp:
    rules = "\n".join(f"  - {{when: {cell}, then: {number}}}" for number, cell in enumerate(cells, 1))
    table = f"hit: rule order\ninputs: {{x: {{value: {value}{more}}}}}\noutputs: {{n: integer}}\nrules:\n{rules}\n"
    return app_of(table, "Out.rules: = rules")


async def _rules(app: SmallApp, **given: Any) -> list[int]:
    return [int(number) for number in (await answer(app, **given)).get("rules", [])]


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        ({}, [4, 5, 6]),
        ({"maybe": 1}, [1, 6]),
        ({"maybe": 5}, [2, 6, 7]),
        ({"maybe": 10}, [2, 4, 6, 7]),
        ({"maybe": 11}, [3, 4, 6, 7]),
    ],
)
async def test_numbers(given: dict[str, Any], rules: list[int]) -> None:
    """Values, ranges, comparisons, all others, missing ones, any, conditions."""
    app = _app("= In.maybe", "1", "'[5..10]'", "'> 10'", "'not(1, 5)'", "'null'", "'-'", "'? * 2 > 5'")
    assert await _rules(app, **given) == rules


async def test_texts_days_and_truths() -> None:
    """Each type is found by its constants."""
    texts = _app("= In.word", "'\"a\"'", '\'"a", "b"\'', "'not(\"a\")'", "'< \"b\"'")
    assert [await _rules(texts, word=word) for word in ("a", "b", "z")] == [[1, 2, 4], [2, 3], [3]]
    assert await _rules(texts) == [3]
    days = _app("= In.day", "'@\"2026-01-01\"'", '\'[@"2026-01-01"..@"2026-02-01")\'', "'>= @\"2026-02-01\"'")
    assert [await _rules(days, day=day) for day in ("2026-01-01", "2026-01-31", "2026-02-01", "2025-12-31")] == [
        [1, 2],
        [2],
        [3],
        [],
    ]
    truths = _app("= In.open", "true", "false", "'null'", "'not(true)'")
    assert [await _rules(truths, open=value) for value in (True, False, None)] == [[1], [2, 4], [3, 4]]


async def test_types_that_are_not_looked_into() -> None:
    """A moment, a list: each cell is computed."""
    moments = _app("= In.at", "'< @\"2026-01-01T00:00:00Z\"'", "'-'", "'null'")
    assert await _rules(moments, at="2025-06-01T12:00:00Z") == [1, 2]
    assert await _rules(moments) == [2, 3]
    lists = _app("= In.others", "'count(?) = 1'", "'count(?) > 1'")
    assert await _rules(lists, others=[{"amount": 1}]) == [1]


async def test_a_cell_may_read_the_flow() -> None:
    """Its condition sees the variables, and the value as `?`."""
    app = _app("= In.amount", "'> In.count'", "'? = In.count'", "5")
    assert await _rules(app, amount=5, count=3) == [1, 3]
    assert await _rules(app, amount=5, count=5) == [2, 3]


async def test_a_declared_type_is_held() -> None:
    """Where the formula could give more: a fraction is no integer."""
    app = _app("= In.amount * 2", "'< 10'", "'>= 10'", more=", type: integer")
    assert await _rules(app, amount=6) == [2]
    with pytest.raises(NodeError, match=r'the input "x" does not fit: expected .*integer') as caught:
        await _rules(app, amount=Decimal("0.25"))
    assert caught.value.kind == "decision.input"
    assert caught.value.data == {"input": "x"}


@pytest.mark.parametrize("allowed", ["[1, 2, 3]", "'[1..3]'", "'? in (1, 2, 3)'", "'modulo(?, 4) > 0 and ? < 4'"])
async def test_other_values_than_the_allowed_are_refused(allowed: str) -> None:
    """However they are written; a missing one passes. The message does not show the value."""
    app = _app("= In.maybe", "'< 3'", "'>= 3'", more=f", allowed: {allowed}")
    assert await _rules(app, maybe=2) == [1]
    assert await _rules(app) == []
    with pytest.raises(NodeError) as caught:
        await _rules(app, maybe=4)
    assert str(caught.value) == 'F, decision "Decide": the value of the input "x" is none of those allowed.'
    assert caught.value.kind == "decision.input"


async def test_failures_name_input_and_rule() -> None:
    """Of a formula of an input, and of a cell."""
    with pytest.raises(NodeError, match='the input "x" failed: division by zero') as caught:
        await _rules(_app("= 1 / In.amount", "'-'"), amount=0)
    assert caught.value.kind == "formula"
    with pytest.raises(NodeError, match='the test of the input "x" in rule 2 failed: division by zero'):
        await _rules(_app("= In.amount", "1", "'10 / ? > 1'"), amount=0)


async def test_a_cell_that_is_not_asked_does_not_fail() -> None:
    """Other columns decide first, whatever their place."""
    table = """
    hit: first
    inputs: {a: = In.amount, b: = In.count}
    outputs: {n: integer?}
    rules:
      - {when: ['1 / ? > 0', 1], then: 1}
"""
    app = app_of(table, "Out.whole: = n")
    assert await answer(app, amount=0, count=2) == {}
    with pytest.raises(NodeError):
        await answer(app, amount=0, count=1)


async def test_the_end_of_the_time_is_no_failure_of_a_cell() -> None:
    """The call ends; no catch of the node takes it."""
    app = _app("= In.amount", "'count(for i in 1..200000 return i) > ?'")
    with pytest.raises(DeadlineExceeded):
        await app.call("F", {"In": {"amount": 1}}, limits=RunLimits(execution_ns=1_000_000))


async def test_more_rules_take_no_more_time_to_find() -> None:
    """Of a thousand rules one is found, the last as the first, and the right one."""
    table = "inputs: {x: = In.amount, y: = In.word}\noutputs: {n: integer}\nrules:\n"
    table += "".join(f"  - {{when: ['[{n}..{n + 1})', '\"w{n % 7}\"'], then: {n}}}\n" for n in range(1000))
    app = app_of(table, "Out.whole: = n")
    for number in (0, 499, 999):
        assert await answer(app, amount=number + Decimal("0.5"), word=f"w{number % 7}") == {"whole": number}
