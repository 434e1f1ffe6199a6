"""What every store does with users, roles and systems."""

from datetime import UTC, datetime

import msgspec
import pytest

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.model.principal import Permission
from microflow_runtime.store import AuditEntry, Client, ServiceGrant, Session, Store, User

T = datetime(2026, 5, 19, 15, 15, 0, 123456, tzinfo=UTC)
ENTRY = AuditEntry(at=T, actor="admin", action="test")
SUDA = User(username="suda", created_at=T, th_firstname="สุดา", password_hash="$argon2id$x")
ROBOT = User(username="robot", created_at=T, service_account=True)


async def test_a_user_comes_back_as_it_went_in(store: Store) -> None:
    """Every field survives, Thai text and microseconds included."""
    await store.add_role("clerk", ENTRY)
    await store.add_user(SUDA, ["clerk"], ENTRY)
    assert await store.find_user("suda") == SUDA
    assert await store.list_user_roles("suda") == ["clerk"]
    assert await store.find_user("Suda") is None


async def test_a_name_is_taken_once(store: Store) -> None:
    """A second user, role or system of one name is a conflict and changes nothing."""
    await store.add_role("clerk", ENTRY)
    await store.add_user(SUDA, [], ENTRY)
    await store.add_client(Client(system_id="pos", secret_hash="h", created_at=T), ENTRY)
    with pytest.raises(Conflict):
        await store.add_user(msgspec.structs.replace(SUDA, email="x"), [], ENTRY)
    with pytest.raises(Conflict):
        await store.add_role("clerk", ENTRY)
    with pytest.raises(Conflict):
        await store.add_client(Client(system_id="pos", secret_hash="other", created_at=T), ENTRY)
    assert await store.find_user("suda") == SUDA
    assert len(await store.list_audit()) == 3


async def test_a_user_with_an_unknown_role_is_not_added(store: Store) -> None:
    """Adding a user is all or nothing, the audit row included."""
    with pytest.raises(NotFound):
        await store.add_user(SUDA, ["ghost"], ENTRY)
    assert await store.find_user("suda") is None
    assert await store.list_audit() == []


async def test_a_user_is_replaced_and_keeps_its_birth(store: Store) -> None:
    """Putting a user changes all but the time it was made."""
    await store.add_user(SUDA, [], ENTRY)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    await store.put_user(msgspec.structs.replace(SUDA, email="s@example.org", disabled=True, created_at=later), ENTRY)
    await store.put_password_hash("suda", "$argon2id$y")
    kept = await store.find_user("suda")
    assert kept == msgspec.structs.replace(SUDA, email="s@example.org", disabled=True, password_hash="$argon2id$y")


async def test_what_is_not_there_cannot_be_changed(store: Store) -> None:
    """Changing or removing an unknown user, role or system says so and audits nothing."""
    for change in (
        store.put_user(SUDA, ENTRY),
        store.remove_user("suda", ENTRY),
        store.put_user_roles("suda", [], ENTRY),
        store.remove_role("clerk", ENTRY),
        store.list_permissions("clerk"),
        store.change_role("clerk", audit=ENTRY),
        store.remove_client("pos", ENTRY),
        store.put_client(Client(system_id="pos", secret_hash="h", created_at=T), ENTRY),
    ):
        with pytest.raises(NotFound):
            await change
    await store.put_password_hash("suda", "h")
    assert await store.list_audit() == []


async def test_roles_are_numbered_upwards(store: Store) -> None:
    """Built-in roles take their own negative numbers, others the next positive one."""
    await store.add_role("admin", ENTRY, role_id=-1)
    assert (await store.add_role("clerk", ENTRY)).role_id == 1
    assert (await store.add_role("boss", ENTRY)).role_id == 2
    assert [role.name for role in await store.list_roles()] == ["admin", "boss", "clerk"]


async def test_rights_are_the_union_of_the_roles(store: Store) -> None:
    """Rights list each access once, however many roles give it, with a number that stays the same per object."""
    run = Permission("microflow", "Demo/ExchangeRate", "execute")
    view = Permission("microflow", "Demo/ExchangeRate", "view")
    for name in ("a", "b"):
        await store.add_role(name, ENTRY)
        await store.change_role(name, allow=[run], audit=ENTRY)
    await store.change_role("b", allow=[view, Permission("cache", "*", "refresh")], audit=ENTRY)
    await store.add_user(SUDA, ["a", "b"], ENTRY)
    rights = await store.read_rights("suda")
    assert rights.user == SUDA
    assert [role.name for role in rights.roles] == ["a", "b"]
    assert [(access.object_type, access.name, access.access) for access in rights.accesses] == [
        ("cache", "*", "refresh"),
        ("microflow", "Demo/ExchangeRate", "execute"),
        ("microflow", "Demo/ExchangeRate", "view"),
    ]
    assert rights.accesses[1].object_id == rights.accesses[2].object_id != rights.accesses[0].object_id


async def test_rights_follow_every_change(store: Store) -> None:
    """What is denied, taken from the user or removed with its role is gone from the rights."""
    run = Permission("microflow", "Demo/ExchangeRate", "execute")
    await store.add_role("a", ENTRY)
    await store.change_role("a", allow=[run], audit=ENTRY)
    await store.add_user(SUDA, ["a"], ENTRY)
    await store.change_role("a", deny=[run, Permission("cache", "*", "refresh")], audit=ENTRY)
    assert (await store.read_rights("suda")).accesses == ()
    await store.change_role("a", allow=[run], audit=ENTRY)
    assert await store.list_permissions("a") == [run]
    await store.remove_role("a", ENTRY)
    rights = await store.read_rights("suda")
    assert (rights.roles, rights.accesses) == ((), ())
    assert (await store.read_rights("nobody")).user is None


async def test_a_service_grant_needs_a_service_account(store: Store) -> None:
    """A person or nobody cannot be granted to a flow, and a failed change takes its permissions back."""
    await store.add_role("open", ENTRY)
    await store.add_user(SUDA, [], ENTRY)
    before = len(await store.list_audit())
    for account in ("suda", "nobody"):
        with pytest.raises(NotFound):
            await store.change_role(
                "open",
                allow=[Permission("cache", "*", "refresh")],
                grant=[ServiceGrant("open", "Demo/X", account)],
                audit=ENTRY,
            )
    assert await store.list_service_grants() == []
    assert await store.list_permissions("open") == []
    assert len(await store.list_audit()) == before


async def test_service_grants_go_with_account_and_role(store: Store) -> None:
    """A grant can be given twice, taken away, and ends with its account or its role."""
    await store.add_user(ROBOT, [], ENTRY)
    grant = ServiceGrant("open", "Tracking/Get Tracking List", "robot")
    for ending in (
        lambda: store.change_role("open", ungrant=[grant], audit=ENTRY),
        lambda: store.remove_role("open", ENTRY),
        lambda: store.remove_user("robot", ENTRY),
    ):
        if not await store.list_roles():
            await store.add_role("open", ENTRY)
        await store.change_role("open", grant=[grant], audit=ENTRY)
        await store.change_role("open", grant=[grant], audit=ENTRY)
        assert await store.list_service_grants() == [grant]
        await ending()
        assert await store.list_service_grants() == []


async def test_removing_a_system_ends_its_sessions(store: Store) -> None:
    """Sessions that came through a removed system are gone, others stay; its secret can be replaced before."""
    client = Client(system_id="pos", secret_hash="h", created_at=T)
    await store.add_client(client, ENTRY)
    await store.put_client(msgspec.structs.replace(client, secret_hash="h2"), ENTRY)
    assert await store.list_clients() == [msgspec.structs.replace(client, secret_hash="h2")]
    await store.add_user(SUDA, [], ENTRY)
    for handle, system in (("one", "pos"), ("two", "")):
        await store.add_session(
            Session(
                handle=handle, token_digest=handle.encode(), id_digest=None, username="suda", client_id=system,
                kind="login", name="", created_at=T, seen_at=T, ends_at=T,
            ),
            ENTRY,
        )  # fmt: skip
    await store.remove_client("pos", ENTRY)
    assert [session.handle for session in await store.list_sessions()] == ["two"]
    assert await store.find_client("pos") is None
