"""What a table gives by its hit policy, and when no rule holds or too many do."""

from decimal import Decimal

import pytest
from tests.unit.decision_flows import answer, app_of

from microflow_runtime.errors import NodeError

_ALL = ("Out.numbers: = results.percent", "Out.rules: = rules")
_ONE = ("Out.number: = percent", "Out.rules: = rules")


def _table(hit: str, *rules: str, percent: str = "decimal") -> str:
    listed = "\n".join(f"  - {rule}" for rule in rules)
    return f"hit: {hit}\ninputs: {{amount: = In.amount}}\noutputs: {{percent: {percent}}}\nrules:\n{listed}\n"


_STEPS = ("{when: '>= 10', then: 1}", "{when: '>= 20', then: 2}", "{when: '>= 30', then: 3}")


async def test_unique_gives_the_one_rule_that_holds() -> None:
    """Its outputs by name, all of them as a context, and its number from 1."""
    table = """
    inputs: {amount: = In.amount}
    outputs: {percent: decimal, why: string?}
    rules:
      - {when: ['< 10'], then: [1, small]}
      - {when: ['>= 10'], then: {percent: = In.amount * 2}}
"""
    app = app_of(table, "Out.number: = percent", "Out.text: = result.why", "Out.rules: = rules")
    assert await answer(app, amount=3) == {"number": 1, "text": "small", "rules": [1]}
    assert await answer(app, amount=10) == {"number": 20, "rules": [2]}


async def test_first_gives_the_first_rule_that_holds() -> None:
    """Later ones may hold, too, and are not computed."""
    rules = ("{when: '> 5', then: 1}", "{when: '> 1 / (? - 7)', then: 2}", "{when: '-', then: 3}")
    app = app_of(_table("first", *rules), *_ONE)
    assert await answer(app, amount=7) == {"number": 1, "rules": [1]}
    assert await answer(app, amount=-1) == {"number": 3, "rules": [3]}


async def test_any_gives_what_all_agree_on() -> None:
    """Equal outputs are one; that they are is found when they are computed."""
    rules = ("{when: '> 5', then: = In.amount}", "{when: '> 7', then: 8}", "{when: '<= 5', then: 0}")
    app = app_of(_table("any", *rules), *_ONE)
    assert await answer(app, amount=Decimal("8.0")) == {"number": Decimal("8.0"), "rules": [1, 2]}
    with pytest.raises(NodeError, match="the rules 1 and 2 hold at once and give different outputs") as caught:
        await answer(app, amount=9)
    assert caught.value.kind == "decision.overlap"
    assert caught.value.data == {"rules": [1, 2]}


async def test_priority_gives_the_best_by_the_allowed_values() -> None:
    """Not by the order of the rules."""
    app = app_of(_table("priority", *_STEPS, percent="{type: decimal, allowed: [2, 3, 1]}"), *_ONE)
    assert await answer(app, amount=35) == {"number": 2, "rules": [2]}
    assert await answer(app, amount=12) == {"number": 1, "rules": [1]}


async def test_priority_goes_from_the_first_output_to_the_next() -> None:
    """Two rules that are alike in the first output are told apart by the second; a missing value comes last."""
    table = """
    hit: priority
    inputs: {amount: = In.amount}
    outputs: {level: {type: string?, allowed: [high, low]}, text: {type: string, allowed: [b, a]}}
    rules:
      - {when: '> 0', then: {text: b}}
      - {when: '> 1', then: [high, a]}
      - {when: '> 2', then: [high, b]}
"""
    app = app_of(table, "Out.text: = text", "Out.rules: = rules")
    assert [(await answer(app, amount=amount))["rules"] for amount in (1, 2, 3)] == [[1], [2], [3]]


async def test_lists_come_in_the_order_of_the_rules_or_of_the_outputs() -> None:
    """And are empty when no rule holds."""
    in_turn = app_of(_table("rule order", *_STEPS), *_ALL)
    assert await answer(in_turn, amount=25) == {"numbers": [1, 2], "rules": [1, 2]}
    assert await answer(in_turn, amount=0) == {}
    best_first = app_of(_table("output order", *_STEPS, percent="{type: decimal, allowed: [3, 2, 1]}"), *_ALL)
    assert await answer(best_first, amount=35) == {"numbers": [3, 2, 1], "rules": [3, 2, 1]}
    collected = app_of(_table("collect", *_STEPS), *_ALL)
    assert await answer(collected, amount=35) == {"numbers": [1, 2, 3], "rules": [1, 2, 3]}


async def test_a_list_with_a_default_is_never_empty() -> None:
    """The defaults stand in as one item."""
    app = app_of(_table("collect", *_STEPS, percent="{type: decimal, default: 9}"), *_ALL)
    assert await answer(app, amount=0) == {"numbers": [9]}


@pytest.mark.parametrize(("aggregate", "of_two"), [("sum", 3), ("min", 1), ("max", 2), ("count", 2)])
async def test_collect_makes_one_value(aggregate: str, of_two: int) -> None:
    """Of all rules that hold: the sum, the least, the greatest, how many they are."""
    app = app_of(_table(f"collect\naggregate: {aggregate}", *_STEPS), *_ONE)
    assert await answer(app, amount=25) == {"number": of_two, "rules": [1, 2]}


async def test_what_is_made_of_nothing() -> None:
    """No rules are none; there is no sum of them, unless a default or a type says what it is."""
    assert (await answer(app_of(_table("collect\naggregate: count", *_STEPS), *_ONE), amount=0))["number"] == 0
    plain = app_of(_table("collect\naggregate: sum", *_STEPS), *_ONE)
    with pytest.raises(NodeError) as caught:
        await answer(plain, amount=0)
    assert caught.value.kind == "decision.none"
    optional = app_of(_table("collect\naggregate: sum", *_STEPS, percent="decimal?"), *_ONE)
    assert await answer(optional, amount=0) == {}
    default = app_of(_table("collect\naggregate: max", *_STEPS, percent="{type: decimal, default: 4}"), *_ONE)
    assert await answer(default, amount=0) == {"number": 4}


async def test_missing_values_are_left_out_of_a_sum() -> None:
    """As FEEL's own `sum` has it in flows."""
    rules = ("{when: '> 0', then: '= In.others[1].maybe'}", "{when: '> 1', then: 5}")
    app = app_of(_table("collect\naggregate: sum", *rules, percent="decimal?"), *_ONE)
    assert await answer(app, amount=2) == {"number": 5, "rules": [1, 2]}


async def test_texts_and_days_have_a_least_and_a_greatest() -> None:
    """Whatever has an order."""
    table = """
    hit: collect
    aggregate: max
    inputs: {amount: = In.amount}
    outputs: {day: date}
    rules:
      - {when: '> 0', then: "2026-01-02"}
      - {when: '> 1', then: = date("2026-05-01")}
      - {when: '> 2', then: "2025-12-31"}
"""
    assert await answer(app_of(table, "Out.day: = day"), amount=3) == {"day": "2026-05-01"}


async def test_no_rule_is_an_error_unless_something_stands_in() -> None:
    """A default, or an output that may be missing; both are computed for each call."""
    none = app_of(_table("unique", "{when: '> 5', then: 1}"), *_ONE)
    with pytest.raises(NodeError, match="no rule holds, and there is no default") as caught:
        await answer(none, amount=5)
    assert caught.value.kind == "decision.none"
    table = """
    inputs: {amount: = In.amount}
    outputs: {percent: {type: decimal, default: = In.amount + 1}, why: string?}
    rules:
      - {when: '> 5', then: [1, big]}
"""
    app = app_of(table, "Out.number: = percent", "Out.text: = why", "Out.rules: = rules")
    assert await answer(app, amount=5) == {"number": 6}


async def test_a_default_that_is_missing_by_type() -> None:
    """A list that no rule gives is empty."""
    table = """
    inputs: {amount: = In.amount}
    outputs: {texts: [string], why: string?}
    rules:
      - {when: '> 5', then: {texts: [a, b]}}
      - {when: '< 0', then: {why: less}}
"""
    app = app_of(table, "Out.texts: = texts", "Out.text: = why")
    assert await answer(app, amount=6) == {"texts": ["a", "b"]}
    assert await answer(app, amount=-1) == {"text": "less"}
    assert await answer(app, amount=2) == {}


async def test_unique_fails_when_two_hold() -> None:
    """Which could not be seen before: a cell is more than a comparison. The values stay out of the message."""
    rules = ("{when: '> 5', then: 1}", "{when: '? * ? = 64', then: 2}", "{when: 'modulo(?, 2) = 0', then: 3}")
    app = app_of(_table("unique", *rules), *_ONE)
    assert await answer(app, amount=-2) == {"number": 3, "rules": [3]}
    with pytest.raises(NodeError) as caught:
        await answer(app, amount=8)
    assert caught.value.kind == "decision.overlap"
    assert str(caught.value) == (
        'F, decision "Decide": the rules 1, 2 and 3 hold at once, and the table takes one at most.'
    )
    assert caught.value.data == {"rules": [1, 2, 3]}


async def test_an_output_fits_its_type() -> None:
    """A fraction is no integer; an allowed value is looked for among those there are."""
    whole = app_of(_table("unique", "{when: '> 0', then: = In.amount}", percent="integer"), *_ONE)
    assert (await answer(whole, amount=2))["number"] == 2
    with pytest.raises(NodeError, match='the output "percent" of rule 1 does not fit') as caught:
        await answer(whole, amount=Decimal("2.5"))
    assert caught.value.kind == "decision.output"
    listed = "{type: decimal, allowed: [1, 2]}"
    allowed = app_of(_table("unique", "{when: '> 0', then: = In.amount}", percent=listed), *_ONE)
    with pytest.raises(NodeError, match='the output "percent" of rule 1 is none of its allowed values') as caught:
        await answer(allowed, amount=3)
    assert caught.value.kind == "decision.output"


async def test_a_formula_that_fails_names_its_rule() -> None:
    """And the output; a catch takes it as it takes any formula."""
    app = app_of(_table("unique", "{when: '> 0', then: = 1 / (In.amount - 1)}"), *_ONE)
    with pytest.raises(NodeError, match=r'the output "percent" of rule 1 failed: division by zero') as caught:
        await answer(app, amount=1)
    assert caught.value.kind == "formula"


async def test_a_catch_takes_what_a_table_cannot_decide() -> None:
    """By the kind `decision`, which stands above all of them."""
    table = """
    inputs: {amount: = In.amount}
    outputs: {percent: decimal}
    rules: [{when: '> 5', then: 1}]
    catch: [{error: decision, out: {Out.text: = error.kind}, to: End}]
"""
    app = app_of(table, "Out.number: = percent")
    assert await answer(app, amount=1) == {"text": "decision.none"}
