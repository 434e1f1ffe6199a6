"""The trace of a run: its steps, links, times, and values only when capture is on."""

from typing import Any

import msgspec
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import record_execution
from microflow_runtime.engine.masking import MASK
from microflow_runtime.model.execution import Execution

CARD = """
business_object: Card
fields:
  number: {type: string, sensitive: true}
  holder: string
"""
PAYMENT = """
business_object: Payment
fields:
  amount: decimal
  card: Card
  cards: [Card]
"""
PAY = """
microflow: Pay
inputs: {In: Payment}
outputs: {Out: Payment}
variables: {Kept: Card}
nodes:
  Start: {type: start, next: Large?}
  Large?:
    type: gateway
    links:
      - {label: large, when: = In.amount > 100, to: Keep}
      - {when: = In.amount > 50, to: Keep}
      - {label: small, otherwise: true, to: End}
  Keep:
    type: mapping
    out: {Kept: = In.card, Out: = In}
    next: End
  End: {type: end}
"""
SECRET = "4000123412341234"


async def _record(amount: int, *, capture: bool) -> Execution:
    app = SmallApp(CARD, PAYMENT, PAY)
    card = {"number": SECRET, "holder": "A. Holder"}
    await app.call("Pay", {"In": {"amount": amount, "card": card, "cards": [card]}}, capture=capture)
    assert app.run is not None
    return record_execution(app.run, snapshot="v.1+x", epoch=7, unknown_fields=2)


async def test_every_step_is_told_with_the_link_it_left_by() -> None:
    """The steps in their order, each with node, kind, link and times that fill the whole."""
    execution = await _record(500, capture=False)
    assert [(step.node, step.type, step.link) for step in execution.steps] == [
        ("Start", "start", "Large?"),
        ("Large?", "gateway", "large"),
        ("Keep", "mapping", "End"),
        ("End", "end", ""),
    ]
    assert sum(step.took_ns for step in execution.steps) <= execution.took_ns
    assert all(step.took_ns > 0 and step.tries == 1 and not step.error for step in execution.steps)
    assert (execution.flow, execution.app, execution.snapshot, execution.epoch) == ("Pay", "Shop", "v.1+x", 7)
    assert (execution.status, execution.username, execution.unknown_fields) == ("SUCCESS", "tester", 2)
    assert execution.started_at.endswith("+00:00")


async def test_a_link_without_label_is_told_by_its_target() -> None:
    """The second link has no label."""
    assert (await _record(70, capture=False)).steps[1].link == "Keep"
    assert (await _record(7, capture=False)).steps[1].link == "small"


async def test_no_values_without_capture() -> None:
    """Nothing of what the call has seen is in the record."""
    execution = await _record(500, capture=False)
    assert all(step.inputs is None and step.outputs is None for step in execution.steps)
    assert SECRET not in _text(execution)
    assert "A. Holder" not in _text(execution)


async def test_capture_shows_what_each_step_read_and_wrote() -> None:
    """With capture a step shows the variables that its formulas read and those that it wrote."""
    keep = (await _record(500, capture=True)).steps[2]
    assert set(keep.inputs) == {"In"}
    assert set(keep.outputs) == {"Kept", "Out"}
    assert keep.outputs["Kept"]["holder"] == "A. Holder"


async def test_sensitive_fields_are_masked_when_recorded() -> None:
    """A sensitive field is `***` wherever it is: alone, inside another object, inside a list."""
    execution = await _record(500, capture=True)
    assert SECRET not in _text(execution)
    out = execution.steps[2].outputs["Out"]
    assert out["card"]["number"] == out["cards"][0]["number"] == MASK


async def test_values_are_those_at_the_time_of_the_step() -> None:
    """A step before the assignment does not show what came later."""
    app = SmallApp(
        "business_object: Text\nfields: {value: string?}\n",
        """
microflow: F
outputs: {Out: Text}
nodes:
  Start: {type: start, next: A}
  A: {type: mapping, out: {Out.value: one}, next: B}
  B: {type: mapping, out: {Out.value: '= Out.value + " two"'}, next: End}
  End: {type: end}
""",
    )
    await app.call("F", capture=True)
    assert app.run is not None
    steps = record_execution(app.run, snapshot="", epoch=1).steps
    assert [step.outputs for step in steps[1:3]] == [{"Out": {"value": "one"}}, {"Out": {"value": "one two"}}]
    assert steps[2].inputs == {"Out": {"value": "one"}}


def _text(execution: Execution) -> str:
    def shown(value: Any) -> str:
        return str(value)

    return msgspec.json.encode(execution, enc_hook=shown).decode()
