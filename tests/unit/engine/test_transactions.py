"""The transactions of one execution: opened on first use, ended all together."""

import asyncio
from typing import Any, Self

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import perform
from microflow_runtime.engine.transactions import Transactions
from microflow_runtime.errors import NodeError
from microflow_runtime.model.app import App

TWO = """
microflow: Two
nodes:
  Start: {type: start, next: First}
  First:
    type: database
    source: orders
    command: insert
    sql: insert into x values (1)
    next: Second
  Second:
    type: database
    source: archive
    command: insert
    sql: insert into y values (1)
    next: End
  End: {type: end}
"""


async def test_all_are_committed_in_the_order_of_their_names() -> None:
    """The end of the execution commits `archive` before `orders`, whichever was used first."""
    app = SmallApp(TWO)
    await app.call("Two")
    assert app.sources.happened == [
        "orders: open",
        "orders: insert into x values (1)",
        "archive: open",
        "archive: insert into y values (1)",
        "archive: commit",
        "orders: commit",
        "archive: close",
        "orders: close",
    ]


async def test_a_commit_that_fails_half_way_says_so() -> None:
    """What was committed before cannot be undone any more; the error names it."""
    app = SmallApp(TWO)
    app.sources.commit_errors["orders"] = NodeError("disk full", kind="database")
    with pytest.raises(
        NodeError, match='The data source "orders" could not commit: disk full; already committed: archive'
    ):
        await app.call("Two")
    assert app.sources.happened[-2:] == ["archive: close", "orders: close"]


async def test_the_first_commit_that_fails_stops_the_rest() -> None:
    """Nothing after the failed one is committed, and nothing is said to be."""
    app = SmallApp(TWO)
    app.sources.commit_errors["archive"] = NodeError("disk full", kind="database")
    with pytest.raises(NodeError) as caught:
        await app.call("Two")
    assert "already" not in caught.value.message
    assert "orders: commit" not in app.sources.happened


async def test_a_failure_undoes_all() -> None:
    """When a later node fails, every transaction is rolled back and none committed."""
    app = SmallApp(TWO)

    async def fail() -> list[dict[str, Any]]:
        raise NodeError("no such table", kind="database")

    app.sources.answers["insert into y values (1)"] = fail
    with pytest.raises(NodeError):
        await app.call("Two")
    assert sorted(app.sources.happened[-4:]) == [
        "archive: close",
        "archive: rollback",
        "orders: close",
        "orders: rollback",
    ]


async def test_an_output_that_does_not_fit_undoes_all() -> None:
    """The reply is checked before anything is committed."""
    app = SmallApp(
        "business_object: Pair\nfields: {name: string, other: string?}\n",
        TWO.replace("nodes:", "outputs: {Out: Pair}\nnodes:", 1).replace(
            "End: {type: end}", "End: {type: end, out: {Out.other: x}}"
        ),
    )
    with pytest.raises(Exception, match=r"Out\.name: expected a value"):
        await app.call("Two")
    assert not any(entry.endswith("commit") for entry in app.sources.happened)
    assert "orders: rollback" in app.sources.happened


async def test_a_cancelled_execution_undoes_all() -> None:
    """A caller that goes away leaves nothing behind, not even when it goes twice."""
    app = SmallApp(TWO)
    waiting = asyncio.Event()

    async def wait() -> list[dict[str, Any]]:
        waiting.set()
        await asyncio.sleep(60)
        return []

    app.sources.answers["insert into y values (1)"] = wait
    task = asyncio.create_task(perform(await app.start("Two", {})))
    await waiting.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.01)
    assert {"orders: rollback", "archive: rollback", "orders: close", "archive: close"} <= set(app.sources.happened)
    assert not any(entry.endswith("commit") for entry in app.sources.happened)


async def test_a_commit_goes_on_when_its_caller_goes_away() -> None:
    """Once the first source is committed the others follow, and the cancellation is told afterwards."""
    happened: list[str] = []

    class Slow:
        def __init__(self, name: str) -> None:
            self.name = name

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            happened.append(f"{self.name}: close")

        async def commit(self) -> None:
            await asyncio.sleep(0.01)
            happened.append(f"{self.name}: commit")

    class Sources:
        def open_transaction(self, app: App, source: str) -> Slow:
            assert app.name == "Shop"
            return Slow(source)

    transactions = Transactions(Sources())  # type: ignore[arg-type]
    for name in ("a", "b"):
        await transactions.connection(App(name="Shop", version="v"), name)
    task = asyncio.create_task(transactions.commit())
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert happened == ["a: commit", "b: commit", "b: close", "a: close"]


async def test_a_source_is_opened_on_first_use_only() -> None:
    """A flow that never comes to its database node opens nothing, and one that comes twice opens once."""
    app = SmallApp(TWO.replace("source: archive", "source: orders"))
    await app.call("Two")
    assert app.sources.happened.count("orders: open") == 1
    app = SmallApp(
        TWO.replace("next: First", "next: Skip").replace(
            "  First:",
            "  Skip: {type: gateway, links: [{when: = false, to: First}, {otherwise: true, to: End}]}\n  First:",
        )
    )
    await app.call("Two")
    assert app.sources.happened == []
