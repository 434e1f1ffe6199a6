"""Cached values in SQL."""

from datetime import datetime

from sqlalchemy import delete, select

from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.tables import cached_value


class CachedValues:
    """See ValueStore."""

    _database: Database

    async def get_cached(self, space: str, key: str, at: datetime) -> bytes | None:
        """Give the value unless its end has come at that time."""
        place = (cached_value.c.space == space, cached_value.c.key == key)
        query = select(cached_value.c.value).where(*place, cached_value.c.ends_at > at)
        async with self._database.look() as connection:
            value: bytes | None = (await connection.execute(query)).scalar()
        return value

    @repeated
    async def put_cached(self, space: str, key: str, value: bytes, ends_at: datetime) -> None:
        """Keep a value in the place of one that is there."""
        new = self._database.insert(cached_value).values(space=space, key=key, value=value, ends_at=ends_at)
        put = new.on_conflict_do_update(
            index_elements=[cached_value.c.space, cached_value.c.key], set_={"value": value, "ends_at": ends_at}
        )
        async with self._database.change(alone=True) as connection:
            await connection.execute(put)

    @repeated
    async def remove_cached(self, space: str, key: str | None = None) -> int:
        """Remove a value, or all of the space when no key is given; give how many."""
        change = delete(cached_value).where(cached_value.c.space == space)
        if key is not None:
            change = change.where(cached_value.c.key == key)
        async with self._database.change(alone=True) as connection:
            return (await connection.execute(change)).rowcount

    @repeated
    async def prune_cached(self, ended_before: datetime) -> int:
        """Remove the values past their end; give how many."""
        async with self._database.change(alone=True) as connection:
            return (
                await connection.execute(delete(cached_value).where(cached_value.c.ends_at < ended_before))
            ).rowcount
