"""The one place where a use case asks whether its caller may."""

from microflow_runtime.errors import BadRequest, NotAuthenticated, NotPermitted, Refusal, TooLarge, UnsupportedMediaType
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import ANONYMOUS, EVERY, Security


async def require(
    security: Security, principal: Principal, object_type: str, access: str, *, name: str = EVERY, address: str = ""
) -> None:
    """Let the call go on when the principal may have `access` on the object.

    Raises NotAuthenticated for who has no session, NotPermitted for who has not the right; that one is audited.
    """
    require_session(principal)
    if not principal.may(object_type, name, access):
        await security.audit_refusal(principal, access, object_type, name, address=address)
        raise NotPermitted(f"No role of {principal.username} permits {access} on {object_type} {name}.")


def require_session(principal: Principal) -> None:
    """Raise NotAuthenticated for who has no session."""
    if principal is ANONYMOUS:
        raise NotAuthenticated("This needs a session.")


def refuse_unread(principal: Principal, refusal: Refusal) -> Refusal:
    """Give what is told to the caller of a request that could not be read, where reading it says whether it needs a session.

    Who has none is told that first (WIRE.md, order of refusals): no flow was named that would be open without one.
    """
    if principal is not ANONYMOUS or not isinstance(refusal, BadRequest | TooLarge | UnsupportedMediaType):
        return refusal
    return NotAuthenticated(
        f"This needs a session, or a request for a flow that is open without one. {refusal.message}"
    )
