"""Security as one object."""

from typing import Any

import pytest

from microflow_runtime.errors import StoreError, TooManyRequests
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import ANONYMOUS, Credentials, LoginRequest, Passwords, Security, digest_token
from microflow_runtime.settings import Secret, Settings

GOOD = LoginRequest(username="admin", password=Secret("correct horse"))


async def test_workers_hear_of_each_other_through_the_word(
    memory_store: Any, clock: Any, cheap_passwords: Passwords
) -> None:
    """Two workers that share a store and a word: what one ends, the other refuses with the next call."""
    word = [0]

    def bump() -> None:
        word[0] += 1

    settings = Settings(admin_password=Secret("correct horse"))
    one, two = (
        Security(
            memory_store, settings, read_revocation=lambda: word[0], bump_revocation=bump, clock=clock,
            passwords=cheap_passwords,
        )
        for _ in range(2)
    )  # fmt: skip
    await one.first_start()
    made = await one.log_in(GOOD)
    header = b"Bearer " + made.access_token.reveal().encode()
    assert (await two.authenticate(Credentials(authorization=header))).username == "admin"
    await one.end_sessions([made.session], one.auditor.make("t", "t"))
    assert two.authenticate_fast(header, None, None) is None
    await one.close()
    await two.close()


async def test_peeking_does_not_count_as_use(security: Security, clock: Any, memory_store: Any) -> None:
    """Asking about a session again and again does not keep it from ending."""
    made = await security.log_in(GOOD)
    digest = digest_token(made.access_token.reveal().encode())
    for _ in range(18):
        clock.move(100)
        session, principal = await security.peek_token(digest)
    assert (session.handle, principal.username) == (made.session.handle, "admin")
    assert memory_store.touches == 0


async def test_anonymous_calls_are_limited_per_account(
    memory_store: Any, clock: Any, cheap_passwords: Passwords
) -> None:
    """The rate of the settings is shared out among the workers."""
    settings = Settings(anonymous_per_second=10.0, workers=2)
    security = Security(memory_store, settings, clock=clock, passwords=cheap_passwords)
    for _ in range(10):
        security.take_anonymous("robot")
    with pytest.raises(TooManyRequests):
        security.take_anonymous("robot")
    security.take_anonymous("other")
    await security.close()


async def test_what_cannot_be_audited_is_not_done(security: Security, memory_store: Any) -> None:
    """`audit` raises when its row cannot be written; a refusal is told without."""
    memory_store.error = StoreError("full")
    principal = Principal(username="suda")
    await security.audit_refusal(principal, "execute", "microflow", "Demo/X")
    with pytest.raises(StoreError):
        await security.audit(principal, "refresh", "cache", "*")
    memory_store.error = None
    await security.audit(principal, "refresh", "cache", "*", detail="12 flows")
    assert (await memory_store.list_audit(limit=1))[0].entry.detail == "12 flows"


async def test_pruning_takes_what_is_over(security: Security, clock: Any) -> None:
    """Idle sessions and old counters go."""
    await security.log_in(GOOD)
    await security.store.count_attempt([b"k"], clock.now(), clock.now())
    assert await security.prune() == 0
    clock.move(3601)
    assert await security.prune() >= 2
    assert await security.store.list_sessions() == []


async def test_closing_gives_up_what_runs(security: Security, clock: Any) -> None:
    """A check in the background does not outlive its Security."""
    await security.authenticate(Credentials())
    clock.move(6)
    assert security.authenticate_fast(None, None, None) is ANONYMOUS
    await security.close()
    assert not security._authenticator._background
