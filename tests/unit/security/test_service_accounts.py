"""Service accounts that flows may run as."""

from typing import Any

import msgspec
import pytest

from microflow_runtime.model.principal import Permission
from microflow_runtime.security.service_accounts import read_service_accounts
from microflow_runtime.store import AuditEntry, ServiceGrant, User

FLOW = "Demo/X"


@pytest.fixture
async def robot(memory_store: Any, clock: Any) -> User:
    """Give a service account that Demo/X may run as."""
    entry = AuditEntry(at=clock.now(), actor="t", action="t")
    made = User(username="robot", created_at=clock.now(), service_account=True)
    await memory_store.add_role("open", entry)
    await memory_store.add_user(made, [], entry)
    await memory_store.change_role("open", grant=[ServiceGrant("open", FLOW, "robot")], audit=entry)
    return made


async def test_an_account_has_its_own_rights_only(memory_store: Any, robot: User) -> None:
    """What the granting role permits is not the account's, unless it has that role."""
    entry = AuditEntry(at=robot.created_at, actor="t", action="t")
    await memory_store.change_role("open", allow=[Permission("cache", "*", "refresh")], audit=entry)
    found = (await read_service_accounts(memory_store, 1, 2.0)).find(FLOW, "robot")
    assert found is not None
    assert found.grants == {("microflow", FLOW, "execute")}
    assert found.session_id == ""


@pytest.mark.parametrize("change", [{"disabled": True}, {"service_account": False}])
async def test_an_account_that_is_none_any_more_is_not_found(
    memory_store: Any, robot: User, change: dict[str, bool]
) -> None:
    """A disabled account, or one that became a person, serves no flow."""
    entry = AuditEntry(at=robot.created_at, actor="t", action="t")
    await memory_store.put_user(msgspec.structs.replace(robot, **change), entry)
    assert (await read_service_accounts(memory_store, 1, 2.0)).find(FLOW, "robot") is None


async def test_it_remembers_when_it_was_read(memory_store: Any) -> None:
    """Word and moment are those before the reading."""
    accounts = await read_service_accounts(memory_store, 1, 2.0)
    assert (accounts.word, accounts.read_at) == (1, 2.0)
