"""What every store does with sessions, failed logins and the audit."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.store import Attempts, AuditEntry, EpochTaken, Session, Store, User

T = datetime(2026, 5, 19, 15, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ENTRY = AuditEntry(at=T, actor="admin", action="test", detail="ทดสอบ")
SUDA = User(username="suda", created_at=T)


def make_session(handle: str, **changes: object) -> Session:
    """Give a login of suda that lasts an hour."""
    plain = Session(
        handle=handle, token_digest=b"t" + handle.encode(), id_digest=b"i" + handle.encode(), username="suda",
        client_id="", kind="login", name="", created_at=T, seen_at=T, ends_at=T + 60 * MINUTE,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


async def test_a_session_is_found_by_either_digest(store: Store) -> None:
    """Token and session id lead to the same session and are not taken for each other."""
    await store.add_user(SUDA, [], ENTRY)
    session = make_session("one")
    await store.add_session(session, ENTRY)
    assert await store.find_session_by_token(b"tone") == session
    assert await store.find_session_by_id(b"ione") == session
    assert await store.find_session_by_token(b"ione") is None


async def test_a_session_needs_its_user_and_its_own_digests(store: Store) -> None:
    """No session without a user, and removing the user ends its sessions."""
    with pytest.raises(NotFound):
        await store.add_session(make_session("one"), ENTRY)
    await store.add_user(SUDA, [], ENTRY)
    await store.add_session(make_session("one", id_digest=None), ENTRY)
    await store.add_session(make_session("two", id_digest=None), ENTRY)
    await store.remove_user("suda", ENTRY)
    assert await store.list_sessions() == []


async def test_seen_only_moves_forward(store: Store) -> None:
    """A worker with an older time does not set the time back."""
    await store.add_user(SUDA, [], ENTRY)
    await store.add_session(make_session("one"), ENTRY)
    await store.touch_sessions(["one", "nobody"], T + 5 * MINUTE)
    await store.touch_sessions(["one"], T + 2 * MINUTE)
    await store.touch_sessions([], T)
    found = await store.find_session_by_token(b"tone")
    assert found is not None
    assert found.seen_at == T + 5 * MINUTE


async def test_sessions_are_read_together(store: Store) -> None:
    """Those that are kept come by handle, those that are not are left out."""
    await store.add_user(SUDA, [], ENTRY)
    await store.add_session(make_session("one"), ENTRY)
    await store.add_session(make_session("two"), ENTRY)
    found, _ = await store.read_sessions(["one", "two", "three"])
    assert found == {"one": make_session("one"), "two": make_session("two")}
    assert (await store.read_sessions([]))[0] == {}


async def test_the_version_moves_with_rights_alone(store: Store) -> None:
    """Every change of users, roles and systems moves it; sessions and the audit do not."""

    async def version() -> int:
        return (await store.read_sessions([]))[1]

    changes = [
        store.add_role("clerk", ENTRY), store.add_user(SUDA, ["clerk"], ENTRY), store.put_user(SUDA, ENTRY),
        store.put_user_roles("suda", [], ENTRY), store.change_role("clerk", audit=ENTRY),
    ]  # fmt: skip
    for change in changes:
        before = await version()
        await change
        assert await version() > before
    before = await version()
    await store.add_session(make_session("one"), ENTRY)
    await store.touch_sessions(["one"], T + MINUTE)
    await store.append_audit(ENTRY)
    assert await version() == before == (await store.read_rights("suda")).version
    await store.remove_role("clerk", ENTRY)
    await store.remove_user("suda", ENTRY)
    assert await version() == before + 2


async def test_sessions_are_listed_newest_first(store: Store) -> None:
    """Lists are by time, and by user and kind where asked."""
    await store.add_user(SUDA, [], ENTRY)
    await store.add_session(make_session("one"), ENTRY)
    await store.add_session(make_session("two", kind="token", name="ci", created_at=T + MINUTE), ENTRY)
    assert [session.handle for session in await store.list_sessions()] == ["two", "one"]
    assert [session.handle for session in await store.list_sessions("suda", "token")] == ["two"]
    assert await store.list_sessions("other") == []


async def test_sessions_are_ended_and_counted(store: Store) -> None:
    """Removing tells how many there were and writes its entry even for none."""
    await store.add_user(SUDA, [], ENTRY)
    await store.add_session(make_session("one"), ENTRY)
    assert await store.remove_sessions(["one", "two"], ENTRY) == 1
    assert await store.remove_sessions(["one"], ENTRY) == 0
    assert len(await store.list_audit()) == 4


async def test_old_sessions_are_pruned(store: Store) -> None:
    """Ended sessions and idle logins go; an access token may be idle."""
    await store.add_user(SUDA, [], ENTRY)
    await store.add_session(make_session("ended", ends_at=T - MINUTE), ENTRY)
    await store.add_session(make_session("idle", seen_at=T - 40 * MINUTE), ENTRY)
    await store.add_session(make_session("token", kind="token", seen_at=T - 40 * MINUTE), ENTRY)
    await store.add_session(make_session("good"), ENTRY)
    assert await store.prune_sessions(T, T - 30 * MINUTE) == 2
    assert {session.handle for session in await store.list_sessions()} == {"token", "good"}


async def test_attempts_are_counted_and_forgotten(store: Store) -> None:
    """Counters rise one by one, begin again when the last was long ago, and can be cleared and pruned."""
    long_ago = T - 15 * MINUTE
    assert await store.count_attempt([b"a", b"b"], T, long_ago) == {b"a": 1, b"b": 1}
    assert await store.count_attempt([b"a"], T + MINUTE, long_ago) == {b"a": 2}
    assert await store.find_attempts([b"a", b"c"]) == {b"a": Attempts(2, T + MINUTE)}
    assert await store.count_attempt([b"a"], T + 20 * MINUTE, T + 5 * MINUTE) == {b"a": 1}
    await store.clear_attempts([b"a", b"c"])
    assert await store.find_attempts([b"a"]) == {}
    assert await store.prune_attempts(T + MINUTE) == 1
    assert await store.find_attempts([b"b"]) == {}


async def test_a_good_attempt_is_forgiven(store: Store) -> None:
    """Forgiving takes one off and stops at nothing; an unknown key stays unknown."""
    await store.count_attempt([b"a"], T, T - MINUTE)
    for _ in range(3):
        await store.forgive_attempt([b"a", b"b"])
    assert await store.find_attempts([b"a", b"b"]) == {b"a": Attempts(0, T)}


async def test_a_session_gets_another_name_and_end(store: Store) -> None:
    """Name and end change, nothing else; an unknown session is not found."""
    await store.add_user(SUDA, [], ENTRY)
    await store.add_session(make_session("one"), ENTRY)
    await store.change_session("one", "ci", T + MINUTE, ENTRY)
    assert await store.find_session_by_token(b"tone") == make_session("one", name="ci", ends_at=T + MINUTE)
    with pytest.raises(NotFound):
        await store.change_session("two", "ci", T, ENTRY)


async def test_attempts_at_once_get_different_numbers(store: Store) -> None:
    """Ten attempts at the same time count as ten: no two of them see the same figure."""
    counts = await asyncio.gather(*(store.count_attempt([b"a"], T, T - MINUTE) for _ in range(10)))
    assert sorted(count[b"a"] for count in counts) == list(range(1, 11))


async def test_the_audit_grows_in_a_chain(store: Store) -> None:
    """Rows written at once are numbered without gap and the chain holds."""
    await asyncio.gather(*(store.append_audit(ENTRY) for _ in range(10)))
    rows = await store.list_audit(limit=4)
    assert [row.number for row in rows] == [10, 9, 8, 7]
    assert rows[0].entry == ENTRY
    assert [row.number for row in await store.list_audit(limit=2, before=3)] == [2, 1]
    assert await store.find_audit_break() is None


async def test_definitions_stay_under_their_hash(store: Store) -> None:
    """A second body under a known hash changes nothing; unknown hashes are told apart."""
    await store.put_definitions([("h1", "microflow", b"one"), ("h2", "business_object", b"two")])
    await store.put_definitions([("h1", "microflow", b"other")])
    await store.put_definitions([])
    assert await store.get_definitions(["h1", "h2", "h1"]) == {"h1": b"one", "h2": b"two"}
    assert await store.get_definitions([]) == {}
    assert await store.find_known_hashes(["h1", "h3"]) == {"h1"}
    with pytest.raises(NotFound):
        await store.get_definitions(["h1", "h3"])


async def test_many_definitions_in_one_go(store: Store) -> None:
    """Lists longer than one statement takes are put, found and read whole."""
    many = [(f"hash{number}", "microflow", str(number).encode()) for number in range(1203)]
    await store.put_definitions(many)
    hashes = [row[0] for row in many]
    assert await store.find_known_hashes([*hashes, "no"]) == set(hashes)
    assert await store.get_definitions(hashes) == {row[0]: row[2] for row in many}


async def test_an_epoch_never_goes_back(store: Store) -> None:
    """A catalog is taken only above every one kept; nothing of a refused one stays, its audit row included."""
    assert await store.find_latest_catalog() is None
    await store.put_catalog(3, b"m3", T, ENTRY)
    await store.put_catalog(7, b"m7", T)
    for epoch in (7, 5, 3):
        with pytest.raises(EpochTaken):
            await store.put_catalog(epoch, b"x", T, ENTRY)
    latest = await store.find_latest_catalog()
    assert latest is not None
    assert (latest.epoch, latest.manifest, latest.created_at) == (7, b"m7", T)
    assert (await store.get_catalog(3)).manifest == b"m3"
    assert len(await store.list_audit()) == 1
    with pytest.raises(NotFound):
        await store.get_catalog(4)


async def test_a_catalog_comes_with_its_definitions_or_not_at_all(store: Store) -> None:
    """Definitions of a catalog are kept with it, those of a refused one are not; older catalogs go as asked."""
    for epoch in (1, 2, 3):
        await store.put_catalog(epoch, b"m", T, definitions=[(f"h{epoch}", "flow", b"1"), ("h", "flow", b"1")])
    with pytest.raises(Conflict):
        await store.put_catalog(3, b"m", T, definitions=[("refused", "flow", b"1")], keep_from_epoch=3)
    assert await store.find_known_hashes(["h", "h1", "h3", "refused"]) == {"h", "h1", "h3"}
    assert (await store.get_catalog(1)).epoch == 1
    await store.put_catalog(4, b"m", T, keep_from_epoch=3)
    assert (await store.get_catalog(3)).epoch == 3
    with pytest.raises(NotFound):
        await store.get_catalog(2)


async def test_pruning_keeps_what_is_named(store: Store) -> None:
    """Catalogs before the epoch and definitions not named go, and are counted; beside a newer catalog nothing goes."""
    for epoch in (1, 2, 3):
        await store.put_catalog(epoch, b"m", T)
    await store.put_definitions([("h1", "k", b"1"), ("h2", "k", b"2")])
    assert await store.prune_catalogs(2, []) == 0
    assert await store.prune_catalogs(3, ["h2", "h9"]) == 3
    assert await store.find_known_hashes(["h1", "h2"]) == {"h2"}
    assert (await store.get_catalog(3)).epoch == 3


async def test_meta_values_are_replaced(store: Store) -> None:
    """A value is absent at first, then the last one put."""
    assert await store.find_meta("k") is None
    await store.put_meta("k", "1")
    await store.put_meta("k", "2")
    assert await store.find_meta("k") == "2"
    assert list(store.describe())
