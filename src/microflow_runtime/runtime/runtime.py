"""The long-lived runtime: the catalog that serves now, and how it is replaced while calls are running.

Everything is an attribute of the object; two runtimes may live side by side in one process.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from microflow_runtime.compiler import NodeDeclaration
from microflow_runtime.compiler.reading import AppDefinitions
from microflow_runtime.errors import (
    DefinitionFaults,
    Fault,
    MicroflowError,
    NotAvailable,
    NotFound,
    SettingsError,
    StoreError,
)
from microflow_runtime.runtime.active import with_active
from microflow_runtime.runtime.app_index import AppIndex
from microflow_runtime.runtime.begin_again import begins_again
from microflow_runtime.runtime.builder import (
    NOTHING_MORE,
    Candidate,
    Forms,
    Publication,
    bodies_of,
    check_catalog,
    object_check_keys,
    shared_files_of,
)
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.folder_check import check_folders
from microflow_runtime.runtime.folders import Folders, Pending
from microflow_runtime.runtime.garbage import give_back
from microflow_runtime.runtime.grants import asks_of_app, commands_for
from microflow_runtime.runtime.keeping import Keeping
from microflow_runtime.runtime.keys import with_keys
from microflow_runtime.runtime.limits import limits_of
from microflow_runtime.runtime.manifest import (
    EMPTY,
    FOLDER,
    FlowRecord,
    Manifest,
    Place,
    decode_manifest,
    decode_section,
    encode_manifest,
    kind_of_key,
)
from microflow_runtime.runtime.next_manifest import next_manifest
from microflow_runtime.runtime.page import SharedPage, page_path
from microflow_runtime.runtime.published import NOTHING_PUBLISHED, Published, read_published
from microflow_runtime.runtime.refresh_lock import refresh_lock
from microflow_runtime.runtime.report import RefreshReport, report_on
from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.runtime.shelf import LostDocument, Shelf
from microflow_runtime.runtime.slices import Slices
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, Store
from microflow_runtime.telemetry import Metrics, get_log

_log: Final = get_log("runtime")
_KEPT_CATALOGS: Final = 8
_SECOND_LOOK_SECONDS: Final = 0.5
_GIVE_BACK_EVERY: Final = 8
_TIDY_EVERY: Final = 128
"""After so many epochs what nothing needs any more is taken away."""


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
        self.limits = limits_of(settings)
        self._building = building
        self._run_folder = run_folder or page_path(settings.home).parent
        self.shelf = Shelf(self._run_folder / "documents.sqlite3")
        self._keeping = Keeping(store, self.shelf)
        self.catalog = Catalog(0, Manifest(), self.shelf, node_types, metrics, kept_plans=settings.kept_plans)
        self.folders = Folders(settings.apps, self.shelf, self.catalog.documents)
        self._found: list[AppIndex] = []
        self._to_make: list[Place] = []
        self._given_back_at = 0
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
            while self.catalog.epoch < (wanted := self._wanted()):
                with self._building():
                    try:
                        await self._load(wanted)
                    except (NotFound, LostDocument):
                        if self.page.epoch == wanted:  # else it was replaced and tidied away meanwhile
                            raise
        return self.catalog

    def _wanted(self) -> int:
        if self.page.epoch == 0:
            raise NotAvailable("The server does not serve yet.", retry_after_seconds=1)
        return self.page.epoch

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
            if self._to_make:
                await self._make_again()
            if self.catalog.epoch >= self._given_back_at + _GIVE_BACK_EVERY:
                self._given_back_at = self.catalog.epoch
                await asyncio.to_thread(give_back)

    async def _make_again(self) -> None:
        """Make the plans anew that were called before the last change, so that their next callers need not wait."""
        slices = Slices()
        catalog, places, self._to_make = self.catalog, self._to_make, []
        for place in places:
            record = catalog.manifest.find(place)
            if record is not None and catalog is self.catalog:
                try:
                    catalog.lazy_plan_of(record).get()
                except MicroflowError as error:
                    _log.warning("plan not made", flow=place[1], reason=error.message)
                await slices.between()

    async def _load(self, epoch: int) -> None:
        row = decode_manifest((await self.store.get_catalog(epoch)).manifest)
        have = {section.key: section for section in self.catalog.manifest.sections if section.records}
        slices = Slices()
        missing = {key for key in row.sections if key and key not in have}
        for key, body in (await self.store.get_definitions(missing)).items() if missing else ():
            have[key] = decode_section(key, body)
            await slices.between()
        sections = [have[key] if key else EMPTY for key in row.sections]
        manifest = Manifest.of_sections(sections, row.active, row.working)
        await self._keeping.bring(manifest, self.catalog.manifest)
        self._swap(self._catalog(epoch, manifest))

    def _catalog(self, epoch: int, manifest: Manifest) -> Catalog:
        return Catalog(epoch, manifest, self.shelf, self.node_types, self.metrics, previous=self.catalog)

    def _swap(self, catalog: Catalog) -> None:
        """Put the new catalog in the place of the old."""
        apps = frozenset[str]().union(*(section.apps for section in catalog.manifest.sections))
        self.resources.keep_only(catalog.documents.app(key) for key in apps)
        self._to_make = [place for place in self.catalog.made_places() if not catalog.was_made(place)]
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
                if await self.publish(candidate, audit):
                    await self._keeping.tidy(self.catalog, self.folders, {*candidate.checked, *candidate.known})
                await self.folders.found_good(self._found, is_start=True)
        except DefinitionFaults as broken:
            latest = await self.store.find_latest_catalog()
            if latest is None:
                raise
            await self._load(latest.epoch)
            self.page.epoch = latest.epoch
            return broken.faults
        await self._prepare_published()
        await self._tell_lacking()
        return candidate.warnings

    async def _tell_lacking(self) -> None:
        """Log what published snapshots ask for and have not been granted, as after an upgrade: their nodes will be refused it."""
        sections = self.catalog.manifest.sections
        published = {each.app_hash: each for section in sections for each in section.records if each.origin != FOLDER}
        for record in published.values():
            lacking = await self.resources.grants.lacking(
                record.app, asks_of_app(self.catalog.app_of(record), (), self.settings)
            )
            if lacking:
                mend = commands_for(record.app, lacking)
                _log.warning("snapshot not granted all", app=record.app, snapshot=record.snapshot, mend=mend)

    async def _prepare_published(self) -> None:
        """Make the databases of published snapshots that are missing, as a home without its data has them."""
        sections = self.catalog.manifest.sections
        published = {each.app_hash: each for section in sections for each in section.records if each.origin != FOLDER}
        for record in published.values():
            app = self.catalog.app_of(record)
            if any(source.create_from is not None for source in app.data_sources.values()):
                prepare, find_file = self.resources.data_sources.prepare_at_once, self.catalog.file_finder(record)
                try:
                    await asyncio.to_thread(prepare, app, find_file)
                except (StoreError, SettingsError) as error:  # what somebody deployed keeps no server from starting
                    _log.error("database of a published snapshot not made", app=app.name, reason=error.message)

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
                candidate, named = await self._prepare(names)
            epoch, count = candidate.catalog.epoch, sum(len(index.flows) for index in self._found)
            audit = make_audit(f"epoch {epoch}, {count if named is None else len(named)} flows")
            changed = await self.publish(candidate, audit)
            if named is None:
                await self.folders.found_good(self._found)
                self.folders.agree(candidate.catalog.manifest)
            return report_on(self.catalog, self.catalog.folder_flows if named is None else named, changed=changed)

    async def _prepare(
        self, only: tuple[str, ...] | None, published: Published = NOTHING_PUBLISHED
    ) -> tuple[Candidate, list[FlowRecord] | None]:
        """Give the catalog that the folders ask for, checked, and the flows it is about; None stands for all of the folders."""
        await self._follow_store()
        try:
            return await self._prepared(only, published)
        except LostDocument:  # the shelf was removed, or tidied by a process that did not know of it
            self.folders.forget()
            return await self._prepared(only, published)

    async def _prepared(
        self, only: tuple[str, ...] | None, published: Published
    ) -> tuple[Candidate, list[FlowRecord] | None]:
        self._found = indexes = await self.folders.read()
        old = self.catalog.manifest
        if published.records:
            old = Manifest(with_active(with_keys(published.records), published.active), published.active)
        working = {index.name: index.snapshot for index in indexes if index.name}
        pending, named = await self.folders.pending(indexes, old), None
        if only is not None:
            named = await self.folders.named(indexes, old, only)
            pending = Pending({place: record for place, record in pending.put.items() if place in named}, [])
            working = {**old.working, **working} if pending.put else dict(old.working)
        manifest = await next_manifest(old, pending.put, pending.gone, active=old.active, working=working)
        await self._keeping.bring(manifest, self.catalog.manifest)
        catalog = self._catalog(self.catalog.epoch + 1, manifest)
        checked, known, warnings = await self._check(catalog, published.apps, indexes)
        await self._prepare_data(catalog, indexes)
        candidate = Candidate(
            catalog, await self._keeping.lacking(manifest, self.catalog.manifest), checked, known, warnings
        )
        return candidate, None if named is None else [manifest.complete(catalog.get(place)) for place in named]

    async def _prepare_data(self, catalog: Catalog, indexes: Iterable[AppIndex]) -> None:
        """Make the databases of the folders' apps that are missing."""
        for index in indexes:
            app = catalog.documents.app(index.app.key) if index.app is not None else None
            if app is not None and app.data_sources:
                keys = {path: file.key for path, file in index.files.items() if file.kind == "file"}
                find = catalog.documents.file_finder(keys)
                await asyncio.to_thread(self.resources.data_sources.prepare, app, find)

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
        manifest = Manifest(with_active(keyed, active), active).sharing(self.catalog.manifest)
        await slices.between()
        await self.shelf.put(bodies_of(apps, forms) | shared_files_of(apps, manifest))
        await self._keeping.bring(manifest, self.catalog.manifest)
        catalog = self._catalog(self.catalog.epoch + 1, manifest)
        await slices.between()
        checked, known, warnings = await self._check(catalog, apps)
        for definitions in apps:
            if definitions.app is not None and definitions.app.data_sources and not is_trial:
                await asyncio.to_thread(self.resources.data_sources.prepare, definitions.app, definitions.file_content)
        return Candidate(
            catalog, await self._keeping.lacking(manifest, self.catalog.manifest), checked, known, warnings
        )

    async def _check(
        self, catalog: Catalog, apps: Sequence[AppDefinitions], indexes: Sequence[AppIndex] = ()
    ) -> tuple[tuple[str, ...], frozenset[str], tuple[Fault, ...]]:
        """Check what is not known to be right: from the catalog that serves, from the last look, or from the store."""
        slices = Slices()
        new: list[FlowRecord] = []
        for before, after in catalog.manifest.replaced(self.catalog.manifest):
            there = {record.key for record in before.records}
            new += [record for record in after.records if record.key not in there]
            await slices.between()
        object_keys = {app.source.label: object_check_keys(app) for app in apps}
        asked = {record.key for record in new}.union(*(keys.values() for keys in object_keys.values()))
        known = await self.store.find_known_hashes(asked) if asked else set()
        new = [record for record in new if record.key not in known]
        if not indexes:
            checked, warnings = await check_catalog(catalog, apps, known, object_keys, new)
            return checked, frozenset(known), warnings
        checked, warnings = await check_folders(catalog, indexes, self.folders, new, self.catalog.was_made)
        if apps:
            more, others = await check_catalog(catalog, apps, known, object_keys, ())
            checked, warnings = (*checked, *more), (*warnings, *others)
        return checked, frozenset(known), warnings

    async def publish(self, candidate: Candidate, audit: AuditEntry | None, news: Publication = NOTHING_MORE) -> bool:
        """Keep the candidate and let it serve, here and on every worker. Gives False when it is what serves already."""
        same = candidate.catalog.manifest == self.catalog.manifest and self.catalog.epoch > 0 and news.is_nothing
        if same:
            if audit is not None:
                await self.store.append_audit(audit)
            self.page.epoch = self.catalog.epoch
            return False
        manifest = candidate.catalog.manifest
        rows = [(key, kind_of_key(key), body) for key, body in candidate.added.items()]
        slices = Slices()
        for _, section in manifest.replaced(self.catalog.manifest):
            rows += [(section.key, "flows", section.encode())] if section.records else []
            await slices.between()
        rows += [(key, "checked", b"") for key in candidate.checked]
        rows += news.rows
        await self.store.put_catalog(
            candidate.catalog.epoch,
            encode_manifest(manifest),
            datetime.now(UTC),
            audit,
            definitions=rows,
            snapshots=news.snapshots,
            activations=news.activations,
            changes=news.changes,
            forgotten=news.forgotten,
            keep_from_epoch=candidate.catalog.epoch - _KEPT_CATALOGS,
        )
        self._swap(candidate.catalog)
        self.page.epoch = candidate.catalog.epoch
        _log.info("catalog published", epoch=candidate.catalog.epoch, flows=manifest.count)
        if self.catalog.epoch % _TIDY_EVERY == 0:
            await self._keeping.tidy(self.catalog, self.folders, set())
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
            self.catalog = self._catalog(latest.epoch, Manifest())
            return await read_published(self.store, Forms({}))
        return NOTHING_PUBLISHED

    async def close(self) -> None:
        """Close the pools and the shelf. Store and page belong to who opened them."""
        self.shelf.close()
        await self.resources.close()
