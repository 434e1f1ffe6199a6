"""The cache of sessions."""

from datetime import UTC, datetime

from microflow_runtime.security.permissions import ANONYMOUS
from microflow_runtime.security.session_cache import CachedSession, SessionCache, make_key
from microflow_runtime.store import Session

T = datetime(2026, 1, 1, tzinfo=UTC)


def make_entry(handle: str) -> CachedSession:
    """Give an entry."""
    session = Session(
        handle=handle, token_digest=b"", id_digest=None, username="u", client_id="", kind="login", name="",
        created_at=T, seen_at=T, ends_at=T,
    )  # fmt: skip
    return CachedSession(ANONYMOUS, session, 0.0)


def test_the_cache_has_a_bound() -> None:
    """Beyond its size the entry put the longest ago goes; putting again makes an entry young."""
    cache = SessionCache(most=2)
    a, b, c = (make_entry(handle) for handle in "abc")
    for key, entry in ((b"a", a), (b"b", b), (b"a", a), (b"c", c)):
        cache.keep(cache.by_authorization, key, entry)
        cache.remember(entry)
    assert cache.by_authorization == {b"a": a, b"c": c}
    assert (cache.find("a"), cache.find("b"), cache.find("c")) == (a, None, c)
    assert cache.by_iam_token == {}


def test_a_new_entry_is_not_good_until_it_is_checked() -> None:
    """Neither a fresh entry nor an ended one is within its time."""
    entry = make_entry("a")
    assert entry.hard_at == float("-inf")
    entry.hard_at = entry.soft_at = 100.0
    entry.end()
    assert entry.hard_at == entry.soft_at == float("-inf")


def test_keys_do_not_hold_what_was_sent() -> None:
    """A key is a digest of fixed size."""
    assert len(make_key(b"Bearer mf1_x")) == 32
    assert b"mf1_" not in make_key(b"Bearer mf1_x")
