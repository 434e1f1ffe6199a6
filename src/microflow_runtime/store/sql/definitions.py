"""Definitions and catalogs in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from microflow_runtime.errors import NotFound
from microflow_runtime.store.protocol import OF_SNAPSHOTS, EpochTaken
from microflow_runtime.store.records import Activation, AuditEntry, Snapshot, SnapshotChange, StoredCatalog
from microflow_runtime.store.sql.audit import append_entry
from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.snapshots import append_activations, change_snapshots, put_snapshots
from microflow_runtime.store.sql.tables import catalog, definition


class Definitions:
    """See DefinitionStore."""

    _database: Database

    @repeated
    async def put_definitions(self, definitions: Sequence[tuple[str, str, bytes]]) -> None:
        """Keep `(hash, kind, body)` each; what is there under a hash stays as it is."""
        if not definitions:
            return
        async with self._database.write() as connection:
            await self._database.insert_many(connection, definition, definitions)

    async def get_definitions(self, hashes: Collection[str]) -> dict[str, bytes]:
        """Give the bodies by hash. Raises NotFound when one of them is not kept."""
        wanted = list(dict.fromkeys(hashes))
        found: dict[str, bytes] = {}
        async with self._database.read() as connection:
            for piece in self._database.pieces(wanted):
                query = select(definition.c.content_hash, definition.c.body).where(
                    self._database.among(definition.c.content_hash, piece)
                )
                found.update((row.content_hash, row.body) for row in await connection.execute(query))
        if len(found) != len(wanted):
            missing = next(digest for digest in wanted if digest not in found)
            raise NotFound(f"There is no definition {missing[:16]}.")
        return found

    async def find_known_hashes(self, hashes: Collection[str]) -> set[str]:
        """Give those of the hashes that are kept."""
        known: set[str] = set()
        async with self._database.read() as connection:
            for piece in self._database.pieces(list(dict.fromkeys(hashes))):
                query = select(definition.c.content_hash).where(self._database.among(definition.c.content_hash, piece))
                known.update((await connection.execute(query)).scalars())
        return known

    @repeated
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
        async with self._database.write() as connection:
            latest = (await connection.execute(select(func.max(catalog.c.epoch)))).scalar()
            if latest is not None and epoch <= latest:
                raise EpochTaken(f"The store holds epoch {latest} already, {epoch} comes too late.")
            if definitions:
                await self._database.insert_many(connection, definition, definitions)
            if keep_from_epoch > 0:
                await connection.execute(delete(catalog).where(catalog.c.epoch < keep_from_epoch))
            row = {"epoch": epoch, "manifest": manifest, "created_at": created_at}
            await connection.execute(insert(catalog), row)
            await put_snapshots(connection, snapshots)
            await append_activations(connection, activations)
            await change_snapshots(connection, changes)
            await self._forget(connection, forgotten)
            if audit is not None:
                await append_entry(connection, audit)

    async def find_latest_catalog(self) -> StoredCatalog | None:
        """Give the catalog with the highest epoch."""
        query = select(catalog).order_by(catalog.c.epoch.desc()).limit(1)
        async with self._database.look() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else StoredCatalog(row.epoch, row.manifest, row.created_at)

    async def get_catalog(self, epoch: int) -> StoredCatalog:
        """Give the catalog of an epoch. Raises NotFound."""
        async with self._database.look() as connection:
            row = (await connection.execute(select(catalog).where(catalog.c.epoch == epoch))).first()
        if row is None:
            raise NotFound(f"There is no catalog of epoch {epoch}.")
        return StoredCatalog(row.epoch, row.manifest, row.created_at)

    @repeated
    async def prune_catalogs(self, keep_epoch: int, keep_hashes: Collection[str]) -> int:
        """Remove the catalogs before `keep_epoch` and the definitions not named, but not what snapshots consist of."""
        keep = frozenset(keep_hashes)
        async with self._database.write() as connection:
            latest = (await connection.execute(select(func.max(catalog.c.epoch)))).scalar()
            if latest is not None and latest > keep_epoch:
                return 0
            gone = (await connection.execute(delete(catalog).where(catalog.c.epoch < keep_epoch))).rowcount
            passing = select(definition.c.content_hash).where(definition.c.kind.not_in(OF_SNAPSHOTS))
            kept = (await connection.execute(passing)).scalars()
            surplus = [digest for digest in kept if digest not in keep]
            await self._forget(connection, surplus)
        return gone + len(surplus)

    async def _forget(self, connection: AsyncConnection, hashes: Collection[str]) -> None:
        """Remove definitions."""
        for piece in self._database.pieces(list(hashes)):
            await connection.execute(delete(definition).where(self._database.among(definition.c.content_hash, piece)))
