"""Roles, what they permit, and service grants in SQL."""

from collections.abc import Collection

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.model.principal import Permission
from microflow_runtime.store.records import AuditEntry, Role, ServiceGrant
from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.rights_version import append_change
from microflow_runtime.store.sql.tables import protected_object, role, role_permission, service_grant, user_account


class Roles:
    """The part of AccountStore about roles."""

    _database: Database

    @repeated
    async def add_role(self, name: str, audit: AuditEntry, *, role_id: int | None = None) -> Role:
        """Add a role; without a number it takes the next positive one. Raises Conflict."""
        async with self._database.write() as connection:
            if (await connection.execute(select(role.c.role_id).where(role.c.name == name))).first() is not None:
                raise Conflict(f"There is a role {name} already.")
            if role_id is None:
                highest = (await connection.execute(select(func.max(role.c.role_id)))).scalar()
                role_id = max(highest or 0, 0) + 1
            await connection.execute(insert(role), {"role_id": role_id, "name": name})
            await append_change(self._database, connection, audit)
        return Role(role_id, name)

    async def list_roles(self) -> list[Role]:
        """Give all roles by name."""
        async with self._database.look() as connection:
            rows = await connection.execute(select(role).order_by(role.c.name))
            return [Role(row.role_id, row.name) for row in rows]

    @repeated
    async def remove_role(self, name: str, audit: AuditEntry) -> None:
        """Remove a role with what it grants. Raises NotFound."""
        async with self._database.write() as connection:
            if not (await connection.execute(delete(role).where(role.c.name == name))).rowcount:
                raise NotFound(f"There is no role {name}.")
            await append_change(self._database, connection, audit)

    async def list_permissions(self, role_name: str) -> list[Permission]:
        """Give the permissions of a role, sorted. Raises NotFound."""
        columns = (protected_object.c.object_type, protected_object.c.name, role_permission.c.access)
        async with self._database.read() as connection:
            role_id = (await get_role_ids(connection, [role_name]))[role_name]
            query = (
                select(*columns).join(role_permission).where(role_permission.c.role_id == role_id).order_by(*columns)
            )
            return [Permission(*row) for row in await connection.execute(query)]

    @repeated
    async def change_role(
        self,
        role_name: str,
        *,
        allow: Collection[Permission] = (),
        deny: Collection[Permission] = (),
        grant: Collection[ServiceGrant] = (),
        ungrant: Collection[ServiceGrant] = (),
        audit: AuditEntry,
    ) -> None:
        """Add and take away permissions and service grants at once. Raises NotFound for the role or an account."""
        async with self._database.write() as connection:
            role_id = (await get_role_ids(connection, [role_name]))[role_name]
            for permission in allow:
                await self._allow(connection, role_id, permission)
            for permission in deny:
                await _deny(connection, role_id, permission)
            for wanted in grant:
                await self._grant(connection, role_id, wanted)
            for unwanted in ungrant:
                await connection.execute(
                    delete(service_grant).where(
                        service_grant.c.role_id == role_id,
                        service_grant.c.flow == unwanted.flow,
                        service_grant.c.account == unwanted.account,
                    )
                )
            await append_change(self._database, connection, audit)

    async def _allow(self, connection: AsyncConnection, role_id: int, permission: Permission) -> None:
        place = {"object_type": permission.object_type, "name": permission.name}
        await connection.execute(self._database.insert(protected_object).values(place).on_conflict_do_nothing())
        object_id = await _find_object(connection, permission)
        row = {"role_id": role_id, "object_id": object_id, "access": permission.access}
        await connection.execute(self._database.insert(role_permission).values(row).on_conflict_do_nothing())

    async def _grant(self, connection: AsyncConnection, role_id: int, wanted: ServiceGrant) -> None:
        account = select(user_account.c.username).where(
            user_account.c.username == wanted.account, user_account.c.service_account
        )
        if (await connection.execute(account)).first() is None:
            raise NotFound(f"There is no service account {wanted.account}.")
        row = {"role_id": role_id, "flow": wanted.flow, "account": wanted.account}
        await connection.execute(self._database.insert(service_grant).values(row).on_conflict_do_nothing())

    async def list_service_grants(self) -> list[ServiceGrant]:
        """Give every service grant, sorted."""
        columns = (role.c.name, service_grant.c.flow, service_grant.c.account)
        query = select(*columns).join_from(service_grant, role).order_by(*columns)
        async with self._database.look() as connection:
            return [ServiceGrant(*row) for row in await connection.execute(query)]


async def get_role_ids(connection: AsyncConnection, names: Collection[str]) -> dict[str, int]:
    """Give the numbers of roles by name. Raises NotFound for one that is not there."""
    found = {
        row.name: row.role_id
        for row in await connection.execute(select(role).where(role.c.name.in_(sorted(set(names)))))
    }
    for name in names:
        if name not in found:
            raise NotFound(f"There is no role {name}.")
    return found


async def _deny(connection: AsyncConnection, role_id: int, permission: Permission) -> None:
    object_id = await _find_object(connection, permission)
    await connection.execute(
        delete(role_permission).where(
            role_permission.c.role_id == role_id,
            role_permission.c.object_id == object_id,
            role_permission.c.access == permission.access,
        )
    )


async def _find_object(connection: AsyncConnection, permission: Permission) -> int | None:
    query = select(protected_object.c.object_id).where(
        protected_object.c.object_type == permission.object_type, protected_object.c.name == permission.name
    )
    number: int | None = (await connection.execute(query)).scalar()
    return number
