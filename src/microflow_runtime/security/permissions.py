"""What there is to permit, and how roles become the set that a principal carries."""

import unicodedata

from microflow_runtime.errors import BadRequest
from microflow_runtime.model.principal import Permission, Principal
from microflow_runtime.store import Rights

ACCESSES: dict[str, tuple[str, ...]] = {
    "microflow": ("execute", "view", "deploy"),
    "cache": ("refresh", "classAction"),
    "data_source": ("use",),
    "connection": ("use",),
    "code": ("use",),
    "session": ("view", "revoke"),
    "audit": ("view",),
    "role": ("manage",),
}
"""Every kind of object and the accesses it has. `docs/reference/permissions.md` tells what each one allows."""

EVERY = "*"
"""The name that stands for every object of a kind; behind an app and a slash, for all of that app. Nothing else is a pattern."""

ADMIN_ROLE = "admin"
USER_ROLE = "user"
BUILT_IN_ROLES = {ADMIN_ROLE: -1, USER_ROLE: -2}
"""The roles every home has, with their IAM2 numbers."""

ANONYMOUS = Principal(username="anonymous")
"""A caller without credentials. Compare by identity; it holds no right at all."""

_MOST_CHARACTERS = 128
_MOST_OBJECT_CHARACTERS = 512
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def flow_object(app: str, flow: str) -> str:
    """Give the name of a flow as an object of permissions: `Demo/ExchangeRate`. App names hold no slash."""
    return f"{app}/{flow}"


def compile_grants(rights: Rights) -> frozenset[tuple[str, str, str]]:
    """Give the set a principal carries."""
    return frozenset((access.object_type, access.name, access.access) for access in rights.accesses)


def check_permission(permission: Permission) -> Permission:
    """Give the permission when there is such a kind and access and its name can be one.

    Raises BadRequest that says what there is.
    """
    accesses = ACCESSES.get(permission.object_type)
    if accesses is None:
        raise BadRequest(f"There is no object type {permission.object_type!r}; there are {', '.join(ACCESSES)}.")
    if permission.access not in accesses:
        raise BadRequest(f"{permission.object_type} has no access {permission.access!r}; it has {', '.join(accesses)}.")
    check_name("object name", permission.name, most=_MOST_OBJECT_CHARACTERS)
    return permission


def check_name(what: str, name: str, *, most: int = _MOST_CHARACTERS) -> str:
    """Give a name in NFC. Raises BadRequest when it is empty, too long, padded, or holds what cannot be seen."""
    normal = unicodedata.normalize("NFC", name)
    if not 0 < len(normal) <= most:
        raise BadRequest(f"A {what} has 1 to {most} characters.")
    if normal != normal.strip() or any(unicodedata.category(char) in _HIDDEN for char in normal):
        raise BadRequest(f"A {what} must not begin or end with a space or hold control characters.")
    return normal
