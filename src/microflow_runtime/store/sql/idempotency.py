"""Idempotency keys in SQL. One statement decides who has a key, so that two that ask at once cannot both be told yes."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from microflow_runtime.errors import StoreError
from microflow_runtime.store.records import Claim
from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.tables import idempotency_key as held

_TRIES = 8


class IdempotencyKeys:
    """See KeyStore."""

    _database: Database

    @repeated
    async def claim_key(
        self,
        scope: str,
        key: str,
        *,
        digest: bytes,
        execution_id: str,
        at: datetime,
        lease_ends_at: datetime,
        ends_at: datetime,
    ) -> Claim:
        """Take a key that is free, or whose end has come."""
        new = self._database.insert(held).values(
            scope=scope, key=key, digest=digest, execution_id=execution_id, lease_ends_at=lease_ends_at, ends_at=ends_at
        )
        given_up = and_(held.c.digest == digest, held.c.reply.is_(None), held.c.lease_ends_at <= at)
        take = new.on_conflict_do_update(
            index_elements=[held.c.scope, held.c.key],
            set_={
                "digest": digest, "execution_id": execution_id, "lease_ends_at": lease_ends_at, "ends_at": ends_at,
                "reply": None,
            },
            where=or_(held.c.ends_at <= at, given_up),
        ).returning(held.c.execution_id)  # fmt: skip
        query = select(held).where(held.c.scope == scope, held.c.key == key)
        for _ in range(_TRIES):
            async with self._database.change(alone=True) as connection:
                if (await connection.execute(take)).first() is not None:
                    return Claim("new", execution_id)
            async with self._database.look() as connection:
                row = (await connection.execute(query)).first()
            if row is None:  # given back in between
                continue
            if row.digest != digest:
                return Claim("used", row.execution_id)
            if row.reply is not None:
                return Claim("done", row.execution_id, row.reply)
            return Claim("running", row.execution_id)
        raise StoreError("The store is too busy.")

    @repeated
    async def complete_key(self, scope: str, key: str, *, execution_id: str, reply: bytes, ends_at: datetime) -> bool:
        """Keep the reply until an end. Gives False, changing nothing, when the key is not this run's any more."""
        change = update(held).where(*_of(scope, key, execution_id)).values(reply=reply, ends_at=ends_at)
        async with self._database.change(alone=True) as connection:
            return (await connection.execute(change)).rowcount == 1

    @repeated
    async def release_key(self, scope: str, key: str, *, execution_id: str) -> None:
        """Give back a key that this run has not completed."""
        async with self._database.change(alone=True) as connection:
            await connection.execute(delete(held).where(*_of(scope, key, execution_id)))

    @repeated
    async def prune_keys(self, ended_before: datetime) -> int:
        """Remove keys past their end; give how many."""
        async with self._database.change(alone=True) as connection:
            return (await connection.execute(delete(held).where(held.c.ends_at < ended_before))).rowcount


def _of(scope: str, key: str, execution_id: str) -> tuple[ColumnElement[bool], ...]:
    """Say that a run holds the key and has not completed it."""
    return (held.c.scope == scope, held.c.key == key, held.c.execution_id == execution_id, held.c.reply.is_(None))
