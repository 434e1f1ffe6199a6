"""What the engine costs by itself: steps of long plans, turns of a loop, and a large list through a whole call."""

import asyncio
import gc
import json
import statistics
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import uvloop
from tests.app_folder import write_app

from bench.figures import Figure, Section, Table, shown, spread
from microflow_runtime.compiler import Plan
from microflow_runtime.compiler.business_objects import decode_json
from microflow_runtime.engine import Run, RunLimits, perform, perform_at_once, read_inputs
from microflow_runtime.model.principal import Principal
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime.checking import read_catalog
from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.settings import Settings
from microflow_runtime.store import MemoryStore

_NODES: Final = (100, 1_000)
_TURNS: Final = 100_000
_ITEMS: Final = 42_000
_PAGE_BYTES: Final = 4096
_WHO: Final = Principal(username="bench")
_BUSINESS_OBJECTS: Final[Mapping[str, str]] = {
    "Count": "number: decimal",
    "Row": "id: string\nname: string\namount: decimal\nquantity: integer\nactive: boolean",
    "Rows": "rows: [Row]",
    "Line": "id: string\nname: string\ntotal: decimal",
    "Lines": "lines: [Line]",
    "Text": "text: string",
    "Texts": "texts: [Text]",
}


def run(*, rounds: int) -> Section:
    """Measure everything in each of `rounds` rounds, in turns."""
    with TemporaryDirectory(prefix="microflow-bench-") as folder:
        return uvloop.run(_measure(Path(folder), rounds))


async def _measure(folder: Path, rounds: int) -> Section:
    flows = {**{f"Long {count}": _long_flow(count) for count in _NODES}, **_FLOWS}
    app = write_app(folder / "Bench", "app: Bench\nversion: v.1.0.0\n", _BUSINESS_OBJECTS, flows)
    catalog, _, _ = await read_catalog((app,), NODE_TYPES)
    resources = ProcessResources(Settings(home=folder), MemoryStore())
    plans = {entry.record.name: entry.plan for entry in catalog.entries()}
    calls = _Calls(plans, resources)
    step: dict[int, list[float]] = {count: [] for count in _NODES}
    turn: list[float] = []
    grown: list[float] = []
    whole: list[float] = []
    held: list[float] = []
    loads: list[float] = []
    body = _list_body()
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for count in _NODES:
            step[count].append(calls.step_microseconds(f"Long {count}", count))
        before = _resident_bytes()
        turn.append(await calls.turn_microseconds())
        grown.append((_resident_bytes() - before) / 1e6)
        loads.append(_seconds(lambda: json.loads(body)) * 1e3)
        parts = await calls.list_milliseconds(body)
        whole.append(sum(parts))
        held.append(max(parts))
    await resources.close()
    small, large = (statistics.median(step[count]) for count in _NODES)
    ratio = statistics.median(one / other for one, other in zip(whole, loads, strict=True))
    return Section(
        title="The engine",
        about=(
            f"In one process, without HTTP. A plan of {_NODES[1]:,} mapping nodes, each computing a product, with the "
            f"trace on, against one of {_NODES[0]}. A loop of {_TURNS:,} turns of three steps that make a text of 1 KB "
            f"each. A list of {_ITEMS:,} Business Objects ({len(body) / 1e6:.1f} MB of JSON) decoded, read, mapped by one "
            f"formula into another Business Object, checked and encoded, against `json.loads` of the same body; the parts "
            f"are what a call does without giving others their turn. {rounds} rounds, all of it in each."
        ),
        figures=(
            Figure(name=f"a step of a plan of {_NODES[1]:,} nodes", value=large, unit="us", at_most=2.0),
            Figure(
                name=f"a step of {_NODES[1]:,} nodes over one of {_NODES[0]}",
                value=large / small,
                unit="x",
                at_most=1.3,
            ),
            Figure(name="a step inside a loop", value=statistics.median(turn) / 3, unit="us", at_most=2.0),
            Figure(
                name="memory grown by a loop after the first", value=max(grown[1:], default=0.0), unit="MB", at_most=8.0
            ),
            Figure(name=f"a list of {_ITEMS:,} over json.loads", value=ratio, unit="x", at_most=2.5),
            Figure(name="longest part of it on the event loop", value=statistics.median(held), unit="ms", at_most=60.0),
        ),
        tables=(
            Table(
                ("what", "time"),
                (
                    *((f"step, {count} nodes", spread(step[count], "us")) for count in _NODES),
                    ("turn of three steps", spread(turn, "us")),
                    ("the list, whole", spread(whole, "ms")),
                    ("json.loads", spread(loads, "ms")),
                    ("longest part", f"{shown(max(held), 'ms')} at most"),
                ),
            ),
        ),
    )


class _Calls:
    """Runs the flows as a call does."""

    def __init__(self, plans: Mapping[str, Plan], resources: ProcessResources) -> None:
        self._plans = plans
        self._resources = resources

    def step_microseconds(self, name: str, count: int) -> float:
        """Give the microseconds of one step, the best of some calls."""
        plan = self._plans[name]
        best = min(_seconds(lambda: self._at_once(plan, {"In": {"number": 1}})) for _ in range(200_000 // count // 40))
        return best / count * 1e6

    async def turn_microseconds(self) -> float:
        """Give the microseconds of one turn of the long loop."""
        plan = self._plans["Loop"]
        given = {"In": {"texts": [{"text": "x"}] * _TURNS}}
        run = self._begun(plan, given)
        began = time.perf_counter()
        await perform(run)
        return (time.perf_counter() - began) / _TURNS * 1e6

    async def list_milliseconds(self, body: bytes) -> list[float]:
        """Give the milliseconds of each part of a call with a large list."""
        plan = self._plans["List"]
        marks = [time.perf_counter()]
        given = decode_json(body)["object"]
        marks.append(time.perf_counter())
        run = self._begun(plan, given)
        marks.append(time.perf_counter())
        task = asyncio.ensure_future(perform(run, is_large=True))
        while not task.done():
            await asyncio.sleep(0)
            marks.append(time.perf_counter())
        await task
        return [(later - earlier) * 1e3 for earlier, later in pairwise(marks)]

    def _at_once(self, plan: Plan, given: dict[str, Any]) -> bytes:
        return perform_at_once(self._begun(plan, given))

    def _begun(self, plan: Plan, given: dict[str, Any]) -> Run:
        run = Run(plan, [], _WHO, self._resources, RunLimits(), "0" * 32)
        run.frame = read_inputs(plan, given, _WHO, run)
        return run


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


def _list_body() -> bytes:
    rows = [
        {
            "id": f"{number:08d}",
            "name": f"Somchai Trading number {number} and some more text {number}",
            "amount": 12.5 + number % 100,
            "quantity": number % 7 + 1,
            "active": True,
        }
        for number in range(_ITEMS)
    ]
    return json.dumps({"flowName": "List", "object": {"In": {"rows": rows}}}).encode()


def _long_flow(count: int) -> str:
    nodes = [
        f"  N{index}: {{type: mapping, out: {{Out.number: = Out.number * 1.5}}, next: N{index + 1}}}"
        for index in range(1, count - 1)
    ]
    return "\n".join(
        [
            "inputs: {In: Count}",
            "outputs: {Out: Count}",
            "nodes:",
            "  Start: {type: start, next: N0}",
            "  N0: {type: mapping, out: {Out.number: = In.number}, next: N1}",
            *nodes,
            f"  N{count - 1}: {{type: end}}",
        ]
    )


_FLOWS: Final[Mapping[str, str]] = {
    "Loop": """
inputs: {In: Texts}
outputs: {Out: Count}
nodes:
  Start: {type: start, next: First}
  First: {type: mapping, out: {Out.number: 0}, next: Each}
  Each:
    type: loop
    each: = In.texts
    item: Text
    variables: {Made: Text}
    nodes:
      Start: {type: start, next: Make}
      Make: {type: mapping, out: {Made.text: '= Text.text + "MANY"'}, next: End}
      End: {type: end, out: {Out.number: = Out.number + 1}}
    next: End
  End: {type: end}
""".replace("MANY", "y" * 1024),
    "List": """
inputs: {In: Rows}
outputs: {Out: Lines}
nodes:
  Start: {type: start, next: Map}
  Map:
    type: mapping
    out:
      Out.lines: '= for r in In.rows return {id: r.id, name: r.name, total: r.amount * r.quantity}'
    next: End
  End: {type: end}
""",
}
