"""Users and registered systems in SQL."""

from collections.abc import Collection

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store.records import Access, AuditEntry, Client, Rights, Role, User
from microflow_runtime.store.sql.database import Database, repeated
from microflow_runtime.store.sql.rights_version import append_change, read_rights_version
from microflow_runtime.store.sql.roles import get_role_ids
from microflow_runtime.store.sql.tables import (
    client,
    protected_object,
    role,
    role_permission,
    session,
    user_account,
    user_role,
)

_FIELDS = User.__struct_fields__


class Users:
    """The part of AccountStore about users and systems."""

    _database: Database

    @repeated
    async def add_user(self, user: User, roles: Collection[str], audit: AuditEntry) -> None:
        """Add a user with roles. Raises Conflict, or NotFound for a role."""
        async with self._database.write() as connection:
            if await _find_user(connection, user.username) is not None:
                raise Conflict(f"There is a user {user.username} already.")
            await connection.execute(insert(user_account), {name: getattr(user, name) for name in _FIELDS})
            await _set_roles(connection, user.username, roles)
            await append_change(self._database, connection, audit)

    async def find_user(self, username: str) -> User | None:
        """Give the user of exactly this name."""
        async with self._database.look() as connection:
            return await _find_user(connection, username)

    async def list_users(self) -> list[User]:
        """Give all users by name."""
        async with self._database.look() as connection:
            rows = await connection.execute(select(user_account).order_by(user_account.c.username))
            return [User(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's name for a row by column

    @repeated
    async def put_user(self, user: User, audit: AuditEntry) -> None:
        """Replace what is kept of a user, except the time it was made. Raises NotFound."""
        values = {name: getattr(user, name) for name in _FIELDS if name not in {"username", "created_at"}}
        async with self._database.write() as connection:
            change = update(user_account).where(user_account.c.username == user.username).values(values)
            if not (await connection.execute(change)).rowcount:
                raise NotFound(f"There is no user {user.username}.")
            await append_change(self._database, connection, audit)

    @repeated
    async def put_password_hash(self, username: str, password_hash: str) -> None:
        """Replace the hash of the same password by a stronger one; does nothing when the user has gone."""
        change = update(user_account).where(user_account.c.username == username).values(password_hash=password_hash)
        async with self._database.change(alone=True) as connection:
            await connection.execute(change)

    @repeated
    async def remove_user(self, username: str, audit: AuditEntry) -> None:
        """Remove a user with its sessions, roles and grants. Raises NotFound."""
        async with self._database.write() as connection:
            gone = await connection.execute(delete(user_account).where(user_account.c.username == username))
            if not gone.rowcount:
                raise NotFound(f"There is no user {username}.")
            await append_change(self._database, connection, audit)

    @repeated
    async def put_user_roles(self, username: str, roles: Collection[str], audit: AuditEntry) -> None:
        """Set exactly these roles of a user. Raises NotFound for the user or a role."""
        async with self._database.write() as connection:
            if await _find_user(connection, username) is None:
                raise NotFound(f"There is no user {username}.")
            await _set_roles(connection, username, roles)
            await append_change(self._database, connection, audit)

    async def list_user_roles(self, username: str) -> list[str]:
        """Give the names of a user's roles, sorted."""
        query = select(role.c.name).join(user_role).where(user_role.c.username == username).order_by(role.c.name)
        async with self._database.look() as connection:
            return list((await connection.execute(query)).scalars())

    async def read_rights(self, username: str) -> Rights:
        """Give the user and everything its roles give, as of one moment."""
        held = select(role).join(user_role).where(user_role.c.username == username).order_by(role.c.name)
        granted = (
            select(protected_object, role_permission.c.access)
            .join(role_permission)
            .join(user_role, user_role.c.role_id == role_permission.c.role_id)
            .where(user_role.c.username == username)
            .distinct()
            .order_by(protected_object.c.object_type, protected_object.c.name, role_permission.c.access)
        )
        async with self._database.read() as connection:
            user = await _find_user(connection, username)
            roles = tuple(Role(row.role_id, row.name) for row in await connection.execute(held))
            accesses = tuple(Access(*row) for row in await connection.execute(granted))
            version = await read_rights_version(connection)
        return Rights(user, roles, accesses, version)

    @repeated
    async def add_client(self, new: Client, audit: AuditEntry) -> None:
        """Register a system. Raises Conflict."""
        async with self._database.write() as connection:
            row = {name: getattr(new, name) for name in Client.__struct_fields__}
            new_row = self._database.insert(client).values(row).on_conflict_do_nothing()
            if (await connection.execute(new_row.returning(client.c.system_id))).first() is None:
                raise Conflict(f"There is a system {new.system_id} already.")
            await append_change(self._database, connection, audit)

    @repeated
    async def put_client(self, changed: Client, audit: AuditEntry) -> None:
        """Replace the secret of a system. Raises NotFound."""
        change = update(client).where(client.c.system_id == changed.system_id).values(secret_hash=changed.secret_hash)
        async with self._database.write() as connection:
            if not (await connection.execute(change)).rowcount:
                raise NotFound(f"There is no system {changed.system_id}.")
            await append_change(self._database, connection, audit)

    async def find_client(self, system_id: str) -> Client | None:
        """Give the system of exactly this id."""
        async with self._database.look() as connection:
            row = (await connection.execute(select(client).where(client.c.system_id == system_id))).first()
        return None if row is None else Client(**row._mapping)  # noqa: SLF001 - the row by column

    async def list_clients(self) -> list[Client]:
        """Give all systems by id."""
        async with self._database.look() as connection:
            rows = await connection.execute(select(client).order_by(client.c.system_id))
            return [Client(**row._mapping) for row in rows]  # noqa: SLF001 - the row by column

    @repeated
    async def remove_client(self, system_id: str, audit: AuditEntry) -> None:
        """Remove a system and end the sessions that came through it. Raises NotFound."""
        async with self._database.write() as connection:
            gone = await connection.execute(delete(client).where(client.c.system_id == system_id))
            if not gone.rowcount:
                raise NotFound(f"There is no system {system_id}.")
            await connection.execute(delete(session).where(session.c.client_id == system_id))
            await append_change(self._database, connection, audit)


async def _find_user(connection: AsyncConnection, username: str) -> User | None:
    row = (await connection.execute(select(user_account).where(user_account.c.username == username))).first()
    return None if row is None else User(**row._mapping)  # noqa: SLF001 - the row by column


async def _set_roles(connection: AsyncConnection, username: str, roles: Collection[str]) -> None:
    ids = await get_role_ids(connection, roles)
    await connection.execute(delete(user_role).where(user_role.c.username == username))
    if ids:
        await connection.execute(insert(user_role), [{"username": username, "role_id": ids[name]} for name in ids])
