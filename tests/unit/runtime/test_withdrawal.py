"""Snapshots that are withdrawn, restored and deleted."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.small_homes import TEXT, SmallHome, app_text, audit, flow_text, package_of, said_by

from microflow_runtime.errors import Conflict, MicroflowError, NotFound
from microflow_runtime.runtime import Runtime
from microflow_runtime.runtime.activation import activate, roll_back
from microflow_runtime.runtime.manifest import WORKING
from microflow_runtime.runtime.publishing import deploy
from microflow_runtime.runtime.withdrawal import TakenBack, delete, restore, withdraw

TakeBack = Callable[..., Awaitable[TakenBack]]
WAYS = pytest.mark.parametrize("way", [withdraw, delete])


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[SmallHome]:
    """Give a home whose folder says `folder`."""
    made = SmallHome(tmp_path)
    made.write(app_text("v.0.9.0"), TEXT, flow_text("Say", "folder"))
    yield made
    await made.close()


async def _with_two(home: SmallHome) -> Runtime:
    runtime = await home.runtime()
    for number in (1, 2):
        await deploy(runtime, _package(number), audit)
    return runtime


def _package(number: int, **more: Any) -> Any:
    return package_of(app_text(f"v.{number}"), TEXT, flow_text("Say", str(number)), **more)


@WAYS
async def test_no_process_calls_it_any_more(home: SmallHome, way: TakeBack) -> None:
    """It is gone from the next epoch, here and in other processes, and after a restart; the others answer as before."""
    runtime, worker = await _with_two(home), home.worker()
    before = await worker.catch_up()
    done = await way(runtime, "Shop", "v.1", audit)
    assert (done.changed, done.epoch, runtime.page.epoch) == (True, before.epoch + 1, before.epoch + 1)
    assert not worker.is_current()
    for catalog in (runtime.catalog, await worker.catch_up(), (await home.runtime()).catalog):
        said = [await said_by(catalog, "Say", snapshot) for snapshot in ("", "v.1", "v.2")]
        assert said == ["folder", None, "2"]
    assert await said_by(before, "Say", "v.1") == "1", "a call under way ends on what it began with"


async def test_a_withdrawn_snapshot_is_kept_and_comes_back(home: SmallHome) -> None:
    """It cannot be activated or published meanwhile; restored, it is called by its version and nothing else changes."""
    runtime = await _with_two(home)
    await withdraw(runtime, "Shop", "v.1", audit)
    with pytest.raises(Conflict, match="withdrawn"):
        await activate(runtime, "Shop", "v.1", audit)
    with pytest.raises(Conflict, match="withdrawn"):
        await deploy(runtime, _package(1), audit)
    again = await withdraw(runtime, "Shop", "v.1", audit)
    assert (again.changed, again.epoch) == (False, runtime.catalog.epoch)
    done = await restore(runtime, "Shop", "v.1", audit)
    assert (done.changed, await said_by(runtime.catalog, "Say", "v.1")) == (True, "1")
    assert await said_by(runtime.catalog, "Say") == "folder"
    assert not (await restore(runtime, "Shop", "v.1", audit)).changed
    await activate(runtime, "Shop", "v.1", audit)
    assert await said_by(await home.worker().catch_up(), "Say") == "1"


async def test_a_withdrawn_snapshot_stays_so_when_the_catalog_is_read_anew(home: SmallHome) -> None:
    """A version of this software that cannot read the catalog brings back what was not withdrawn."""
    runtime = await _with_two(home)
    await withdraw(runtime, "Shop", "v.1", audit)
    latest = await home.store.find_latest_catalog()
    await home.store.put_catalog(latest.epoch + 1, b'["of another form"]', latest.created_at)
    catalog = (await home.runtime()).catalog
    assert (await said_by(catalog, "Say", "v.1"), await said_by(catalog, "Say", "v.2")) == (None, "2")


async def test_a_deleted_snapshot_leaves_nothing_of_its_own(home: SmallHome) -> None:
    """Its row and the files that only it had are gone; what others share stays, and they are read as before."""
    runtime = await home.runtime()
    await deploy(runtime, _package(1, a_txt=b"only mine", b_txt=b"shared"), audit)
    await deploy(runtime, _package(2, b_txt=b"shared"), audit)
    kinds = ("file", "snapshot")

    def kept() -> list[bytes]:
        return [body for kind, body in home.store._contents.definitions.values() if kind in kinds]

    before = kept()
    await delete(runtime, "Shop", "v.1", audit)
    gone = [body for body in before if body not in kept()]
    assert b"only mine" in gone
    assert b"shared" not in gone
    assert len(gone) == 4, "the list, app.yaml, the flow, and the file of its own"
    assert [snapshot.version for snapshot in await home.store.list_snapshots()] == ["v.2"]
    await activate(runtime, "Shop", "v.2", audit)
    with pytest.raises(NotFound):
        await restore(runtime, "Shop", "v.1", audit)
    assert (await deploy(runtime, _package(1), audit)).is_new


async def test_a_patch_outlives_its_base(home: SmallHome) -> None:
    """It is complete: its files stay when the snapshot that it was laid over is deleted."""
    runtime = await home.runtime()
    await deploy(runtime, _package(1, a_txt=b"of the base"), audit)
    patch = package_of(app_text("v.2"), flow_text("Say", "2"), kind="patch", base="v.1")
    await deploy(runtime, patch, audit)
    await delete(runtime, "Shop", "v.1", audit)
    await withdraw(runtime, "Shop", "v.2", audit)
    await restore(runtime, "Shop", "v.2", audit)
    assert await said_by(runtime.catalog, "Say", "v.2") == "2"


@WAYS
async def test_what_answers_cannot_be_taken_back(home: SmallHome, way: TakeBack) -> None:
    """Neither an activated version nor fetched flows that answer; nothing changes."""
    runtime = await _with_two(home)
    await activate(runtime, "Shop", "v.2", audit)
    flows = package_of("app: Other\nversion: v.5\n", TEXT, flow_text("Fetched", "5"), kind="flows")
    await deploy(runtime, flows, audit)
    epoch = runtime.catalog.epoch
    for app, version in (("Shop", "v.2"), ("Other", "v.5")):
        with pytest.raises(Conflict, match="activate another"):
            await way(runtime, app, version, audit)
    assert runtime.catalog.epoch == epoch
    await way(runtime, "Shop", "v.1", audit)


@WAYS
async def test_what_another_snapshot_calls_cannot_be_taken_back(home: SmallHome, way: TakeBack) -> None:
    """The caller is named; once it is gone itself, nothing stands in the way."""
    runtime = await _with_two(home)
    pins = package_of(app_text("v.3"), TEXT, flow_text("Call", "x", callee="Say", pin="v.1"))
    await deploy(runtime, pins, audit)
    with pytest.raises(Conflict, match=r'"Call" of v\.3'):
        await way(runtime, "Shop", "v.1", audit)
    await way(runtime, "Shop", "v.3", audit)
    await way(runtime, "Shop", "v.1", audit)
    assert await said_by(runtime.catalog, "Say", "v.1") is None


@pytest.mark.parametrize("way", [withdraw, delete, restore])
@pytest.mark.parametrize(("app", "version"), [("Shop", "v.9"), ("Nobody", "v.1"), ("Shop", WORKING)])
async def test_what_is_not_there_is_not_found(home: SmallHome, way: TakeBack, app: str, version: str) -> None:
    """Neither an unknown app nor an unknown version, nor the working folder, which nobody published."""
    runtime = await _with_two(home)
    epoch = runtime.catalog.epoch
    with pytest.raises(NotFound):
        await way(runtime, app, version, audit)
    assert runtime.catalog.epoch == epoch


@WAYS
async def test_a_roll_back_passes_over_what_is_gone(home: SmallHome, way: TakeBack) -> None:
    """It goes to what answered before and is still there, and from there on back."""
    runtime = await _with_two(home)
    await deploy(runtime, _package(3), audit)
    for number in (1, 2, 3):
        await activate(runtime, "Shop", f"v.{number}", audit)
    await way(runtime, "Shop", "v.2", audit)
    assert (await roll_back(runtime, "Shop", audit)).version == "v.1"
    assert (await roll_back(runtime, "Shop", audit)).version == WORKING
    with pytest.raises(Conflict):
        await roll_back(runtime, "Shop", audit)


@pytest.mark.parametrize("way", [withdraw, delete, restore])
async def test_what_cannot_be_audited_does_not_happen(home: SmallHome, way: TakeBack) -> None:
    """The catalog, the snapshot and its row of the audit are written together or not at all."""
    runtime = await _with_two(home)
    if way is restore:
        await withdraw(runtime, "Shop", "v.1", audit)
    kept, said = await home.store.list_snapshots(), await said_by(runtime.catalog, "Say", "v.1")

    def refuse(detail: str) -> Any:
        raise MicroflowError(detail)

    with pytest.raises(MicroflowError):
        await way(runtime, "Shop", "v.1", refuse)
    assert await home.store.list_snapshots() == kept
    assert await said_by(runtime.catalog, "Say", "v.1") == said
