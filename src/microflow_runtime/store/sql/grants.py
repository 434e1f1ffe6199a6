"""What apps have been granted, in SQL."""

from sqlalchemy import ColumnElement, delete, insert, select

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store.records import AppGrant, AuditEntry
from microflow_runtime.store.sql.audit import append_entry
from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.tables import app_grant

_FIELDS = AppGrant.__struct_fields__


class AppGrants:
    """See GrantStore."""

    _database: Database

    async def list_app_grants(self, app: str | None = None) -> list[AppGrant]:
        """Give the grants, of one app or of all, sorted by app, kind and name."""
        query = select(app_grant).order_by(app_grant.c.app, app_grant.c.kind, app_grant.c.name)
        if app is not None:
            query = query.where(app_grant.c.app == app)
        async with self._database.look() as connection:
            return [AppGrant(**row._mapping) for row in await connection.execute(query)]  # noqa: SLF001 - the row by column

    @repeated
    async def add_app_grant(self, grant: AppGrant, audit: AuditEntry) -> None:
        """Keep a grant. Raises Conflict when it is there already."""
        async with self._database.write() as connection:
            if (
                await connection.execute(select(app_grant.c.app).where(*_is(grant.app, grant.kind, grant.name)))
            ).first():
                raise Conflict(f"{grant.app} has been granted the {grant.kind} {grant.name} already.")
            await connection.execute(insert(app_grant), {name: getattr(grant, name) for name in _FIELDS})
            await append_entry(connection, audit)

    @repeated
    async def remove_app_grant(self, app: str, kind: str, name: str, audit: AuditEntry) -> None:
        """Remove a grant. Raises NotFound."""
        async with self._database.write() as connection:
            if not (await connection.execute(delete(app_grant).where(*_is(app, kind, name)))).rowcount:
                raise NotFound(f"{app} has not been granted the {kind} {name}.")
            await append_entry(connection, audit)


def _is(app: str, kind: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return app_grant.c.app == app, app_grant.c.kind == kind, app_grant.c.name == name
