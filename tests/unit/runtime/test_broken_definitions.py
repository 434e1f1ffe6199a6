"""A fault in any definition is told as a fault, whatever was called before and by whichever way it comes in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.small_homes import SmallHome, app_text, audit, package_of, said_by

from microflow_runtime.errors import DefinitionFaults
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime
from microflow_runtime.runtime.checking import find_faults
from microflow_runtime.runtime.publishing import deploy

OUTER = "business_object: Outer\nfields: {inner: Inner?, value: string?, list: [Inner]}\n"
INNER = "business_object: Inner\nfields: {day: date?, count: {type: integer, default: 1}}\n"
CALLEE = """microflow: Callee
id: callee
inputs: {In: Outer}
outputs: {Out: Outer}
nodes:
  Start: {type: start, next: Given?}
  Given?: {type: gateway, links: [{label: a, when: = In.inner = null, to: End}, {label: b, otherwise: true, to: Use}]}
  Use: {type: mapping, out: {Out.inner.day: = In.inner.day, Out.list: = In.list}, next: End}
  End: {type: end, out: {Out.value: done}}
"""
CALLER = """microflow: Caller
id: caller
outputs: {Out: Outer}
variables: {Got: Outer}
nodes:
  Start: {type: start, next: Call}
  Call: {type: sub flow, flow: Callee, in: {In: {value: x, inner: {count: 5}}}, out: {Got: = Out}, next: Each}
  Each:
    type: loop
    each: = Got.list
    nodes:
      Start: {type: start, next: Take}
      Take: {type: mapping, out: {Got.inner: = Item}, next: Done}
      Done: {type: end}
    next: End
  End: {type: end, out: {Out.value: said}}
"""
GOOD = (OUTER, INNER, CALLEE, CALLER)
BREAKS = {
    "a type that is none": (INNER, "date?", "dat"),
    "a default that does not fit": (INNER, "default: 1", "default: x"),
    "no fields": (INNER, "fields:", "felds:"),
    "no YAML": (INNER, "fields: {", "fields: {{"),
    "an outer type that is none": (OUTER, "value: string?", "value: sting"),
    "an outer that is no YAML": (OUTER, "fields: {", "fields: ["),
    "another name": (INNER, "business_object: Inner", "business_object: Other"),
    "a pattern that is none": (INNER, "day: date?", 'day: {type: string, pattern: "("}'),
    "a field that is gone": (OUTER, "inner: Inner?, ", ""),
    "a callee that is no YAML": (CALLEE, "nodes:", "nodes: ["),
    "a callee without its output": (CALLEE, "outputs: {Out: Outer}", "outputs: {Other: Outer}"),
    "a callee with a formula that is none": (CALLEE, "= In.inner = null", "= In.inner =="),
    "a callee of another name": (CALLEE, "microflow: Callee", "microflow: Somebody"),
    "a caller that is no YAML": (CALLER, "nodes:", "nodes: ["),
}


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[SmallHome]:
    """Give a home whose folder has a flow that calls another, and Business Objects that need each other."""
    made = SmallHome(tmp_path)
    made.write(app_text("v.1"), *GOOD)
    yield made
    await made.close()


def _break(home: SmallHome, name: str) -> tuple[str, ...]:
    """Write the broken file and give all texts as they are then."""
    text, old, new = BREAKS[name]
    assert old in text
    kind, file = text.split("\n", 1)[0].split(": ")
    folder = "business_objects" if kind == "business_object" else "microflows"
    broken = text.replace(old, new, 1)
    (home.app / folder / f"{file}.yaml").write_text(broken)
    return tuple(broken if each is text else each for each in GOOD)


async def _told(runtime: Runtime, only: tuple[str, ...] | None) -> set[str]:
    with pytest.raises(DefinitionFaults) as caught:
        await runtime.refresh(audit, only)
    return {fault.code for fault in caught.value.faults}


@pytest.mark.parametrize("called", [("Caller", "Callee"), ("Caller",), ("Callee",), ()])
@pytest.mark.parametrize("name", BREAKS)
async def test_a_broken_definition_is_told_and_changes_nothing(
    home: SmallHome, name: str, called: tuple[str, ...]
) -> None:
    """By a refresh, by one of named flows, by a deployed package and by check: the same codes, and the old flows answer."""
    runtime = await home.runtime()
    for flow in called:
        _ = runtime.catalog.find_named(flow)[0].plan
    epoch = runtime.catalog.epoch
    texts = _break(home, name)
    told = await _told(runtime, None)
    assert told, name
    names = tuple(record.package_name for record in runtime.catalog.folder_flows())
    if "caller" not in name and "callee" not in name:  # else a name of the two is no flow's any more
        assert await _told(runtime, names) == told
    assert {fault.code for fault in await find_faults((home.app,), NODE_TYPES, None) if fault.is_error} == told
    with pytest.raises(DefinitionFaults) as caught:
        await deploy(runtime, package_of(app_text("v.2"), *texts), audit)
    assert {fault.code for fault in caught.value.faults} == told
    assert runtime.catalog.epoch == epoch
    assert await said_by(runtime.catalog, "Caller", "folder") == "said"
