"""Nodes that wait: time limits, tries, catches on time."""

import asyncio
from decimal import Decimal
from time import monotonic
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import RunLimits, record_execution
from microflow_runtime.errors import DeadlineExceeded, NodeError

TEXT = """
business_object: Text
fields:
  value: string?
"""


def _app(keys: str, answer: Any) -> SmallApp:
    """Make an app whose flow `F` asks a database, with these keys on the node, which answers like `answer`."""
    app = SmallApp(
        TEXT,
        f"""
microflow: F
outputs: {{Out: Text}}
nodes:
  Start: {{type: start, next: Ask}}
  Ask:
    type: database
    source: orders
    command: select
    sql: select x
{keys}
    next: End
  Late:
    type: mapping
    out: {{Out.value: late}}
    next: End
  End: {{type: end}}
""".replace(
            "  Late:\n    type: mapping\n    out: {Out.value: late}\n    next: End\n",
            "" if "Late" not in keys else "  Late:\n    type: mapping\n    out: {Out.value: late}\n    next: End\n",
        ),
    )
    app.sources.answers["select x"] = answer
    return app


class Flaky:
    """Fails a number of times, then answers. Writes down when it was asked."""

    def __init__(self, failures: int, *, retryable: bool = True) -> None:
        self.left = failures
        self.retryable = retryable
        self.asked_at: list[float] = []

    async def __call__(self) -> list[dict[str, Any]]:
        """Answer or fail."""
        self.asked_at.append(monotonic())
        if self.left:
            self.left -= 1
            raise NodeError("busy", kind="database.busy", retryable=self.retryable)
        return [{"x": Decimal(1)}]


async def _forever() -> list[dict[str, Any]]:
    await asyncio.sleep(60)
    raise AssertionError("nobody stopped it")


async def test_a_failed_node_is_tried_again_with_growing_waits() -> None:
    """`times` more tries, the first after `wait`, each wait `factor` times the last; the trace tells the tries."""
    flaky = Flaky(2)
    app = _app("    retry: {times: 2, wait: 20ms, factor: 3}", flaky)
    await app.call("F")
    first, second = (later - earlier for earlier, later in zip(flaky.asked_at, flaky.asked_at[1:], strict=False))
    assert 0.018 < first < 0.05
    assert 0.058 < second < 0.1
    assert app.run is not None
    assert [step.tries for step in record_execution(app.run, snapshot="", epoch=1).steps] == [1, 3, 1]


async def test_tries_come_to_an_end() -> None:
    """When the last try fails, its error is the node's."""
    flaky = Flaky(9)
    with pytest.raises(NodeError, match=r'^F, database "Ask": busy$'):
        await _app("    retry: {times: 2, wait: 1ms}", flaky).call("F")
    assert len(flaky.asked_at) == 3


async def test_an_error_that_would_come_again_is_not_tried_again() -> None:
    """A statement that is refused for what it is fails at once."""
    flaky = Flaky(1, retryable=False)
    with pytest.raises(NodeError):
        await _app("    retry: {times: 5, wait: 1ms}", flaky).call("F")
    assert len(flaky.asked_at) == 1


async def test_the_node_s_time_limit_is_an_error_of_kind_timeout() -> None:
    """A slow node ends at its own limit, and says which."""
    begun = monotonic()
    with pytest.raises(
        NodeError, match=r'^F, database "Ask": no answer within the node\'s limit of 0\.05 s\.$'
    ) as caught:
        await _app("    timeout: 50ms", _forever).call("F")
    assert caught.value.kind == "timeout"
    assert monotonic() - begun < 1


async def test_the_node_s_time_limit_holds_for_each_try() -> None:
    """A try that took too long is tried again, with the whole time."""
    calls = []

    async def slow_then_quick() -> list[dict[str, Any]]:
        calls.append(monotonic())
        if len(calls) == 1:
            await asyncio.sleep(60)
        await asyncio.sleep(0.04)
        return []

    await _app("    timeout: 60ms\n    retry: {times: 1, wait: 1ms}", slow_then_quick).call("F")
    assert len(calls) == 2


async def test_a_time_catch_goes_on_elsewhere() -> None:
    """`after` stops the slow node and leaves by the catch, whose mapping sees a timeout."""
    app = _app(
        "    catch: [{after: 50ms, out: {Out.value: '= error.kind + \": \" + error.message'}, to: End}]", _forever
    )
    assert (await app.call("F"))["Out"]["value"] == "timeout: no answer after 0.05 s"
    assert app.run is not None
    step = record_execution(app.run, snapshot="", epoch=1).steps[1]
    assert (step.link, step.error) == ("catch after 0.05 s", "no answer after 0.05 s")


async def test_a_time_catch_counts_all_tries_and_waits() -> None:
    """The time of `after` runs through the whole step, also while it waits for the next try."""
    begun = monotonic()
    app = _app("    retry: {times: 5, wait: 60s}\n    catch: [{after: 80ms, to: Late}]", Flaky(9))
    assert (await app.call("F"))["Out"]["value"] == "late"
    assert monotonic() - begun < 1


async def test_the_first_time_to_come_is_taken() -> None:
    """Of several time catches the earliest leaves."""
    app = _app("    catch: [{after: 5s, to: End}, {after: 40ms, to: Late}]", _forever)
    assert (await app.call("F"))["Out"]["value"] == "late"


async def test_the_deadline_stops_a_node_and_no_catch_takes_it() -> None:
    """When the execution's time is over, the node is stopped; the error tells limit and node."""
    app = _app("    catch: [{error: any, to: Late}]", _forever)
    begun = monotonic()
    with pytest.raises(
        DeadlineExceeded,
        match=r'^F, database "Ask": the time limit of 0\.100 s has passed here, 0\.\d+ s of it in this',
    ):
        await app.call("F", limits=RunLimits(execution_ns=100_000_000))
    assert monotonic() - begun < 1
    assert app.sources.happened == ["orders: open", "orders: select x", "orders: rollback", "orders: close"]


@pytest.mark.parametrize("limit", ["", "    timeout: 1ms\n"])
async def test_a_wait_between_tries_ends_at_the_deadline(limit: str) -> None:
    """A long wait does not carry the execution past its time, whatever the limit of a try is."""
    begun = monotonic()
    with pytest.raises(DeadlineExceeded):
        await _app(f"{limit}    retry: {{times: 1, wait: 60s}}", Flaky(1)).call(
            "F", limits=RunLimits(execution_ns=100_000_000)
        )
    assert monotonic() - begun < 1


async def test_a_timeout_from_below_is_not_told_as_ours() -> None:
    """A time-out that the driver itself gives is an error of the node without a limit of ours in it."""

    async def gives_up() -> list[dict[str, Any]]:
        raise TimeoutError

    with pytest.raises(NodeError, match="what the node waits for gave up waiting") as caught:
        await _app("    timeout: 5s", gives_up).call("F")
    assert caught.value.kind == "timeout"
