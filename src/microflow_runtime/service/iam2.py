"""The use cases of IAM2 v1: log in and out, who am I, what may I, is this session good.

Whoever holds an access token (or session id) may ask about that session; no further right is needed. Asking does not
count as using the session. Source: docs.onewebstack.com, IAM2 REST API v1.
"""

import msgspec

from microflow_runtime.errors import NotAuthenticated
from microflow_runtime.model.principal import Principal, every_of
from microflow_runtime.security import (
    ACCESS_TOKEN,
    ACCESSES,
    EVERY,
    SESSION_ID,
    LoginRequest,
    NewSession,
    Security,
    digest_token,
    is_token,
)
from microflow_runtime.store import Access, Rights, Session

_NO_SESSION = "There is no such session."


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a session is good, and then whose it is and when it ends at the latest (ISO 8601, UTC)."""

    active: bool
    username: str = ""
    ends_at: str = ""


class ObjectAccess(msgspec.Struct, frozen=True, kw_only=True):
    """One object and the accesses that the caller's roles give on it."""

    object_id: int
    object_type: str
    object_name: str
    accesses: tuple[str, ...]


async def log_in(security: Security, request: LoginRequest) -> NewSession:
    """Begin a session with a user name and a password. See `Security.log_in` for what it raises."""
    return await security.log_in(request)


async def read_user(security: Security, access_token: str) -> Rights:
    """Give the user of a session with its roles. Raises NotAuthenticated."""
    session, _ = await _get_session(security, access_token)
    return await security.store.read_rights(session.username)


async def read_permissions(security: Security, access_token: str) -> tuple[Rights, list[ObjectAccess]]:
    """Give the roles of a session's user and, object by object, what they permit. Raises NotAuthenticated."""
    rights = await read_user(security, access_token)
    return rights, _group(rights.accesses)


async def read_object_permissions(
    security: Security, access_token: str, object_path: str
) -> tuple[Rights, list[ObjectAccess]]:
    """Give what a session's user may do with one object; an empty list when nothing. Raises NotAuthenticated.

    The path is type and name (`microflow/Demo/ExchangeRate`), where what is permitted on all objects of the app or
    of the type counts as well, or a name alone, which is looked for among all types as it was granted.
    """
    rights = await read_user(security, access_token)
    object_type, slash, name = object_path.partition("/")
    if not slash or object_type not in ACCESSES:
        return rights, _group(tuple(access for access in rights.accesses if access.name == object_path))
    exact = [access for access in rights.accesses if access.object_type == object_type and access.name == name]
    wider = {EVERY, every_of(name)} if "/" in name else {EVERY}
    general = [
        access for access in rights.accesses if access.object_type == object_type and access.name in wider - {name}
    ]
    matching = [Access(access.object_id, object_type, name, access.access) for access in (*exact, *general)]
    number = matching[0].object_id if matching else 0
    accesses = tuple(sorted({access.access for access in matching}))
    found = ObjectAccess(object_id=number, object_type=object_type, object_name=name, accesses=accesses)
    return rights, [found] if accesses else []


def _group(accesses: tuple[Access, ...]) -> list[ObjectAccess]:
    grouped: dict[tuple[int, str, str], list[str]] = {}
    for access in accesses:
        grouped.setdefault((access.object_id, access.object_type, access.name), []).append(access.access)
    return [
        ObjectAccess(object_id=number, object_type=kind, object_name=name, accesses=tuple(given))
        for (number, kind, name), given in grouped.items()
    ]


async def check_access_token(security: Security, access_token: str) -> SessionState:
    """Tell whether an access token is good."""
    try:
        session, _ = await _get_session(security, access_token)
    except NotAuthenticated:
        return SessionState(active=False)
    return _describe(session)


async def check_session_id(security: Security, session_id: str) -> SessionState:
    """Tell whether a session id (the value of the cookie, with or without its suffix) is good."""
    plain = session_id.partition(".")[0].encode("utf-8", "replace")
    if not is_token(SESSION_ID, plain):
        return SessionState(active=False)
    try:
        session, _ = await security.peek_session_id(digest_token(plain))
    except NotAuthenticated:
        return SessionState(active=False)
    return _describe(session)


async def log_out(security: Security, access_token: str, address: str = "") -> None:
    """End a session on every worker. Raises NotAuthenticated when it is not good any more."""
    session, principal = await _get_session(security, access_token)
    entry = security.auditor.make(principal, "logout", "session", session.handle, address=address)
    await security.end_sessions([session], entry)


async def _get_session(security: Security, access_token: str) -> tuple[Session, Principal]:
    token = access_token.encode("utf-8", "replace")
    if not is_token(ACCESS_TOKEN, token):
        raise NotAuthenticated(_NO_SESSION)
    return await security.peek_token(digest_token(token))


def _describe(session: Session) -> SessionState:
    return SessionState(active=True, username=session.username, ends_at=session.ends_at.isoformat())
