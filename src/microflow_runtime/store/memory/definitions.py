"""Definitions and catalogs in memory."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store.memory.contents import Contents, require_storable
from microflow_runtime.store.protocol import OF_SNAPSHOTS, EpochTaken
from microflow_runtime.store.records import Activation, AuditEntry, Snapshot, SnapshotChange, StoredCatalog


class MemoryDefinitions:
    """See DefinitionStore."""

    _contents: Contents

    async def put_definitions(self, definitions: Sequence[tuple[str, str, bytes]]) -> None:
        """Keep `(hash, kind, body)` each; what is there under a hash stays as it is."""
        require_storable(list(definitions))
        for digest, kind, body in definitions:
            self._contents.definitions.setdefault(digest, (kind, body))

    async def get_definitions(self, hashes: Collection[str]) -> dict[str, bytes]:
        """Give the bodies by hash. Raises NotFound when one of them is not kept."""
        kept = self._contents.definitions
        for digest in hashes:
            if digest not in kept:
                raise NotFound(f"There is no definition {digest[:16]}.")
        return {digest: kept[digest][1] for digest in hashes}

    async def find_known_hashes(self, hashes: Collection[str]) -> set[str]:
        """Give those of the hashes that are kept."""
        return {digest for digest in hashes if digest in self._contents.definitions}

    async def put_catalog(
        self,
        epoch: int,
        manifest: bytes,
        created_at: datetime,
        audit: AuditEntry | None = None,
        *,
        definitions: Sequence[tuple[str, str, bytes]] = (),
        snapshots: Sequence[Snapshot] = (),
        activations: Sequence[Activation] = (),
        changes: Sequence[SnapshotChange] = (),
        forgotten: Collection[str] = (),
        keep_from_epoch: int = 0,
    ) -> None:
        """Keep a catalog and what comes with it. Raises Conflict, NotFound, changing nothing."""
        require_storable(audit, list(definitions), list(snapshots), list(activations), list(changes))
        latest = max(self._contents.catalogs, default=None)
        if latest is not None and epoch <= latest:
            raise EpochTaken(f"The store holds epoch {latest} already, {epoch} comes too late.")
        changed = _with_changes(self._with_snapshots(snapshots), changes)
        numbered = self._numbered(activations)
        await self.put_definitions(definitions)
        self._contents.snapshots = changed
        self._contents.activations += numbered
        for digest in forgotten:
            self._contents.definitions.pop(digest, None)
        for old in [old for old in self._contents.catalogs if old < keep_from_epoch]:
            del self._contents.catalogs[old]
        self._contents.catalogs[epoch] = StoredCatalog(epoch, manifest, created_at)
        if audit is not None:
            self._contents.append(audit)

    def _with_snapshots(self, snapshots: Sequence[Snapshot]) -> dict[tuple[str, str], Snapshot]:
        """Give all snapshots with these put among them. Raises Conflict."""
        changed = dict(self._contents.snapshots)
        for new in snapshots:
            kept = changed.get((new.app, new.version))
            if kept is None:
                changed[new.app, new.version] = new
            elif kept.kind == "flows":
                changed[new.app, new.version] = msgspec.structs.replace(
                    new, created_at=kept.created_at, created_by=kept.created_by, withdrawn_at=kept.withdrawn_at
                )
            elif kept.content_hash != new.content_hash:
                raise Conflict(f"The snapshot {new.version} of {new.app} is published already and never changes.")
        return changed

    def _numbered(self, activations: Sequence[Activation]) -> list[Activation]:
        """Give the activations with their numbers. Raises Conflict for one that is no higher than those there are."""
        last = self._contents.activations[-1].number if self._contents.activations else 0
        numbered = []
        for new in activations:
            if new.number and new.number <= last:
                raise Conflict(f"There is an activation {new.number} already.")
            last = new.number or last + 1
            numbered.append(msgspec.structs.replace(new, number=last))
        return numbered

    async def list_snapshots(self, app: str | None = None) -> list[Snapshot]:
        """Give the snapshots, of one app or of all, the newest first."""
        chosen = [kept for kept in self._contents.snapshots.values() if app in {None, kept.app}]
        chosen.sort(key=lambda kept: (kept.app, kept.version))
        return sorted(chosen, key=lambda kept: kept.created_at, reverse=True)

    async def find_snapshot(self, app: str, version: str) -> Snapshot | None:
        """Give the snapshot of exactly this app and version."""
        return self._contents.snapshots.get((app, version))

    async def list_activations(self, app: str | None = None, *, limit: int = 100) -> list[Activation]:
        """Give the activations, of one app or of all, the newest first."""
        return [kept for kept in reversed(self._contents.activations) if app in {None, kept.app}][:limit]

    async def find_latest_catalog(self) -> StoredCatalog | None:
        """Give the catalog with the highest epoch."""
        latest = max(self._contents.catalogs, default=None)
        return None if latest is None else self._contents.catalogs[latest]

    async def get_catalog(self, epoch: int) -> StoredCatalog:
        """Give the catalog of an epoch. Raises NotFound."""
        if epoch not in self._contents.catalogs:
            raise NotFound(f"There is no catalog of epoch {epoch}.")
        return self._contents.catalogs[epoch]

    async def prune_catalogs(self, keep_epoch: int, keep_hashes: Collection[str]) -> int:
        """Remove the catalogs before `keep_epoch` and the definitions not named, but not what snapshots consist of."""
        if any(epoch > keep_epoch for epoch in self._contents.catalogs):
            return 0
        keep = frozenset(keep_hashes)
        epochs = [epoch for epoch in self._contents.catalogs if epoch < keep_epoch]
        kept = self._contents.definitions.items()
        surplus = [digest for digest, (kind, _) in kept if digest not in keep and kind not in OF_SNAPSHOTS]
        for epoch in epochs:
            del self._contents.catalogs[epoch]
        for digest in surplus:
            del self._contents.definitions[digest]
        return len(epochs) + len(surplus)


def _with_changes(
    snapshots: dict[tuple[str, str], Snapshot], changes: Sequence[SnapshotChange]
) -> dict[tuple[str, str], Snapshot]:
    """Give snapshots with what becomes of some of them. Raises NotFound."""
    for change in changes:
        place = (change.app, change.version)
        if place not in snapshots:
            raise NotFound(f"There is no snapshot {change.version} of {change.app}.")
        if change.what == "deleted":
            del snapshots[place]
        else:
            at = change.at if change.what == "withdrawn" else None
            snapshots[place] = msgspec.structs.replace(snapshots[place], withdrawn_at=at)
    return snapshots
