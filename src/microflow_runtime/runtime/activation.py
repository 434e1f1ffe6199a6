"""Which version of an app answers: activated by hand, rolled back, and the history of it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from rapidfuzz import process as fuzzy

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.runtime.active import with_active
from microflow_runtime.runtime.begin_again import begins_again
from microflow_runtime.runtime.builder import Candidate, Publication
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.manifest import WHOLE, WORKING, Manifest
from microflow_runtime.runtime.runtime import Runtime
from microflow_runtime.runtime.slices import Slices
from microflow_runtime.store import Activation, AuditEntry, Snapshot

MakeAudit = Callable[[str], AuditEntry]
_MOST_HISTORY = 10_000


class Activated(msgspec.Struct, frozen=True, kw_only=True):
    """What answers now, and what did before: versions, `""` for the working folder. `epoch` is the catalog that serves."""

    app: str
    version: str
    before: str
    changed: bool
    epoch: int


@begins_again
async def activate(runtime: Runtime, app: str, version: str, make_audit: MakeAudit) -> Activated:
    """Let an app answer from a version from now on, on every worker.

    Raises NotFound when there is no such snapshot, or no working folder for `WORKING`, Conflict when it is withdrawn.
    """
    async with runtime.changing():
        await _require(runtime, app, version)
        return await _let_answer(runtime, app, version, make_audit)


@begins_again
async def roll_back(runtime: Runtime, app: str, make_audit: MakeAudit) -> Activated:
    """Let an app answer from what answered before the present version and is still there. Raises Conflict when nothing did."""
    async with runtime.changing():
        history = await runtime.store.list_activations(app, limit=_MOST_HISTORY)
        kept = await runtime.store.list_snapshots(app)
        there = {WORKING, *(snapshot.version for snapshot in kept if snapshot.withdrawn_at is None)}
        line = line_of(activation.version for activation in reversed(history) if activation.version in there)
        if len(line) < 2 or (line[-2] == WORKING and not answers_unasked(runtime.catalog, app)):
            raise Conflict(f"There is nothing to go back to: no version of {app} answered before the present one.")
        return await _let_answer(runtime, app, line[-2], make_audit)


def line_of(versions: Iterable[str]) -> list[str]:
    """Give the versions that led to the present one, the present one last, from all that were activated, in their order.

    The line begins with the working folder. To activate what stands just before the present version is to step back: the
    present one leaves the line. So two roll backs go two versions back, and one after an activation undoes just that.
    """
    line = [WORKING]
    for version in versions:
        if len(line) > 1 and line[-2] == version:
            line.pop()
        elif line[-1] != version:
            line.append(version)
    return line


def activation_of(app: str, version: str, audit: AuditEntry) -> Activation:
    """Make the row of the history."""
    return Activation(app=app, version=version, at=datetime.now(UTC), actor=audit.actor)


def active_version(catalog: Catalog, app: str) -> str:
    """Give the version that was activated, or `WORKING`."""
    return catalog.manifest.active.get(app, WORKING)


def answers_unasked(catalog: Catalog, app: str) -> bool:
    """Tell whether an app has flows that answer without anything activated: a working folder, or fetched flows."""
    return any(record.app == app and record.kind not in WHOLE for record in catalog.manifest.flows)


def with_activation(active: Mapping[str, str], app: str, version: str) -> dict[str, str]:
    """Give the activated versions by app with one changed."""
    return {**active, app: version}


async def _require(runtime: Runtime, app: str, version: str) -> None:
    if version == WORKING:
        if not any(record.app == app and record.origin == "folder" for record in runtime.catalog.manifest.flows):
            raise NotFound(f"The app {app} has no working folder here.")
        return
    if (await get_snapshot(runtime, app, version)).withdrawn_at is not None:
        raise Conflict(f"The snapshot {version} of {app} is withdrawn; restore it first.")


async def get_snapshot(runtime: Runtime, app: str, version: str) -> Snapshot:
    """Give a published snapshot, withdrawn or not. Raises NotFound, with a near one."""
    found = await runtime.store.find_snapshot(app, version)
    if found is None:
        names = [snapshot.version for snapshot in await runtime.store.list_snapshots(app)]
        near = fuzzy.extractOne(version, names, score_cutoff=60)
        help_text = f"did you mean {near[0]}?" if near else ""
        told = f"The app {app} has no published snapshot {version}"
        raise NotFound(f"{told}; {help_text}" if help_text else f"{told}.", help=help_text)
    return found


async def _let_answer(runtime: Runtime, app: str, version: str, make_audit: MakeAudit) -> Activated:
    old = runtime.catalog
    before = active_version(old, app)
    audit = make_audit(
        f"{app} answers from {version or 'the working folder'}, before from {before or 'the working folder'}"
    )
    slices = Slices()
    active = with_activation(old.manifest.active, app, version) if version != before else old.manifest.active
    manifest = Manifest(flows=with_active(old.manifest.flows, active), active=active)
    await slices.between()
    catalog = Catalog(old.epoch + 1, manifest, old.bodies, runtime.node_types, runtime.metrics, previous=old)
    await slices.between()
    news = Publication(activations=() if version == before else (activation_of(app, version, audit),))
    changed = await runtime.publish(Candidate(catalog, {}, (), frozenset(), ()), audit, news)
    return Activated(app=app, version=version, before=before, changed=changed, epoch=runtime.catalog.epoch)
