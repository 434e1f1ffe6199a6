"""The store on a SQL database, put together from its parts, and how its SQLite file is opened."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from microflow_runtime.store.sql.audit import AuditLog
from microflow_runtime.store.sql.database import Database, open_sqlite
from microflow_runtime.store.sql.definitions import Definitions
from microflow_runtime.store.sql.failures import translated
from microflow_runtime.store.sql.migrate import HEAD, migrate_sqlite
from microflow_runtime.store.sql.roles import Roles
from microflow_runtime.store.sql.sessions import Sessions
from microflow_runtime.store.sql.snapshots import Snapshots
from microflow_runtime.store.sql.tables import meta
from microflow_runtime.store.sql.users import Users

FILE_NAME = "store.sqlite3"


class SqlStore(Definitions, Snapshots, Users, Roles, Sessions, AuditLog):
    """A store on one SQL database. Belongs to the event loop that first uses it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_meta(self, key: str) -> str | None:
        """Give a value the server keeps for itself."""
        async with self._database.read() as connection:
            value: str | None = (await connection.execute(select(meta.c.value).where(meta.c.key == key))).scalar()
        return value

    async def put_meta(self, key: str, value: str) -> None:
        """Keep a value under a key."""
        change = self._database.insert(meta).values(key=key, value=value)
        async with self._database.write() as connection:
            await connection.execute(
                change.on_conflict_do_update(index_elements=[meta.c.key], set_={"value": change.excluded.value})
            )

    async def close(self) -> None:
        """Give back connections and threads."""
        await self._database.close()

    def describe(self) -> Iterable[str]:
        """Name what the store is and its version."""
        return (f"SQLite {sqlite3.sqlite_version}", f"schema {HEAD}")


def open_store(home: Path) -> SqlStore:
    """Open the embedded store under a home folder, making and migrating it as needed. Blocks; call it at start.

    The folder is made for its owner alone. Several processes may open the same home at once.

    Raises StoreError when the folder or the file cannot be used, or a newer version made it.
    """
    with translated():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = home / FILE_NAME
        path.touch(mode=0o600, exist_ok=True)
    migrate_sqlite(path)
    return SqlStore(open_sqlite(path))
