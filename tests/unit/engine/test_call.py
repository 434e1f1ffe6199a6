"""Sub flows: what the callee shares with its caller, and how its failures come out."""

import asyncio
from decimal import Decimal
from time import monotonic
from typing import Any

import pytest
from tests.unit.small_apps import ANYBODY, SmallApp

from microflow_runtime.engine import RunLimits, record_execution
from microflow_runtime.errors import DeadlineExceeded, LimitExceeded, NodeError, OutputError
from microflow_runtime.model.principal import Principal

TEXT = """
business_object: Text
fields:
  value: string?
"""
SLOW = """
microflow: Slow
limits: {LIMIT}
nodes:
  Start: {type: start, next: Ask}
  Ask:
    type: database
    source: orders
    command: select
    sql: select x
    next: End
  End: {type: end}
"""
CALLER = """
microflow: Caller
outputs: {Out: Text}
nodes:
  Start: {type: start, next: Call}
  Call:
    type: sub flow
    flow: Slow
    catch:
      - {error: timeout, out: {Out.value: = error.message}, to: End}
    next: End
  End: {type: end}
"""


async def _forever() -> list[dict[str, Any]]:
    await asyncio.sleep(60)
    raise AssertionError("nobody stopped it")


async def test_the_callee_s_own_tighter_limit_can_be_caught() -> None:
    """A time limit that the callee set itself is a timeout of the calling node; the caller goes on."""
    app = SmallApp(TEXT, SLOW.replace("LIMIT", "execution: 60ms"), CALLER)
    app.sources.answers["select x"] = _forever
    reply = await app.call("Caller")
    assert reply["Out"]["value"].startswith('Slow, database "Ask": the time limit of 0.060 s has passed here')


async def test_the_caller_s_limit_reaches_the_callee_and_cannot_be_caught() -> None:
    """What is left of the caller's time is all that a callee has, whatever it allows itself."""
    app = SmallApp(TEXT, SLOW.replace("LIMIT", "execution: 60s"), CALLER)
    app.sources.answers["select x"] = _forever
    begun = monotonic()
    with pytest.raises(DeadlineExceeded, match=r"the time limit of 0\.080 s has passed here") as caught:
        await app.call("Caller", limits=RunLimits(execution_ns=80_000_000))
    assert monotonic() - begun < 1
    assert 'Caller, sub flow "Call"' in caught.value.message
    assert app.sources.happened[-2:] == ["orders: rollback", "orders: close"]


async def test_calls_nest_as_deep_as_the_limit() -> None:
    """A flow that calls itself ends at the limit of depth, with the limit in the message."""
    app = SmallApp(
        """
microflow: Self
nodes:
  Start: {type: start, next: Call}
  Call: {type: sub flow, flow: Self, recursive: true, next: End}
  End: {type: end}
"""
    )
    with pytest.raises(LimitExceeded, match="sub flows are nested deeper than the limit of 3"):
        await app.call("Self", limits=RunLimits(depth=3))
    assert app.run is not None
    depth, run = 0, app.run
    while run.steps[-1][3] is not None and run.steps[-1][3].child is not None:
        depth, run = depth + 1, run.steps[-1][3].child
    assert depth == 3


ROUND = """
microflow: Round
nodes:
  Start: {type: start, next: Call}
  Call:
    type: sub flow
    flow: Failing
    catch: [{error: any, to: Call}]
    next: End
  End: {type: end}
"""
FAILING = """
microflow: Failing
nodes:
  Start: {type: start, next: A}
  A: {type: gateway, links: [{label: on, when: = true, to: B}, {label: off, otherwise: true, to: B}]}
  B: {type: throw, message: no}
"""


async def test_steps_of_failed_sub_flows_count() -> None:
    """A callee that fails has used steps of its caller's limit as well."""
    app = SmallApp(ROUND, FAILING)
    with pytest.raises(LimitExceeded):
        await app.call("Round", limits=RunLimits(steps=41))
    assert app.path.count("Call") == 10


async def test_a_callee_needs_the_right_of_its_own() -> None:
    """The right to the outer flow does not give the inner one."""
    app = SmallApp(TEXT, SLOW.replace("LIMIT", "steps: 5"), CALLER)
    grants = frozenset({("microflow", "Shop/Caller", "execute"), ("data_source", "*", "use")})
    with pytest.raises(NodeError, match='"clerk" may not execute the flow "Slow"') as caught:
        await app.call("Caller", principal=Principal(username="clerk", grants=grants))
    assert caught.value.kind == "permission"


PAIR = """
business_object: Pair
fields:
  name: string
  count: integer?
"""
WIDE = """
business_object: Wide
fields:
  count: decimal?
  name: string?
  extra: string?
"""
DOUBLE = """
microflow: Double
inputs: {Given: Pair}
outputs: {Result: Pair}
nodes:
  Start: {type: start, next: End}
  End:
    type: end
    out: {Result.name: '= Given.name + Given.name', Result.count: = Given.count}
"""


def _doubling(given: str, out: str = "{Out: = Result}") -> SmallApp:
    return SmallApp(
        PAIR,
        WIDE,
        DOUBLE,
        f"""
microflow: F
inputs: {{In: Wide}}
outputs: {{Out: Wide}}
nodes:
  Start: {{type: start, next: Call}}
  Call:
    type: sub flow
    flow: Double
    in: {{Given: {given}}}
    out: {out}
    next: End
  End: {{type: end}}
""",
    )


async def test_values_are_handed_over_by_field_name() -> None:
    """Fields go by their names both ways, whatever their order; what the other side does not declare stays behind."""
    app = _doubling("'= {name: \"a\", count: In.count}'")
    assert (await app.text("F", {"In": {"count": 7, "extra": "c"}})) == ('{"Out":{"count":7,"name":"aa","extra":null}}')


async def test_a_misfit_at_the_hand_over_is_an_error_with_its_path() -> None:
    """A fraction for the callee's whole number fails the calling node."""
    with pytest.raises(NodeError, match=r"Given\.count: expected integer, found number 7\.5") as caught:
        await _doubling("'= {name: \"a\", count: In.count}'").call("F", {"In": {"count": Decimal("7.5")}})
    assert caught.value.kind == "mapping"


async def test_an_input_may_be_literal() -> None:
    """A literal is read as a value of the callee's type."""
    assert (await _doubling("{name: x, count: 3}").text("F", {"In": {}})) == (
        '{"Out":{"count":3,"name":"xx","extra":null}}'
    )


async def test_a_callee_s_output_does_not_overwrite_the_caller_s_variable() -> None:
    """A callee's output of the same name as an output of the caller is another value."""
    app = SmallApp(
        TEXT,
        """
microflow: Inner
outputs: {Out: Text}
nodes:
  Start: {type: start, next: End}
  End: {type: end, out: {Out.value: inner}}
""",
        """
microflow: F
outputs: {Out: Text, Other: Text}
nodes:
  Start: {type: start, next: Fill}
  Fill: {type: mapping, out: {Out.value: outer}, next: Call}
  Call:
    type: sub flow
    flow: Inner
    out: {Other: = Out}
    next: End
  End: {type: end}
""",
    )
    assert await app.text("F") == '{"Out":{"value":"outer"},"Other":{"value":"inner"}}'


async def test_an_output_that_the_callee_left_half_written_is_an_error() -> None:
    """A required field without value does not come out of a sub flow."""
    app = SmallApp(
        PAIR,
        """
microflow: Inner
outputs: {Result: Pair}
nodes:
  Start: {type: start, next: End}
  End: {type: end, out: {Result.count: 1}}
""",
        """
microflow: F
nodes:
  Start: {type: start, next: Call}
  Call: {type: sub flow, flow: Inner, next: End}
  End: {type: end}
""",
    )
    with pytest.raises(OutputError, match=r"Inner: Result\.name: expected a value, found nothing"):
        await app.call("F")


async def test_a_callee_shares_the_transaction() -> None:
    """Caller and callee are one transaction on a source, committed once, after both."""
    insert = """
    type: database
    source: orders
    command: insert
    sql: insert into x values (1)
"""
    app = SmallApp(
        f"""
microflow: Inner
nodes:
  Start: {{type: start, next: Add}}
  Add: {insert}    next: End
  End: {{type: end}}
""",
        f"""
microflow: F
nodes:
  Start: {{type: start, next: Call}}
  Call: {{type: sub flow, flow: Inner, next: Add}}
  Add: {insert}    next: End
  End: {{type: end}}
""",
    )
    await app.call("F")
    assert app.sources.happened == [
        "orders: open",
        "orders: insert into x values (1)",
        "orders: insert into x values (1)",
        "orders: commit",
        "orders: close",
    ]


async def test_the_trace_holds_the_callee_s_steps() -> None:
    """A step that called a flow has that flow's execution below it, with the names of its nodes and its error."""
    app = SmallApp(TEXT, SLOW.replace("LIMIT", "execution: 40ms"), CALLER)
    app.sources.answers["select x"] = _forever
    await app.call("Caller")
    assert app.run is not None
    execution = record_execution(app.run, snapshot="s", epoch=3)
    child = execution.steps[1].child
    assert child is not None
    assert [(step.node, bool(step.error)) for step in child.steps] == [("Start", False), ("Ask", True)]
    assert (child.status, child.flow, child.username) == ("ERROR", "Slow", ANYBODY.username)
