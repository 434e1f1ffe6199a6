"""`parallel` as it runs: branches side by side, joined; one that fails stops the others."""

import asyncio
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import record_execution
from microflow_runtime.errors import NodeError

PAIR = """
business_object: Pair
fields:
  left: string?
  right: string?
"""
APP = """
app: Shop
version: v.0.1.0
data_sources:
  db: {url: "sqlite:///x.db"}
"""


def _app(left: str, right: str, *, catch: str = "") -> SmallApp:
    return SmallApp(
        APP,
        PAIR,
        f"""
microflow: F
outputs: {{Out: Pair}}
variables: {{A: Pair, B: Pair}}
nodes:
  Start: {{type: start, next: Both}}
  Both:
    type: parallel
    branches:
      Left:
        Start: {{type: start, next: Work}}
        Work: {left}
        {"" if "throw" in left else "End: {type: end}"}
      Right:
        Start: {{type: start, next: Work}}
        Work: {right}
        End: {{type: end}}
    out: {{Out.left: = A.left, Out.right: = B.right}}
{catch}
    next: End
  End: {{type: end}}
""",
    )


def _ask(sql: str, out: str) -> str:
    return f"{{type: database, source: db, command: select, sql: {sql}, out: {{{out}}}, next: End}}"


async def test_branches_run_side_by_side_and_are_joined() -> None:
    """Each branch waits for the other: one after the other they would never end."""
    app = _app(_ask("select 1", "A.left: l"), _ask("select 2", "B.right: r"))
    met = asyncio.Barrier(2)

    async def answer() -> list[dict[str, Any]]:
        async with asyncio.timeout(5):
            await met.wait()
        return []

    app.sources.answers = {"select 1": answer, "select 2": answer}
    assert (await app.call("F"))["Out"] == {"left": "l", "right": "r"}
    assert app.run is not None
    (step,) = [step for step in record_execution(app.run, snapshot="", epoch=1).steps if step.node == "Both"]
    assert [(turn.name, [inner.node for inner in turn.steps]) for turn in step.turns] == [
        ("Left", ["Start", "Work", "End"]),
        ("Right", ["Start", "Work", "End"]),
    ]


async def test_what_a_branch_surely_writes_is_there_behind_it() -> None:
    """Both branches have come to their ends: their variables may be read without a look whether they are missing."""
    app = _app("{type: mapping, out: {A.left: l}, next: End}", "{type: mapping, out: {B.right: r}, next: End}")
    assert (await app.call("F"))["Out"] == {"left": "l", "right": "r"}


async def test_a_branch_that_fails_stops_the_others() -> None:
    """The error names the branch; the other one, which would wait for ever, is stopped, and no task is left."""
    app = _app("{type: throw, message: no}", _ask("select 2", "B.right: r"))

    async def never() -> list[dict[str, Any]]:
        await asyncio.Event().wait()
        return []

    app.sources.answers = {"select 2": never}
    with pytest.raises(NodeError) as caught:
        await app.call("F")
    assert caught.value.message == 'F, parallel "Both": branch "Left", throw "Work": no'
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_catch_of_the_node_takes_the_error_of_a_branch() -> None:
    """The node is a node like others."""
    catch = "    catch: [{error: thrown, out: {Out.left: = error.message}, to: End}]"
    app = _app("{type: throw, message: no}", "{type: mapping, out: {B.right: r}, next: End}", catch=catch)
    assert (await app.call("F"))["Out"]["left"] == "no"
