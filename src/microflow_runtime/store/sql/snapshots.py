"""Published snapshots and the history of activations in SQL. They are written with a catalog, in its transaction."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store.records import Activation, Snapshot, SnapshotChange
from microflow_runtime.store.sql.database import Database
from microflow_runtime.store.sql.tables import activation, snapshot


async def put_snapshots(connection: AsyncConnection, snapshots: Sequence[Snapshot]) -> None:
    """Put snapshots by app and version. Raises Conflict for one that is kept with another content and never changes."""
    for new in snapshots:
        place = and_(snapshot.c.app == new.app, snapshot.c.version == new.version)
        kept = (await connection.execute(select(snapshot).where(place))).first()
        if kept is None:
            await connection.execute(insert(snapshot), msgspec.structs.asdict(new))
        elif kept.kind == "flows":
            values = {"kind": new.kind, "base": new.base, "content_hash": new.content_hash, "flows": new.flows}
            await connection.execute(update(snapshot).where(place).values(values))
        elif kept.content_hash != new.content_hash:
            raise Conflict(f"The snapshot {new.version} of {new.app} is published already and never changes.")


async def change_snapshots(connection: AsyncConnection, changes: Sequence[SnapshotChange]) -> None:
    """Withdraw, restore or delete snapshots. Raises NotFound for one that is not there."""
    for change in changes:
        place = and_(snapshot.c.app == change.app, snapshot.c.version == change.version)
        at = change.at if change.what == "withdrawn" else None
        step = delete(snapshot) if change.what == "deleted" else update(snapshot).values(withdrawn_at=at)
        if (await connection.execute(step.where(place))).rowcount == 0:
            raise NotFound(f"There is no snapshot {change.version} of {change.app}.")


async def append_activations(connection: AsyncConnection, activations: Sequence[Activation]) -> None:
    """Write activations behind those there are. Raises Conflict for a number that is no higher than those."""
    if not activations:
        return
    last: int = (await connection.execute(select(func.max(activation.c.number)))).scalar() or 0
    rows = []
    for new in activations:
        if new.number and new.number <= last:
            raise Conflict(f"There is an activation {new.number} already.")
        last = new.number or last + 1
        rows.append(msgspec.structs.asdict(new) | {"number": last})
    await connection.execute(insert(activation), rows)


class Snapshots:
    """The part of DefinitionStore about snapshots and activations."""

    _database: Database

    async def list_snapshots(self, app: str | None = None) -> list[Snapshot]:
        """Give the snapshots, of one app or of all, the newest first."""
        query = select(snapshot).order_by(snapshot.c.created_at.desc(), snapshot.c.app, snapshot.c.version)
        if app is not None:
            query = query.where(snapshot.c.app == app)
        async with self._database.look() as connection:
            return [Snapshot(**row._mapping) for row in await connection.execute(query)]  # noqa: SLF001 - the row by column

    async def find_snapshot(self, app: str, version: str) -> Snapshot | None:
        """Give the snapshot of exactly this app and version."""
        query = select(snapshot).where(snapshot.c.app == app, snapshot.c.version == version)
        async with self._database.look() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Snapshot(**row._mapping)  # noqa: SLF001 - the row by column

    async def list_activations(self, app: str | None = None, *, limit: int = 100) -> list[Activation]:
        """Give the activations, of one app or of all, the newest first."""
        query = select(activation).order_by(activation.c.number.desc()).limit(limit)
        if app is not None:
            query = query.where(activation.c.app == app)
        async with self._database.look() as connection:
            return [Activation(**row._mapping) for row in await connection.execute(query)]  # noqa: SLF001 - as above
