"""Roles: what they permit, and which flows they let run as which service account. Needs `manage` on `role`."""

from collections.abc import Collection

import msgspec

from microflow_runtime.errors import BadRequest, Conflict
from microflow_runtime.model.principal import Permission, Principal
from microflow_runtime.security import ADMIN_ROLE, EVERY, USER_ROLE, Security, check_name, check_permission
from microflow_runtime.service.objects import refuse_unknown
from microflow_runtime.service.permission import require
from microflow_runtime.store import ServiceGrant


class RoleView(msgspec.Struct, frozen=True, kw_only=True):
    """A role with everything it gives."""

    role_id: int
    name: str
    permissions: tuple[Permission, ...]
    grants: tuple[ServiceGrant, ...]


async def add_role(security: Security, principal: Principal, name: str) -> None:
    """Add a role that permits nothing yet. Raises Conflict, BadRequest."""
    await require(security, principal, "role", "manage")
    name = check_name("role name", name)
    await security.store.add_role(name, security.auditor.make(principal, "role add", "role", name))


async def list_roles(security: Security, principal: Principal) -> list[RoleView]:
    """List every role with what it gives."""
    await require(security, principal, "role", "manage")
    grants = await security.store.list_service_grants()
    return [
        RoleView(
            role_id=role.role_id,
            name=role.name,
            permissions=tuple(await security.store.list_permissions(role.name)),
            grants=tuple(grant for grant in grants if grant.role == role.name),
        )
        for role in await security.store.list_roles()
    ]


async def set_role(
    security: Security,
    principal: Principal,
    name: str,
    *,
    allow: Collection[Permission] = (),
    deny: Collection[Permission] = (),
    grant: Collection[tuple[str, str]] = (),
    ungrant: Collection[tuple[str, str]] = (),
    to_come: bool = False,
) -> None:
    """Add and take away permissions, and the right of a flow to run as a service account, all at once.

    `grant` and `ungrant` hold pairs of a flow (`Demo/ExchangeRate`) and an account. Sessions of users with this role
    see it with their next call. What is allowed and granted must be there, unless it is `to_come`, or nothing has been
    published yet. Raises NotFound for a role or account, BadRequest for a permission or an object there is not.
    """
    await require(security, principal, "role", "manage")
    for permission in (*allow, *deny):
        check_permission(permission)
    for flow, _ in grant:
        if flow.endswith(f"/{EVERY}"):
            raise BadRequest(f"An account is lent to one flow by its name; found {flow}.")
        if "/" not in check_name("flow", flow, most=512).strip("/"):
            raise BadRequest(f"A flow is named by app and flow, as Demo/ExchangeRate; found {flow}.")
    if not to_come:
        await refuse_unknown(security.store, allow, [flow for flow, _ in grant])
    told = [f"+{_tell(entry)}" for entry in allow] + [f"-{_tell(entry)}" for entry in deny]
    told += [f"+{flow} as {account}" for flow, account in grant]
    told += [f"-{flow} as {account}" for flow, account in ungrant]
    await security.store.change_role(
        name,
        allow=allow,
        deny=deny,
        grant=[ServiceGrant(name, flow, account) for flow, account in grant],
        ungrant=[ServiceGrant(name, flow, account) for flow, account in ungrant],
        audit=security.auditor.make(principal, "role set", "role", name, detail="; ".join(told)),
    )
    security.rights_changed()


def _tell(permission: Permission) -> str:
    return f"{permission.object_type} {permission.name} {permission.access}"


async def remove_role(security: Security, principal: Principal, name: str) -> None:
    """Remove a role from everybody. Raises NotFound, Conflict for a built-in role."""
    await require(security, principal, "role", "manage")
    if name in {ADMIN_ROLE, USER_ROLE}:
        raise Conflict(f"The role {name} is built in and stays.")
    await security.store.remove_role(name, security.auditor.make(principal, "role remove", "role", name))
    security.rights_changed()
