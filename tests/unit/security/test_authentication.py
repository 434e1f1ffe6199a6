"""From what a caller sent to who it is."""

import asyncio
from typing import Any

import pytest

from microflow_runtime.errors import NotAuthenticated, NotPermitted, StoreError
from microflow_runtime.model.principal import Permission
from microflow_runtime.security import ANONYMOUS, Credentials, LoginRequest, RequestOrigin, Security
from microflow_runtime.settings import Secret, Settings
from microflow_runtime.store import AuditEntry, ServiceGrant, User

PASSWORD = Secret("correct horse")


async def log_in(security: Security) -> tuple[bytes, bytes]:
    """Log in as admin; give the value of an Authorization header and of a Cookie header."""
    made = await security.log_in(LoginRequest(username="admin", password=PASSWORD))
    assert made.session_id is not None
    return b"Bearer " + made.access_token.reveal().encode(), b"JSESSIONID=" + made.session_id.reveal().encode()


def bearer(header: bytes) -> Credentials:
    """Give credentials of one header."""
    return Credentials(authorization=header)


async def settle() -> None:
    """Let work in the background finish."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_known_token_needs_no_store(security: Security, memory_store: Any) -> None:
    """After the first call the quick way knows the caller and asks nobody."""
    header, _ = await log_in(security)
    assert security.authenticate_fast(header, None, None) is None
    principal = await security.authenticate(bearer(header))
    assert (principal.username, principal.roles) == ("admin", ("admin", "user"))
    assert principal.may("cache", "*", "refresh")
    asked = memory_store.look_ups
    for _ in range(100):
        assert security.authenticate_fast(header, b"", None) is principal
        assert security.authenticate_fast(header, None, b"JSESSIONID=whatever") is principal
    assert memory_store.look_ups == asked


async def test_both_headers_lead_to_one_session(security: Security) -> None:
    """Bearer and IAMToken of one session are one caller, each with its own place in the cache."""
    header, _ = await log_in(security)
    token = header[7:]
    principal = await security.authenticate(Credentials(authorization=header, iam_token=token))
    assert security.authenticate_fast(header, token, None) is None
    assert security.authenticate_fast(None, token, None) is principal
    assert security.authenticate_fast(header, None, None) is principal
    assert security.authenticate_fast(token, None, None) is None


async def test_a_change_of_rights_is_seen_at_once(security: Security, memory_store: Any) -> None:
    """When the revocation word moves, the next call asks the store and sees the new rights."""
    header, _ = await log_in(security)
    await security.authenticate(bearer(header))
    entry = security.auditor.make("t", "t")
    await memory_store.change_role("admin", deny=[Permission("cache", "*", "refresh")], audit=entry)
    security.rights_changed()
    assert security.authenticate_fast(header, None, None) is None
    assert not (await security.authenticate(bearer(header))).may("cache", "*", "refresh")


async def test_an_ended_session_is_refused_at_once(security: Security) -> None:
    """Ending a session reaches callers that are in the cache."""
    header, _ = await log_in(security)
    await security.authenticate(bearer(header))
    await security.end_sessions(await security.store.list_sessions(), security.auditor.make("t", "t"))
    assert security.authenticate_fast(header, None, None) is None
    with pytest.raises(NotAuthenticated):
        await security.authenticate(bearer(header))


async def test_an_unannounced_end_is_seen_within_seconds(security: Security, memory_store: Any, clock: Any) -> None:
    """Without the revocation word, a session in use is checked again in the background and then refused."""
    header, _ = await log_in(security)
    await security.authenticate(bearer(header))
    (session,) = await memory_store.list_sessions()
    await memory_store.remove_sessions([session.handle], security.auditor.make("t", "t"))
    clock.move(4.9)
    assert security.authenticate_fast(header, None, None) is not None
    clock.move(0.2)
    assert security.authenticate_fast(header, None, None) is not None
    await settle()
    assert security.authenticate_fast(header, None, None) is None


async def test_a_session_in_use_never_waits(security: Security, memory_store: Any, clock: Any) -> None:
    """Called every second for hours, a session never takes the slow way until its absolute end."""
    header, _ = await log_in(security)
    await security.authenticate(bearer(header))
    for _ in range(3 * 3600):
        clock.move(1)
        if security.authenticate_fast(header, None, None) is None:
            pytest.fail("the quick way was closed")
        await settle()
    assert memory_store.look_ups == 1
    assert 3 * 60 - 20 < memory_store.touches <= 3 * 60
    assert memory_store.rights_read == 1


async def test_many_sessions_are_checked_together(security: Security, memory_store: Any, clock: Any) -> None:
    """Two hundred sessions in use cost the store one read when they come due, and their rights none."""
    headers = [(await log_in(security))[0] for _ in range(200)]
    for header in headers:
        await security.authenticate(bearer(header))
    read = memory_store.rights_read
    clock.move(5.5)
    assert all(security.authenticate_fast(header, None, None) for header in headers)
    await settle()
    assert memory_store.batches == [200]
    assert memory_store.rights_read == read


async def test_a_word_that_moves_is_no_stampede(security: Security, memory_store: Any) -> None:
    """When somebody logs out, two hundred others are checked by one read, and go on."""
    headers = [(await log_in(security))[0] for _ in range(200)]
    for header in headers:
        await security.authenticate(bearer(header))
    read, asked = memory_store.rights_read, memory_store.look_ups
    sessions = await memory_store.list_sessions()
    await security.end_sessions(sessions[:1], security.auditor.make("t", "t"))
    answers = await asyncio.gather(
        *(security.authenticate(bearer(header)) for header in headers), return_exceptions=True
    )
    assert sum(isinstance(answer, NotAuthenticated) for answer in answers) == 1
    assert memory_store.batches == [200]
    assert (memory_store.rights_read, memory_store.look_ups) == (read, asked + 1)
    assert sum(security.authenticate_fast(header, None, None) is not None for header in headers) == 199


async def test_a_word_that_moves_twice_is_seen_twice(security: Security, memory_store: Any) -> None:
    """A change that comes while sessions are being checked for an earlier one is not missed."""
    header, _ = await log_in(security)
    await security.authenticate(bearer(header))
    read = memory_store.read_sessions
    entry = security.auditor.make("t", "t")

    async def read_while_changing(handles: Any) -> Any:
        found = await read(handles)
        await memory_store.remove_sessions([session.handle for session in await memory_store.list_sessions()], entry)
        security.rights_changed()
        return found

    memory_store.read_sessions = read_while_changing
    security.rights_changed()
    with pytest.raises(NotAuthenticated):
        await security.authenticate(bearer(header))


async def test_unannounced_rights_are_seen_within_seconds(security: Security, memory_store: Any, clock: Any) -> None:
    """A role that another process changed without a word is followed with the next check in the background."""
    header, _ = await log_in(security)
    await security.authenticate(bearer(header))
    entry = security.auditor.make("t", "t")
    await memory_store.change_role("admin", deny=[Permission("cache", "*", "refresh")], audit=entry)
    clock.move(5.5)
    assert security.authenticate_fast(header, None, None) is not None
    await settle()
    principal = security.authenticate_fast(header, None, None)
    assert principal is not None
    assert not principal.may("cache", "*", "refresh")


async def test_use_is_written_once_a_minute(security: Security, memory_store: Any, clock: Any) -> None:
    """A session that is used all the time costs the store one write a minute."""
    header, _ = await log_in(security)
    for _ in range(20):
        clock.move(30)
        await security.authenticate(bearer(header))
    assert memory_store.touches == 10


async def test_an_idle_session_ends(security: Security, clock: Any) -> None:
    """Half an hour is allowed, a second more is not; use begins the half hour anew."""
    header, _ = await log_in(security)
    clock.move(1800)
    await security.authenticate(bearer(header))
    clock.move(20)
    await security.authenticate(bearer(header))
    clock.move(1800)
    assert security.authenticate_fast(header, None, None) is None
    await security.authenticate(bearer(header))
    clock.move(1801)
    with pytest.raises(NotAuthenticated, match="ended"):
        await security.authenticate(bearer(header))


async def test_the_last_use_counts_even_if_it_was_not_written(security: Security, clock: Any) -> None:
    """A quick use seconds before is remembered by the worker, though the store has an older time."""
    header, _ = await log_in(security)
    await security.authenticate(bearer(header))
    clock.move(4)
    assert security.authenticate_fast(header, None, None) is not None
    clock.move(1799)
    await security.authenticate(bearer(header))


async def test_a_session_has_an_absolute_end(security: Security, clock: Any) -> None:
    """After twelve hours of use it is over, to the second, also on the quick way."""
    header, _ = await log_in(security)
    for _ in range(12 * 60 - 1):
        clock.move(60)
        await security.authenticate(bearer(header))
    clock.move(59)
    await security.authenticate(bearer(header))
    assert security.authenticate_fast(header, None, None) is not None
    clock.move(1)
    assert security.authenticate_fast(header, None, None) is None
    with pytest.raises(NotAuthenticated):
        await security.authenticate(bearer(header))


async def test_an_access_token_may_be_idle(security: Security, clock: Any) -> None:
    """A token that the operator made ends at its end, not by not being used."""
    made = await security.make_access_token("admin", "ci", 86400 * 2, ANONYMOUS)
    header = b"Bearer " + made.access_token.reveal().encode()
    clock.move(86400)
    assert (await security.authenticate(bearer(header))).username == "admin"
    clock.move(86400)
    with pytest.raises(NotAuthenticated):
        await security.authenticate(bearer(header))


async def test_a_disabled_or_removed_user_is_refused(security: Security, memory_store: Any) -> None:
    """The session may be there, its user decides."""
    header, _ = await log_in(security)
    (user,) = await memory_store.list_users()
    await memory_store.put_user(
        User(username="admin", created_at=user.created_at, disabled=True), security.auditor.make("t", "t")
    )
    security.rights_changed()
    with pytest.raises(NotAuthenticated):
        await security.authenticate(bearer(header))


async def test_callers_at_once_share_one_look_up(security: Security, memory_store: Any) -> None:
    """Fifty calls with one token that nobody knows yet ask the store once."""
    header, _ = await log_in(security)
    before = memory_store.look_ups
    answers = await asyncio.gather(*(security.authenticate(bearer(header)) for _ in range(50)))
    assert memory_store.look_ups == before + 1
    assert len({id(answer) for answer in answers}) == 1


async def test_a_caller_who_gives_up_does_not_disturb_others(security: Security) -> None:
    """The first of several waiting callers hangs up; the others get their answer."""
    header, _ = await log_in(security)
    tasks = [asyncio.create_task(security.authenticate(bearer(header))) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert [answer.username for answer in answers[1:]] == ["admin", "admin"]


async def test_a_failing_store_refuses_no_known_session_at_once(
    security: Security, memory_store: Any, clock: Any
) -> None:
    """While the store fails, sessions checked seconds ago go on; after the hard limit the failure is told."""
    header, _ = await log_in(security)
    await security.authenticate(bearer(header))
    memory_store.error = StoreError("The store is locked.")
    clock.move(6)
    assert security.authenticate_fast(header, None, None) is not None
    await settle()
    clock.move(5)
    assert security.authenticate_fast(header, None, None) is not None
    clock.move(3.9)
    assert security.authenticate_fast(header, None, None) is not None
    await settle()
    clock.move(0.2)
    assert security.authenticate_fast(header, None, None) is None
    with pytest.raises(StoreError):
        await security.authenticate(bearer(header))
    memory_store.error = None
    assert (await security.authenticate(bearer(header))).username == "admin"


async def test_a_use_that_cannot_be_written_is_no_refusal(security: Security, memory_store: Any, clock: Any) -> None:
    """A full disk under `last seen` does not keep callers out."""
    header, _ = await log_in(security)
    clock.move(120)
    keep, memory_store.find_session_by_token = memory_store.find_session_by_token, None

    async def find(digest: bytes) -> Any:
        memory_store.error = None
        found = await keep(digest)
        memory_store.error = StoreError("full")
        return found

    memory_store.find_session_by_token = find
    assert (await security.authenticate(bearer(header))).username == "admin"
    assert memory_store.touches == 1


async def test_no_credentials_are_anonymous(security: Security) -> None:
    """Nothing sent, or only empty headers, is the one anonymous principal, on either way."""
    assert security.authenticate_fast(None, None, None) is None
    assert await security.authenticate(Credentials(authorization=b"", iam_token=b"")) is ANONYMOUS
    assert security.authenticate_fast(None, None, None) is ANONYMOUS
    assert security.authenticate_fast(b"", b"", b"") is ANONYMOUS


async def test_wrong_tokens_are_refused_and_not_kept(security: Security) -> None:
    """Unknown but well-formed tokens ask the store and leave nothing in the cache."""
    header, _ = await log_in(security)
    await security.store.remove_sessions(
        [session.handle for session in await security.store.list_sessions()], security.auditor.make("t", "t")
    )
    for wrong in (header, b"Bearer x", b"Basic YTpi"):
        with pytest.raises(NotAuthenticated):
            await security.authenticate(bearer(wrong))
    assert security._authenticator._authorizations == {}


async def test_a_cookie_is_a_session_too(security: Security) -> None:
    """The session id in the cookie leads to the caller, always by the slow way, with or without a pod's suffix."""
    header, cookie = await log_in(security)
    for value in (cookie, cookie + b".pod1"):
        assert security.authenticate_fast(None, None, value) is None
        principal = await security.authenticate(Credentials(cookie=value))
        assert principal == await security.authenticate(bearer(header))


async def test_a_foreign_cookie_says_nothing(security: Security) -> None:
    """A cookie of another server, or of a session that ended, counts as none."""
    _, cookie = await log_in(security)
    assert await security.authenticate(Credentials(cookie=b"JSESSIONID=0123456789ABCDEF")) is ANONYMOUS
    await security.end_sessions(await security.store.list_sessions(), security.auditor.make("t", "t"))
    assert await security.authenticate(Credentials(cookie=cookie)) is ANONYMOUS


async def test_cookies_of_two_sessions_are_refused(security: Security) -> None:
    """Which of two good sessions is meant is not guessed."""
    _, one = await log_in(security)
    _, two = await log_in(security)
    with pytest.raises(NotAuthenticated):
        await security.authenticate(Credentials(cookie=one + b"; " + two))


async def test_a_header_wins_over_the_cookie(security: Security) -> None:
    """With both, the header's session is the caller and the cookie's origin is not asked."""
    header, _ = await log_in(security)
    _, cookie = await log_in(security)
    foreign = RequestOrigin(host="mf.example", sec_fetch_site="cross-site")
    principal = await security.authenticate(Credentials(authorization=header, cookie=cookie, origin=foreign))
    assert principal is security.authenticate_fast(header, None, cookie)


async def test_a_foreign_page_cannot_use_the_cookie(security: Security) -> None:
    """A call that changes something is refused from elsewhere; one that only reads is not."""
    _, cookie = await log_in(security)
    foreign = RequestOrigin(host="mf.example", origin="https://evil.example")
    with pytest.raises(NotPermitted):
        await security.authenticate(Credentials(cookie=cookie, origin=foreign))
    assert await security.authenticate(Credentials(cookie=cookie, origin=foreign, is_state_changing=False))
    ours = RequestOrigin(host="mf.example", origin="http://mf.example")
    assert (await security.authenticate(Credentials(cookie=cookie, origin=ours))).username == "admin"


ROBOT_FLOW = "Tracking/Get Tracking List"


async def open_flow(security: Security) -> AuditEntry:
    """Let a flow run as the service account robot."""
    entry = security.auditor.make("t", "t")
    await security.store.add_role("open", entry)
    await security.store.add_user(
        User(username="robot", created_at=security.clock.now(), service_account=True), ["open"], entry
    )
    allow = [Permission("data_source", "Tracking/shipments", "use")]
    await security.store.change_role(
        "open", allow=allow, grant=[ServiceGrant("open", ROBOT_FLOW, "robot")], audit=entry
    )
    security.rights_changed()
    return entry


async def test_a_flow_runs_as_an_account_only_where_a_role_lets_it(security: Security) -> None:
    """The grant is for one flow and one account; it gives that flow and the account's own rights, no more."""
    await open_flow(security)
    assert await security.authenticate(Credentials()) is ANONYMOUS
    robot = security.find_service_principal(ROBOT_FLOW, "robot")
    assert robot is not None
    assert (robot.username, robot.service_account, robot.roles) == ("robot", True, ("open",))
    assert robot.grants == {("microflow", ROBOT_FLOW, "execute"), ("data_source", "Tracking/shipments", "use")}
    assert security.find_service_principal("Tracking/Other", "robot") is None
    assert security.find_service_principal(ROBOT_FLOW, "admin") is None


async def test_a_grant_ends_at_once(security: Security) -> None:
    """When the role lets go, the next anonymous call does not run as the account any more."""
    entry = await open_flow(security)
    await security.authenticate(Credentials())
    await security.store.change_role("open", ungrant=[ServiceGrant("open", ROBOT_FLOW, "robot")], audit=entry)
    security.rights_changed()
    assert security.authenticate_fast(None, None, None) is None
    await security.authenticate(Credentials())
    assert security.find_service_principal(ROBOT_FLOW, "robot") is None


async def test_a_grant_that_ends_while_it_is_read_is_gone(security: Security, memory_store: Any) -> None:
    """Who asks after the change does not get what a reading from before the change found."""
    entry = await open_flow(security)
    grants = memory_store.list_service_grants
    may_go_on = asyncio.Event()

    async def read_slowly() -> Any:
        found = await grants()
        await may_go_on.wait()
        return found

    memory_store.list_service_grants = read_slowly
    early = asyncio.create_task(security.authenticate(Credentials()))
    await settle()
    await memory_store.change_role("open", ungrant=[ServiceGrant("open", ROBOT_FLOW, "robot")], audit=entry)
    security.rights_changed()
    late = asyncio.create_task(security.authenticate(Credentials()))
    await settle()
    may_go_on.set()
    await late
    assert security.find_service_principal(ROBOT_FLOW, "robot") is None
    await early


async def test_a_grant_is_as_fresh_as_the_session(security: Security) -> None:
    """A flow that runs as an account for callers with a session sees a change with their next call."""
    header, _ = await log_in(security)
    await security.authenticate(bearer(header))
    assert security.find_service_principal(ROBOT_FLOW, "robot") is None
    await open_flow(security)
    assert security.authenticate_fast(header, None, None) is None
    await security.authenticate(bearer(header))
    assert security.find_service_principal(ROBOT_FLOW, "robot") is not None


async def test_unannounced_grants_are_seen_within_seconds(security: Security, memory_store: Any, clock: Any) -> None:
    """Anonymous calls alone keep the service accounts fresh, in the background."""
    entry = await open_flow(security)
    await security.authenticate(Credentials())
    robot = await memory_store.find_user("robot")
    await memory_store.put_user(
        User(username="robot", created_at=robot.created_at, service_account=True, disabled=True), entry
    )
    clock.move(6)
    assert security.authenticate_fast(None, None, None) is ANONYMOUS
    await settle()
    assert security.find_service_principal(ROBOT_FLOW, "robot") is None
    clock.move(100)
    assert security.authenticate_fast(None, None, None) is None


async def test_short_idle_times_are_kept(memory_store: Any, clock: Any, cheap_passwords: Any) -> None:
    """With two seconds of idle time, a session in use goes on and an unused one ends in time."""
    settings = Settings(admin_password=PASSWORD, session_idle_seconds=2.0)
    security = Security(memory_store, settings, clock=clock, passwords=cheap_passwords)
    await security.first_start()
    header, _ = await log_in(security)
    for _ in range(10):
        await security.authenticate(bearer(header))
        clock.move(1.5)
    clock.move(1.0)
    assert security.authenticate_fast(header, None, None) is None
    with pytest.raises(NotAuthenticated):
        await security.authenticate(bearer(header))
    await security.close()
