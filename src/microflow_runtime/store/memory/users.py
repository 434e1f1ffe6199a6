"""Users and registered systems in memory."""

from collections.abc import Collection

import msgspec

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store.memory.contents import Contents, require_storable
from microflow_runtime.store.memory.roles import require_roles
from microflow_runtime.store.records import Access, AuditEntry, Client, Rights, User


class MemoryUsers:
    """The part of AccountStore about users and systems."""

    _contents: Contents

    async def add_user(self, user: User, roles: Collection[str], audit: AuditEntry) -> None:
        """Add a user with roles. Raises Conflict, or NotFound for a role."""
        require_storable(user, audit)
        if user.username in self._contents.users:
            raise Conflict(f"There is a user {user.username} already.")
        require_roles(self._contents, roles)
        self._contents.users[user.username] = user
        self._contents.user_roles[user.username] = set(roles)
        self._contents.append_change(audit)

    async def find_user(self, username: str) -> User | None:
        """Give the user of exactly this name."""
        return self._contents.users.get(username)

    async def list_users(self) -> list[User]:
        """Give all users by name."""
        return sorted(self._contents.users.values(), key=lambda user: user.username)

    async def put_user(self, user: User, audit: AuditEntry) -> None:
        """Replace what is kept of a user, except the time it was made. Raises NotFound."""
        require_storable(user, audit)
        kept = self._get(user.username)
        self._contents.users[user.username] = msgspec.structs.replace(user, created_at=kept.created_at)
        self._contents.append_change(audit)

    async def put_password_hash(self, username: str, password_hash: str) -> None:
        """Replace the hash of the same password by a stronger one; does nothing when the user has gone."""
        if (kept := self._contents.users.get(username)) is not None:
            self._contents.users[username] = msgspec.structs.replace(kept, password_hash=password_hash)

    async def remove_user(self, username: str, audit: AuditEntry) -> None:
        """Remove a user with its sessions, roles and grants. Raises NotFound."""
        self._get(username)
        contents = self._contents
        del contents.users[username]
        contents.user_roles.pop(username, None)
        contents.sessions = {key: kept for key, kept in contents.sessions.items() if kept.username != username}
        contents.service_grants = {grant for grant in contents.service_grants if grant.account != username}
        contents.append_change(audit)

    async def put_user_roles(self, username: str, roles: Collection[str], audit: AuditEntry) -> None:
        """Set exactly these roles of a user. Raises NotFound for the user or a role."""
        self._get(username)
        require_roles(self._contents, roles)
        self._contents.user_roles[username] = set(roles)
        self._contents.append_change(audit)

    async def list_user_roles(self, username: str) -> list[str]:
        """Give the names of a user's roles, sorted."""
        return sorted(self._contents.user_roles.get(username, ()))

    async def read_rights(self, username: str) -> Rights:
        """Give the user and everything its roles give, as of one moment."""
        names = await self.list_user_roles(username)
        permissions = {permission for name in names for permission in self._contents.permissions[name]}
        accesses = sorted(
            (
                Access(
                    self._contents.object_ids[entry.object_type, entry.name],
                    entry.object_type,
                    entry.name,
                    entry.access,
                )
                for entry in permissions
            ),
            key=lambda access: (access.object_type, access.name, access.access),
        )
        roles = tuple(self._contents.roles[name] for name in names)
        return Rights(self._contents.users.get(username), roles, tuple(accesses), self._contents.rights_version)

    async def add_client(self, client: Client, audit: AuditEntry) -> None:
        """Register a system. Raises Conflict."""
        require_storable(client, audit)
        if client.system_id in self._contents.clients:
            raise Conflict(f"There is a system {client.system_id} already.")
        self._contents.clients[client.system_id] = client
        self._contents.append_change(audit)

    async def put_client(self, client: Client, audit: AuditEntry) -> None:
        """Replace the secret of a system. Raises NotFound."""
        kept = self._get_client(client.system_id)
        self._contents.clients[client.system_id] = msgspec.structs.replace(kept, secret_hash=client.secret_hash)
        self._contents.append_change(audit)

    async def find_client(self, system_id: str) -> Client | None:
        """Give the system of exactly this id."""
        return self._contents.clients.get(system_id)

    async def list_clients(self) -> list[Client]:
        """Give all systems by id."""
        return sorted(self._contents.clients.values(), key=lambda client: client.system_id)

    async def remove_client(self, system_id: str, audit: AuditEntry) -> None:
        """Remove a system and end the sessions that came through it. Raises NotFound."""
        self._get_client(system_id)
        contents = self._contents
        del contents.clients[system_id]
        contents.sessions = {key: kept for key, kept in contents.sessions.items() if kept.client_id != system_id}
        contents.append_change(audit)

    def _get(self, username: str) -> User:
        if username not in self._contents.users:
            raise NotFound(f"There is no user {username}.")
        return self._contents.users[username]

    def _get_client(self, system_id: str) -> Client:
        if system_id not in self._contents.clients:
            raise NotFound(f"There is no system {system_id}.")
        return self._contents.clients[system_id]
