"""The store on a SQL database, put together from its parts."""

from collections.abc import Iterable

from sqlalchemy import select

from microflow_runtime.store.sql.audit import AuditLog
from microflow_runtime.store.sql.cached_values import CachedValues
from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.definitions import Definitions
from microflow_runtime.store.sql.executions import Executions
from microflow_runtime.store.sql.grants import AppGrants
from microflow_runtime.store.sql.idempotency import IdempotencyKeys
from microflow_runtime.store.sql.roles import Roles
from microflow_runtime.store.sql.schema import HEAD
from microflow_runtime.store.sql.sessions import Sessions
from microflow_runtime.store.sql.snapshots import Snapshots
from microflow_runtime.store.sql.tables import meta
from microflow_runtime.store.sql.users import Users


class SqlStore(
    Definitions, Snapshots, Users, Roles, AppGrants, Sessions, AuditLog, Executions, IdempotencyKeys, CachedValues
):
    """A store on one SQL database. Belongs to the event loop that first uses it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_meta(self, key: str) -> str | None:
        """Give a value the server keeps for itself."""
        async with self._database.look() as connection:
            value: str | None = (await connection.execute(select(meta.c.value).where(meta.c.key == key))).scalar()
        return value

    @repeated
    async def put_meta(self, key: str, value: str) -> None:
        """Keep a value under a key."""
        change = self._database.insert(meta).values(key=key, value=value)
        async with self._database.change(alone=True) as connection:
            await connection.execute(
                change.on_conflict_do_update(index_elements=[meta.c.key], set_={"value": change.excluded.value})
            )

    async def close(self) -> None:
        """Give back connections and threads."""
        await self._database.close()

    def describe(self) -> Iterable[str]:
        """Name what the store is and its version."""
        return (self._database.describe(), f"schema {HEAD}")
