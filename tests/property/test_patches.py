"""A patch gives the very plans that a full snapshot of the same content gives, whatever was changed by it."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.small_homes import SmallHome, app_text, audit

from microflow_runtime.compiler.reading import source_of_files
from microflow_runtime.errors import DefinitionFaults
from microflow_runtime.runtime import Runtime
from microflow_runtime.runtime.packages import Package
from microflow_runtime.runtime.publishing import deploy

_NAMES = ["A", "B", "C", "D"]
_OBJECTS = {
    "business_objects/Text.yaml": [
        b"business_object: Text\nfields: {value: string?}\n",
        b"business_object: Text\nfields: {value: string?, more: Inner?}\n",
    ],
    "business_objects/Inner.yaml": [
        b"business_object: Inner\nfields: {deep: string?}\n",
        b"business_object: Inner\nfields: {deep: {type: string, default: x}}\n",
    ],
}
_FILES = {"files/a.txt": [b"one", b"two"], "files/b.txt": [b"one", b"two"]}


def _flow(name: str, value: str, callee: str | None) -> bytes:
    call = f"  Call: {{type: sub flow, flow: {callee}, recursive: true, next: End}}\n" if callee else ""
    return (
        f"microflow: {name}\nid: id-{name}\noutputs: {{Out: Text}}\nnodes:\n"
        f"  Start: {{type: start, next: {'Call' if callee else 'End'}}}\n{call}"
        f'  End: {{type: end, out: {{Out.value: "{value}"}}}}\n'
    ).encode()


@st.composite
def _contents(draw: st.DrawFn) -> dict[str, bytes]:
    """Draw the files of an app, apart from app.yaml; sub flows call only flows that are there."""
    names = draw(st.lists(st.sampled_from(_NAMES), unique=True, min_size=1))
    files = {path: draw(st.sampled_from(bodies)) for path, bodies in _OBJECTS.items()}
    for path, bodies in _FILES.items():
        if draw(st.booleans()):
            files[path] = draw(st.sampled_from(bodies))
    for name in names:
        callee = draw(st.none() | st.sampled_from(names))
        files[f"microflows/{name}.yaml"] = _flow(name, draw(st.sampled_from(["x", "y"])), callee)
    return files


def _package(
    version: str, files: Mapping[str, bytes], kind: Any = "full", base: str = "", removed: Any = ()
) -> Package:
    source = source_of_files("Shop", {**files, "app.yaml": app_text(version).encode()})
    return Package(name="Shop", source=source, kind=kind, base=base, removed=removed)


def _keys(runtime: Runtime, version: str) -> dict[str, str]:
    return {entry.record.name: entry.record.key for entry in runtime.catalog.entries() if entry.record.group == version}


async def _compare(folder: Path, old: dict[str, bytes], new: dict[str, bytes], kept: set[str]) -> None:
    """Publish the new content as a patch of the old in one home, and whole in another."""
    patched, whole = SmallHome(folder / "patched"), SmallHome(folder / "whole")
    try:
        one, other = await patched.runtime(), await whole.runtime()
        await deploy(one, _package("v.1", old), audit)
        changed = {path: body for path, body in new.items() if old.get(path) != body or path in kept}
        removed = tuple(sorted(path for path in old if path not in new))
        done = await deploy(one, _package("v.2", changed, "patch", "v.1", removed), audit, activate=True)
        full = await deploy(other, _package("v.2", new), audit)
        assert _keys(one, "v.2") == _keys(other, "v.2")
        assert done.flows == full.flows
        ours, theirs = await patched.store.find_snapshot("Shop", "v.2"), await whole.store.find_snapshot("Shop", "v.2")
        assert ours.content_hash == theirs.content_hash
        again = await deploy(one, _package("v.2", new), audit)
        assert (again.is_new, again.difference.is_empty) == (False, True)
        plans = {entry.record.name: entry.plan.nodes for entry in one.catalog.entries() if entry.record.active}
        assert set(plans) == set(_keys(other, "v.2"))
    finally:
        await patched.close()
        await whole.close()


@settings(max_examples=30, deadline=None)
@given(old=_contents(), new=_contents(), kept=st.sets(st.sampled_from([*_OBJECTS, *_FILES])))
def test_a_patch_gives_what_a_full_snapshot_gives(old: dict[str, bytes], new: dict[str, bytes], kept: set[str]) -> None:
    """Keys, which stand for plans, and the whole content are the same; publishing it whole again is nothing new."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_compare(Path(folder), old, new, kept))


def test_a_patch_that_breaks_a_flow_of_its_base_is_refused() -> None:
    """What the patch leaves as it was is checked with it."""
    old = {"business_objects/Text.yaml": _OBJECTS["business_objects/Text.yaml"][0]}
    old |= {f"microflows/{name}.yaml": _flow(name, "x", callee) for name, callee in (("A", "B"), ("B", None))}

    async def publish(folder: Path) -> None:
        home = SmallHome(folder)
        try:
            runtime = await home.runtime()
            await deploy(runtime, _package("v.1", old), audit)
            with pytest.raises(DefinitionFaults, match="MF-D074"):
                await deploy(runtime, _package("v.2", {}, "patch", "v.1", ("microflows/B.yaml",)), audit)
            assert [row.version for row in await home.store.list_snapshots()] == ["v.1"]
        finally:
            await home.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(publish(Path(folder)))
