"""What a fresh home gets."""

from typing import Any

import pytest

from microflow_runtime.model.principal import Permission
from microflow_runtime.security import ACCESSES, LoginRequest, Passwords, Security
from microflow_runtime.settings import Secret, Settings
from microflow_runtime.store import User


@pytest.fixture
def fresh(memory_store: Any, clock: Any, cheap_passwords: Passwords) -> Security:
    """Give a Security on a home that was never started."""
    return Security(memory_store, Settings(), clock=clock, passwords=cheap_passwords)


async def test_the_first_start_makes_one_administrator(fresh: Security) -> None:
    """Its password is made up, works, and is told this once only."""
    made = await fresh.first_start()
    assert made is not None
    assert (made.username, made.was_made_up, len(made.password.reveal())) == ("admin", True, 20)
    assert made.password.reveal() not in repr(made)
    await fresh.log_in(LoginRequest(username="admin", password=made.password))
    assert await fresh.first_start() is None


async def test_two_homes_have_two_passwords(fresh: Security, clock: Any, cheap_passwords: Passwords) -> None:
    """There is no default password."""
    other = Security(type(fresh.store)(), Settings(), clock=clock, passwords=cheap_passwords)
    one, two = await fresh.first_start(), await other.first_start()
    assert one is not None
    assert two is not None
    assert one.password != two.password


async def test_the_operator_may_choose_the_password(memory_store: Any, cheap_passwords: Passwords) -> None:
    """A password of the settings is taken and not shown."""
    security = Security(memory_store, Settings(admin_password=Secret("chosen")), passwords=cheap_passwords)
    made = await security.first_start()
    assert made is not None
    assert not made.was_made_up
    assert await security.log_in(LoginRequest(username="admin", password=Secret("chosen")))


async def test_a_removed_administrator_stays_removed(fresh: Security) -> None:
    """A restart does not bring back who was removed."""
    await fresh.first_start()
    await fresh.store.remove_user("admin", fresh.auditor.make("t", "t"))
    assert await fresh.first_start() is None
    assert await fresh.store.list_users() == []


async def test_a_user_of_that_name_is_left_alone(fresh: Security) -> None:
    """When the operator made `admin` before the first start, it keeps its password and roles."""
    await fresh.first_roles()
    user = User(username="admin", created_at=fresh.clock.now(), password_hash="own")
    await fresh.store.add_user(user, [], fresh.auditor.make("t", "t"))
    assert await fresh.first_start() is None
    assert await fresh.store.find_user("admin") == user


async def test_the_role_admin_gets_every_permission(fresh: Security) -> None:
    """Also one that was taken from it, or that a newer version added; `user` permits nothing by itself."""
    await fresh.first_start()
    await fresh.store.change_role(
        "admin", deny=[Permission("cache", "*", "refresh")], audit=fresh.auditor.make("t", "t")
    )
    await fresh.first_start()
    wanted = {Permission(kind, "*", access) for kind, accesses in ACCESSES.items() for access in accesses}
    assert set(await fresh.store.list_permissions("admin")) == wanted
    assert await fresh.store.list_permissions("user") == []
    assert [(role.name, role.role_id) for role in await fresh.store.list_roles()] == [("admin", -1), ("user", -2)]
