"""What every store does with published snapshots and the history of activations."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store import (
    Activation,
    AuditEntry,
    ExecutionFilter,
    Snapshot,
    SnapshotChange,
    Store,
    StoredExecution,
)

T = datetime(2026, 5, 19, 15, 15, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ENTRY = AuditEntry(at=T, actor="admin", action="deploy")
FULL = Snapshot(
    app="ศูนย์บริการ", version="v.0.1.0", kind="full", content_hash="h1", created_at=T, created_by="admin", flows=2
)
PATCH = msgspec.structs.replace(
    FULL, version="v.0.1.1", kind="patch", base="v.0.1.0", content_hash="h2", created_at=T + MINUTE
)
FLOWS = Snapshot(
    app="Demo", version="v.0.2.0", kind="flows", content_hash="h3", created_at=T + 2 * MINUTE, created_by="ci", flows=1
)


async def test_snapshots_come_with_a_catalog_and_are_found(store: Store) -> None:
    """Every field survives; lists are newest first, of one app or of all."""
    assert await store.list_snapshots() == []
    await store.put_catalog(1, b"m", T, snapshots=[FULL, PATCH])
    await store.put_catalog(2, b"m", T, snapshots=[FLOWS])
    assert await store.list_snapshots() == [FLOWS, PATCH, FULL]
    assert await store.list_snapshots(FULL.app) == [PATCH, FULL]
    assert await store.list_snapshots("Other") == []
    assert await store.find_snapshot(FULL.app, "v.0.1.1") == PATCH
    assert await store.find_snapshot("Demo", "v.0.1.1") is None


async def test_the_longest_names_are_kept(store: Store) -> None:
    """An app and a flow may have names of 200 characters."""
    name = "ก" * 200
    snapshot = msgspec.structs.replace(FULL, app=name)
    active = Activation(number=1, app=name, version="v", at=T, actor="a")
    await store.put_catalog(1, b"m", T, snapshots=[snapshot], activations=[active])
    assert await store.list_snapshots(name) == [snapshot]
    assert await store.list_activations(name) == [active]
    run = StoredExecution(
        execution_id="id", app=name, flow=name, snapshot="v" * 80, epoch=1, username="u" * 128, status="SUCCESS",
        started_at=T, duration_us=1,
    )  # fmt: skip
    await store.add_executions([run])
    assert await store.list_executions(ExecutionFilter(app=name, flow=name)) == [run]


async def test_a_published_snapshot_never_changes(store: Store) -> None:
    """With the same content it stays as it is, with another it is a conflict and the whole catalog is refused."""
    await store.put_catalog(1, b"m", T, snapshots=[FULL, PATCH])
    await store.put_catalog(
        2, b"m", T, snapshots=[msgspec.structs.replace(FULL, created_by="eve", created_at=T + MINUTE)]
    )
    for kept in (FULL, PATCH):
        changed = msgspec.structs.replace(kept, content_hash="other")
        with pytest.raises(Conflict):
            await store.put_catalog(
                3, b"m", T, ENTRY, definitions=[("d", "file", b"x")], snapshots=[FLOWS, changed],
                activations=[Activation(app="Demo", version="v.0.2.0", at=T, actor="ci")],
            )  # fmt: skip
    assert await store.list_snapshots() == [PATCH, FULL]
    assert await store.list_activations() == []
    assert await store.list_audit() == []
    assert await store.find_known_hashes(["d"]) == set()
    latest = await store.find_latest_catalog()
    assert latest is not None
    assert latest.epoch == 2


async def test_a_snapshot_of_flows_grows(store: Store) -> None:
    """It takes another content and count, and keeps when and by whom it was made."""
    await store.put_catalog(1, b"m", T, snapshots=[FLOWS])
    grown = msgspec.structs.replace(FLOWS, content_hash="h4", flows=2, created_at=T + 9 * MINUTE, created_by="eve")
    await store.put_catalog(2, b"m", T, snapshots=[grown])
    assert await store.find_snapshot("Demo", "v.0.2.0") == msgspec.structs.replace(FLOWS, content_hash="h4", flows=2)


async def test_activations_are_numbered_over_all_apps(store: Store) -> None:
    """They are listed newest first, of one app or of all, as many as asked; two in one go keep their order."""
    one = Activation(app="Demo", version="v.0.2.0", at=T, actor="admin")
    back = Activation(app="Demo", version="", at=T + MINUTE, actor="admin")
    other = Activation(app=FULL.app, version="v.0.1.0", at=T, actor="ci")
    await store.put_catalog(1, b"m", T, activations=[one, other])
    await store.put_catalog(2, b"m", T, ENTRY, activations=[back])
    numbered = [msgspec.structs.replace(row, number=number) for number, row in ((3, back), (2, other), (1, one))]
    assert await store.list_activations() == numbered
    assert await store.list_activations("Demo") == [numbered[0], numbered[2]]
    assert await store.list_activations("Demo", limit=1) == [numbered[0]]
    assert await store.list_activations("Other") == []
    assert len(await store.list_audit()) == 1


async def test_the_history_of_activations_only_grows(store: Store) -> None:
    """A number may be given when it is above all there are; one that is not is a conflict and changes nothing."""
    await store.put_catalog(1, b"m", T, activations=[Activation(number=5, app="Demo", version="a", at=T, actor="x")])
    with pytest.raises(Conflict):
        await store.put_catalog(
            2, b"m", T, activations=[Activation(number=5, app="Demo", version="b", at=T, actor="x")]
        )
    await store.put_catalog(2, b"m", T, activations=[Activation(app="Demo", version="c", at=T, actor="x")])
    assert [(row.number, row.version) for row in await store.list_activations()] == [(6, "c"), (5, "a")]


async def test_pruning_leaves_what_snapshots_consist_of(store: Store) -> None:
    """Bytes of files and lists of them stay, named or not; documents that nobody names go."""
    rows = [("s", "snapshot", b"1"), ("f", "file", b"2"), ("d", "document", b"3"), ("k", "document", b"4")]
    await store.put_catalog(1, b"m", T, definitions=rows)
    assert await store.prune_catalogs(1, ["k"]) == 1
    assert await store.find_known_hashes(["s", "f", "d", "k"]) == {"s", "f", "k"}


def change(what: str, version: str = "v.0.2.0", app: str = "Demo") -> SnapshotChange:
    """Make a change of a snapshot."""
    return SnapshotChange(app=app, version=version, what=what, at=T + 5 * MINUTE)


async def test_a_snapshot_is_withdrawn_and_restored(store: Store) -> None:
    """It stays with the time of it, through growing as well, until it is restored; its neighbours stay as they are."""
    await store.put_catalog(1, b"m", T, snapshots=[FULL, PATCH, FLOWS])
    await store.put_catalog(2, b"m", T, ENTRY, changes=[change("withdrawn")])
    withdrawn = msgspec.structs.replace(FLOWS, withdrawn_at=T + 5 * MINUTE)
    assert await store.list_snapshots() == [withdrawn, PATCH, FULL]
    assert await store.find_snapshot("Demo", "v.0.2.0") == withdrawn
    await store.put_catalog(3, b"m", T, snapshots=[msgspec.structs.replace(FLOWS, content_hash="h9", flows=3)])
    assert await store.find_snapshot("Demo", "v.0.2.0") == msgspec.structs.replace(
        withdrawn, content_hash="h9", flows=3
    )
    await store.put_catalog(4, b"m", T, changes=[change("restored")])
    kept = await store.find_snapshot("Demo", "v.0.2.0")
    assert kept is not None
    assert kept.withdrawn_at is None


async def test_a_snapshot_is_deleted_with_what_is_forgotten(store: Store) -> None:
    """Its row and the named definitions go in one step with the catalog and the audit; the version may come again."""
    rows = [("s", "snapshot", b"1"), ("f", "file", b"2"), ("g", "file", b"3")]
    await store.put_catalog(1, b"m", T, snapshots=[FULL, FLOWS], definitions=rows)
    await store.put_catalog(2, b"m", T, ENTRY, changes=[change("deleted")], forgotten=["s", "f", "never there"])
    assert await store.list_snapshots() == [FULL]
    assert await store.find_known_hashes(["s", "f", "g"]) == {"g"}
    assert len(await store.list_audit()) == 1
    other = msgspec.structs.replace(FLOWS, kind="full", content_hash="h7")
    await store.put_catalog(3, b"m", T, snapshots=[other])
    assert await store.find_snapshot("Demo", "v.0.2.0") == other


@pytest.mark.parametrize("what", ["withdrawn", "restored", "deleted"])
async def test_what_is_not_there_is_not_changed(store: Store, what: str) -> None:
    """An unknown version or app is not found, and nothing at all happens."""
    await store.put_catalog(1, b"m", T, snapshots=[FULL, FLOWS], definitions=[("d", "file", b"x")])
    for unknown in (change(what, version="v.9"), change(what, app="Other")):
        with pytest.raises(NotFound):
            await store.put_catalog(2, b"m", T, ENTRY, changes=[change(what), unknown], forgotten=["d"])
    assert await store.list_snapshots() == [FLOWS, FULL]
    assert await store.find_known_hashes(["d"]) == {"d"}
    assert await store.list_audit() == []
    latest = await store.find_latest_catalog()
    assert latest is not None
    assert latest.epoch == 1
