"""Publishing and refreshing: what a refresh replaces, what it leaves, and that faults change nothing."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.small_apps import files_of

from microflow_runtime.compiler.reading import read_definitions, read_folder, source_of_files
from microflow_runtime.errors import Conflict, DefinitionFaults, NotAvailable, NotFound, StoreError
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.runtime.packages import Package, read_package, write_package
from microflow_runtime.runtime.publishing import fetch
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, MemoryStore
from microflow_runtime.telemetry import Metrics

TEXT = "business_object: Text\nfields: {value: string?}\n"
APP = "app: Shop\nversion: v.1.0.0\n"


def _flow(name: str, value: str, callee: str = "") -> str:
    call = f"  Call: {{type: sub flow, flow: {callee}, next: End}}\n" if callee else ""
    return (
        f"microflow: {name}\noutputs: {{Out: Text}}\nnodes:\n  Start: {{type: start, next: {'Call' if callee else 'End'}}}\n"
        f"{call}  End: {{type: end, out: {{Out.value: {value}}}}}\n"
    )


def _audit(detail: str) -> AuditEntry:
    return AuditEntry(at=datetime.now(UTC), actor="admin", action="refresh", detail=detail)


class Home:
    """A home with one app folder, and the runtimes of several processes over it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.app = root / "Shop"
        self.settings = Settings(home=root / "home", apps=(self.app,))
        self.store = MemoryStore()
        self._made: list[Runtime] = []

    def write(self, *texts: str) -> None:
        """Write definitions into the folder, over those of the same names."""
        for path, content in files_of(*texts).items():
            if path == "app.yaml" and (self.app / path).exists() and not any(text.startswith("app:") for text in texts):
                continue
            (self.app / path).parent.mkdir(parents=True, exist_ok=True)
            (self.app / path).write_bytes(content)

    def remove(self, path: str) -> None:
        """Delete a file of the app."""
        (self.app / path).unlink()

    def runtime(self) -> Runtime:
        """Make the runtime of one more process."""
        page = SharedPage(page_path(self.settings.home))
        made = Runtime(self.settings, self.store, page, Metrics("0"), NODE_TYPES)
        self._made.append(made)
        return made

    async def close(self) -> None:
        """Let go of everything."""
        for runtime in self._made:
            await runtime.close()
            runtime.page.close()

    def package(self, flow: str) -> tuple[str, bytes]:
        """Make the package of a flow of the folder as it is now."""
        definitions = read_definitions(read_folder(self.app))
        record = definitions.microflows[flow]
        name = f"{record.id}.Shop.{flow}.{definitions.app.version if definitions.app else ''}.jar"
        return name, write_package(definitions, [flow])


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """Give a home whose app has two flows, one calling the other."""
    made = Home(tmp_path)
    made.write(APP, TEXT, _flow("Leaf", "one"), _flow("Top", "one", "Leaf"))
    yield made
    await made.close()


def _keys(runtime: Runtime) -> dict[str, str]:
    return {entry.record.name: entry.record.key for entry in runtime.catalog.entries()}


async def test_the_first_start_publishes_the_folder(home: Home) -> None:
    """Epoch 1 holds the folder's flows, in the store and on the page; another process loads it from the store."""
    supervisor, worker = home.runtime(), home.runtime()
    with pytest.raises(NotAvailable):
        await worker.catch_up()
    assert await supervisor.start_up() == ()
    assert (supervisor.catalog.epoch, supervisor.page.epoch) == (1, 1)
    assert not worker.is_current()
    for path in sorted(home.app.rglob("*.yaml")):
        path.unlink()  # a worker never reads the folder
    catalog = await worker.catch_up()
    assert worker.is_current()
    (entry,) = catalog.find_named("Top")
    assert entry.plan.name == "Top"
    assert entry.record.snapshot.startswith("v.1.0.0+")


async def test_a_start_with_the_same_folder_publishes_nothing_new(home: Home) -> None:
    """The second start goes on with the epoch that is there."""
    await home.runtime().start_up()
    again = home.runtime()
    await again.start_up()
    assert (again.catalog.epoch, again.page.epoch) == (1, 1)


async def test_a_first_start_with_faults_serves_nothing(home: Home) -> None:
    """Without a good catalog there is nothing to fall back to."""
    home.write(_flow("Leaf", "= nothing"))
    runtime = home.runtime()
    with pytest.raises(DefinitionFaults, match="MF-F002"):
        await runtime.start_up()
    assert runtime.page.epoch == 0


async def test_a_later_start_with_faults_serves_the_last_good_catalog(home: Home) -> None:
    """The faults are given back and the old catalog serves."""
    await home.runtime().start_up()
    home.write(_flow("Leaf", "= nothing"))
    runtime = home.runtime()
    faults = await runtime.start_up()
    assert [fault.code for fault in faults] == ["MF-F002"]
    assert (runtime.page.epoch, runtime.catalog.epoch) == (1, 1)
    assert runtime.catalog.find_named("Leaf")[0].plan.name == "Leaf"


async def test_a_refresh_replaces_what_changed_and_keeps_the_rest(home: Home) -> None:
    """A changed flow and its caller get new plans; a plan that nothing reached is the very same object."""
    runtime = home.runtime()
    home.write(_flow("Apart", "x"))
    await runtime.start_up()
    before = {entry.record.name: entry.plan for entry in runtime.catalog.entries()}
    home.write(_flow("Leaf", "two"))
    report = await runtime.refresh(_audit)
    after = {entry.record.name: entry.plan for entry in runtime.catalog.entries()}
    assert after["Apart"] is before["Apart"]
    assert after["Leaf"] is not before["Leaf"]
    assert after["Top"] is not before["Top"]
    assert (report.epoch, report.changed, report.definitions) == (2, True, 3)
    assert runtime.page.epoch == 2


async def test_plans_that_were_called_are_made_before_anybody_waits(home: Home) -> None:
    """In the process that refreshes before the change serves, in the others at once afterwards."""
    refresher, worker = home.runtime(), home.runtime()
    home.write(_flow("Idle", "x"))
    await refresher.start_up()
    await worker.catch_up()
    for runtime in (refresher, worker):
        assert runtime.catalog.find_named("Leaf")[0].plan.name == "Leaf"
    home.write(_flow("Leaf", "two"), _flow("Idle", "y"))
    await refresher.refresh(_audit)
    following = asyncio.create_task(worker.follow(pause_seconds=0.001))
    async with asyncio.timeout(5):
        while not (worker.is_current() and worker.catalog.made_places()):  # noqa: ASYNC110 - it is told to nobody
            await asyncio.sleep(0.001)
    following.cancel()
    for runtime in (refresher, worker):
        assert [place[1] for place in runtime.catalog.made_places()] == ["Leaf"]


async def test_documents_lost_on_this_machine_come_from_the_store(home: Home) -> None:
    """A process with nothing but the store, as on another machine, has all it needs."""
    await home.runtime().start_up()
    for path in (home.settings.home / "run").glob("documents*"):
        path.unlink()
    worker = home.runtime()
    await worker.catch_up()
    assert worker.catalog.find_named("Top")[0].plan.name == "Top"


async def test_a_start_with_nothing_changed_reads_no_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is known by the stamps of its files."""
    await home.runtime().start_up()
    await asyncio.sleep(0.05)  # a file that is too young is read again
    await home.runtime().start_up()
    read: list[str] = []
    monkeypatch.setattr("microflow_runtime.compiler.reading.folder._bytes_of", lambda path, _: read.append(path))
    again = home.runtime()
    await again.start_up()
    assert (read, again.catalog.epoch) == ([], 1)


async def test_what_nothing_needs_is_taken_away_now_and_then(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many changes the store and the shelf hold what serves and what the folder holds, and little else."""
    monkeypatch.setattr("microflow_runtime.runtime.runtime._TIDY_EVERY", 10)
    runtime = home.runtime()
    await runtime.start_up()
    sizes = []
    for turn in range(40):
        home.write(_flow("Leaf", f"turn {turn}"))
        await runtime.refresh(_audit)
        sizes.append(len(home.store._contents.definitions))
    assert max(sizes[20:]) <= max(sizes[:20])
    worker = home.runtime()
    await worker.catch_up()
    assert worker.catalog.find_named("Top")[0].plan.name == "Top"


async def test_documents_lost_under_a_process_that_knew_the_folder_are_read_again(home: Home) -> None:
    """Also those that nothing published needed yet, which the store does not have."""
    home.write("business_object: Spare\nfields: {value: string?}\n")
    runtime = home.runtime()
    await runtime.start_up()
    await runtime.refresh(_audit)
    await runtime.shelf.keep_only([])
    home.write(_flow("Apart", "x").replace("Out: Text", "Out: Spare"))
    assert (await runtime.refresh(_audit)).changed
    assert runtime.catalog.find_named("Apart")[0].plan.name == "Apart"


async def test_a_process_that_does_not_know_the_folder_leaves_the_shelf_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot tell what others need of it: the index of the folder is still there for who looks."""
    await asyncio.sleep(0.05)  # a file that is too young is read again
    await home.runtime().start_up()
    monkeypatch.setattr("microflow_runtime.runtime.runtime._TIDY_EVERY", 1)
    other = home.runtime()
    name, content = home.package("Leaf")
    await fetch(other, {name: read_package(name, content)}, _audit)
    (index,) = await other.folders.read()
    assert (index.name, index.looked_into) == ("Shop", 0)


async def test_a_worker_takes_over_the_plans_that_nothing_reached(home: Home) -> None:
    """So it is in a process that only follows."""
    supervisor, worker = home.runtime(), home.runtime()
    home.write(_flow("Apart", "x"))
    await supervisor.start_up()
    before = {entry.record.name: entry.plan for entry in (await worker.catch_up()).entries()}
    home.write(_flow("Leaf", "two"))
    await supervisor.refresh(_audit)
    assert not worker.is_current()
    after = {entry.record.name: entry.plan for entry in (await worker.catch_up()).entries()}
    assert after["Apart"] is before["Apart"]
    assert after["Top"] is not before["Top"]


async def test_a_refresh_with_nothing_new_keeps_the_epoch(home: Home) -> None:
    """The same content is no new catalog; the audit says that somebody asked."""
    runtime = home.runtime()
    await runtime.start_up()
    report = await runtime.refresh(_audit)
    assert (report.epoch, report.changed) == (1, False)


BREAK: dict[str, Callable[[Home], None]] = {
    "formula": lambda home: home.write(_flow("Leaf", "= nothing")),
    "business object": lambda home: home.write(TEXT.replace("value: string?", "value: Strnig")),
    "no yaml": lambda home: home.write("microflow: Leaf\nnodes: {"),
    "a callee that is gone": lambda home: home.remove("microflows/Leaf.yaml"),
    "app": lambda home: home.write("app: Shop\nversion: [1]\n"),
    "no app": lambda home: home.remove("app.yaml"),
}


@pytest.mark.parametrize("kind", BREAK)
async def test_a_broken_definition_changes_nothing(home: Home, kind: str) -> None:
    """Catalog, epoch and store are as before, and mending it makes the refresh good again."""
    runtime = home.runtime()
    await runtime.start_up()
    catalog, keys = runtime.catalog, _keys(runtime)
    home.write(_flow("Top", "two", "Leaf"))
    kept = {path: path.read_bytes() for path in home.app.rglob("*.yaml")}
    BREAK[kind](home)
    with pytest.raises(DefinitionFaults):
        await runtime.refresh(_audit)
    assert runtime.catalog is catalog
    assert runtime.page.epoch == 1
    latest = await home.store.find_latest_catalog()
    assert latest is not None
    assert latest.epoch == 1
    for path, content in kept.items():
        path.write_bytes(content)
    await runtime.refresh(_audit)
    assert {name for name, key in _keys(runtime).items() if keys[name] != key} == {"Top"}


async def test_an_audit_that_cannot_be_written_stops_the_refresh(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be audited does not happen."""
    runtime = home.runtime()
    await runtime.start_up()
    home.write(_flow("Leaf", "two"))

    async def full(*_: object, **_more: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(home.store, "put_catalog", full)
    with pytest.raises(StoreError):
        await runtime.refresh(_audit)
    assert (runtime.catalog.epoch, runtime.page.epoch) == (1, 1)


def _name(runtime: Runtime, flow: str) -> str:
    return next(entry.record.package_name for entry in runtime.catalog.entries() if entry.record.name == flow)


async def test_a_refresh_of_named_flows_leaves_the_others(home: Home) -> None:
    """Only the named flow is replaced, its callers see the new one, and other changes on disk wait."""
    runtime = home.runtime()
    home.write(_flow("Apart", "one"))
    await runtime.start_up()
    keys = _keys(runtime)
    home.write(_flow("Leaf", "two"), _flow("Apart", "two"))
    report = await runtime.refresh(_audit, [_name(runtime, "Leaf")])
    assert report.flows == ("Leaf",)
    changed = {name for name, key in _keys(runtime).items() if keys[name] != key}
    assert changed == {"Leaf", "Top"}
    await runtime.refresh(_audit)
    assert {name for name, key in _keys(runtime).items() if keys[name] != key} == {"Leaf", "Top", "Apart"}


async def test_a_name_that_no_flow_has_changes_nothing(home: Home) -> None:
    """One unknown name among several refuses the whole."""
    runtime = home.runtime()
    await runtime.start_up()
    home.write(_flow("Leaf", "two"))
    with pytest.raises(NotFound, match="1 of the 2 names"):
        await runtime.refresh(_audit, [_name(runtime, "Leaf"), "x.Shop.Nothing.v.1.0.0.jar"])
    assert runtime.page.epoch == 1


async def test_refreshes_at_once_take_turns(home: Home) -> None:
    """Two processes that refresh at once end on one epoch with everything in it."""
    one, other = home.runtime(), home.runtime()
    await one.start_up()
    await other.catch_up()
    home.write(_flow("Leaf", "two"))
    reports = await asyncio.gather(one.refresh(_audit), other.refresh(_audit))
    assert sorted((report.epoch, report.changed) for report in reports) == [(2, False), (2, True)]
    assert one.page.epoch == 2


async def test_a_fetched_package_serves_beside_the_folder(home: Home) -> None:
    """The published snapshot is there with its version, and the folder's stays the active one."""
    runtime = home.runtime()
    await runtime.start_up()
    name, content = home.package("Leaf")
    report = await fetch(runtime, {name: read_package(name, content)}, _audit)
    assert (report.flows, report.changed) == (("Leaf",), True)
    entries = {entry.record.snapshot: entry.record.active for entry in runtime.catalog.find_named("Leaf")}
    assert entries.pop("v.1.0.0") is False
    assert list(entries.values()) == [True]


async def test_a_published_snapshot_never_changes(home: Home) -> None:
    """The same package again is nothing new; another content under its name is refused."""
    runtime = home.runtime()
    await runtime.start_up()
    name, content = home.package("Leaf")
    await fetch(runtime, {name: read_package(name, content)}, _audit)
    report = await fetch(runtime, {name: read_package(name, content)}, _audit)
    assert report.changed is False
    home.write(_flow("Leaf", "two"))
    name, other = home.package("Leaf")
    with pytest.raises(Conflict, match=r'The snapshot v\.1\.0\.0 of "Leaf" is published already and never changes'):
        await fetch(runtime, {name: read_package(name, other)}, _audit)


async def test_a_package_under_another_name_is_refused(home: Home) -> None:
    """A package holds the flow that its name says."""
    runtime = home.runtime()
    await runtime.start_up()
    _, content = home.package("Leaf")
    wrong = "x.Shop.Other.v.1.0.0.jar"
    with pytest.raises(Conflict, match="another flow than its name says"):
        await fetch(runtime, {wrong: read_package(wrong, content)}, _audit)
    assert runtime.page.epoch == 1


async def test_a_package_with_faults_changes_nothing(home: Home) -> None:
    """A package is checked like a folder: what calls a flow that its snapshot does not have is a fault."""
    runtime = home.runtime()
    await runtime.start_up()
    name, content = home.package("Top")
    source = read_package(name, content).source
    alone = {file.path: file.content for file in source.files if b"microflow: Leaf" not in file.content}
    with pytest.raises(DefinitionFaults, match="MF-D074"):
        await fetch(runtime, {name: Package(name=name, source=source_of_files(name, alone))}, _audit)
    assert runtime.page.epoch == 1


async def test_a_flow_that_two_packages_hold_is_there_once(home: Home) -> None:
    """The package of a flow brings the flows that it calls; one of these may come by its own package, too."""
    runtime = home.runtime()
    await runtime.start_up()
    packages = dict([home.package("Top"), home.package("Leaf")])
    sources = {name: read_package(name, content) for name, content in packages.items()}
    assert sorted((await fetch(runtime, sources, _audit)).flows) == ["Leaf", "Top"]
    assert len(runtime.catalog.manifest.flows) == len(set(runtime.catalog.records_by_place()))


async def test_a_flow_of_a_package_does_not_move_the_folder_s_data_sources(home: Home) -> None:
    """The folder's app says what its own flows may use, whatever packages came after."""
    runtime = home.runtime()
    await runtime.start_up()
    name, content = home.package("Leaf")
    home.write('app: Shop\nversion: v.2.0.0\ndata_sources: {orders: {url: "sqlite:///orders.db"}}\n')
    home.remove("microflows/Leaf.yaml")
    home.write(_flow("Top", "two"))
    await runtime.refresh(_audit)
    await fetch(runtime, {name: read_package(name, content)}, _audit)
    sources = runtime.resources.data_sources
    (top,), (leaf,) = runtime.catalog.find_named("Top"), runtime.catalog.find_named("Leaf")
    apps = [runtime.catalog.app_of(entry.record) for entry in (top, leaf)]
    assert [list(app.data_sources) for app in apps] == [["orders"], []]
    async with sources.open_transaction(apps[0], "orders"):
        pass


async def test_figures_of_a_report_are_true(home: Home) -> None:
    """Flows, uses of Business Objects, definitions, fields and classes are counted as the report says."""
    runtime = home.runtime()
    await runtime.start_up()
    home.write(_flow("Leaf", "two"))
    report = await runtime.refresh(_audit)
    assert (report.definitions, report.business_objects, report.business_object_definitions) == (2, 2, 1)
    assert (report.field_maps, report.fields, report.classes) == (1, 1, 2)


async def test_an_old_catalog_is_not_kept_by_the_new(home: Home) -> None:
    """Plans taken over do not hold the catalog that they were made for."""
    runtime = home.runtime()
    await runtime.start_up()
    assert all(entry.plan for entry in runtime.catalog.entries())
    old = weakref.ref(runtime.catalog)
    home.write(_flow("Apart", "x"))
    await runtime.refresh(_audit)
    gc.collect()
    assert old() is None
