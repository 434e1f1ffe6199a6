"""Asking the store about a session."""

from datetime import timedelta
from typing import Any

import pytest

from microflow_runtime.errors import NotAuthenticated
from microflow_runtime.security.session_cache import SessionCache
from microflow_runtime.security.session_check import SessionChecker
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, Session, User


@pytest.fixture
async def session(memory_store: Any, clock: Any) -> Session:
    """Give a login of suda that lasts an hour."""
    now = clock.now()
    entry = AuditEntry(at=now, actor="t", action="t")
    made = Session(
        handle="h", token_digest=b"t", id_digest=b"i", username="suda", client_id="pos", kind="login", name="",
        created_at=now, seen_at=now, ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    await memory_store.add_user(User(username="suda", created_at=now), [], entry)
    await memory_store.add_session(made, entry)
    return made


@pytest.fixture
def word() -> list[int]:
    """Give a revocation word."""
    return [7]


@pytest.fixture
def cache() -> SessionCache:
    """Give an empty cache."""
    return SessionCache()


@pytest.fixture
def checker(memory_store: Any, clock: Any, word: list[int], cache: SessionCache) -> SessionChecker:
    """Give a checker with the default times."""
    return SessionChecker(memory_store, Settings(), clock, lambda: word[0], cache)


async def test_an_entry_is_made_under_the_word_before_the_look(
    checker: SessionChecker, session: Session, memory_store: Any, word: list[int]
) -> None:
    """A change while the store is asked makes the entry old, so that it is not taken."""
    find = memory_store.find_session_by_token

    async def find_slowly(digest: bytes) -> Any:
        found = await find(digest)
        word[0] += 1
        return found

    memory_store.find_session_by_token = find_slowly
    entry = await checker.look_up(b"t")
    assert entry.word == 7 != word[0]


async def test_either_digest_gives_the_one_entry(
    checker: SessionChecker, session: Session, cache: SessionCache
) -> None:
    """Token and session id share an entry, so use by one keeps the other alive."""
    entry = await checker.look_up(b"t")
    assert await checker.look_up(b"i", by_id=True) is entry is cache.find("h")
    assert (entry.principal.session_id, entry.principal.client_id) == ("h", "pos")


async def test_an_entry_never_outlives_its_session(checker: SessionChecker, session: Session, clock: Any) -> None:
    """Three seconds before the end, soft and hard limit are the end."""
    clock.move(1700)
    await checker.look_up(b"t")
    clock.move(1700)
    await checker.look_up(b"t")
    clock.move(197)
    entry = await checker.look_up(b"t")
    assert entry.soft_at == entry.hard_at == clock.monotonic() + 3


async def test_renewing_ends_what_is_over(checker: SessionChecker, session: Session, memory_store: Any) -> None:
    """A session that has gone ends its entry wherever it is kept."""
    entry = await checker.look_up(b"t")
    await memory_store.remove_sessions(["h"], AuditEntry(at=session.created_at, actor="t", action="t"))
    await checker.renew([entry])
    assert entry.hard_at == float("-inf")


async def test_peeking_leaves_no_trace(checker: SessionChecker, session: Session, cache: SessionCache) -> None:
    """Asking makes no entry and says when there is none."""
    assert (await checker.peek(b"t"))[0] == session
    assert (await checker.peek(b"i", by_id=True))[1].username == "suda"
    assert cache.find("h") is None
    with pytest.raises(NotAuthenticated):
        await checker.peek(b"x")
