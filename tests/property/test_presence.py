"""What the compiler says is there is there, in random flows that write, clear, test and loop over what may be missing."""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from tests.unit import small_apps
from tests.unit.small_apps import SmallApp

from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.engine import RunLimits
from microflow_runtime.errors import DefinitionFaults, ExecutionError
from microflow_runtime.feel import ContextType, ListType, Type
from microflow_runtime.nodes import NODE_TYPES

POINT = "business_object: Point\nfields: {x: decimal, y: decimal?, next: Point?, tags: [string], kept: {type: decimal, default: 1}}\n"
PATHS = (
    "A",
    "B",
    "C",
    "In",
    "A.next",
    "B.next",
    "In.y",
    "A.y",
    "B.y",
    "A.next.y",
    "B.next.x",
    "C.next.next.y",
    "In.next.next",
)
TARGETS = (
    "A",
    "B",
    "C",
    "A.next",
    "B.next",
    "A.x",
    "A.y",
    "B.y",
    "A.next.x",
    "B.next.y",
    "C.next.next.x",
    "C.next.next",
)


def _condition(chance: random.Random) -> str:
    path, other = chance.choice(PATHS), chance.choice(PATHS)
    tests = [f"{path} = null", f"{path} != null", f"not({path} = null)"]
    if path.endswith((".x", ".y")):
        tests += [f"{path} > 1", f"{path} + 1 = 2", f"{path} between 0 and 3", f"not({path} > 1)"]
    test = chance.choice(tests)
    second = f"{other} {chance.choice(('=', '!='))} null"
    return chance.choice([test, test, f"{test} and {second}", f"{test} or {second}", f"not({test} or {second})"])


def _line(chance: random.Random) -> str:
    target = chance.choice(TARGETS)
    if target.endswith(".x"):
        value = chance.choice(["1", "2"])
    elif target.endswith(".y"):
        value = chance.choice(["1", "2", "= null", "= In.y", "= A.y", "= B.next.x"])
    else:
        value = chance.choice(["= null", "= In", "= In.next", "= A", "= B.next", "= C.next.next"])
    return f'{target}: "{value}"' if value.startswith("=") else f"{target}: {value}"


def _nodes(chance: random.Random, indent: str, depth: int) -> str:
    """Make some nodes whose links lead anywhere among them, backwards as well, and keep those that the start leads to."""
    names = [f"N{number}" for number in range(chance.randint(1, 6))]
    made: dict[str, tuple[str, list[str]]] = {}
    for at, name in enumerate(names, 1):
        ways = [chance.choice([*names[at:], "End"]), *(chance.choice([*names, "End"]) for _ in range(2))]
        kind = chance.choice(("mapping", "mapping", "gateway", "gateway", "loop"))
        catch = ""
        if kind != "gateway" and chance.random() < 0.4:
            catch = f"catch: [{{error: any, out: {{{_line(chance)}}}, to: {ways[1]}}}]"
        if kind == "gateway":
            links = "".join(f'{{when: "= {_condition(chance)}", to: {way}}}, ' for way in ways[1:3])
            text = f"{indent}{name}: {{type: gateway, links: [{links}{{otherwise: true, to: {ways[0]}}}]}}"
            used = ways[:3]
        elif kind == "loop" and depth:
            gathers = chance.choice(("", "failures: gather"))
            inside = _nodes(chance, indent + "    ", depth - 1)
            parts = [
                "type: loop",
                "each: = [1, 2]",
                gathers,
                f"nodes:\n{inside}",
                f"out: {{{_line(chance)}}}",
                f"next: {ways[0]}",
                catch,
            ]
            text = f"{indent}{name}:\n" + "\n".join(f"{indent}  {part}" for part in parts if part)
            used = ways[:2] if catch else ways[:1]
        else:
            failing = chance.choice(("", ', Fail: "= 1 / 0"')) if catch else ""
            text = f"{indent}{name}: {{type: mapping, out: {{{_line(chance)}{failing}}}, {catch + ', ' if catch else ''}next: {ways[0]}}}"
            used = ways[:2] if catch else ways[:1]
        made[name] = text, used
    reached, waiting = {names[0]}, [names[0]]
    while waiting:
        for way in made.get(waiting.pop(), ("", []))[1]:
            if way not in reached:
                reached.add(way)
                waiting.append(way)
    lines = [f"{indent}Start: {{type: start, next: {names[0]}}}", *(made[name][0] for name in names if name in reached)]
    return "\n".join([*lines, f"{indent}End: {{type: end}}"])


def _flow(seed: int) -> str:
    return f"""
microflow: F
id: 3f0c2d8e-7f0e-4c11-9a51-0d5b8f0f6a11
inputs: {{In: Point?}}
variables: {{A: Point?, B: Point?, C: Point?, Fail: decimal}}
nodes:
{_nodes(random.Random(seed), "  ", 1)}
"""


def _fits(value: Any, kind: Type) -> bool:
    if value is None:
        return kind.optional
    if isinstance(kind, ListType):
        return all(_fits(item, kind.item) for item in value)
    return not isinstance(kind, ContextType) or all(_fits(value[name], field) for name, field in kind.fields)


class _Watched:
    """A kind of node that looks, each time it is entered, whether the values are what the compiler took them to be."""

    def __init__(self, kind: Any, looked: list[str]) -> None:
        self._kind = kind
        self._looked = looked

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kind, name)

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Keep what is known at the node, and let it be looked at."""
        scope, name = dict(context.scope), context.node.name
        build = self._kind.prepare(context)

        def look(frame: Frame) -> None:
            self._looked.append(name)
            _look(frame, scope, context.layout.slots, name)

        def watched() -> Action:
            action = build()

            def run(frame: Frame, run: Any) -> Any:
                look(frame)
                return action.run(frame, run)

            return msgspec.structs.replace(action, run=run)

        return watched


def _look(frame: Frame, scope: Mapping[str, Type], slots: Mapping[str, int], name: str) -> None:
    for variable, kind in scope.items():
        if variable != "caller":
            value = frame[slots[variable]]
            assert _fits(value, kind), f"at {name}, {variable} is {value}"


_VALUES: list[dict[str, Any]] = [
    {},
    {"In": {"x": 1}},
    {"In": {"x": 2, "y": 2, "next": {"x": 1, "next": {"x": 3, "y": 4}}}},
]


@pytest.mark.parametrize("base", range(4))
def test_nothing_is_missing_that_is_said_to_be_there(base: int) -> None:
    """At every node of a run each value is there whose type says so, whatever way led there."""
    looked: list[str] = []
    with patch.object(small_apps, "NODE_TYPES", {name: _Watched(kind, looked) for name, kind in NODE_TYPES.items()}):
        for seed in range(base * 40, base * 40 + 40):
            asyncio.run(_run(_flow(seed)))
    assert len(looked) > 500


async def _run(flow: str) -> None:
    app = SmallApp(POINT, flow)
    for values in _VALUES:
        try:
            await app.call("F", values, limits=RunLimits(steps=40, total_steps=200))
        except DefinitionFaults as error:
            codes = {fault.code for fault in error.faults if fault.is_error}
            if codes != {"MF-F010"}:  # a record that is only begun is no whole one
                raise AssertionError([(f.code, f.message) for f in error.faults], flow) from error
        except ExecutionError:
            pass  # a flow that goes round and round ends at its limit
