"""Users and service accounts: add, list, change, remove. All of it needs `manage` on `role`."""

from collections.abc import Collection
from typing import Any

import msgspec

from microflow_runtime.errors import BadRequest, NotFound
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import ANONYMOUS, USER_ROLE, Security, check_name
from microflow_runtime.service.permission import require
from microflow_runtime.settings import Secret
from microflow_runtime.store import User

NAME_FIELDS = ("th_firstname", "th_lastname", "en_firstname", "en_lastname", "email", "mobile_number")
_MOST_FIELD_CHARACTERS = 256


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """A user as administrators see it: without its password hash, with its roles."""

    username: str
    roles: tuple[str, ...]
    service_account: bool
    disabled: bool
    has_password: bool
    th_firstname: str
    th_lastname: str
    en_firstname: str
    en_lastname: str
    email: str
    mobile_number: str
    created_at: str


async def add_user(
    security: Security,
    principal: Principal,
    username: str,
    *,
    password: Secret | None = None,
    roles: Collection[str] = (),
    service_account: bool = False,
    fields: dict[str, str] | None = None,
) -> None:
    """Add a user, or a service account, which has no password. A person gets the role `user` besides those named.

    Raises Conflict when the name is taken, NotFound for a role, BadRequest for a name, password or field that cannot be.
    """
    await require(security, principal, "role", "manage")
    username = check_name("user name", username)
    if username == ANONYMOUS.username:
        raise BadRequest(f"The name {username} stands for callers without a session.")
    if service_account and password is not None:
        raise BadRequest("A service account has no password; flows run as it, nobody logs in as it.")
    user = User(
        username=username,
        created_at=security.clock.now(),
        password_hash=None if password is None else await security.passwords.hash(password.reveal()),
        service_account=service_account,
        **_check_fields(fields or {}),
    )
    held = set(roles) if service_account else {*roles, USER_ROLE}
    entry = security.auditor.make(principal, "user add", "user", username, detail=f"roles: {', '.join(sorted(held))}")
    await security.store.add_user(user, held, entry)


async def list_users(security: Security, principal: Principal) -> list[UserView]:
    """List every user with its roles."""
    await require(security, principal, "role", "manage")
    views = []
    for user in await security.store.list_users():
        roles = tuple(await security.store.list_user_roles(user.username))
        plain: dict[str, Any] = {name: getattr(user, name) for name in NAME_FIELDS}
        views.append(
            UserView(
                username=user.username,
                roles=roles,
                service_account=user.service_account,
                disabled=user.disabled,
                has_password=user.password_hash is not None,
                created_at=user.created_at.isoformat(),
                **plain,
            )
        )
    return views


async def set_user(
    security: Security,
    principal: Principal,
    username: str,
    *,
    password: Secret | None = None,
    disabled: bool | None = None,
    add_roles: Collection[str] = (),
    drop_roles: Collection[str] = (),
    fields: dict[str, str] | None = None,
    keep_sessions: bool = False,
) -> None:
    """Change what is given of a user. Other roles or a disabled account end its logins, on every worker.

    So does a new password, which ends its access tokens as well: whoever knew the old one may have made or taken them.
    The session that a user changes its own password by stays, and with `keep_sessions` all of them do. Otherwise access
    tokens stay and follow the new rights; none of a disabled user is taken. Raises NotFound, BadRequest as `add_user`.
    """
    await require(security, principal, "role", "manage")
    user = await security.store.find_user(username)
    if user is None:
        raise NotFound(f"There is no user {username}.")
    changes: dict[str, Any] = _check_fields(fields or {})
    if password is not None:
        if user.service_account:
            raise BadRequest("A service account has no password; flows run as it, nobody logs in as it.")
        changes["password_hash"] = await security.passwords.hash(password.reveal())
    if disabled is not None:
        changes["disabled"] = disabled
    held = set(await security.store.list_user_roles(username))
    wanted = (held | set(add_roles)) - set(drop_roles)
    if wanted != held:
        entry = security.auditor.make(
            principal, "user set", "user", username, detail=f"roles: {', '.join(sorted(wanted))}"
        )
        await security.store.put_user_roles(username, wanted, entry)
    if changes:
        entry = security.auditor.make(principal, "user set", "user", username, detail=", ".join(sorted(changes)))
        await security.store.put_user(msgspec.structs.replace(user, **changes), entry)
    if wanted != held or disabled:
        await _end_sessions(security, principal, username, "its rights changed", kind="login")
    if password is not None and not keep_sessions:
        await _end_sessions(security, principal, username, "its password changed", but=principal.session_id)
    security.rights_changed()


async def _end_sessions(
    security: Security, principal: Principal, username: str, reason: str, *, kind: str | None = None, but: str = ""
) -> None:
    """End the user's sessions of a kind, or of every kind, but for one."""
    ending = [each for each in await security.store.list_sessions(username, kind) if each.handle != but]
    await security.end_sessions(
        ending, security.auditor.make(principal, "sessions end", "user", username, detail=reason)
    )


async def remove_user(security: Security, principal: Principal, username: str) -> None:
    """Remove a user with its sessions and access tokens. Raises NotFound."""
    await require(security, principal, "role", "manage")
    await security.store.remove_user(username, security.auditor.make(principal, "user remove", "user", username))
    security.rights_changed()


def _check_fields(fields: dict[str, str]) -> dict[str, Any]:
    for name, value in fields.items():
        if name not in NAME_FIELDS:
            raise BadRequest(f"A user has no {name}.")
        if len(value) > _MOST_FIELD_CHARACTERS or not value.isprintable():
            raise BadRequest(
                f"{name} has at most {_MOST_FIELD_CHARACTERS} characters, none of them a control character."
            )
    return dict(fields)
