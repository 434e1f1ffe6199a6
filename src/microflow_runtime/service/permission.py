"""The one place where a use case asks whether its caller may."""

from microflow_runtime.errors import NotAuthenticated, NotPermitted
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import ANONYMOUS, EVERY, Security


async def require(
    security: Security, principal: Principal, object_type: str, access: str, *, name: str = EVERY, address: str = ""
) -> None:
    """Let the call go on when the principal may have `access` on the object.

    Raises NotAuthenticated for who has no session, NotPermitted for who has not the right; that one is audited.
    """
    if principal is ANONYMOUS:
        raise NotAuthenticated("This needs a session.")
    if not principal.may(object_type, name, access):
        await security.audit_refusal(principal, access, object_type, name, address=address)
        raise NotPermitted(f"No role of {principal.username} permits {access} on {object_type} {name}.")
