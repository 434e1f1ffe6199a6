"""Access tokens and sessions as administrators see them."""

from typing import Any

import pytest

from microflow_runtime.errors import BadRequest, NotAuthenticated, NotFound
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import Credentials, LoginRequest, Security
from microflow_runtime.service import tokens, users
from microflow_runtime.settings import Secret

DAY = 86400.0


async def test_a_token_lives_as_long_as_it_was_given(security: Security, operator: Principal, clock: Any) -> None:
    """By default ninety days, otherwise what was asked for."""
    await tokens.add_token(security, operator, "admin", name="ci")
    short = await tokens.add_token(security, operator, "admin", seconds=60)
    lives = [entry.ends_at[:10] for entry in await tokens.list_sessions(security, operator, kind="token")]
    assert sorted(lives) == ["2026-05-19", "2026-08-17"]
    clock.move(60)
    with pytest.raises(NotAuthenticated):
        await security.authenticate(Credentials(authorization=b"Bearer " + short.reveal().encode()))


@pytest.mark.parametrize("seconds", [0, -1, 20 * 365 * DAY, float("nan"), float("inf")])
async def test_a_life_that_cannot_be_is_refused(security: Security, operator: Principal, seconds: float) -> None:
    """Nothing, less, or far too long, when made and when changed."""
    with pytest.raises(BadRequest):
        await tokens.add_token(security, operator, "admin", seconds=seconds)
    await tokens.add_token(security, operator, "admin")
    (made,) = await tokens.list_sessions(security, operator)
    with pytest.raises(BadRequest):
        await tokens.set_token(security, operator, made.handle, seconds=seconds)


async def test_a_disabled_user_gets_no_token(security: Security, operator: Principal) -> None:
    """Nor does nobody; a service account may have one."""
    await users.add_user(security, operator, "off")
    await users.set_user(security, operator, "off", disabled=True)
    with pytest.raises(BadRequest):
        await tokens.add_token(security, operator, "off")
    with pytest.raises(NotFound):
        await tokens.add_token(security, operator, "nobody")
    await users.add_user(security, operator, "robot", service_account=True)
    token = await tokens.add_token(security, operator, "robot")
    principal = await security.authenticate(Credentials(authorization=b"Bearer " + token.reveal().encode()))
    assert principal.service_account


async def test_a_token_is_changed_and_ended(security: Security, operator: Principal, clock: Any) -> None:
    """A new name and end hold at once, and so does ending it."""
    token = await tokens.add_token(security, operator, "admin", name="ci", seconds=60)
    credentials = Credentials(authorization=b"Bearer " + token.reveal().encode())
    (made,) = await tokens.list_sessions(security, operator)
    await security.authenticate(credentials)
    await tokens.set_token(security, operator, made.handle, name="build", seconds=DAY)
    clock.move(3600)
    await security.authenticate(credentials)
    (changed,) = await tokens.list_sessions(security, operator, username="admin")
    assert changed.name == "build"
    await tokens.end_session(security, operator, made.handle)
    with pytest.raises(NotAuthenticated):
        await security.authenticate(credentials)
    with pytest.raises(NotFound):
        await tokens.end_session(security, operator, made.handle)


async def test_a_login_is_no_token(security: Security, operator: Principal) -> None:
    """Its life cannot be changed, but it can be ended."""
    made = await security.log_in(LoginRequest(username="admin", password=Secret("correct horse")))
    with pytest.raises(NotFound):
        await tokens.set_token(security, operator, made.session.handle, seconds=DAY)
    await tokens.end_session(security, operator, made.session.handle)
    assert await tokens.list_sessions(security, operator) == []


async def test_lists_hold_nothing_to_call_with(security: Security, operator: Principal) -> None:
    """Handles are no tokens."""
    token = await tokens.add_token(security, operator, "admin")
    (view,) = await tokens.list_sessions(security, operator)
    assert token.reveal() not in repr(view)
    with pytest.raises(NotAuthenticated):
        await security.authenticate(Credentials(iam_token=view.handle.encode()))
