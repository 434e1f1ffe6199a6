"""Executions in SQL: written in batches, listed by where the last page ended, never counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, bindparam, delete, desc, literal_column, select, tuple_
from sqlalchemy.sql.selectable import FromClause

from microflow_runtime.store.records import EVERY_EXECUTION, ExecutionFilter, StoredExecution
from microflow_runtime.store.sql.columns import microseconds_of
from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.tables import execution, execution_key

_KEPT_CHARACTERS = 256
_LISTED = [column for column in execution.c if column.name != "trace"]
_KEY_FIELDS = ("name", "value", "started_at", "execution_id")
_DELETE_KEY = delete(execution_key).where(
    *(execution_key.c[field] == bindparam("old_" + field) for field in _KEY_FIELDS)
)
_FAILED: ColumnElement[str] = literal_column("'ERROR'")
_keys_decoder = msgspec.json.Decoder(tuple[tuple[str, str], ...])


class Executions:
    """See ExecutionStore."""

    _database: Database

    @repeated
    async def add_executions(self, executions: Sequence[StoredExecution]) -> None:
        """Keep executions, all or none; what is there under an id stays as it is."""
        if not executions:
            return
        rows = []
        key_rows = []
        for new in executions:
            keys = tuple((name, value[:_KEPT_CHARACTERS]) for name, value in new.search_keys)
            started_at = microseconds_of(new.started_at)
            rows.append(
                (
                    new.execution_id, new.app, new.flow, new.snapshot, new.epoch, new.username, new.status, new.error,
                    started_at, new.duration_us, msgspec.json.encode(keys), new.trace,
                )
            )  # fmt: skip
            key_rows += [(name, value, started_at, new.execution_id) for name, value in keys]
        async with self._database.change() as connection:
            await self._database.insert_many(connection, execution, rows)
            if key_rows:
                await self._database.insert_many(connection, execution_key, key_rows)

    async def find_execution(self, execution_id: str) -> StoredExecution | None:
        """Give the execution of exactly this id, with its trace."""
        query = select(execution).where(execution.c.execution_id == execution_id)
        async with self._database.look() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else _read(row)

    async def list_executions(
        self,
        wanted: ExecutionFilter = EVERY_EXECUTION,
        *,
        before: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> list[StoredExecution]:
        """Give executions without their traces, the newest first."""
        source: FromClause = execution
        place = (execution.c.started_at, execution.c.execution_id)
        conditions = _conditions(wanted)
        if wanted.search_key is not None:
            source = execution.join(execution_key, execution_key.c.execution_id == execution.c.execution_id)
            place = (execution_key.c.started_at, execution_key.c.execution_id)
            name, value = wanted.search_key
            conditions += [execution_key.c.name == name, execution_key.c.value == value[:_KEPT_CHARACTERS]]
        if wanted.since is not None:
            conditions.append(place[0] >= wanted.since)
        if wanted.until is not None:
            conditions.append(place[0] < wanted.until)
        if before is not None:
            conditions.append(tuple_(*place) < before)
        query = select(*_LISTED).select_from(source).where(*conditions)
        async with self._database.look() as connection:
            rows = await connection.execute(query.order_by(*map(desc, place)).limit(limit))
            return [_read(row) for row in rows]

    @repeated
    async def prune_executions(self, started_before: datetime, limit: int = 1000) -> int:
        """Remove the oldest of the executions begun before a time, at most `limit`; give how many."""
        columns = (execution.c.execution_id, execution.c.started_at, execution.c.search_keys)
        query = select(*columns).where(execution.c.started_at < started_before)
        oldest = query.order_by(execution.c.started_at, execution.c.execution_id).limit(limit)
        async with self._database.change() as connection:
            old = (await connection.execute(oldest)).all()
            keys = [
                {
                    "old_name": name,
                    "old_value": value,
                    "old_started_at": row.started_at,
                    "old_execution_id": row.execution_id,
                }
                for row in old
                for name, value in _keys_decoder.decode(row.search_keys)
            ]
            if keys:
                await connection.execute(_DELETE_KEY, keys)
            for piece in self._database.pieces([row.execution_id for row in old]):
                chosen = self._database.among(execution.c.execution_id, piece)
                await connection.execute(delete(execution).where(chosen))
        return len(old)


def _conditions(wanted: ExecutionFilter) -> list[ColumnElement[bool]]:
    """Give what the row itself must hold. A failed status is written into the statement, as its index is for that alone."""
    equal = [(execution.c.app, wanted.app), (execution.c.flow, wanted.flow), (execution.c.username, wanted.username)]
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.status is not None:
        conditions.append(execution.c.status == (_FAILED if wanted.status == "ERROR" else wanted.status))
    return conditions


def _read(row: Row[Any]) -> StoredExecution:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row by column
    values["search_keys"] = _keys_decoder.decode(values["search_keys"])
    return StoredExecution(**values)
