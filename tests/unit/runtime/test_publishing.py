"""Publishing whole snapshots, patches and single flows, and that what is published never changes or gets lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest
from tests.unit.small_homes import TEXT, SmallHome, app_text, audit, flow_text, package_of, said_by

from microflow_runtime.errors import BadRequest, Conflict, DefinitionFaults, NotFound, StoreError
from microflow_runtime.runtime import Runtime
from microflow_runtime.runtime.activation import activate
from microflow_runtime.runtime.data_sources.sqlite_files import MadeDatabases
from microflow_runtime.runtime.packages import Package
from microflow_runtime.runtime.publishing import deploy, fetch
from microflow_runtime.runtime.snapshot_content import content_key, read_content

ONE = (app_text("v.1"), TEXT, flow_text("Say", "1"), flow_text("Ask", "asked ", "Say"))


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[SmallHome]:
    """Give a home without app folders."""
    made = SmallHome(tmp_path)
    yield made
    await made.close()


def _full(number: int, *more: str) -> Package:
    return package_of(app_text(f"v.{number}"), TEXT, flow_text("Say", str(number)), *more)


async def _all_said(runtime: Runtime) -> dict[str, str | None]:
    entries = runtime.catalog.entries()
    return {
        f"{entry.record.name} {entry.record.group}": await said_by(
            runtime.catalog, entry.record.name, entry.record.group
        )
        for entry in entries
    }


async def test_the_first_snapshot_of_an_app_answers(home: SmallHome) -> None:
    """Where nothing answers yet, publishing is activating; the next one waits until it is activated."""
    runtime = await home.runtime()
    done = await deploy(runtime, package_of(*ONE), audit)
    assert (done.app, done.version, done.kind, done.flows) == ("Shop", "v.1", "full", 2)
    assert (done.is_new, done.is_active, done.compared_with, done.epoch) == (True, True, "", runtime.page.epoch)
    assert [(change.name, change.how) for change in done.difference.flows] == [("Ask", "added"), ("Say", "added")]
    assert await said_by(runtime.catalog, "Ask") == "asked 1"
    done = await deploy(runtime, _full(2), audit)
    assert (done.is_new, done.is_active, done.compared_with) == (True, False, "v.1")
    assert [(change.name, change.how) for change in done.difference.flows] == [("Ask", "removed"), ("Say", "changed")]
    assert [impact.kind for impact in done.impacts] == ["flow removed"]
    assert await said_by(runtime.catalog, "Say") == "1"
    done = await deploy(runtime, _full(3), audit, activate=True)
    assert (done.is_active, done.compared_with) == (True, "v.1")
    assert await said_by(runtime.catalog, "Say") == "3"
    assert [(row.version, row.actor) for row in await home.store.list_activations()] == [
        ("v.3", "admin"),
        ("v.1", "admin"),
    ]
    assert [(row.version, row.kind, row.flows) for row in await home.store.list_snapshots()] == [
        ("v.3", "full", 1),
        ("v.2", "full", 1),
        ("v.1", "full", 2),
    ]


async def test_a_trial_changes_nothing(home: SmallHome) -> None:
    """It checks and compares; store, catalog, data sources and audit are as before."""
    runtime = await home.runtime()
    sources = 'data_sources: {orders: {url: "sqlite:///orders.db", create_from: files/orders.sql}}\n'
    package = package_of(app_text("v.1", sources), TEXT, flow_text("Say", "1"), orders_sql=b"create table t (x);")
    done = await deploy(runtime, package, audit, is_trial=True)
    assert (done.is_new, done.is_active, done.is_trial) == (True, True, True)
    assert (runtime.catalog.epoch, list(runtime.catalog.entries())) == (1, [])
    assert await home.store.list_snapshots() == []
    assert await home.store.list_audit() == []
    assert not (home.root / "home" / "data").exists()
    await deploy(runtime, package, audit)
    assert (home.root / "home" / "data" / "Shop" / "orders.db").exists()


SCRIPTED = 'data_sources: {orders: {url: "sqlite:///orders.db", create_from: files/orders.sql}}\n'
ENDLESS = (
    b"create table t as with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) as c from r;"
)


async def test_an_endless_script_keeps_nobody_waiting(home: SmallHome) -> None:
    """Others publish while it runs; when its time is over its package is refused and nothing is left of it."""
    runtime = await home.runtime()
    runtime.resources.data_sources.made = MadeDatabases(seconds=1.5)
    package = package_of(app_text("v.1", SCRIPTED), TEXT, flow_text("Say", "1"), orders_sql=ENDLESS)
    slow = asyncio.create_task(deploy(runtime, package, audit))
    await asyncio.sleep(0.2)
    started = monotonic()
    other = (app_text("v.1").replace("Shop", "Other"), TEXT, flow_text("Ask", "x"))
    assert (await deploy(runtime, package_of(*other), audit)).is_active
    assert monotonic() - started < 1
    assert not slow.done()
    with pytest.raises(StoreError, match="it was not at its end after"):
        await slow
    assert [row.app for row in await home.store.list_snapshots()] == ["Other"]
    assert list((home.root / "home" / "data" / "Shop").iterdir()) == []


async def test_a_script_of_a_published_snapshot_keeps_no_server_from_starting(home: SmallHome) -> None:
    """Where its data is gone and the script fails now, the server serves all the rest."""
    runtime = await home.runtime()
    package = package_of(app_text("v.1", SCRIPTED), TEXT, flow_text("Say", "1"), orders_sql=b"create table t (x);")
    await deploy(runtime, package, audit)
    database = home.root / "home" / "data" / "Shop" / "orders.db"
    database.unlink()
    database.mkdir()
    (database / "x").touch()
    again = await home.runtime()
    assert await said_by(again.catalog, "Say") == "1"


async def test_a_published_snapshot_never_changes(home: SmallHome) -> None:
    """The same content again changes nothing, whatever it is called; another content is refused."""
    runtime = await home.runtime()
    await deploy(runtime, package_of(*ONE), audit)
    epoch = runtime.page.epoch
    done = await deploy(runtime, package_of(*ONE), audit)
    assert (done.is_new, done.epoch, runtime.page.epoch) == (False, epoch, epoch)
    assert done.difference.is_empty
    for other in ((*ONE, flow_text("More", "x")), (*ONE[:2], flow_text("Say", "other")), ONE[:3]):
        with pytest.raises(Conflict, match=r"The snapshot v\.1 of Shop is published already and never changes"):
            await deploy(runtime, package_of(*other), audit)
    with pytest.raises(Conflict, match="never changes"):
        await deploy(runtime, package_of(*ONE, note_txt=b"a file more"), audit)
    with pytest.raises(Conflict, match="never changes"):
        await deploy(runtime, package_of(*ONE[:2], flow_text("Say", "other"), kind="flows"), audit)
    with pytest.raises(Conflict, match='published already, without "New"'):
        await deploy(runtime, package_of(*ONE[:2], flow_text("New", "x"), kind="flows"), audit)
    assert runtime.page.epoch == epoch
    same = await deploy(runtime, package_of(*ONE[:3], kind="flows"), audit)
    assert (same.is_new, runtime.page.epoch) == (False, epoch)


async def test_publishing_again_may_activate(home: SmallHome) -> None:
    """What is there already is not published, and answers when that is asked for."""
    runtime = await home.runtime()
    await deploy(runtime, _full(1), audit)
    await deploy(runtime, _full(2), audit)
    done = await deploy(runtime, _full(2), audit, activate=True)
    assert (done.is_new, done.is_active) == (False, True)
    assert await said_by(runtime.catalog, "Say") == "2"


@pytest.mark.parametrize("version", ["working", "folder"])
async def test_versions_that_mean_the_folder_are_refused(home: SmallHome, version: str) -> None:
    """No snapshot can be mistaken for the working folder."""
    runtime = await home.runtime()
    with pytest.raises(DefinitionFaults, match="stands for the working folder"):
        await deploy(runtime, package_of(app_text(version), TEXT, flow_text("Say", "1")), audit)


async def test_a_package_without_flows_is_refused(home: SmallHome) -> None:
    """There would be nothing to answer; a patch may not come to that either."""
    runtime = await home.runtime()
    with pytest.raises(BadRequest, match="holds no flow"):
        await deploy(runtime, package_of(app_text("v.1"), TEXT), audit)
    await deploy(runtime, _full(1), audit)
    emptying = package_of(app_text("v.2"), kind="patch", base="v.1", removed=("microflows/Say.yaml",))
    with pytest.raises(BadRequest, match="holds no flow"):
        await deploy(runtime, emptying, audit)


async def test_a_package_with_faults_changes_nothing(home: SmallHome) -> None:
    """All of its faults are told, those of reading and those of compiling."""
    runtime = await home.runtime()
    broken = package_of(app_text("v.1"), TEXT, flow_text("Say", "= nothing"), "microflow: No\nnodes: [1]\n")
    with pytest.raises(DefinitionFaults) as caught:
        await deploy(runtime, broken, audit)
    places = {fault.place.file for fault in caught.value.faults if fault.place}
    assert places == {"Shop/microflows/Say.yaml", "Shop/microflows/No.yaml"}
    with pytest.raises(DefinitionFaults):
        await deploy(runtime, package_of("app: Shop\nversion: [1]\n", TEXT), audit)
    assert runtime.page.epoch == 1
    assert await home.store.list_snapshots() == []


async def test_a_patch_is_laid_over_its_base(home: SmallHome) -> None:
    """Its files replace, add and remove; what comes of it is whole, and stands without its base."""
    runtime = await home.runtime()
    await deploy(runtime, package_of(*ONE, flow_text("Gone", "x")), audit)
    patch = package_of(
        app_text("v.1.1"), flow_text("Say", "patched"), flow_text("New", "new"),
        kind="patch", base="v.1", removed=("microflows/Gone.yaml",),
    )  # fmt: skip
    done = await deploy(runtime, patch, audit, activate=True)
    assert (done.kind, done.base, done.flows) == ("patch", "v.1", 3)
    assert [(change.name, change.how) for change in done.difference.flows] == [
        ("Gone", "removed"),
        ("New", "added"),
        ("Say", "changed"),
    ]
    said = {name: await said_by(runtime.catalog, name) for name in ("Say", "Ask", "New", "Gone")}
    assert said == {"Say": "patched", "Ask": "asked patched", "New": "new", "Gone": None}
    again = package_of(app_text("v.1.2"), flow_text("New", "newer"), kind="patch", base="v.1.1")
    await deploy(runtime, again, audit, activate=True)
    assert await said_by(runtime.catalog, "Ask") == "asked patched"
    assert await said_by(runtime.catalog, "New") == "newer"
    (kept,) = (await read_content(home.store, (await home.store.list_snapshots())[0].content_hash)).packages.values()
    assert sorted(kept.files) == [
        "app.yaml",
        "business_objects/Text.yaml",
        "microflows/Ask.yaml",
        "microflows/New.yaml",
        "microflows/Say.yaml",
    ]


async def test_what_no_patch_can_be_is_refused(home: SmallHome) -> None:
    """A base that is not there, or is no whole snapshot; a file to remove that the base does not have."""
    runtime = await home.runtime()
    await deploy(runtime, _full(1), audit)
    await deploy(runtime, package_of(app_text("v.2"), TEXT, flow_text("Say", "2"), kind="flows"), audit)
    for base in ("v.0", "v.2"):
        with pytest.raises(NotFound, match="no whole snapshot"):
            await deploy(runtime, package_of(app_text("v.3"), kind="patch", base=base), audit)
    removed = ("microflows/Nothing.yaml",)
    with pytest.raises(BadRequest, match=r"removes microflows/Nothing\.yaml"):
        await deploy(runtime, package_of(app_text("v.3"), kind="patch", base="v.1", removed=removed), audit)
    with pytest.raises(DefinitionFaults):
        await deploy(runtime, package_of("app: [1]\n", kind="patch", base="v.1"), audit)


async def test_single_flows_are_collected(home: SmallHome) -> None:
    """A snapshot of flows grows flow by flow; a flow in it never changes, and counts are told."""
    runtime = await home.runtime()
    first = package_of(*ONE[:3], kind="flows")
    await deploy(runtime, first, audit)
    done = await deploy(runtime, package_of(*ONE[:2], ONE[3], ONE[2], kind="flows"), audit)
    assert (done.kind, done.is_new, done.flows) == ("flows", True, 2)
    assert (await deploy(runtime, first, audit)).is_new is False
    with pytest.raises(Conflict, match=r'v\.1 of "Say" is published already'):
        await deploy(runtime, package_of(*ONE[:2], flow_text("Say", "other"), kind="flows"), audit)
    with pytest.raises(Conflict, match="never changes"):
        await deploy(runtime, package_of(*ONE), audit)
    (row,) = await home.store.list_snapshots()
    assert (row.kind, row.flows) == ("flows", 2)
    assert await said_by(runtime.catalog, "Ask") == "asked 1"


async def test_a_whole_package_may_be_fetched_by_its_name(home: SmallHome) -> None:
    """As by a deployment; under the name of one of its flows it is a package of that flow."""
    runtime = await home.runtime()
    package = package_of(*ONE)
    report = await fetch(runtime, {"Shop.v.1.jar": package}, audit)
    assert sorted(report.flows) == ["Ask", "Say"]
    assert [row.kind for row in await home.store.list_snapshots()] == ["full"]
    assert await said_by(runtime.catalog, "Say") == "1"
    with pytest.raises(Conflict, match="another flow than its name says"):
        await fetch(runtime, {"Shop.v.2.jar": package}, audit)


async def test_what_was_published_survives_every_start(home: SmallHome) -> None:
    """Definitions, files and lists of snapshots that do not answer are kept when a start clears up."""
    runtime = await home.runtime()
    await deploy(runtime, package_of(*ONE, note_txt=b"one"), audit)
    await deploy(runtime, _full(2), audit, activate=True)
    for number in range(3, 14):
        await deploy(runtime, _full(number), audit, activate=True)
    before = await _all_said(runtime)
    assert before["Ask v.1"] == "asked 1"
    again = await home.runtime()
    assert await _all_said(again) == before
    patch = package_of(app_text("v.1.1"), kind="patch", base="v.1")
    await deploy(again, patch, audit, activate=True)
    assert await said_by(again.catalog, "Ask") == "asked 1"
    superseded = {content_key(row.content_hash) for row in await home.store.list_snapshots()}
    assert await home.store.find_known_hashes(superseded) == superseded


async def test_published_snapshots_are_read_anew_when_the_catalog_is_of_another_form(home: SmallHome) -> None:
    """A start that cannot read the kept catalog serves what was published and activated all the same."""
    runtime = await home.runtime()
    await deploy(runtime, package_of(*ONE), audit)
    await deploy(runtime, _full(2), audit, activate=True)
    await deploy(runtime, package_of(app_text("v.3"), TEXT, flow_text("Alone", "a"), kind="flows"), audit)
    before = await _all_said(runtime)
    latest = await home.store.find_latest_catalog()
    await home.store.put_catalog(latest.epoch + 1, b'["of another form"]', latest.created_at)
    again = await home.runtime()
    assert again.catalog.epoch > latest.epoch + 1
    assert await _all_said(again) == before
    assert await said_by(again.catalog, "Say") == "2"
    await activate(again, "Shop", "v.1", audit)
    assert await said_by(again.catalog, "Ask") == "asked 1"
