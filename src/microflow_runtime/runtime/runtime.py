"""The long-lived runtime: the catalog that serves now, and how it is replaced while calls are running.

Everything is an attribute of the object; two runtimes may live side by side in one process.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from microflow_runtime.compiler import NodeDeclaration
from microflow_runtime.compiler.reading import AppDefinitions, AppSource, read_folder
from microflow_runtime.engine import RunLimits
from microflow_runtime.errors import Conflict, DefinitionFaults, Fault, NotAvailable, NotFound
from microflow_runtime.runtime.builder import (
    Candidate,
    Forms,
    bodies_of,
    check_catalog,
    read_app,
    records_of,
    with_active,
    with_keys,
)
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.data_sources import DataSources
from microflow_runtime.runtime.manifest import FlowRecord, Manifest, decode_manifest, encode_manifest
from microflow_runtime.runtime.page import SharedPage, page_path
from microflow_runtime.runtime.refresh_lock import refresh_lock
from microflow_runtime.runtime.report import RefreshReport, report_on
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, Store
from microflow_runtime.telemetry import Metrics, get_log

_log: Final = get_log("runtime")
_KEPT_CATALOGS: Final = 8


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
    ) -> None:
        self.settings = settings
        self.store = store
        self.page = page
        self.metrics = metrics
        self.node_types = node_types
        self.data_sources = DataSources(settings)
        self.catalog = Catalog(0, Manifest(), {}, node_types, metrics)
        self.limits = RunLimits(
            execution_ns=int(settings.execution_seconds * 1e9),
            steps=settings.steps,
            depth=settings.depth,
            rows=settings.rows,
            reply_bytes=settings.reply_bytes,
        )
        self._apps: dict[str, AppDefinitions] = {}
        self._sources: dict[str, AppSource] = {}
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
                await self._load(wanted)
        return self.catalog

    async def follow(self, *, pause_seconds: float = 0.05) -> None:
        """Load new catalogs in the background as they come, so that calls seldom wait. Correctness does not lean on it."""
        while True:
            await asyncio.sleep(pause_seconds)
            if self.page.epoch > self.catalog.epoch:
                await self.catch_up()

    async def _load(self, epoch: int) -> None:
        stored = await self.store.get_catalog(epoch)
        manifest = decode_manifest(stored.manifest)
        bodies = await self._bodies_for(manifest, {})
        self._swap(Catalog(epoch, manifest, bodies, self.node_types, self.metrics, previous=self.catalog))

    async def _bodies_for(self, manifest: Manifest, added: Mapping[str, bytes]) -> dict[str, bytes]:
        wanted = manifest.hashes()
        have = self.catalog.bodies
        bodies = {key: have[key] if key in have else added[key] for key in wanted if key in have or key in added}
        missing = wanted - bodies.keys()
        if missing:
            bodies |= await self.store.get_definitions(missing)
        return bodies

    def _swap(self, catalog: Catalog) -> None:
        """Put the new catalog in the place of the old."""
        apps = {record.app_hash: record for record in catalog.manifest.flows}
        self.data_sources.keep_only(catalog.app_of(record) for record in apps.values())
        self.catalog = catalog
        self.metrics.epoch = catalog.epoch

    # Replacing the catalog

    async def start_up(self, audit: AuditEntry | None = None) -> tuple[Fault, ...]:
        """Publish what the folders hold, or, when they are broken, the last good catalog; give what is wrong or odd.

        Run once by the supervisor before workers start. Raises DefinitionFaults when there is nothing good to serve.
        """
        self.page.epoch = 0
        try:
            async with refresh_lock(self._run_folder):
                candidate, _ = await self._prepare(None)
                await self._publish(candidate, audit)
        except DefinitionFaults as broken:
            latest = await self.store.find_latest_catalog()
            if latest is None:
                raise
            await self._load(latest.epoch)
            self.page.epoch = latest.epoch
            return broken.faults
        manifest = self.catalog.manifest
        keep = manifest.hashes() | {record.key for record in manifest.flows} | set(candidate.checked)
        await self.store.prune_catalogs(max(self.catalog.epoch - _KEPT_CATALOGS, 1), keep)
        return candidate.warnings

    async def refresh(
        self, make_audit: Callable[[str], AuditEntry], only: Iterable[str] | None = None
    ) -> RefreshReport:
        """Replace the catalog by what the folders hold now; with `only`, just the flows whose packages are so named.

        When it returns, no worker starts a call on the old one. Raises DefinitionFaults, changing nothing, when anything
        is wrong; NotFound when a name in `only` is no flow's.
        """
        names = None if only is None else tuple(only)
        async with refresh_lock(self._run_folder):
            candidate, touched = await self._prepare(names)
            changed = await self._publish(candidate, make_audit(_told(touched, candidate.catalog)))
            return report_on(self.catalog, touched, changed=changed)

    async def fetch(self, sources: Mapping[str, AppSource], make_audit: Callable[[str], AuditEntry]) -> RefreshReport:
        """Publish packages that were read, by name, beside what is there.

        Raises as `refresh`, and Conflict when a snapshot is published already with another content.
        """
        async with refresh_lock(self._run_folder):
            candidate, touched = await self._prepare_packages(sources)
            changed = await self._publish(candidate, make_audit(_told(touched, candidate.catalog)))
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

    async def _prepare(self, only: tuple[str, ...] | None) -> tuple[Candidate, list[FlowRecord]]:
        await self._follow_store()
        forms = Forms(self.catalog.bodies)
        apps = await self.read_apps(forms)
        fresh = [record for app in apps for record in records_of(app, origin="folder", snapshot=app.snapshot)]
        current = self.catalog.manifest.flows
        packaged = [record for record in current if record.origin != "folder"]
        if only is None:
            chosen, touched = fresh, fresh
        else:
            chosen, touched = _choose(
                fresh, [record for record in current if record.origin == "folder"], packaged, only
            )
        candidate = await self._candidate([*chosen, *packaged], forms, apps)
        keys = {(record.app, record.name, record.group) for record in touched}
        flows = candidate.catalog.manifest.flows
        return candidate, [record for record in flows if (record.app, record.name, record.group) in keys]

    async def _prepare_packages(self, sources: Mapping[str, AppSource]) -> tuple[Candidate, list[FlowRecord]]:
        await self._follow_store()
        forms = Forms(self.catalog.bodies)
        current = list(self.catalog.manifest.flows)
        apps: list[AppDefinitions] = []
        fetched: list[FlowRecord] = []
        for name, source in sources.items():
            definitions = await read_app(source, forms, None)
            apps.append(definitions)
            version = definitions.app.version if definitions.app else ""
            records = records_of(definitions, origin=name, snapshot=version)
            if not definitions.faults and all(record.package_name != name for record in records):
                raise Conflict("The package holds another flow than its name says.")
            fetched += records
        for record in fetched:
            _refuse_change(record, current)
        kept = [record for record in current if not any(_same_snapshot(record, other) for other in fetched)]
        candidate = await self._candidate([*kept, *fetched], forms, apps)
        keys = {(record.app, record.name, record.group) for record in fetched}
        flows = candidate.catalog.manifest.flows
        return candidate, [record for record in flows if (record.app, record.name, record.group) in keys]

    async def _candidate(self, records: list[FlowRecord], forms: Forms, apps: list[AppDefinitions]) -> Candidate:
        manifest = Manifest(flows=with_active(with_keys(records)))
        added = bodies_of(apps, forms)
        bodies = await self._bodies_for(manifest, added)
        catalog = Catalog(
            self.catalog.epoch + 1, manifest, bodies, self.node_types, self.metrics, previous=self.catalog
        )
        keys = {record.key for record in manifest.flows}
        known = {record.key for record in self.catalog.manifest.flows} | await self.store.find_known_hashes(keys)
        checked, warnings = await check_catalog(catalog, apps, known)
        for definitions in apps:
            if definitions.app is not None:
                await asyncio.to_thread(self.data_sources.prepare, definitions.app, definitions.file_content)
        return Candidate(catalog, added, checked, warnings)

    async def _publish(self, candidate: Candidate, audit: AuditEntry | None) -> bool:
        """Keep the candidate and let it serve, here and on every worker. Gives False when it is what serves already."""
        same = candidate.catalog.manifest == self.catalog.manifest and self.catalog.epoch > 0
        if same:
            if audit is not None:
                await self.store.append_audit(audit)
            self.page.epoch = self.catalog.epoch
            return False
        rows = [(key, "document", body) for key, body in candidate.added.items()]
        rows += [(key, "checked", b"") for key in candidate.checked]
        await self.store.put_definitions(rows)
        manifest = encode_manifest(candidate.catalog.manifest)
        await self.store.put_catalog(candidate.catalog.epoch, manifest, datetime.now(UTC), audit)
        self._swap(candidate.catalog)
        self.page.epoch = candidate.catalog.epoch
        _log.info("catalog published", epoch=candidate.catalog.epoch, flows=len(candidate.catalog.manifest.flows))
        return True

    async def _follow_store(self) -> None:
        """Begin from the newest catalog there is: another process may have published while this one waited."""
        latest = await self.store.find_latest_catalog()
        if latest is not None and latest.epoch > self.catalog.epoch:
            await self._load(latest.epoch)

    async def close(self) -> None:
        """Close the pools. Store and page belong to who opened them."""
        await self.data_sources.close()


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


def _same_snapshot(one: FlowRecord, other: FlowRecord) -> bool:
    return (one.app, one.name, one.group) == (other.app, other.name, other.group)


def _refuse_change(record: FlowRecord, current: Iterable[FlowRecord]) -> None:
    for other in current:
        if _same_snapshot(record, other) and (
            (record.flow_hash, record.app_hash, record.business_objects)
            != (other.flow_hash, other.app_hash, other.business_objects)
        ):
            raise Conflict(f'The snapshot {record.snapshot} of "{record.name}" is published already and never changes.')
