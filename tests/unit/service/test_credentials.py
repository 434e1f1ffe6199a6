"""From raw headers to the principal."""

import pytest

from microflow_runtime.errors import NotAuthenticated
from microflow_runtime.security import ANONYMOUS, LoginRequest, Security
from microflow_runtime.service.credentials import find_principal, read_credentials
from microflow_runtime.settings import Secret


def test_headers_are_taken_as_they_come() -> None:
    """What speaks of the caller is picked out, the rest passed over."""
    credentials = read_credentials(
        [
            (b"authorization", b"Bearer x"), (b"iamtoken", b""), (b"cookie", b"a=b"), (b"host", b"mf.example"),
            (b"sec-fetch-site", b"Same-Origin"), (b"origin", b"https://mf.example"), (b"accept", b"*/*"),
        ],
        scheme="https",
        is_state_changing=False,
    )  # fmt: skip
    assert (credentials.authorization, credentials.iam_token, credentials.cookie) == (b"Bearer x", b"", b"a=b")
    assert credentials.origin.is_ours()
    assert not credentials.is_state_changing


def test_a_header_given_twice_is_never_one() -> None:
    """Two values are joined, so that no layer can pick the one it likes."""
    credentials = read_credentials(
        [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b"), (b"cookie", b"a=1"), (b"cookie", b"b=2")]
    )
    assert credentials.authorization == b"Bearer a, Bearer b"
    assert credentials.cookie == b"a=1; b=2"


async def test_the_quick_way_is_taken_where_it_is_open(security: Security) -> None:
    """The second call finds the caller without the store."""
    made = await security.log_in(LoginRequest(username="admin", password=Secret("correct horse")))
    credentials = read_credentials([(b"authorization", b"Bearer " + made.access_token.reveal().encode())])
    first = await find_principal(security, credentials)
    assert first.username == "admin"
    assert await find_principal(security, credentials) is first
    assert await find_principal(security, read_credentials([])) is ANONYMOUS


async def test_a_refusal_is_audited_without_its_token(security: Security) -> None:
    """Who tried from where is kept, what was tried is not."""
    for _ in range(3):
        with pytest.raises(NotAuthenticated):
            await find_principal(
                security, read_credentials([(b"authorization", b"Bearer wrong-but-secret")]), address="10.0.0.1"
            )
    rows = [row for row in await security.store.list_audit() if row.entry.action == "authenticate"]
    assert [row.entry.actor for row in rows] == ["caller at 10.0.0.1"]
    assert "wrong-but-secret" not in repr(rows)
