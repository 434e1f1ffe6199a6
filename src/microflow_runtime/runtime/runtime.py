"""The long-lived runtime: the catalog that serves now, and how it is replaced while calls are running.

Everything is an attribute of the object; two runtimes may live side by side in one process.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from microflow_runtime.compiler import NodeDeclaration
from microflow_runtime.compiler.reading import AppDefinitions, AppSource, read_folder
from microflow_runtime.errors import (
    DefinitionFaults,
    Fault,
    MicroflowError,
    NotAvailable,
    NotFound,
    StoreError,
)
from microflow_runtime.runtime.begin_again import begins_again
from microflow_runtime.runtime.builder import (
    NOTHING_MORE,
    Candidate,
    Forms,
    Parts,
    Publication,
    bodies_of,
    check_catalog,
    object_check_keys,
    object_keys_of,
    read_app,
    records_of,
    shared_files_of,
    with_active,
    with_keys,
)
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.limits import limits_of
from microflow_runtime.runtime.manifest import (
    FOLDER,
    FlowRecord,
    Manifest,
    decode_manifest,
    decode_row,
    encode_manifest,
    encode_row,
    kind_of_key,
    manifest_of,
    row_key,
)
from microflow_runtime.runtime.page import SharedPage, page_path
from microflow_runtime.runtime.published import NOTHING_PUBLISHED, Published, read_published
from microflow_runtime.runtime.refresh_lock import refresh_lock
from microflow_runtime.runtime.report import RefreshReport, report_on
from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.runtime.slices import Slices
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, Store
from microflow_runtime.telemetry import Metrics, get_log

_log: Final = get_log("runtime")
_KEPT_CATALOGS: Final = 8
_SECOND_LOOK_SECONDS: Final = 0.5


class Runtime:
    """Owns the catalog of one process, follows the shared page, and carries out refreshes."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        page: SharedPage,
        metrics: Metrics,
        node_types: Mapping[str, NodeDeclaration],
        *,
        run_folder: Path | None = None,
        building: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Make a runtime that serves nothing yet. `building` surrounds the making of each catalog: see `garbage`."""
        self.settings = settings
        self.store = store
        self.page = page
        self.metrics = metrics
        self.node_types = node_types
        self.resources = ProcessResources(settings, store)
        self.catalog = Catalog(0, Manifest(), {}, node_types, metrics)
        self.limits = limits_of(settings)
        self._apps: dict[str, AppDefinitions] = {}
        self._sources: dict[str, AppSource] = {}
        self._parts: dict[str, Parts] = {}
        self._good_objects: dict[str, dict[str, str]] = {}
        self._building = building
        self._run_folder = run_folder or page_path(settings.home).parent
        self._catching_up: asyncio.Lock = asyncio.Lock()

    # Following the page

    def is_current(self) -> bool:
        """Tell whether this process's catalog is the one the page asks for. One load from shared memory."""
        return self.page.epoch == self.catalog.epoch

    async def catch_up(self) -> Catalog:
        """Give a catalog that is at least as new as the page asks for, loading it first when ours is older.

        Raises NotAvailable while nothing is published.
        """
        async with self._catching_up:
            wanted = self.page.epoch
            if wanted == 0:
                raise NotAvailable("The server does not serve yet.", retry_after_seconds=1)
            if self.catalog.epoch < wanted:
                with self._building():
                    await self._load(wanted)
        return self.catalog

    async def follow(self, *, pause_seconds: float = 0.05) -> None:
        """Load new catalogs in the background as they come, so that calls seldom wait. Correctness does not lean on it.

        A store that fails is asked again after a while; the calls that need the catalog meanwhile are told for themselves.
        """
        while True:
            await asyncio.sleep(pause_seconds)
            if self.page.epoch > self.catalog.epoch:
                try:
                    await self.catch_up()
                except MicroflowError as error:
                    _log.warning("catalog not loaded", epoch=self.page.epoch, reason=error.message)
                    await asyncio.sleep(_SECOND_LOOK_SECONDS)

    async def _load(self, epoch: int) -> None:
        stored = await self.store.get_catalog(epoch)
        listed, active = decode_manifest(stored.manifest)
        records = self.catalog.records_by_key()
        rows = {row_key(item.key) for item in listed if item.key not in records}
        if rows:
            slices = Slices()
            for body in (await self.store.get_definitions(rows)).values():
                record = decode_row(body)
                records[record.key] = record
                await slices.between()
        manifest = manifest_of(listed, active, records)
        bodies = await self._bodies_for(manifest, {})
        self._swap(Catalog(epoch, manifest, bodies, self.node_types, self.metrics, previous=self.catalog))

    async def _bodies_for(self, manifest: Manifest, added: Mapping[str, bytes]) -> dict[str, bytes]:
        """Give the form of each document that the manifest needs: as we have it, as it was just read, or from the store."""
        bodies: dict[str, bytes] = {}
        missing: list[str] = []
        have = self.catalog.bodies
        for key in manifest.hashes():
            body = have.get(key) or added.get(key)
            if body is None:
                missing.append(key)
            else:
                bodies[key] = body
        if missing:
            bodies |= await self.store.get_definitions(missing)
        return bodies

    def _swap(self, catalog: Catalog) -> None:
        """Put the new catalog in the place of the old."""
        apps = {record.app_hash: record for record in catalog.manifest.flows}
        self.resources.keep_only(catalog.app_of(record) for record in apps.values())
        self.catalog = catalog
        self.metrics.epoch = catalog.epoch

    # Replacing the catalog

    @begins_again
    async def start_up(self, audit: AuditEntry | None = None) -> tuple[Fault, ...]:
        """Publish what the folders hold, or, when they are broken, the last good catalog; give what is wrong or odd.

        Run once by the supervisor before workers start. Raises DefinitionFaults when there is nothing good to serve.
        """
        self.page.epoch = 0
        try:
            async with refresh_lock(self._run_folder):
                published = await self._begin_above_the_store()
                candidate, _ = await self._prepare(None, published)
                await self.publish(candidate, audit)
        except DefinitionFaults as broken:
            latest = await self.store.find_latest_catalog()
            if latest is None:
                raise
            await self._load(latest.epoch)
            self.page.epoch = latest.epoch
            return broken.faults
        manifest = self.catalog.manifest
        keep = manifest.hashes() | set(candidate.checked) | set(candidate.known)
        for record in manifest.flows:
            keep |= {record.key, row_key(record.key)}
        await self.store.prune_catalogs(self.catalog.epoch, keep)
        await self._prepare_published()
        return candidate.warnings

    async def _prepare_published(self) -> None:
        """Make the databases of published snapshots that are missing, as a home without its data has them."""
        published = {record.app_hash: record for record in self.catalog.manifest.flows if record.origin != FOLDER}
        for record in published.values():
            app = self.catalog.app_of(record)
            if any(source.create_from is not None for source in app.data_sources.values()):
                await asyncio.to_thread(self.resources.data_sources.prepare, app, self.catalog.file_finder(record))

    @begins_again
    async def refresh(
        self, make_audit: Callable[[str], AuditEntry], only: Iterable[str] | None = None
    ) -> RefreshReport:
        """Replace the catalog by what the folders hold now; with `only`, just the flows whose packages are so named.

        When it returns, no worker starts a call on the old one. Raises DefinitionFaults, changing nothing, when anything
        is wrong; NotFound when a name in `only` is no flow's.
        """
        names = None if only is None else tuple(only)
        async with refresh_lock(self._run_folder):
            with self._building():
                candidate, touched = await self._prepare(names)
            changed = await self.publish(candidate, make_audit(_told(touched, candidate.catalog)))
            return report_on(self.catalog, touched, changed=changed)

    async def read_apps(self, forms: Forms) -> list[AppDefinitions]:
        """Read the definitions of every app folder of the settings, taking over what has not changed."""
        found = []
        for folder in self.settings.apps:
            label = folder.as_posix()
            source = await asyncio.to_thread(read_folder, folder, label=label, previous=self._sources.get(label))
            self._sources[label] = source
            definitions = await read_app(source, forms, self._apps.get(label))
            self._apps[label] = definitions
            found.append(definitions)
        return found

    async def _prepare(
        self, only: tuple[str, ...] | None, published: Published = NOTHING_PUBLISHED
    ) -> tuple[Candidate, list[FlowRecord]]:
        await self._follow_store()
        forms = Forms(self.catalog.bodies)
        apps = await self.read_apps(forms)
        current = self.catalog.records_by_place()
        fresh = []
        for app in apps:
            parts = self._parts.setdefault(app.source.label, Parts())
            fresh += records_of(app, origin="folder", snapshot=app.snapshot, parts=parts, current=current)
            await asyncio.sleep(0)
        packaged = [record for record in current.values() if record.origin != "folder"]
        if only is None:
            active = published.active or None
            records = [*fresh, *published.records, *packaged]
            candidate = await self.candidate(records, forms, [*published.apps, *apps], active)
            return candidate, [record for record in candidate.catalog.manifest.flows if record.origin == "folder"]
        folder = [record for record in current.values() if record.origin == "folder"]
        chosen, touched = _choose(fresh, folder, packaged, only)
        candidate = await self.candidate([*chosen, *packaged], forms, apps)
        return candidate, _now(candidate, touched)

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """Hold the refresh lock, beginning from the newest catalog there is: what serves changes only here and in a refresh.

        Raises NotAvailable when others hold it for longer than a minute.
        """
        async with refresh_lock(self._run_folder):
            with self._building():
                await self._follow_store()
                yield

    async def candidate(
        self,
        records: list[FlowRecord],
        forms: Forms,
        apps: list[AppDefinitions],
        active: Mapping[str, str] | None = None,
        *,
        is_trial: bool = False,
    ) -> Candidate:
        """Put the next catalog together and check it. Every step goes over all flows, so others run between the steps.

        `active` are the activated versions by app, where they change. A trial leaves the apps' databases alone.
        """
        slices = Slices()
        active = self.catalog.manifest.active if active is None else active
        keyed = with_keys(records, self.catalog.records_by_place())
        await slices.between()
        manifest = Manifest(flows=with_active(keyed, active), active=active)
        await slices.between()
        added = bodies_of(apps, forms) | shared_files_of(apps, manifest)
        bodies = await self._bodies_for(manifest, added)
        await slices.between()
        catalog = Catalog(
            self.catalog.epoch + 1, manifest, bodies, self.node_types, self.metrics, previous=self.catalog
        )
        await slices.between()
        checked, known, warnings = await self._check(catalog, apps)
        for definitions in apps:
            if definitions.app is not None and definitions.app.data_sources and not is_trial:
                await asyncio.to_thread(self.resources.data_sources.prepare, definitions.app, definitions.file_content)
        return Candidate(catalog, added, checked, known, warnings)

    async def _check(
        self, catalog: Catalog, apps: list[AppDefinitions]
    ) -> tuple[tuple[str, ...], frozenset[str], tuple[Fault, ...]]:
        """Check what is not known to be right: from the catalog that serves, from the last look, or from the store."""
        documents = {app.source.label: object_keys_of(app) for app in apps}
        object_keys = {
            app.source.label: {}
            if self._good_objects.get(app.source.label) == documents[app.source.label]
            else object_check_keys(app)
            for app in apps
        }
        known = {record.key for record in self.catalog.manifest.flows}
        asked = {record.key for record in catalog.manifest.flows if record.key not in known}
        for keys in object_keys.values():
            asked.update(keys.values())
        if asked:
            stored = await self.store.find_known_hashes(asked)
            known |= stored
        checked, warnings = await check_catalog(catalog, apps, known, object_keys)
        good = known.union(checked)
        for label, keys in object_keys.items():
            if label in self._sources and good.issuperset(keys.values()):
                self._good_objects[label] = documents[label]
        return checked, frozenset(asked & known), warnings

    async def publish(self, candidate: Candidate, audit: AuditEntry | None, news: Publication = NOTHING_MORE) -> bool:
        """Keep the candidate and let it serve, here and on every worker. Gives False when it is what serves already."""
        same = candidate.catalog.manifest == self.catalog.manifest and self.catalog.epoch > 0 and news.is_nothing
        if same:
            if audit is not None:
                await self.store.append_audit(audit)
            self.page.epoch = self.catalog.epoch
            return False
        kept = {record.key for record in self.catalog.manifest.flows}
        new = [record for record in candidate.catalog.manifest.flows if record.key not in kept]
        rows = [(key, kind_of_key(key), body) for key, body in candidate.added.items()]
        rows += [(row_key(record.key), "flow", encode_row(record)) for record in new]
        rows += [(key, "checked", b"") for key in candidate.checked]
        rows += news.rows
        await self.store.put_catalog(
            candidate.catalog.epoch,
            encode_manifest(candidate.catalog.manifest),
            datetime.now(UTC),
            audit,
            definitions=rows,
            snapshots=news.snapshots,
            activations=news.activations,
            keep_from_epoch=candidate.catalog.epoch - _KEPT_CATALOGS,
        )
        self._swap(candidate.catalog)
        self.page.epoch = candidate.catalog.epoch
        _log.info("catalog published", epoch=candidate.catalog.epoch, flows=len(candidate.catalog.manifest.flows))
        return True

    async def _follow_store(self) -> None:
        """Begin from the newest catalog there is: another process may have published while this one waited."""
        latest = await self.store.find_latest_catalog()
        if latest is not None and latest.epoch > self.catalog.epoch:
            await self._load(latest.epoch)

    async def _begin_above_the_store(self) -> Published:
        """Load the newest catalog; where it cannot be read, as one of an older version, give what was published."""
        try:
            await self._follow_store()
        except (StoreError, NotFound) as error:
            latest = await self.store.find_latest_catalog()
            if latest is None:
                raise
            _log.error("kept catalog left aside", epoch=latest.epoch, reason=error.message)
            self.catalog = Catalog(latest.epoch, Manifest(), {}, self.node_types, self.metrics)
            return await read_published(self.store, Forms({}))
        return NOTHING_PUBLISHED

    async def close(self) -> None:
        """Close the pools. Store and page belong to who opened them."""
        await self.resources.close()


def _now(candidate: Candidate, records: Iterable[FlowRecord]) -> list[FlowRecord]:
    """Give the records of the candidate that stand where these do."""
    places = {record.place for record in records}
    return [record for record in candidate.catalog.manifest.flows if record.place in places]


def _told(touched: list[FlowRecord], catalog: Catalog) -> str:
    return f"epoch {catalog.epoch}, {len(touched)} flows"


def _choose(
    fresh: list[FlowRecord], current: list[FlowRecord], packaged: list[FlowRecord], only: tuple[str, ...]
) -> tuple[list[FlowRecord], list[FlowRecord]]:
    """Give the folder's records with just the named ones replaced, and the named ones."""
    by_name = {record.package_name: record for record in packaged} | {record.package_name: record for record in fresh}
    unknown = [name for name in only if name not in by_name]
    if unknown:
        raise NotFound(f"{len(unknown)} of the {len(only)} names are no flow's package name.")
    touched = [by_name[name] for name in dict.fromkeys(only)]
    replaced = {(record.app, record.name): record for record in touched if record.origin == "folder"}
    kept = {(record.app, record.name): record for record in current}
    return list((kept | replaced).values()), touched
