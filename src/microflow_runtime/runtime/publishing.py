"""Publishing packages beside what serves: whole snapshots, patches laid over them, and single flows that are collected."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec

from microflow_runtime.compiler.impact import Difference, Impact, compare_apps, impact_of
from microflow_runtime.compiler.reading import AppDefinitions, AppSource, source_of_files
from microflow_runtime.errors import BadRequest, Conflict, DefinitionFaults, Fault, NotFound
from microflow_runtime.model.app import App
from microflow_runtime.runtime.activation import MakeAudit, activation_of, answers_unasked
from microflow_runtime.runtime.answering import content_that_answers, content_that_comes
from microflow_runtime.runtime.begin_again import begins_again
from microflow_runtime.runtime.builder import Candidate, Forms, Publication, read_app, records_of
from microflow_runtime.runtime.grants import Ask, NotGranted, asks_of_app, faults_of
from microflow_runtime.runtime.manifest import FLOWS, PATCH, WHOLE, FlowRecord, Place
from microflow_runtime.runtime.packages import Package, app_package_name, flow_package_name, with_callees
from microflow_runtime.runtime.report import RefreshReport, report_on
from microflow_runtime.runtime.runtime import Runtime
from microflow_runtime.runtime.snapshot_content import SnapshotContent, content_of, read_content, read_files, rows_of
from microflow_runtime.store import AuditEntry, Snapshot


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """What was published, or, of a trial, what would be.

    `is_new` tells whether the snapshot was not there before with this very content, `is_active` whether it answers.
    `difference` and `impacts` compare it with what answered before, the version `compared_with`; `""` if nothing did.
    """

    app: str
    version: str
    kind: str
    base: str
    flows: int
    is_new: bool
    is_active: bool
    is_trial: bool
    epoch: int
    compared_with: str
    difference: Difference
    impacts: tuple[Impact, ...]
    warnings: tuple[Fault, ...]


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """A package as it will stand in the catalog."""

    app: App
    kind: str
    base: str
    definitions: AppDefinitions
    records: tuple[FlowRecord, ...]


@begins_again
async def deploy(
    runtime: Runtime,
    package: Package,
    make_audit: MakeAudit,
    *,
    allow: Callable[[str], Awaitable[None]] | None = None,
    activate: bool = False,
    is_trial: bool = False,
) -> Deployment:
    """Publish a package, and let its app answer from it if that is asked for, or if nothing of the app answers yet.

    `allow` is asked whether the app that the package holds may be deployed. A trial checks everything and changes nothing.
    Raises what `allow` raises, NotGranted, DefinitionFaults, Conflict when the snapshot is published already
    with another content, NotFound for the base of a patch, BadRequest for what no snapshot can be.
    """
    async with runtime.changing():
        publishing = Publishing(runtime)
        if allow is not None:
            await allow(await publishing.app_name_of(package))
        added = await publishing.add(package)
        await publishing.require_grants(make_audit, "a trial of " if is_trial else "")
        app, version = added.app.name, added.app.version
        old = await content_that_answers(runtime, app, publishing.forms)
        if activate:
            publishing.activate(app, version)
        candidate = await publishing.candidate(is_trial=is_trial)
        if not is_trial:
            told = "answers from now on" if (app, version) in publishing.activated else "answers when it is activated"
            count = f"{len(added.records)} flow" + ("s" if len(added.records) != 1 else "")
            audit = make_audit(f"{added.kind} snapshot {version} of {app}, {count}, {told}")
            await publishing.publish(candidate, audit)
        new = content_that_comes(old, added.definitions, is_whole=added.kind in WHOLE)
        return Deployment(
            app=app,
            version=version,
            kind=added.kind,
            base=added.base,
            flows=len(added.records),
            is_new=publishing.is_new(app, version),
            is_active=candidate.catalog.manifest.active.get(app) == version,
            is_trial=is_trial,
            epoch=runtime.catalog.epoch,
            compared_with=old.version,
            difference=compare_apps(old.content, new),
            impacts=impact_of(old.content, new),
            warnings=candidate.warnings,
        )


@begins_again
async def fetch(runtime: Runtime, packages: Mapping[str, Package], make_audit: MakeAudit) -> RefreshReport:
    """Publish packages that were fetched by name, all or none of them.

    Raises as `deploy`, and Conflict when a package holds another thing than its name says.
    """
    async with runtime.changing():
        publishing = Publishing(runtime)
        for name, package in packages.items():
            await publishing.add(package, name)
        await publishing.require_grants(make_audit)
        candidate = await publishing.candidate()
        touched = [record for record in candidate.catalog.manifest.flows if record.place in publishing.added]
        audit = make_audit(f"epoch {candidate.catalog.epoch}, {len(touched)} flows")
        changed = await publishing.publish(candidate, audit)
        return report_on(runtime.catalog, touched, changed=changed)


class Publishing:
    """One change of what is published. Packages are added to it, then it is carried out, all under the refresh lock."""

    def __init__(self, runtime: Runtime) -> None:
        self.forms = Forms(runtime.catalog.bodies)
        self.added: dict[Place, FlowRecord] = {}
        self.activated: list[tuple[str, str]] = []
        self._runtime = runtime
        self._before = runtime.catalog.records_by_place()
        self._active = dict(runtime.catalog.manifest.active)
        self._definitions: list[AppDefinitions] = []
        self._snapshots: dict[tuple[str, str], tuple[str, str, SnapshotContent]] = {}

    async def add(self, package: Package, name: str = "") -> Added:
        """Read a package and put its flows in. `name` is what it was fetched as, which must be the name it would have."""
        source = await self._whole(package)
        definitions = await read_app(source, self.forms, None)
        app = definitions.app
        is_broken = any(fault.is_error for fault in definitions.faults)
        if app is None:
            raise DefinitionFaults([fault for fault in definitions.faults if fault.is_error])
        if not definitions.microflows and not is_broken:
            raise BadRequest("The package holds no flow.")
        kind = package.kind if is_broken else _kind_of(package, definitions, name)
        origin = (name or app_package_name(app.name, app.version)) if kind == FLOWS else kind
        records = records_of(definitions, origin=origin, snapshot=app.version)
        if is_broken:
            self.added |= {
                record.place: record for record in records
            }  # checked with the rest, so that all faults are told
        elif kind == FLOWS:
            await self._collect(app, origin, source, records)
        else:
            await self._add_whole(app, kind, package.base, source, records)
        self._definitions.append(definitions)
        base = package.base if kind == PATCH else ""
        return Added(app=app, kind=kind, base=base, definitions=definitions, records=tuple(records))

    async def require_grants(self, make_audit: MakeAudit, what: str = "") -> None:
        """Refuse packages that ask for what their apps have not been granted, and audit it. Raises NotGranted with all of it.

        Definitions that have faults are left to the check, which tells these first.
        """
        faults: list[Fault] = []
        lacking: list[Ask] = []
        for definitions in self._definitions:
            app = definitions.app
            if app is None or any(fault.is_error for fault in definitions.faults):
                continue
            asks = asks_of_app(app, definitions.microflows.values(), self._runtime.settings)
            found = await self._runtime.resources.grants.lacking(app.name, asks)
            lacking += found
            faults += faults_of(definitions, app.name, found)
        if faults:
            told = ", ".join(dict.fromkeys(f"{ask.kind} {ask.name}" for ask in lacking))
            refused = make_audit(f"{what}a package that asks for what was not granted: {told}")
            await self._runtime.store.append_audit(msgspec.structs.replace(refused, outcome="refused"))
            raise NotGranted(faults, lacking)

    def activate(self, app: str, version: str) -> None:
        """Let the app answer from a version of it that is added."""
        if self._active.get(app) != version:
            self._active[app] = version
            self.activated.append((app, version))

    def is_new(self, app: str, version: str) -> bool:
        """Tell whether an added snapshot was not there before with this very content."""
        return (app, version) in self._snapshots

    async def candidate(self, *, is_trial: bool = False) -> Candidate:
        """Check everything. Raises DefinitionFaults."""
        kept = [record for place, record in self._before.items() if place not in self.added]
        records = [*kept, *self.added.values()]
        return await self._runtime.candidate(records, self.forms, self._definitions, self._active, is_trial=is_trial)

    async def publish(self, candidate: Candidate, audit: AuditEntry) -> bool:
        """Let it serve. Gives False when it does already."""
        places = {*self._before, *self.added}
        now = datetime.now(UTC)
        snapshots = tuple(
            Snapshot(
                app=app,
                version=version,
                kind=kind,
                base=base,
                content_hash=content.hash,
                created_at=now,
                created_by=audit.actor,
                flows=sum(place[0] == app and place[2] == version for place in places),
            )
            for (app, version), (kind, base, content) in self._snapshots.items()
        )
        sources = [definitions.source for definitions in self._definitions]
        rows = {row[0]: row for *_, content in self._snapshots.values() for row in rows_of(content, sources)}
        activations = tuple(activation_of(app, version, audit) for app, version in self.activated)
        return await self._runtime.publish(candidate, audit, Publication(snapshots, activations, tuple(rows.values())))

    async def app_name_of(self, package: Package) -> str:
        """Give the name of the app that a package holds. Raises DefinitionFaults when its app.yaml is broken."""
        app_file = package.source.find_file("app.yaml")
        files = {"app.yaml": app_file.content} if app_file else {}
        definitions = await read_app(source_of_files(package.name, files), self.forms, None)
        if definitions.app is None:
            raise DefinitionFaults([fault for fault in definitions.faults if fault.is_error])
        return definitions.app.name

    async def _whole(self, package: Package) -> AppSource:
        """Give the files of a package, those of a patch laid over its base."""
        if package.kind != PATCH:
            return package.source
        app = await self.app_name_of(package)
        contents = {file.path: file.content for file in package.source.files}
        base = await self._runtime.store.find_snapshot(app, package.base)
        if base is None or base.kind not in WHOLE:
            raise NotFound(f"The app {app} has no whole snapshot {package.base} that a patch could be laid over.")
        (files,) = (await read_content(self._runtime.store, base.content_hash)).packages.values()
        if missing := sorted(set(package.removed) - set(files.files)):
            raise BadRequest(f"The patch removes {missing[0]}, which its base {package.base} does not have.")
        below = {path: key for path, key in files.files.items() if path not in {*package.removed, *contents}}
        contents |= await read_files(self._runtime.store, below)
        return await asyncio.to_thread(source_of_files, package.name, contents)

    async def _find_published(self, app: App) -> Snapshot | None:
        """Give the snapshot that is published under the app's version. Raises Conflict when it is withdrawn."""
        found = await self._runtime.store.find_snapshot(app.name, app.version)
        if found is not None and found.withdrawn_at is not None:
            raise Conflict(
                f"The snapshot {app.version} of {app.name} is withdrawn; restore it, or take another version."
            )
        return found

    async def _add_whole(self, app: App, kind: str, base: str, source: AppSource, records: list[FlowRecord]) -> None:
        content = content_of([("", source)])
        published = await self._find_published(app)
        if published is not None and published.content_hash != content.hash:
            raise Conflict(f"The snapshot {app.version} of {app.name} is published already and never changes.")
        if published is None:
            if (app.name, app.version) in self._snapshots:
                raise Conflict(f"Two packages hold the snapshot {app.version} of {app.name}.")
            self._snapshots[app.name, app.version] = (kind, base, content)
            if app.name not in self._active and not answers_unasked(self._runtime.catalog, app.name):
                self.activate(app.name, app.version)
        for record in records:
            self.added[record.place] = self._before.get(record.place, record)

    async def _collect(self, app: App, origin: str, source: AppSource, records: list[FlowRecord]) -> None:
        place = (app.name, app.version)
        published = await self._find_published(app)
        for record in records:
            there = self._before.get(record.place) or self.added.get(record.place)
            if there is None and published is not None and published.kind in WHOLE:
                raise Conflict(f'The snapshot {app.version} is published already, without "{record.name}".')
            _refuse_change(record, there)
            self.added[record.place] = there or record
        if published is not None and published.kind in WHOLE:
            return
        before = self._snapshots[place][2] if place in self._snapshots else None
        if before is None and published is not None:
            before = await read_content(self._runtime.store, published.content_hash)
        content = content_of([(origin, source)], before)
        if before is None or content != before:
            self._snapshots[place] = (FLOWS, "", content)


def _kind_of(package: Package, definitions: AppDefinitions, name: str) -> str:
    """Tell what a package is. One that was fetched by the name of a flow is that flow's, and holds nothing that it does not call.

    Raises Conflict when it is another thing than its name says.
    """
    app = definitions.app
    assert app is not None, "it was looked at before"
    for flow in definitions.microflows.values():
        if name == flow_package_name(flow.id, app.name, flow.name, app.version):
            if beside := set(definitions.microflows).difference(with_callees(definitions, [flow.name])):
                raise Conflict(f'The package of "{flow.name}" also holds "{min(beside)}", which that does not call.')
            return FLOWS
    if name and name != app_package_name(app.name, app.version):
        raise Conflict("The package holds another flow than its name says.")
    return package.kind


def _refuse_change(record: FlowRecord, published: FlowRecord | None) -> None:
    """Refuse a flow that stands where another content of it is published."""
    if published is not None and (
        (record.flow_hash, record.app_hash, record.business_objects, record.files)
        != (published.flow_hash, published.app_hash, published.business_objects, published.files)
    ):
        raise Conflict(f'The snapshot {record.snapshot} of "{record.name}" is published already and never changes.')
