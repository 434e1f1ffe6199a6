"""Definitions and catalogs in memory."""

from collections.abc import Collection, Sequence
from datetime import datetime

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store.memory.contents import Contents
from microflow_runtime.store.records import AuditEntry, StoredCatalog


class MemoryDefinitions:
    """See DefinitionStore."""

    _contents: Contents

    async def put_definitions(self, definitions: Sequence[tuple[str, str, bytes]]) -> None:
        """Keep `(hash, kind, body)` each; what is there under a hash stays as it is."""
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
        keep_from_epoch: int = 0,
    ) -> None:
        """Keep a catalog and its definitions. Raises Conflict unless the epoch is above every one kept."""
        latest = max(self._contents.catalogs, default=None)
        if latest is not None and epoch <= latest:
            raise Conflict(f"The store holds epoch {latest} already, {epoch} comes too late.")
        await self.put_definitions(definitions)
        for old in [old for old in self._contents.catalogs if old < keep_from_epoch]:
            del self._contents.catalogs[old]
        self._contents.catalogs[epoch] = StoredCatalog(epoch, manifest, created_at)
        if audit is not None:
            self._contents.append(audit)

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
        """Remove the catalogs before `keep_epoch` and the definitions not named; give how many rows went."""
        keep = frozenset(keep_hashes)
        epochs = [epoch for epoch in self._contents.catalogs if epoch < keep_epoch]
        surplus = [digest for digest in self._contents.definitions if digest not in keep]
        for epoch in epochs:
            del self._contents.catalogs[epoch]
        for digest in surplus:
            del self._contents.definitions[digest]
        return len(epochs) + len(surplus)
