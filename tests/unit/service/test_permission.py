"""The one place where a use case asks whether its caller may."""

import pytest

from microflow_runtime.errors import NotAuthenticated, NotPermitted
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import ANONYMOUS, Security
from microflow_runtime.service.permission import require


async def test_who_may_goes_on(security: Security) -> None:
    """A right on the object or on all of its type is enough."""
    exact = Principal(username="a", grants=frozenset({("role", "clerk", "manage")}))
    every = Principal(username="a", grants=frozenset({("role", "*", "manage")}))
    for principal in (exact, every):
        await require(security, principal, "role", "manage", name="clerk")


async def test_who_may_not_is_refused_and_audited(security: Security) -> None:
    """A right on one object is none on another or on all; the refusal is kept."""
    principal = Principal(username="suda", grants=frozenset({("role", "clerk", "manage")}))
    for name in ("boss", "*"):
        with pytest.raises(NotPermitted):
            await require(security, principal, "role", "manage", name=name)
    assert {row.entry.object_name for row in await security.store.list_audit(limit=2)} == {"boss", "*"}


async def test_who_is_nobody_must_log_in(security: Security) -> None:
    """Without a session the answer is 401, not 403."""
    with pytest.raises(NotAuthenticated):
        await require(security, ANONYMOUS, "role", "manage")
