"""A number that changes with every change of users and roles, so that nobody reads rights that are still the same."""

from sqlalchemy import Integer, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from microflow_runtime.store.records import AuditEntry
from microflow_runtime.store.sql.audit import append_entry
from microflow_runtime.store.sql.database import Database
from microflow_runtime.store.sql.tables import meta

_KEY = "rights_version"


async def read_rights_version(connection: AsyncConnection) -> int:
    """Give the number as the transaction sees it."""
    query = select(cast(meta.c.value, Integer)).where(meta.c.key == _KEY)
    version: int | None = (await connection.execute(query)).scalar()
    return version or 0


async def append_change(database: Database, connection: AsyncConnection, entry: AuditEntry) -> None:
    """Write the audit entry of a change of users or roles and move the number, in the change's own transaction."""
    version = await read_rights_version(connection) + 1
    new = database.insert(meta).values(key=_KEY, value=str(version))
    await connection.execute(new.on_conflict_do_update(index_elements=[meta.c.key], set_={"value": new.excluded.value}))
    await append_entry(connection, entry)
