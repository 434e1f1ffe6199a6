"""What a fresh home gets: the built-in roles, and one administrator whose password is shown once."""

from base64 import urlsafe_b64encode
from collections.abc import Callable

import msgspec

from microflow_runtime.errors import Conflict
from microflow_runtime.model.principal import Permission
from microflow_runtime.security.auditing import Auditor
from microflow_runtime.security.clock import Clock
from microflow_runtime.security.passwords import Passwords
from microflow_runtime.security.permissions import ACCESSES, ADMIN_ROLE, BUILT_IN_ROLES, EVERY, USER_ROLE
from microflow_runtime.settings import Secret
from microflow_runtime.store import Store, User

ADMIN = "admin"
_ACTOR = "server"
_DONE = "first_administrator"


class FirstStart(msgspec.Struct, frozen=True, kw_only=True):
    """The administrator that was just made. `was_made_up` tells that the password is ours and must be shown, once."""

    username: str
    password: Secret
    was_made_up: bool


async def prepare_home(
    *,
    store: Store,
    auditor: Auditor,
    passwords: Passwords,
    clock: Clock,
    random_bytes: Callable[[int], bytes],
    admin_password: Secret | None,
) -> FirstStart | None:
    """Make what is missing; give the administrator when it was made by this call.

    The role `admin` is given every permission there is, also those that a newer version added. An administrator is
    made once in the life of a home, so one that was removed does not come back with a restart.
    """
    await ensure_roles(store, auditor)
    if await store.find_meta(_DONE) is not None:
        return None
    password = admin_password or Secret(urlsafe_b64encode(random_bytes(15)).decode("ascii"))
    user = User(username=ADMIN, created_at=clock.now(), password_hash=await passwords.hash(password.reveal()))
    try:
        entry = auditor.make(_ACTOR, "user add", "role", ADMIN_ROLE, detail="the first administrator")
        await store.add_user(user, [ADMIN_ROLE, USER_ROLE], entry)
    except Conflict:
        return None  # another process was quicker, or the operator added a user of this name before
    finally:
        await store.put_meta(_DONE, clock.now().isoformat())
    return FirstStart(username=ADMIN, password=password, was_made_up=admin_password is None)


async def ensure_roles(store: Store, auditor: Auditor) -> None:
    """Make the built-in roles where they are missing, and give `admin` every permission there is."""
    present = {role.name for role in await store.list_roles()}
    for name, number in BUILT_IN_ROLES.items():
        if name not in present:
            try:
                await store.add_role(name, auditor.make(_ACTOR, "role add", "role", name), role_id=number)
            except Conflict:
                continue  # another process was quicker
    wanted = {Permission(kind, EVERY, access) for kind, accesses in ACCESSES.items() for access in accesses}
    missing = wanted.difference(await store.list_permissions(ADMIN_ROLE))
    if missing:
        entry = auditor.make(_ACTOR, "role set", "role", ADMIN_ROLE, detail="every permission there is")
        ordered = sorted(missing, key=lambda entry: (entry.object_type, entry.access))
        await store.change_role(ADMIN_ROLE, allow=ordered, audit=entry)
