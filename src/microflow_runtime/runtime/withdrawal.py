"""Snapshots that are taken back: withdrawn, which keeps them and calls them no more; restored; deleted.

Each is a change of the catalog like any other: it takes its turn, and once it is done no worker begins a call of it.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec

from microflow_runtime.errors import Conflict, NotFound, StoreError
from microflow_runtime.runtime.activation import MakeAudit, get_snapshot
from microflow_runtime.runtime.begin_again import begins_again
from microflow_runtime.runtime.builder import Forms, Publication
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.manifest import FOLDER, FlowRecord, Manifest
from microflow_runtime.runtime.published import read_snapshot
from microflow_runtime.runtime.runtime import Runtime
from microflow_runtime.runtime.snapshot_content import content_key, read_content
from microflow_runtime.store import Snapshot, SnapshotChange, Store
from microflow_runtime.telemetry import get_log

_log: Final = get_log("runtime")
WITHDRAWN: Final = "withdrawn"
RESTORED: Final = "restored"
DELETED: Final = "deleted"


class TakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a snapshot, and the epoch that serves. `changed` is False when it was so already."""

    app: str
    version: str
    state: str
    changed: bool
    epoch: int


@begins_again
async def withdraw(runtime: Runtime, app: str, version: str, make_audit: MakeAudit) -> TakenBack:
    """Let nobody call a published snapshot any more; it is kept.

    Raises NotFound when there is none, Conflict when flows answer from it or a flow of another snapshot calls it.
    """
    async with runtime.changing():
        snapshot = await get_snapshot(runtime, app, version)
        if snapshot.withdrawn_at is not None:
            return await _as_it_was(runtime, snapshot, WITHDRAWN, make_audit)
        _refuse_in_use(runtime.catalog, snapshot)
        return await _change(runtime, snapshot, WITHDRAWN, make_audit, _without(runtime.catalog, snapshot))


@begins_again
async def restore(runtime: Runtime, app: str, version: str, make_audit: MakeAudit) -> TakenBack:
    """Let a withdrawn snapshot be called again, by who names it.

    Raises NotFound when there is none, DefinitionFaults when this version of the software finds fault with it.
    """
    async with runtime.changing():
        snapshot = await get_snapshot(runtime, app, version)
        if snapshot.withdrawn_at is None:
            return await _as_it_was(runtime, snapshot, RESTORED, make_audit)
        forms = Forms(runtime.catalog.bodies)
        records, apps = await read_snapshot(runtime.store, forms, snapshot)
        there = [*records, *runtime.catalog.manifest.flows]  # before the others: of fetched flows the last one answers
        candidate = await runtime.candidate(there, forms, apps)
        audit = make_audit(_told(snapshot, RESTORED))
        changed = await runtime.publish(candidate, audit, Publication(changes=(_change_of(snapshot, RESTORED),)))
        return _done(runtime, snapshot, RESTORED, changed=changed)


@begins_again
async def delete(runtime: Runtime, app: str, version: str, make_audit: MakeAudit) -> TakenBack:
    """Remove a published snapshot for good, with the files that nothing else needs. Raises as `withdraw`."""
    async with runtime.changing():
        snapshot = await get_snapshot(runtime, app, version)
        _refuse_in_use(runtime.catalog, snapshot)
        return await _change(runtime, snapshot, DELETED, make_audit, _without(runtime.catalog, snapshot))


def _refuse_in_use(catalog: Catalog, snapshot: Snapshot) -> None:
    app, version = snapshot.app, snapshot.version
    records = [record for record in catalog.manifest.flows if record.app == app]
    if catalog.manifest.active.get(app) == version:
        raise Conflict(f"{app} answers from {version}; activate another version first.")
    for record in records:
        if _is_of(record, snapshot) and record.active:
            raise Conflict(f'The flow "{record.name}" of {app} answers from {version}; activate another version first.')
    for record in records:
        if not _is_of(record, snapshot) and any(pin == version for _, pin in record.pinned):
            caller = f'"{record.name}" of {record.snapshot}'
            raise Conflict(f"The flow {caller} calls a flow of {version}; change or withdraw that first.")


def _is_of(record: FlowRecord, snapshot: Snapshot) -> bool:
    return record.app == snapshot.app and record.origin != FOLDER and record.snapshot == snapshot.version


def _without(catalog: Catalog, snapshot: Snapshot) -> list[FlowRecord]:
    return [record for record in catalog.manifest.flows if not _is_of(record, snapshot)]


async def _change(
    runtime: Runtime, snapshot: Snapshot, what: str, make_audit: MakeAudit, records: list[FlowRecord]
) -> TakenBack:
    candidate = await runtime.candidate(records, Forms(runtime.catalog.bodies), [])
    forgotten: set[str] = set()
    if what == DELETED:
        forgotten = await _needed_by_it_alone(runtime.store, snapshot, candidate.catalog.manifest)
    news = Publication(changes=(_change_of(snapshot, what),), forgotten=tuple(forgotten))
    changed = await runtime.publish(candidate, make_audit(_told(snapshot, what)), news)
    return _done(runtime, snapshot, what, changed=changed)


async def _needed_by_it_alone(store: Store, snapshot: Snapshot, manifest: Manifest) -> set[str]:
    """Give the keys of a snapshot's list and files that neither other snapshots nor the catalog need."""
    others = [other for other in await store.list_snapshots(snapshot.app) if other.version != snapshot.version]
    others += [other for other in await store.list_snapshots() if other.app != snapshot.app]
    own = {content_key(snapshot.content_hash)} - {content_key(other.content_hash) for other in others}
    try:
        own |= await _files_of(store, snapshot)
        for other in others:
            own -= await _files_of(store, other)
    except (NotFound, StoreError) as error:  # a damaged one must not keep others from being deleted
        _log.warning("files of a deleted snapshot kept", app=snapshot.app, reason=error.message)
        own = {key for key in own if key == content_key(snapshot.content_hash)}
    return own - manifest.hashes()


async def _files_of(store: Store, snapshot: Snapshot) -> set[str]:
    packages = (await read_content(store, snapshot.content_hash)).packages.values()
    return {key for package in packages for key in package.files.values()}


async def _as_it_was(runtime: Runtime, snapshot: Snapshot, what: str, make_audit: MakeAudit) -> TakenBack:
    await runtime.store.append_audit(make_audit(f"{_told(snapshot, what)} already"))
    return _done(runtime, snapshot, what, changed=False)


def _change_of(snapshot: Snapshot, what: str) -> SnapshotChange:
    return SnapshotChange(app=snapshot.app, version=snapshot.version, what=what, at=datetime.now(UTC))


def _told(snapshot: Snapshot, what: str) -> str:
    return f"{snapshot.kind} snapshot {snapshot.version} of {snapshot.app} {what}"


def _done(runtime: Runtime, snapshot: Snapshot, what: str, *, changed: bool) -> TakenBack:
    epoch = runtime.catalog.epoch
    return TakenBack(app=snapshot.app, version=snapshot.version, state=what, changed=changed, epoch=epoch)
