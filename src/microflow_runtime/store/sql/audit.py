"""The audit in SQL. Triggers of the database refuse to change or remove a row."""

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from microflow_runtime.store.chain import FIRST, chain_hash
from microflow_runtime.store.records import AuditEntry, AuditRow
from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.tables import audit

_FIELDS = AuditEntry.__struct_fields__


async def append_entry(connection: AsyncConnection, entry: AuditEntry) -> None:
    """Write an entry inside a transaction that holds the write lock, so that numbers and chain have no gap."""
    query = select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
    last = (await connection.execute(query)).first()
    number, previous = (1, FIRST) if last is None else (last.number + 1, last.hash)
    row = {name: getattr(entry, name) for name in _FIELDS}
    await connection.execute(insert(audit), {**row, "number": number, "hash": chain_hash(previous, number, entry)})


class AuditLog:
    """See AuditStore."""

    _database: Database

    @repeated
    async def append_audit(self, entry: AuditEntry) -> None:
        """Write an entry."""
        async with self._database.write() as connection:
            await append_entry(connection, entry)

    async def list_audit(self, *, limit: int = 100, before: int | None = None) -> list[AuditRow]:
        """Give the newest rows first, those before a number when one is given."""
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.number < before)
        async with self._database.look() as connection:
            return [_read_row(row) for row in await connection.execute(query)]

    async def find_audit_break(self) -> int | None:
        """Walk the chain; give the number of the first row that does not fit, None when all do."""
        previous, expected = FIRST, 1
        async with self._database.read() as connection:
            async for raw in await connection.stream(select(audit).order_by(audit.c.number)):
                row = _read_row(raw)
                if row.number != expected or row.hash != chain_hash(previous, row.number, row.entry):
                    return row.number
                previous, expected = row.hash, expected + 1
        return None


def _read_row(row: Row[tuple[object, ...]]) -> AuditRow:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row by column
    return AuditRow(values["number"], AuditEntry(**{name: values[name] for name in _FIELDS}), values["hash"])
