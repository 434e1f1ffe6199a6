"""Roles, what they permit, and service grants in memory."""

from collections.abc import Collection

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.model.principal import Permission
from microflow_runtime.store.memory.contents import Contents, require_storable
from microflow_runtime.store.records import AuditEntry, Role, ServiceGrant


class MemoryRoles:
    """The part of AccountStore about roles."""

    _contents: Contents

    async def add_role(self, name: str, audit: AuditEntry, *, role_id: int | None = None) -> Role:
        """Add a role; without a number it takes the next positive one. Raises Conflict."""
        require_storable(name, audit)
        contents = self._contents
        if name in contents.roles:
            raise Conflict(f"There is a role {name} already.")
        if role_id is None:
            role_id = max((role.role_id for role in contents.roles.values() if role.role_id > 0), default=0) + 1
        contents.roles[name] = Role(role_id, name)
        contents.permissions[name] = set()
        contents.append_change(audit)
        return contents.roles[name]

    async def list_roles(self) -> list[Role]:
        """Give all roles by name."""
        return sorted(self._contents.roles.values(), key=lambda role: role.name)

    async def remove_role(self, name: str, audit: AuditEntry) -> None:
        """Remove a role with what it grants. Raises NotFound."""
        contents = self._contents
        require_roles(contents, [name])
        del contents.roles[name], contents.permissions[name]
        for held in contents.user_roles.values():
            held.discard(name)
        contents.service_grants = {grant for grant in contents.service_grants if grant.role != name}
        contents.append_change(audit)

    async def list_permissions(self, role: str) -> list[Permission]:
        """Give the permissions of a role, sorted. Raises NotFound."""
        require_roles(self._contents, [role])
        return sorted(self._contents.permissions[role], key=lambda entry: (entry.object_type, entry.name, entry.access))

    async def change_role(
        self,
        role: str,
        *,
        allow: Collection[Permission] = (),
        deny: Collection[Permission] = (),
        grant: Collection[ServiceGrant] = (),
        ungrant: Collection[ServiceGrant] = (),
        audit: AuditEntry,
    ) -> None:
        """Add and take away permissions and service grants at once. Raises NotFound for the role or an account."""
        require_storable(list(allow), list(grant), audit)
        contents = self._contents
        require_roles(contents, [role])
        for wanted in grant:
            account = contents.users.get(wanted.account)
            if account is None or not account.service_account:
                raise NotFound(f"There is no service account {wanted.account}.")
        for permission in allow:
            key = (permission.object_type, permission.name)
            contents.object_ids.setdefault(key, len(contents.object_ids) + 1)
            contents.permissions[role].add(permission)
        contents.permissions[role].difference_update(deny)
        contents.service_grants.update(ServiceGrant(role, entry.flow, entry.account) for entry in grant)
        contents.service_grants.difference_update(ServiceGrant(role, entry.flow, entry.account) for entry in ungrant)
        contents.append_change(audit)

    async def list_service_grants(self) -> list[ServiceGrant]:
        """Give every service grant, sorted."""
        return sorted(self._contents.service_grants, key=lambda grant: (grant.role, grant.flow, grant.account))


def require_roles(contents: Contents, names: Collection[str]) -> None:
    """Raise NotFound for the first name that is no role."""
    for name in names:
        if name not in contents.roles:
            raise NotFound(f"There is no role {name}.")
