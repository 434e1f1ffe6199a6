"""What answers for an app: activated, rolled back, and kept over restarts and refreshes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.small_homes import TEXT, SmallHome, app_text, audit, flow_text, package_of, said_by

from microflow_runtime.errors import Conflict, NotFound, StoreError
from microflow_runtime.runtime import Runtime
from microflow_runtime.runtime.activation import activate, line_of, roll_back
from microflow_runtime.runtime.manifest import WORKING
from microflow_runtime.runtime.publishing import deploy


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[SmallHome]:
    """Give a home whose folder says `folder`."""
    made = SmallHome(tmp_path)
    made.write(app_text("v.0.9.0"), TEXT, flow_text("Say", "folder"), flow_text("Only Here", "folder"))
    yield made
    await made.close()


async def _with_two(home: SmallHome) -> Runtime:
    runtime = await home.runtime()
    for number in (1, 2):
        await deploy(runtime, package_of(app_text(f"v.{number}"), TEXT, flow_text("Say", str(number))), audit)
    return runtime


async def _said(runtime: Runtime) -> str | None:
    return await said_by(runtime.catalog, "Say")


async def test_an_activated_snapshot_answers_for_its_app(home: SmallHome) -> None:
    """Just its flows answer, on the next epoch and in other processes too; others are found by their version."""
    runtime, worker = await _with_two(home), home.worker()
    assert await _said(runtime) == "folder"
    epoch = runtime.catalog.epoch
    done = await activate(runtime, "Shop", "v.1", audit)
    assert (done.version, done.before, done.changed, done.epoch) == ("v.1", WORKING, True, epoch + 1)
    assert await _said(runtime) == "1"
    catalog = await worker.catch_up()
    assert await said_by(catalog, "Say") == "1"
    assert await said_by(catalog, "Only Here") is None
    assert await said_by(catalog, "Only Here", "folder") == "folder"
    assert await said_by(catalog, "Say", "v.2") == "2"


async def test_activating_what_answers_already_changes_nothing(home: SmallHome) -> None:
    """No epoch and no row of the history is spent on it; that somebody asked is in the audit."""
    runtime = await _with_two(home)
    await activate(runtime, "Shop", "v.1", audit)
    epoch = runtime.catalog.epoch
    done = await activate(runtime, "Shop", "v.1", audit)
    assert (done.changed, done.epoch, runtime.page.epoch) == (False, epoch, epoch)
    assert len(await home.store.list_activations()) == 1
    assert len(await home.store.list_audit()) == 4


async def test_an_activation_outlives_refreshes_and_restarts(home: SmallHome) -> None:
    """The folder may change as it likes; a new start goes on with what was activated."""
    runtime = await _with_two(home)
    await activate(runtime, "Shop", "v.2", audit)
    home.write(flow_text("Say", "other"))
    await runtime.refresh(audit)
    assert await _said(runtime) == "2"
    again = await home.runtime()
    assert await _said(again) == "2"
    await activate(again, "Shop", WORKING, audit)
    assert await _said(again) == "other"


async def test_what_is_not_there_cannot_be_activated(home: SmallHome) -> None:
    """An unknown version names the nearest one, an unknown app has no folder, and nothing changes."""
    runtime = await _with_two(home)
    epoch = runtime.catalog.epoch
    with pytest.raises(NotFound, match=r"no published snapshot v\.11; did you mean v\.1\?"):
        await activate(runtime, "Shop", "v.11", audit)
    with pytest.raises(NotFound, match="Shopp has no published snapshot"):
        await activate(runtime, "Shopp", "v.1", audit)
    with pytest.raises(NotFound, match="Shopp has no working folder"):
        await activate(runtime, "Shopp", WORKING, audit)
    assert runtime.catalog.epoch == epoch
    assert await home.store.list_activations() == []


async def test_roll_backs_go_back_one_after_the_other(home: SmallHome) -> None:
    """Each undoes the activation before the last one undone, down to the folder, and no further."""
    runtime = await _with_two(home)
    for version in ("v.1", "v.2"):
        await activate(runtime, "Shop", version, audit)
    seen = []
    for _ in range(2):
        await roll_back(runtime, "Shop", audit)
        seen.append(await _said(runtime))
    assert seen == ["1", "folder"]
    with pytest.raises(Conflict, match="nothing to go back to"):
        await roll_back(runtime, "Shop", audit)
    assert [row.version for row in reversed(await home.store.list_activations())] == ["v.1", "v.2", "v.1", ""]


async def test_an_app_is_not_rolled_back_to_nothing(tmp_path: Path) -> None:
    """Where there is no folder, the first version stays."""
    home = SmallHome(tmp_path)
    runtime = await home.runtime()
    await deploy(runtime, package_of(app_text("v.1"), TEXT, flow_text("Say", "1")), audit)
    with pytest.raises(Conflict, match="nothing to go back to"):
        await roll_back(runtime, "Shop", audit)
    assert await _said(runtime) == "1"
    await home.close()


async def test_an_activation_that_cannot_be_written_does_not_happen(
    home: SmallHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be kept and audited changes nothing."""
    runtime = await _with_two(home)

    async def full(*_: object, **_more: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(home.store, "put_catalog", full)
    with pytest.raises(StoreError):
        await activate(runtime, "Shop", "v.1", audit)
    assert await _said(runtime) == "folder"


@given(st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=12))
def test_a_roll_back_leads_back_along_the_line(versions: list[str]) -> None:
    """Whatever was activated: the present version ends the line, and rolling back reaches its beginning without a circle."""
    line = line_of(versions)
    assert line[-1] == (versions[-1] if versions else "")
    rows, steps = list(versions), 0
    while len(line_of(rows)) > 1:
        rows.append(line_of(rows)[-2])
        steps += 1
    assert steps == len(line) - 1
    assert line_of(rows) == [""]


def test_a_roll_back_undoes_just_the_activation_before_it() -> None:
    """After a roll back another version may be activated; the next roll back leads to where that was done."""
    assert line_of(["1", "2", "3", "2", "4"]) == ["", "1", "2", "4"]
