"""Users and service accounts."""

from typing import Any

import pytest

from microflow_runtime.errors import BadRequest, Conflict, NotAuthenticated, NotFound
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import Credentials, LoginRequest, Security
from microflow_runtime.service import roles, tokens, users
from microflow_runtime.settings import Secret


async def log_in(security: Security, name: str, password: str) -> Credentials:
    """Log in and give the credentials of the session."""
    made = await security.log_in(LoginRequest(username=name, password=Secret(password)))
    return Credentials(authorization=b"Bearer " + made.access_token.reveal().encode())


async def test_a_user_can_log_in_and_has_the_role_user(security: Security, operator: Principal) -> None:
    """A new user gets `user` besides what is named, and is shown without its hash."""
    await users.add_user(
        security, operator, "suda", password=Secret("p"), roles=["admin"], fields={"email": "s@example.org"}
    )
    principal = await security.authenticate(await log_in(security, "suda", "p"))
    assert principal.roles == ("admin", "user")
    (view,) = [user for user in await users.list_users(security, operator) if user.username == "suda"]
    assert (view.email, view.has_password, view.roles) == ("s@example.org", True, ("admin", "user"))
    assert "argon2" not in repr(view)


async def test_a_service_account_has_no_password(security: Security, operator: Principal) -> None:
    """It gets no role by itself, and neither a password now nor later."""
    await users.add_user(security, operator, "robot", service_account=True)
    assert await security.store.list_user_roles("robot") == []
    with pytest.raises(BadRequest):
        await users.set_user(security, operator, "robot", password=Secret("p"))
    with pytest.raises(BadRequest):
        await users.add_user(security, operator, "robot2", service_account=True, password=Secret("p"))


@pytest.mark.parametrize("name", ["anonymous", "", "a\nb", " a"])
async def test_names_that_cannot_be_are_refused(security: Security, operator: Principal, name: str) -> None:
    """Among them the name that stands for nobody."""
    with pytest.raises(BadRequest):
        await users.add_user(security, operator, name)


@pytest.mark.parametrize("fields", [{"password_hash": "x"}, {"email": "x" * 300}, {"email": "a\x1b"}])
async def test_only_fields_of_a_user_are_set(security: Security, operator: Principal, fields: dict[str, str]) -> None:
    """Neither unknown fields nor texts that do not fit."""
    with pytest.raises(BadRequest):
        await users.set_user(security, operator, "admin", fields=fields)


async def test_a_name_is_taken_once(security: Security, operator: Principal) -> None:
    """Also when it is written in another form of the same letters."""
    await users.add_user(security, operator, "caf\u00e9")
    with pytest.raises(Conflict):
        await users.add_user(security, operator, "cafe\u0301")


@pytest.mark.parametrize(
    "change", [{"password": Secret("new")}, {"disabled": True}, {"add_roles": ["admin"]}, {"drop_roles": ["user"]}]
)
async def test_changed_rights_end_the_logins(security: Security, operator: Principal, change: dict[str, Any]) -> None:
    """Another password, other roles, or being disabled: who is logged in must log in anew."""
    await users.add_user(security, operator, "suda", password=Secret("p"))
    credentials = await log_in(security, "suda", "p")
    await security.authenticate(credentials)
    await users.set_user(security, operator, "suda", **change)
    assert security.authenticate_fast(credentials.authorization, None, None) is None
    with pytest.raises(NotAuthenticated):
        await security.authenticate(credentials)


async def _sessions(security: Security, operator: Principal) -> list[Credentials]:
    """Give two logins and an access token of suda, all of them in use."""
    await users.add_user(security, operator, "suda", password=Secret("p"), roles=["admin"])
    token = await tokens.add_token(security, operator, "suda")
    made = [await log_in(security, "suda", "p"), await log_in(security, "suda", "p")]
    made.append(Credentials(authorization=b"Bearer " + token.reveal().encode()))
    for credentials in made:
        await security.authenticate(credentials)
    return made


async def _alive(security: Security, sessions: list[Credentials]) -> list[bool]:
    """Tell which of the sessions are let in, on a worker that knew all of them."""
    alive = []
    for credentials in sessions:
        try:
            await security.authenticate(credentials)
        except NotAuthenticated:
            alive.append(False)
        else:
            alive.append(True)
    return alive


async def test_a_new_password_ends_logins_and_tokens(security: Security, operator: Principal) -> None:
    """Who had the old one may have made them; the audit tells why they ended."""
    sessions = await _sessions(security, operator)
    await users.set_user(security, operator, "suda", password=Secret("new"))
    assert [security.authenticate_fast(each.authorization, None, None) for each in sessions] == [None] * 3
    assert await _alive(security, sessions) == [False] * 3
    assert await security.store.list_sessions("suda") == []
    (row,) = await security.store.list_audit(limit=1)
    assert (row.entry.action, row.entry.detail) == ("sessions end", "its password changed")


async def test_sessions_outlive_a_new_password_where_that_is_asked_for(security: Security, operator: Principal) -> None:
    """But not where the rights change in the same step, for logins."""
    sessions = await _sessions(security, operator)
    await users.set_user(security, operator, "suda", password=Secret("new"), keep_sessions=True)
    assert await _alive(security, sessions) == [True] * 3
    await users.set_user(security, operator, "suda", password=Secret("p"), drop_roles=["admin"], keep_sessions=True)
    assert await _alive(security, sessions) == [False, False, True]


async def test_who_changes_its_own_password_stays(security: Security, operator: Principal) -> None:
    """Of a user's own sessions the others end."""
    sessions = await _sessions(security, operator)
    suda = await security.authenticate(sessions[1])
    await users.set_user(security, suda, "suda", password=Secret("new"))
    assert await _alive(security, sessions) == [False, True, False]


async def test_a_new_address_ends_nothing(security: Security, operator: Principal) -> None:
    """Changing a name or giving a role that is held already leaves sessions alone."""
    await users.add_user(security, operator, "suda", password=Secret("p"))
    credentials = await log_in(security, "suda", "p")
    await users.set_user(security, operator, "suda", fields={"email": "x@example.org"}, add_roles=["user"])
    assert (await security.authenticate(credentials)).username == "suda"


async def test_tokens_follow_the_rights(security: Security, operator: Principal) -> None:
    """An access token stays when roles change and has the new rights; it is refused while its user is disabled."""
    await users.add_user(security, operator, "suda")
    token = await tokens.add_token(security, operator, "suda")
    credentials = Credentials(authorization=b"Bearer " + token.reveal().encode())
    await security.authenticate(credentials)
    await users.set_user(security, operator, "suda", add_roles=["admin"])
    assert (await security.authenticate(credentials)).may("audit", "*", "view")
    await users.set_user(security, operator, "suda", disabled=True)
    with pytest.raises(NotAuthenticated):
        await security.authenticate(credentials)
    await users.set_user(security, operator, "suda", disabled=False)
    assert (await security.authenticate(credentials)).username == "suda"
    await users.remove_user(security, operator, "suda")
    with pytest.raises(NotAuthenticated):
        await security.authenticate(credentials)


async def test_what_is_not_there_is_not_found(security: Security, operator: Principal) -> None:
    """Unknown users and roles are named."""
    for work in (
        users.set_user(security, operator, "nobody"),
        users.remove_user(security, operator, "nobody"),
        users.add_user(security, operator, "suda", roles=["ghost"]),
        users.set_user(security, operator, "admin", add_roles=["ghost"]),
        roles.set_role(security, operator, "ghost"),
    ):
        with pytest.raises(NotFound):
            await work


async def test_changes_are_audited_by_name(security: Security, operator: Principal) -> None:
    """Who did what to whom is kept, the password is not."""
    await users.add_user(security, operator, "suda", password=Secret("hunter2"))
    (row,) = await security.store.list_audit(limit=1)
    assert (row.entry.actor, row.entry.action, row.entry.object_name) == ("operator", "user add", "suda")
    assert "hunter2" not in repr(row)
