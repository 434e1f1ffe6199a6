"""What every store does with idempotency keys and cached values, and with texts that not every database can keep."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from microflow_runtime.errors import StoreError
from microflow_runtime.model.principal import Permission
from microflow_runtime.store import Activation, AuditEntry, Claim, Client, Snapshot, Store, User

T = datetime(2026, 5, 19, 15, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def claim(store: Store, run: str, at: datetime = T, *, key: str = "k", digest: bytes = b"d" * 32) -> Claim:
    """Ask for a key with a lease of a minute."""
    return await store.claim_key(
        "suda", key, digest=digest, execution_id=run, at=at, lease_ends_at=at + MINUTE, ends_at=at + DAY
    )


async def test_a_key_is_given_once(store: Store) -> None:
    """The first is told to run, the next that it runs, and after it is completed the reply."""
    assert await claim(store, "one") == Claim("new", "one")
    assert await claim(store, "two") == Claim("running", "one")
    assert await store.complete_key("suda", "k", execution_id="one", reply=b"\x00reply", ends_at=T + DAY)
    assert await claim(store, "three", T + 2 * MINUTE) == Claim("done", "one", b"\x00reply")
    assert await claim(store, "four", key="other") == Claim("new", "four")


async def test_a_key_is_for_one_request_in_one_scope(store: Store) -> None:
    """Another request under the key is told so, while it runs and when it is done; another scope has its own keys."""
    await claim(store, "one")
    assert await claim(store, "two", digest=b"other") == Claim("used", "one")
    await store.complete_key("suda", "k", execution_id="one", reply=b"", ends_at=T + DAY)
    assert await claim(store, "two", T + 2 * MINUTE, digest=b"other") == Claim("used", "one")
    assert (await claim(store, "three")).reply == b""
    taken = await store.claim_key(
        "robot", "k", digest=b"d", execution_id="four", at=T, lease_ends_at=T + MINUTE, ends_at=T + DAY
    )
    assert taken.state == "new"


async def test_a_lease_that_ended_lets_the_same_request_run_again(store: Store) -> None:
    """The run that was given up can neither complete nor release the key of the one that followed it."""
    await claim(store, "one")
    assert (await claim(store, "two", T + MINUTE - timedelta(microseconds=1))).state == "running"
    assert await claim(store, "two", T + MINUTE, digest=b"other") == Claim("used", "one")
    assert await claim(store, "two", T + MINUTE) == Claim("new", "two")
    assert not await store.complete_key("suda", "k", execution_id="one", reply=b"late", ends_at=T + DAY)
    await store.release_key("suda", "k", execution_id="one")
    assert await claim(store, "three", T + MINUTE) == Claim("running", "two")
    assert await store.complete_key("suda", "k", execution_id="two", reply=b"good", ends_at=T + DAY)
    assert not await store.complete_key("suda", "k", execution_id="two", reply=b"again", ends_at=T + DAY)
    assert (await claim(store, "three", T + 9 * MINUTE)).reply == b"good"


async def test_a_key_can_be_given_back(store: Store) -> None:
    """A released key is free for any request; one that is completed is not released."""
    await claim(store, "one")
    await store.release_key("suda", "k", execution_id="one")
    assert await claim(store, "two", digest=b"other") == Claim("new", "two")
    await store.complete_key("suda", "k", execution_id="two", reply=b"r", ends_at=T + DAY)
    await store.release_key("suda", "k", execution_id="two")
    assert (await claim(store, "three", digest=b"other")).state == "done"


async def test_a_key_is_forgotten_at_its_end(store: Store) -> None:
    """From its end on it is free for any request, pruned or not."""
    await claim(store, "one")
    await store.complete_key("suda", "k", execution_id="one", reply=b"r", ends_at=T + 5 * MINUTE)
    await claim(store, "lost", key="lost")
    assert await claim(store, "two", T + 5 * MINUTE, digest=b"other") == Claim("new", "two")
    assert await store.prune_keys(T + DAY) == 0
    assert await store.prune_keys(T + DAY + timedelta(seconds=1)) == 1
    assert await claim(store, "three", key="lost", digest=b"other") == Claim("new", "three")


async def test_of_many_that_ask_at_once_one_gets_the_key(store: Store) -> None:
    """The others are all told who runs."""
    claims = await asyncio.gather(*(claim(store, f"run{number}") for number in range(20)))
    (winner,) = [each for each in claims if each.state == "new"]
    assert [each for each in claims if each is not winner] == [Claim("running", winner.execution_id)] * 19


async def test_a_cached_value_lives_until_its_end(store: Store) -> None:
    """It is given until then, in its space alone; putting it again replaces value and end."""
    await store.put_cached("rates", "USD", b"\x00one", T + MINUTE)
    assert await store.get_cached("rates", "USD", T) == b"\x00one"
    assert await store.get_cached("rates", "USD", T + MINUTE) is None
    assert await store.get_cached("other", "USD", T) is None
    assert await store.get_cached("rates", "usd", T) is None
    await store.put_cached("rates", "USD", b"", T + 3 * MINUTE)
    assert await store.get_cached("rates", "USD", T + 2 * MINUTE) == b""


async def test_cached_values_are_removed_and_pruned(store: Store) -> None:
    """One by one, by space, or those past their end; each tells how many went."""
    for key in ("a", "b", "c"):
        await store.put_cached("one", key, b"1", T + MINUTE)
    await store.put_cached("two", "a", b"2", T + DAY)
    assert await store.remove_cached("one", "a") == 1
    assert await store.remove_cached("one", "a") == 0
    assert await store.remove_cached("one") == 2
    await store.put_cached("one", "a", b"1", T + MINUTE)
    assert await store.prune_cached(T + 2 * MINUTE) == 1
    assert await store.get_cached("two", "a", T) == b"2"


async def test_a_text_with_a_nul_is_refused(store: Store) -> None:
    """PostgreSQL cannot keep it, so no store does, and nothing of the rest is kept either."""
    entry = AuditEntry(at=T, actor="a", action="b")
    bad = "a\0b"
    await store.add_role("clerk", entry)
    snapshot = Snapshot(app=bad, version="v", kind="full", content_hash="h", created_at=T, created_by="a", flows=1)
    attempts: list[Awaitable[Any]] = [
        store.add_user(User(username=bad, created_at=T), [], entry),
        store.add_user(User(username="suda", email=bad, created_at=T), [], entry),
        store.add_user(User(username="suda", created_at=T), [], msgspec.structs.replace(entry, detail=bad)),
        store.add_role(bad, entry),
        store.change_role("clerk", allow=[Permission("microflow", bad, "view")], audit=entry),
        store.add_client(Client(system_id="pos", secret_hash=bad, created_at=T), entry),
        store.append_audit(msgspec.structs.replace(entry, actor=bad)),
        store.put_meta("k", bad),
        store.put_definitions([(bad, "k", b"")]),
        store.put_catalog(1, b"m", T, snapshots=[snapshot]),
        store.put_catalog(1, b"m", T, activations=[Activation(app="Demo", version=bad, at=T, actor="a")]),
        store.put_cached("s", bad, b"", T),
        claim(store, "run", key=bad),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError, match="does not fit"):
            await attempt
    assert await store.list_users() == await store.list_clients() == await store.list_snapshots() == []
    assert [role.name for role in await store.list_roles()] == ["clerk"]
    assert await store.find_latest_catalog() is None
    assert len(await store.list_audit()) == 1
