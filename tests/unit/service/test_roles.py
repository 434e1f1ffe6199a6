"""Roles."""

import pytest

from microflow_runtime.errors import BadRequest, Conflict, NotFound
from microflow_runtime.model.principal import Permission, Principal
from microflow_runtime.security import Credentials, Security
from microflow_runtime.service import roles, tokens, users
from microflow_runtime.store import ServiceGrant


async def test_a_role_gives_what_it_is_given(security: Security, operator: Principal) -> None:
    """Sessions see a change with their next call, without logging in again."""
    run = Permission("microflow", "Demo/ExchangeRate", "execute")
    await roles.add_role(security, operator, "clerk")
    await users.add_user(security, operator, "suda", roles=["clerk"])
    token = await tokens.add_token(security, operator, "suda")
    credentials = Credentials(authorization=b"Bearer " + token.reveal().encode())
    assert not (await security.authenticate(credentials)).may("microflow", "Demo/ExchangeRate", "execute")
    await roles.set_role(security, operator, "clerk", allow=[run])
    principal = await security.authenticate(credentials)
    assert principal.may("microflow", "Demo/ExchangeRate", "execute")
    assert not principal.may("microflow", "Demo/Other", "execute")
    await roles.set_role(security, operator, "clerk", deny=[run])
    assert not (await security.authenticate(credentials)).may("microflow", "Demo/ExchangeRate", "execute")


async def test_a_role_is_listed_with_everything(security: Security, operator: Principal) -> None:
    """Permissions and grants of each role, and its number."""
    await roles.add_role(security, operator, "open")
    await users.add_user(security, operator, "robot", service_account=True)
    view = Permission("audit", "*", "view")
    await roles.set_role(security, operator, "open", allow=[view], grant=[("Demo/X = Y", "robot")])
    (found,) = [role for role in await roles.list_roles(security, operator) if role.name == "open"]
    assert found.permissions == (view,)
    assert found.grants == (ServiceGrant("open", "Demo/X = Y", "robot"),)
    assert found.role_id == 1
    await roles.set_role(security, operator, "open", ungrant=[("Demo/X = Y", "robot")])
    assert await security.store.list_service_grants() == []


async def test_only_what_there_is_can_be_permitted(security: Security, operator: Principal) -> None:
    """Unknown types and accesses, and flows without an app, are refused and change nothing."""
    await roles.add_role(security, operator, "clerk")
    await users.add_user(security, operator, "robot", service_account=True)
    for change in (
        {"allow": [Permission("flow", "*", "execute")]},
        {"allow": [Permission("microflow", "*", "run")]},
        {"grant": [("ExchangeRate", "robot")]},
        {"grant": [("/ExchangeRate", "robot")]},
    ):
        with pytest.raises(BadRequest):
            await roles.set_role(security, operator, "clerk", **change)
    with pytest.raises(NotFound):
        await roles.set_role(security, operator, "clerk", grant=[("Demo/X", "admin")])
    assert await security.store.list_permissions("clerk") == []


async def test_built_in_roles_stay(security: Security, operator: Principal) -> None:
    """Others can be removed, and are gone from their users."""
    for name in ("admin", "user"):
        with pytest.raises(Conflict):
            await roles.remove_role(security, operator, name)
    await roles.add_role(security, operator, "clerk")
    await users.add_user(security, operator, "suda", roles=["clerk"])
    await roles.remove_role(security, operator, "clerk")
    assert await security.store.list_user_roles("suda") == ["user"]
