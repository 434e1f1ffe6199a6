"""What the trace tells of a gateway: the conditions it tried, and what they saw."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import record_execution
from microflow_runtime.engine.masking import MASK
from microflow_runtime.errors import ExecutionError
from microflow_runtime.feel import DateTime
from microflow_runtime.model.execution import Condition, Execution

CARD = """
business_object: Card
fields:
  number: {type: string, sensitive: true}
  blocked: {type: boolean, sensitive: true}
  holder: string
"""
PAYMENT = """
business_object: Payment
fields:
  amount: decimal
  limit: decimal?
  day: date
  text: string
  card: Card
  cards: [Card]
"""
SECRET = "4000123412341234"
GIVEN = {
    "amount": 60,
    "limit": 100,
    "day": "2025-01-31",
    "text": "1",
    "card": {"number": SECRET, "blocked": True, "holder": "A. Holder"},
    "cards": [{"number": SECRET, "blocked": False, "holder": "A. Holder"}],
}


async def record(*links: str, capture: bool = True, given: dict[str, Any] | None = None, catch: str = "") -> Execution:
    """Run a flow whose gateway has these links, and give its record."""
    shown = "".join(f"      - {{{link}, to: End}}\n" for link in links)
    app = SmallApp(
        CARD,
        PAYMENT,
        f"""
microflow: Pay
inputs: {{In: Payment}}
outputs: {{Out: Payment}}
nodes:
  Start: {{type: start, next: Kept}}
  Kept: {{type: mapping, out: {{Out: = In}}, next: Which?}}
  Which?:
    type: gateway
    links:
{shown}{catch}
  End: {{type: end}}
""",
    )
    exception = ""
    try:
        await app.call("Pay", {"In": {**GIVEN, **(given or {})}}, capture=capture)
    except ExecutionError as error:
        exception = error.message
    assert app.run is not None
    return record_execution(app.run, snapshot="", epoch=1, exception=exception)


def conditions_of(execution: Execution) -> tuple[Condition, ...]:
    """Give what was recorded of the gateway; no other step has conditions."""
    assert [step.node for step in execution.steps if step.conditions] in (["Which?"], [])
    return execution.steps[2].conditions


def told(condition: Condition) -> list[tuple[str, Any]]:
    """Give the parts of a condition and their values, a failed part's sentence in place of its value."""
    return [(part.text, part.error or part.value) for part in condition.parts]


async def test_conditions_are_told_up_to_the_link_that_was_taken() -> None:
    """Each with its link, its value and the value of every part; what was not tried is not told."""
    links = (
        "label: large, when: = In.amount > In.limit",
        "label: odd, when: '= In.amount * 2 > 100 and In.text = \"1\"'",
        "when: = In.amount > 0",
        "otherwise: true",
    )
    first, second = conditions_of(await record(*links))
    assert (first.link, first.text, first.value, first.error) == ("large", "In.amount > In.limit", False, "")
    assert (second.link, second.value) == ("odd", True)
    assert [(text, value) for text, value in told(first) if text != "In"] == [("In.amount", 60), ("In.limit", 100)]
    assert [(text, value) for text, value in told(second) if text != "In"] == [
        ("In.amount * 2 > 100", True),
        ("In.amount * 2", 120),
        ("In.amount", 60),
        ('In.text = "1"', True),
        ("In.text", "1"),
    ]


async def test_all_conditions_are_told_when_none_is_true() -> None:
    """The link for the rest has none itself; a missing value is null, which counts as false."""
    found = conditions_of(
        await record("otherwise: true", "when: = In.amount > In.limit", "when: = false", given={"limit": None})
    )
    assert [(condition.link, condition.text, condition.value) for condition in found] == [
        ("End", "In.amount > In.limit", None),
        ("End", "false", False),
    ]


async def test_nothing_is_computed_without_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record without values has no conditions, and no formula is computed for it."""

    def explain(*_: object) -> None:
        pytest.fail("a formula was explained")

    monkeypatch.setattr("microflow_runtime.engine.decisions.explain", explain)
    assert conditions_of(await record("when: = In.amount > 0", "otherwise: true", capture=False)) == ()


async def test_a_condition_that_failed_is_the_last_and_tells_why() -> None:
    """What it saw is what was there before a catch wrote anything."""
    catch = "    catch: [{error: formula, to: End, out: {Out.amount: 999}}]\n"
    links = ("when: = Out.amount > 999", "when: = Out.amount / (Out.amount - 60) > 1", "when: = true")
    execution = await record(*links, "otherwise: true", catch=catch)
    assert execution.exception == ""
    first, second = conditions_of(execution)
    assert (first.value, first.error) == (False, "")
    assert (second.value, second.error) == (None, "division by zero: number / number")
    assert ("Out.amount", 60) in told(second)
    assert ("(Out.amount - 60)", 0) in told(second)
    assert execution.steps[2].error
    assert execution.steps[2].outputs is None


async def test_a_failure_that_ends_the_flow_tells_its_conditions() -> None:
    """Also without a catch the record says what the condition saw."""
    execution = await record("when: = 1 / (In.amount - 60) > 1", "otherwise: true")
    assert execution.status == "ERROR"
    (condition,) = conditions_of(execution)
    assert condition.error == "division by zero: number / number"


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("In.card.number = In.text", {"In.card.number": MASK, "In.text": "1"}),
        ("In.card.blocked", {}),
        ('substring(In.card.number, 1, 4) = "4000"', {"substring(In.card.number, 1, 4)": MASK, "In.card.number": MASK}),
        ('get value(In.card, "number") = In.text', {'get value(In.card, "number")': MASK}),
        ('In.cards.number[1] = "x"', {"In.cards.number[1]": MASK, "In.cards.number": MASK}),
        ('In.cards[number = "4"][1].holder = "x"', {'In.cards[number = "4"][1].holder': MASK}),
        ('In.cards[1].holder = "A. Holder"', {"In.cards[1].holder": "A. Holder"}),
        ("count(In.cards) > 0", {"count(In.cards)": MASK}),
        ("some card in In.cards satisfies card.blocked", {}),
        ('string(In) = "x"', {"string(In)": MASK}),
        ("date(In.card.number) = In.day", {"date(In.card.number)": MASK}),
        ("{a: In.card}.a.number = In.text", {"{a: In.card}.a.number": MASK, "{a: In.card}": MASK}),
    ],
)  # fmt: skip
async def test_what_comes_from_a_sensitive_field_is_masked(formula: str, shown: dict[str, Any]) -> None:
    """The field itself, and whatever a formula makes of it or of an object that holds it; whether it held is told."""
    quoted = formula.replace("'", "''")
    execution = await record(f"when: '= {quoted}'", "otherwise: true")
    (condition,) = conditions_of(execution)
    assert condition.value in {True, False, None}
    parts = dict(told(condition))
    assert {text: parts[text] for text in shown} == shown
    assert parts.get("In.card", {"number": MASK})["number"] == MASK
    assert SECRET not in msgspec.json.encode(condition, enc_hook=str).decode()


async def test_a_condition_on_the_clock_sees_the_time_of_its_step() -> None:
    """`now()` is that of the visit, not that of the making of the record."""
    link = """when: '= now() > date and time("2020-01-01T00:00:00Z")'"""
    execution = await record(link, "otherwise: true")
    (condition,) = conditions_of(execution)
    value = dict(told(condition))["now()"]
    assert isinstance(value, DateTime)
    seen = str(value)
    second = datetime.fromisoformat(execution.started_at).replace(microsecond=0)
    assert second.isoformat()[:19] <= seen[:19] <= (second + timedelta(seconds=2)).isoformat()[:19]


async def test_conditions_that_take_too_long_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record of a step is made in bounded time."""
    monkeypatch.setattr("microflow_runtime.engine.decisions.SECONDS", -1.0)
    links = ("when: '= count(for i in 1..100000 return i * In.amount) > 1'", "otherwise: true")
    (condition,) = conditions_of(await record(*links))
    assert "time" in condition.error
