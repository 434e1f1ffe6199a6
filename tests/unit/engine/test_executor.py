"""Walking plans: ways out, catches, limits, what formulas see."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import RunLimits
from microflow_runtime.errors import DeadlineExceeded, FeelError, LimitExceeded, NodeError

TEXT = """
business_object: Text
fields:
  value: string?
  number: decimal?
"""


def _catching(*kinds: str, throws: str) -> SmallApp:
    """Make an app whose flow `Outer` calls one that throws, and catches these kinds, each by a catch of its own."""
    catches = "\n".join(
        f"      - {{error: [{kind}], out: {{Out.value: '= \"{kind} took \" + error.kind'}}, to: End}}" for kind in kinds
    )
    return SmallApp(
        TEXT,
        f"""
microflow: Inner
nodes:
  Start: {{type: start, next: Fail}}
  Fail: {{type: throw, error: {throws}, message: it went wrong}}
""",
        f"""
microflow: Outer
outputs: {{Out: Text}}
nodes:
  Start: {{type: start, next: Call}}
  Call:
    type: sub flow
    flow: Inner
    catch:
{catches}
    next: End
  End: {{type: end}}
""",
    )


@pytest.mark.parametrize(
    ("kinds", "throws", "taken"),
    [
        (["stock"], "stock", "stock"),
        (["stock"], "stock.empty", "stock"),
        (["stock"], "stock.empty.today", "stock"),
        (["other", "any"], "stock.empty", "any"),
        (["any", "stock"], "stock", "any"),
        (["stock.empty", "stock"], "stock.empty", "stock.empty"),
        (["stock.empty", "stock"], "stock.late", "stock"),
    ],
)
async def test_the_first_catch_that_names_the_kind_takes_it(kinds: list[str], throws: str, taken: str) -> None:
    """A catch takes its kind and the kinds below it, `any` takes all, and the first that does is taken."""
    reply = await _catching(*kinds, throws=throws).call("Outer")
    assert reply["Out"]["value"] == f"{taken} took {throws}"


@pytest.mark.parametrize(
    ("kinds", "throws"), [(["stock"], "stockings"), (["stock.empty"], "stock"), (["stock.empty"], "stock.emptyish")]
)
async def test_a_catch_leaves_other_kinds_alone(kinds: list[str], throws: str) -> None:
    """A kind that only begins alike, or is above, is not taken; the error names every flow and node it came through."""
    app = _catching(*kinds, throws=throws)
    with pytest.raises(NodeError) as caught:
        await app.call("Outer")
    assert caught.value.message == 'Outer, sub flow "Call": Inner, throw "Fail": it went wrong'
    assert (caught.value.kind, caught.value.sentence) == (throws, "it went wrong")


async def test_a_catch_sees_the_error() -> None:
    """`error` holds kind, code, message, node and data."""
    app = SmallApp(
        TEXT,
        """
microflow: F
inputs: {In: Text}
outputs: {Out: Text}
nodes:
  Start: {type: start, next: Divide}
  Divide:
    type: mapping
    out: {Out.number: = 1 / In.number}
    catch:
      - error: formula
        out:
          Out.value: '= error.kind + "|" + error.code + "|" + error.node + "|" + error.message'
        to: End
    next: End
  End: {type: end}
""",
    )
    reply = await app.call("F", {"In": {"number": 0}})
    kind, code, node, message = reply["Out"]["value"].split("|")
    assert (kind, code, node) == ("formula", "MF-E010", "Divide")
    assert message.startswith("division by zero")
    assert "column 1 of the formula `1 / In.number`" in message
    assert app.path == ["Start", "Divide", "End"]


async def test_an_error_in_the_mapping_of_a_catch_is_the_node_s() -> None:
    """A catch whose mapping fails does not take the error; the failure of the mapping is told."""
    app = SmallApp(
        TEXT,
        """
microflow: F
inputs: {In: Text}
outputs: {Out: Text}
nodes:
  Start: {type: start, next: Divide}
  Divide:
    type: mapping
    out: {Out.number: = 1 / In.number}
    catch:
      - {error: any, out: {Out.number: = 2 / In.number}, to: End}
    next: End
  End: {type: end}
""",
    )
    with pytest.raises(NodeError, match=r"column 1 of the formula `2 / In.number`") as caught:
        await app.call("F", {"In": {"number": 0}})
    assert isinstance(caught.value.__cause__, FeelError)


async def test_an_error_without_catch_keeps_its_cause() -> None:
    """The cause of a failed node is what failed, never the error itself."""
    with pytest.raises(NodeError) as caught:
        await _catching("other", throws="stock").call("Outer")
    assert caught.value.__cause__ is not caught.value


LOOP = """
microflow: Loop
nodes:
  Start: {type: start, next: Again?}
  Again?:
    type: gateway
    links:
      - {label: again, when: = true, to: Again?}
      - {label: never, otherwise: true, to: End}
  End: {type: end}
"""


async def test_steps_are_limited() -> None:
    """A flow that goes round for ever ends at the limit, with the limit and the node in the message."""
    app = SmallApp(LOOP)
    with pytest.raises(LimitExceeded, match=r'^Loop, before "Again\?": the limit of 50 steps is reached\.$'):
        await app.call("Loop", limits=RunLimits(steps=50))
    assert len(app.path) == 50


async def test_a_flow_tightens_the_steps() -> None:
    """The flow's own limit counts where it is lower, and changes nothing where it is higher."""
    app = SmallApp(LOOP.replace("nodes:", "limits: {steps: 7}\nnodes:", 1))
    with pytest.raises(LimitExceeded, match="limit of 7 steps"):
        await app.call("Loop")
    with pytest.raises(LimitExceeded, match="limit of 5 steps"):
        await app.call("Loop", limits=RunLimits(steps=5))


async def test_time_is_limited_without_waiting_nodes() -> None:
    """A loop that never waits ends at the deadline, and no catch takes that."""
    app = SmallApp(LOOP)
    with pytest.raises(DeadlineExceeded, match=r'^Loop, before "Again\?": the time limit of 0\.050 s has passed'):
        await app.call("Loop", limits=RunLimits(execution_ns=50_000_000, steps=10**9))


async def test_a_formula_that_uses_up_the_time_is_no_failure_to_catch() -> None:
    """The deadline inside a formula ends the execution with the deadline's own error, past a catch on any."""
    app = SmallApp(
        TEXT,
        """
microflow: F
outputs: {Out: Text}
nodes:
  Start: {type: start, next: Long}
  Long:
    type: mapping
    out: {Out.number: = sum(for i in 1..100000 return i)}
    catch: [{error: any, to: End}]
    next: End
  End: {type: end}
""",
    )
    await app.call("F")
    with pytest.raises(DeadlineExceeded, match=r'^F, mapping "Long": the time limit of 0\.003 s has passed'):
        await app.call("F", limits=RunLimits(execution_ns=3_000_000))


async def test_a_condition_that_uses_up_the_time_is_no_failure_to_catch() -> None:
    """So does the deadline inside a condition."""
    app = SmallApp(
        """
microflow: F
nodes:
  Start: {type: start, next: Long?}
  Long?:
    type: gateway
    links:
      - {label: long, when: = sum(for i in 1..100000 return i) = 5000050000, to: End}
      - {label: other, otherwise: true, to: End}
    catch: [{error: any, to: End}]
  End: {type: end}
"""
    )
    await app.call("F")
    with pytest.raises(DeadlineExceeded, match=r'^F, gateway "Long\?": the time limit of 0\.003 s'):
        await app.call("F", limits=RunLimits(execution_ns=3_000_000))


@pytest.mark.parametrize("attempt", ["caller.username", "caller"])
async def test_the_caller_can_be_read(attempt: str) -> None:
    """Every formula sees who calls."""
    app = SmallApp(
        TEXT,
        f"""
microflow: F
outputs: {{Out: Text}}
nodes:
  Start: {{type: start, next: End}}
  End:
    type: end
    out: {{Out.value: '= string({attempt})'}}
""",
    )
    assert "tester" in (await app.call("F"))["Out"]["value"]


async def test_two_executions_at_once_share_nothing() -> None:
    """Plans are shared, frames are not: each of two interleaved calls answers with its own values."""
    app = SmallApp(
        TEXT,
        """
microflow: F
inputs: {In: Text}
outputs: {Out: Text}
variables: {Kept: Text}
nodes:
  Start: {type: start, next: Keep}
  Keep: {type: mapping, out: {Kept.value: = In.value}, next: Wait}
  Wait:
    type: database
    source: orders
    command: select
    sql: select 1
    next: End
  End:
    type: end
    out: {Out.value: = Kept.value}
""",
    )

    async def wait() -> list[dict[str, Any]]:
        await asyncio.sleep(0.01)
        return [{"one": Decimal(1)}]

    app.sources.answers["select 1"] = wait
    await app.plan("F")
    first, second = await asyncio.gather(app.call("F", {"In": {"value": "a"}}), app.call("F", {"In": {"value": "b"}}))
    assert (first["Out"]["value"], second["Out"]["value"]) == ("a", "b")


def test_a_formula_s_failure_is_told_by_line_and_column() -> None:
    """The place of the failing part is counted in lines and columns of the formula, both from 1."""
    text = "if ok\nthen 1\nelse 1 / count"
    start = text.index("1 / count")
    error = FeelError("division by zero", text=text, start=start, end=len(text))
    assert error.where == "line 3, column 6"
