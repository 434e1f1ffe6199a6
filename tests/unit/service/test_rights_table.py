"""Every use case of the accounts, asked by everybody who may not."""

from collections.abc import Awaitable, Callable

import pytest

from microflow_runtime.errors import NotAuthenticated, NotPermitted
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import ANONYMOUS, Security
from microflow_runtime.service import clients, roles, tokens, users

USE_CASES: dict[str, Callable[[Security, Principal], Awaitable[object]]] = {
    "add user": lambda security, caller: users.add_user(security, caller, "x"),
    "list users": users.list_users,
    "set user": lambda security, caller: users.set_user(security, caller, "admin", disabled=True),
    "remove user": lambda security, caller: users.remove_user(security, caller, "admin"),
    "add role": lambda security, caller: roles.add_role(security, caller, "x"),
    "list roles": roles.list_roles,
    "set role": lambda security, caller: roles.set_role(security, caller, "admin"),
    "remove role": lambda security, caller: roles.remove_role(security, caller, "admin"),
    "add client": lambda security, caller: clients.add_client(security, caller, "x"),
    "list clients": clients.list_clients,
    "set client": lambda security, caller: clients.set_client(security, caller, "x"),
    "remove client": lambda security, caller: clients.remove_client(security, caller, "x"),
    "add token": lambda security, caller: tokens.add_token(security, caller, "admin"),
    "list sessions": tokens.list_sessions,
    "set token": lambda security, caller: tokens.set_token(security, caller, "x"),
    "end session": lambda security, caller: tokens.end_session(security, caller, "x"),
}


@pytest.mark.parametrize("name", USE_CASES)
async def test_no_use_case_is_open(security: Security, stranger: Principal, name: str) -> None:
    """Without a right it is 403, without a session 401, and nothing changes."""
    before = (await security.store.list_users(), await security.store.list_roles())
    with pytest.raises(NotPermitted):
        await USE_CASES[name](security, stranger)
    with pytest.raises(NotAuthenticated):
        await USE_CASES[name](security, ANONYMOUS)
    other = Principal(username="x", grants=frozenset({("microflow", "*", "execute"), ("cache", "*", "refresh")}))
    with pytest.raises(NotPermitted):
        await USE_CASES[name](security, other)
    assert (await security.store.list_users(), await security.store.list_roles()) == before
