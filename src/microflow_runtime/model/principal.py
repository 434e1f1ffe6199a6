"""Who calls, and what they may do."""

import msgspec


class Permission(msgspec.Struct, frozen=True):
    """The right to one access on one object. `name` is exact, `App/*` for all that belong to an app, or `*` for every one of the type."""

    object_type: str
    name: str
    access: str


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The user (or service account) in whose context something runs, with everything its roles grant.

    `grants` holds `(object_type, name, access)` triples, compiled once per session. `session_id` is `""` for a
    principal that has none.
    """

    username: str
    roles: tuple[str, ...] = ()
    service_account: bool = False
    session_id: str = ""
    client_id: str = ""
    grants: frozenset[tuple[str, str, str]] = frozenset()

    def may(self, object_type: str, name: str, access: str) -> bool:
        """Tell whether a role grants `access` on exactly this object, on all of its app, or on every object of the type."""
        grants = self.grants
        return (
            (object_type, name, access) in grants
            or (object_type, "*", access) in grants
            or ("/" in name and (object_type, every_of(name), access) in grants)
        )


def every_of(name: str) -> str:
    """Give the name that stands for all objects of an app, from that of one of them: `Demo/*` from `Demo/ExchangeRate`."""
    return f"{name.partition('/')[0]}/*"
