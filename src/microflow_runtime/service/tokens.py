"""Access tokens that the operator hands out, and sessions as administrators see them."""

from datetime import timedelta

import msgspec

from microflow_runtime.errors import BadRequest, NotFound
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import Security, check_name
from microflow_runtime.service.permission import require
from microflow_runtime.settings import Secret
from microflow_runtime.store import Session

_MOST_SECONDS = 10 * 365 * 86400.0


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session or access token as people see it. The handle is no secret and cannot be used to call."""

    handle: str
    username: str
    kind: str
    name: str
    client_id: str
    created_at: str
    seen_at: str
    ends_at: str


async def add_token(
    security: Security, principal: Principal, username: str, *, name: str = "", seconds: float | None = None
) -> Secret:
    """Make an access token of a user, which may be a service account; only this call ever knows it.

    Needs `manage` on `role`: a token gives whatever its user may do. Without `seconds` it lives as long as the settings
    say. Raises NotFound for the user, BadRequest for a disabled one or a life that cannot be.
    """
    await require(security, principal, "role", "manage")
    life = security.settings.access_token_seconds if seconds is None else seconds
    if not 0 < life <= _MOST_SECONDS:
        raise BadRequest("An access token lives between one second and ten years.")
    user = await security.store.find_user(username)
    if user is None:
        raise NotFound(f"There is no user {username}.")
    if user.disabled:
        raise BadRequest(f"The user {username} is disabled.")
    made = await security.make_access_token(username, _check_label(name), life, principal)
    return made.access_token


async def list_sessions(
    security: Security, principal: Principal, *, username: str | None = None, kind: str | None = None
) -> list[SessionView]:
    """List sessions and tokens, the newest first; `kind` `login` or `token`. Needs `view` on `session`."""
    await require(security, principal, "session", "view")
    return [_view(session) for session in await security.store.list_sessions(username, kind)]


async def set_token(
    security: Security, principal: Principal, handle: str, *, name: str | None = None, seconds: float | None = None
) -> None:
    """Give an access token another name, or another life from now on. Needs `manage` on `role`.

    Raises NotFound when there is no token of this handle, BadRequest for a life that cannot be.
    """
    await require(security, principal, "role", "manage")
    token = await _get_session(security, handle, "token")
    if seconds is not None and not 0 < seconds <= _MOST_SECONDS:
        raise BadRequest("An access token lives between one second and ten years.")
    ends_at = token.ends_at if seconds is None else security.clock.now() + timedelta(seconds=seconds)
    label = token.name if name is None else _check_label(name)
    entry = security.auditor.make(principal, "token set", "session", handle, detail=f"{label} until {ends_at:%Y-%m-%d}")
    await security.store.change_session(handle, label, ends_at, entry)
    security.rights_changed()


async def end_session(security: Security, principal: Principal, handle: str, *, kind: str | None = None) -> None:
    """End a session or token on every worker. Needs `revoke` on `session`. Raises NotFound."""
    await require(security, principal, "session", "revoke")
    session = await _get_session(security, handle, kind)
    entry = security.auditor.make(principal, "session end", "session", handle, detail=f"of {session.username}")
    await security.end_sessions([session], entry)


async def _get_session(security: Security, handle: str, kind: str | None) -> Session:
    for session in await security.store.list_sessions(kind=kind):
        if session.handle == handle:
            return session
    raise NotFound(f"There is no {kind or 'session'} {handle}.")


def _check_label(name: str) -> str:
    return check_name("token name", name) if name else ""


def _view(session: Session) -> SessionView:
    return SessionView(
        handle=session.handle,
        username=session.username,
        kind=session.kind,
        name=session.name,
        client_id=session.client_id,
        created_at=session.created_at.isoformat(),
        seen_at=session.seen_at.isoformat(),
        ends_at=session.ends_at.isoformat(),
    )
