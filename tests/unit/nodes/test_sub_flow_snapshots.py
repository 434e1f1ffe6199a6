"""Sub flows of a named snapshot: what they run, what they see of changes, and what is wrong with them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.app_folder import write_app
from tests.unit.small_homes import TEXT, SmallHome, app_text, audit, flow_text, package_of, said_by

from microflow_runtime.cli.faults import render
from microflow_runtime.errors import DefinitionFaults
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime
from microflow_runtime.runtime.activation import activate
from microflow_runtime.runtime.checking import find_faults
from microflow_runtime.runtime.publishing import deploy

WIDER = "business_object: Text\nfields: {value: string?, more: string?}\n"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[SmallHome]:
    """Give a home without app folders."""
    made = SmallHome(tmp_path)
    yield made
    await made.close()


async def _with_two(home: SmallHome) -> Runtime:
    runtime = await home.runtime()
    for number in (1, 2):
        flows = (flow_text("Leaf", f"leaf {number}"), flow_text("Own", "own ", "Leaf"))
        pinned = (flow_text("Pinned", "pinned ", "Own", pin="v.1"),) if number == 2 else ()
        await deploy(runtime, package_of(app_text(f"v.{number}"), TEXT, *flows, *pinned), audit)
    await activate(runtime, "Shop", "v.2", audit)
    return runtime


async def test_a_pinned_sub_flow_is_that_of_its_snapshot(home: SmallHome) -> None:
    """What it calls in turn is of its own snapshot; a call without a pin is of the caller's. So it is in every process."""
    runtime, worker = await _with_two(home), home.worker()
    for catalog in (runtime.catalog, await worker.catch_up()):
        assert await said_by(catalog, "Pinned") == "pinned own leaf 1"
        assert await said_by(catalog, "Own") == "own leaf 2"
    await activate(runtime, "Shop", "v.1", audit)
    assert await said_by(runtime.catalog, "Pinned", "v.2") == "pinned own leaf 1"


async def test_one_flow_may_call_several_snapshots_of_another(home: SmallHome) -> None:
    """Each node of a flow is pinned for itself."""
    runtime = await _with_two(home)
    both = """
        microflow: Both
        outputs: {Out: Text}
        variables: {First: Text, Second: Text, Own: Text}
        nodes:
          Start: {type: start, next: One}
          One: {type: sub flow, flow: Leaf, snapshot: v.1, out: {First: = Out}, next: Two}
          Two: {type: sub flow, flow: Leaf, snapshot: v.2, out: {Second: = Out}, next: Mine}
          Mine: {type: sub flow, flow: Leaf, out: {Own: = Out}, next: End}
          End: {type: end, out: {Out.value: '= First.value + ", " + Second.value + ", " + Own.value'}}
        """
    await deploy(runtime, package_of(app_text("v.3"), TEXT, flow_text("Leaf", "own"), both), audit, activate=True)
    assert await said_by(runtime.catalog, "Both") == "leaf 1, leaf 2, own"


async def test_a_working_folder_may_pin(home: SmallHome) -> None:
    """A refresh of the folder finds what is published, and goes on finding it."""
    await _with_two(home)
    home.write(app_text("v.0"), TEXT, flow_text("Top", "top ", "Leaf", pin="v.1"))
    runtime = await home.runtime()
    await activate(runtime, "Shop", "", audit)
    assert await said_by(runtime.catalog, "Top") == "top leaf 1"
    home.write(flow_text("Top", "again ", "Leaf", pin="v.2"))
    await runtime.refresh(audit)
    assert await said_by(runtime.catalog, "Top") == "again leaf 2"


async def test_the_business_objects_of_a_pinned_flow_are_its_own(home: SmallHome) -> None:
    """The caller's snapshot may declare the same name otherwise; values are handed over by field name."""
    runtime = await _with_two(home)
    caller = flow_text("Top", "top ", "Leaf", pin="v.1")
    await deploy(runtime, package_of(app_text("v.3"), WIDER, caller), audit, activate=True)
    assert await said_by(runtime.catalog, "Top") == "top leaf 1"


async def _told(runtime: Runtime, *texts: str) -> str:
    with pytest.raises(DefinitionFaults) as caught:
        await deploy(runtime, package_of(app_text("v.9"), TEXT, *texts), audit)
    return render(caught.value.faults, "concise")


async def test_a_snapshot_that_is_not_there(home: SmallHome) -> None:
    """The nearest is suggested; where none is near, what to do."""
    runtime = await _with_two(home)
    told = await _told(runtime, flow_text("Top", "x", "Leaf", pin="v.1.1"))
    message = 'MF-D090 The application has no published snapshot "v.1.1". (did you mean "v.1"?)'
    assert told == f"Shop/microflows/Top.yaml:6:48: {message}\n"
    told = await _told(runtime, flow_text("Top", "x", "Leaf", pin="other"))
    assert told.endswith('"other". (publish it first, or leave `snapshot` out)\n')
    told = await _told(runtime, flow_text("Top", "x", "Leaf", pin="working"))
    assert 'no published snapshot "working"' in told


async def test_a_flow_that_its_snapshot_does_not_have(home: SmallHome) -> None:
    """The nearest flow of that snapshot is suggested, whatever the caller's own has."""
    runtime = await _with_two(home)
    told = await _told(runtime, flow_text("Top", "x", "Lef", pin="v.1"), flow_text("Lef", "x"))
    message = 'MF-D074 The snapshot "v.1" has no flow "Lef". (did you mean "Leaf"?)'
    assert told == f"Shop/microflows/Top.yaml:6:32: {message}\n"


def test_a_folder_is_checked_without_its_snapshots(tmp_path: Path) -> None:
    """`microflow check` does not know what is published: it warns, and says where it will be looked at."""
    flow = flow_text("Top", "x", "Leaf", pin="v.1").split("\n", 1)[1]
    folder = write_app(tmp_path / "Shop", app_text("v.2"), {"Text": "value: string?"}, {"Top": flow})
    (fault,) = asyncio.run(find_faults((folder,), NODE_TYPES))
    assert (fault.code, fault.is_error) == ("MF-D091", False)
    assert fault.message == 'Whether the snapshot "v.1" has this flow is checked where it is published.'
