"""Logging in."""

from typing import Any

import msgspec
import pytest

from microflow_runtime.errors import BadRequest, NotAuthenticated, NotFound, StoreError, TooManyRequests
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import LoginRequest, Passwords, Security
from microflow_runtime.security.login import WRONG
from microflow_runtime.settings import Secret, Settings
from microflow_runtime.store import Client, User

GOOD = LoginRequest(username="admin", password=Secret("correct horse"), address="10.0.0.1")


async def add_client(security: Security) -> None:
    """Register the system pos with the secret `s`."""
    client = Client(system_id="pos", secret_hash=await security.passwords.hash("s"), created_at=security.clock.now())
    await security.store.add_client(client, security.auditor.make("t", "t"))


async def test_a_login_makes_token_and_id_that_differ(security: Security) -> None:
    """Each login is a new session; the store holds neither the token nor the id."""
    one, two = await security.log_in(GOOD), await security.log_in(GOOD)
    assert one.session_id is not None
    texts = {one.access_token.reveal(), one.session_id.reveal(), two.access_token.reveal()}
    assert len(texts) == 3
    stored = repr(await security.store.list_sessions())
    assert not any(text in stored for text in texts)
    assert one.session.handle != two.session.handle


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "nobody"},
        {"username": "Admin"},
        {"username": ""},
        {"username": "x" * 5000},
        {"username": "admin\x00"},
        {"username": "\ud800"},
        {"password": Secret("wrong")},
        {"password": Secret("")},
        {"system_id": "pos", "system_secret": Secret("wrong")},
        {"system_id": "other", "system_secret": Secret("s")},
    ],
)
async def test_whatever_is_wrong_the_answer_is_one(security: Security, changes: dict[str, Any]) -> None:
    """Unknown user, wrong password, wrong or unknown system: the same refusal with the same text."""
    await add_client(security)
    with pytest.raises(NotAuthenticated) as caught:
        await security.log_in(msgspec.structs.replace(GOOD, **changes))
    assert caught.value.message == WRONG
    assert await security.store.list_sessions() == []


async def test_every_login_costs_the_same_hashing(security: Security, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a user that exists, one that does not, a disabled one and a service account, one password is hashed."""
    entry = security.auditor.make("t", "t")
    now = security.clock.now()
    await security.store.add_user(User(username="off", created_at=now, password_hash="x", disabled=True), [], entry)
    await security.store.add_user(User(username="robot", created_at=now, service_account=True), [], entry)
    asked: list[str | None] = []
    verify = security.passwords.verify

    async def count(password_hash: str | None, password: str) -> Any:
        asked.append(password_hash)
        return await verify(password_hash, password)

    monkeypatch.setattr(security.passwords, "verify", count)
    for name in ("admin", "nobody", "off", "robot"):
        with pytest.raises(NotAuthenticated):
            await security.log_in(LoginRequest(username=name, password=Secret("wrong")))
    assert len(asked) == 4


async def test_a_disabled_user_is_not_let_in(security: Security) -> None:
    """The right password does not help."""
    user = await security.store.find_user("admin")
    assert user is not None
    await security.store.put_user(msgspec.structs.replace(user, disabled=True), security.auditor.make("t", "t"))
    with pytest.raises(NotAuthenticated):
        await security.log_in(GOOD)


async def test_a_named_system_is_remembered(security: Security) -> None:
    """The session carries the system it came through."""
    await add_client(security)
    made = await security.log_in(msgspec.structs.replace(GOOD, system_id="pos", system_secret=Secret("s")))
    assert made.session.client_id == "pos"


async def test_the_operator_may_demand_a_system(memory_store: Any, clock: Any, cheap_passwords: Passwords) -> None:
    """With `require_system`, a login without one is told so before anything is compared."""
    settings = Settings(admin_password=Secret("correct horse"), require_system=True)
    security = Security(memory_store, settings, clock=clock, passwords=cheap_passwords)
    await security.first_start()
    with pytest.raises(BadRequest, match="system_id"):
        await security.log_in(GOOD)
    await add_client(security)
    await security.log_in(msgspec.structs.replace(GOOD, system_id="pos", system_secret=Secret("s")))
    await security.close()


async def test_guesses_are_slowed_down(security: Security, clock: Any) -> None:
    """After five wrong passwords even the right one has to wait, and then gets in."""
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            await security.log_in(msgspec.structs.replace(GOOD, password=Secret("wrong")))
    with pytest.raises(TooManyRequests) as caught:
        await security.log_in(GOOD)
    assert caught.value.retry_after_seconds == 2
    clock.move(2)
    await security.log_in(GOOD)
    assert await security.store.find_attempts([]) == {}


async def test_a_password_too_long_forgives_no_guess(security: Security) -> None:
    """Requests that are refused unread neither count as guesses nor forget the guesses before them."""
    for _ in range(4):
        with pytest.raises(NotAuthenticated):
            await security.log_in(msgspec.structs.replace(GOOD, password=Secret("wrong")))
    for _ in range(10):
        with pytest.raises(BadRequest):
            await security.log_in(msgspec.structs.replace(GOOD, password=Secret("x" * 2000)))
    with pytest.raises(NotAuthenticated):
        await security.log_in(msgspec.structs.replace(GOOD, password=Secret("wrong")))
    with pytest.raises(TooManyRequests):
        await security.log_in(GOOD)


async def test_a_weak_hash_is_renewed(memory_store: Any, clock: Any, security: Security) -> None:
    """When the parameters rose, the next good login keeps a stronger hash, which fits from then on."""
    before = await memory_store.find_user("admin")
    stronger = Passwords(time_cost=2, memory_kib=16, parallelism=1)
    other = Security(memory_store, Settings(), clock=clock, passwords=stronger)
    await other.log_in(GOOD)
    after = await memory_store.find_user("admin")
    assert after.password_hash != before.password_hash
    assert "t=2" in after.password_hash
    await other.log_in(GOOD)
    assert (await memory_store.find_user("admin")).password_hash == after.password_hash
    await other.close()


async def test_logins_and_failures_are_audited(security: Security, memory_store: Any) -> None:
    """A good login names user and address; a failed one names the user only if there is one."""
    await security.log_in(GOOD)
    for name in ("admin", "hunter2, my password"):
        with pytest.raises(NotAuthenticated):
            await security.log_in(LoginRequest(username=name, password=Secret("w"), address="10.0.0.2"))
    unknown, failed, good = [row.entry for row in await memory_store.list_audit(limit=3)]
    assert (good.actor, good.outcome, good.address) == ("admin", "done", "10.0.0.1")
    assert (failed.actor, failed.outcome, failed.address) == ("admin", "refused", "10.0.0.2")
    assert unknown.actor == "unknown user"
    assert "hunter2" not in repr(await memory_store.list_audit())


async def test_no_session_without_its_audit_row(security: Security, memory_store: Any) -> None:
    """When the store cannot take the session and its row, nobody is logged in."""

    async def fail(*_: Any) -> None:
        raise StoreError("full")

    memory_store.add_session = fail
    with pytest.raises(StoreError):
        await security.log_in(GOOD)
    assert await memory_store.list_sessions() == []


async def test_a_token_needs_its_user(security: Security) -> None:
    """No access token for nobody."""
    with pytest.raises(NotFound):
        await security.make_access_token("nobody", "", 60, Principal(username="operator"))
