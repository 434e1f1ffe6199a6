"""Taking headers and cookies apart."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microflow_runtime.errors import NotAuthenticated
from microflow_runtime.security.credentials import read_header_token, read_session_ids
from microflow_runtime.security.tokens import ACCESS_TOKEN, SESSION_ID, make_token

TOKEN = make_token(ACCESS_TOKEN, os.urandom).encode()
OTHER = make_token(ACCESS_TOKEN, os.urandom).encode()
ID = make_token(SESSION_ID, os.urandom).encode()


@pytest.mark.parametrize(
    ("authorization", "iam_token"),
    [
        (b"Bearer " + TOKEN, None),
        (b"bearer  " + TOKEN + b" ", b""),
        (b"BEARER " + TOKEN, b"  "),
        (None, TOKEN),
        (b"", TOKEN),
        (b"Bearer " + TOKEN, TOKEN),
    ],
)
def test_a_token_comes_in_either_header(authorization: bytes | None, iam_token: bytes | None) -> None:
    """Bearer in any case, IAMToken plain, an empty header as absent, both when they agree."""
    assert read_header_token(authorization, iam_token) == TOKEN


def test_no_header_is_no_token() -> None:
    """Absent and empty are one."""
    assert read_header_token(None, None) is None
    assert read_header_token(b"", b" ") is None


@pytest.mark.parametrize(
    ("authorization", "iam_token"),
    [
        (b"Bearer " + TOKEN, OTHER),
        (b"Basic YTpi", None),
        (b"Basic YTpi", TOKEN),
        (b"Bearer", None),
        (b"Bearer ", TOKEN),
        (TOKEN, None),
        (b"Bearer " + TOKEN + b", Bearer " + OTHER, None),
        (b"Bearer " + ID, None),
        (b"Bearer " + TOKEN[:-1], None),
        (None, b"Bearer " + TOKEN),
        (None, b"x" * 100_000),
        (b"Bearer \xff\x00", None),
    ],
)
def test_anything_else_in_a_header_is_refused(authorization: bytes | None, iam_token: bytes | None) -> None:
    """Two different tokens, another scheme, a session id, a slip: 401, never a guess."""
    with pytest.raises(NotAuthenticated):
        read_header_token(authorization, iam_token)


@pytest.mark.parametrize(
    ("cookie", "ids"),
    [
        (b"JSESSIONID=" + ID, [ID]),
        (b"a=b; JSESSIONID=" + ID + b".pod1; c=d", [ID]),
        (b'JSESSIONID="' + ID + b'.pod"', [ID]),
        (b"JSESSIONID=" + ID + b"; JSESSIONID=" + ID + b".pod2", [ID]),
        (b"JSESSIONID=0123456789ABCDEF.tomcat; JSESSIONID=" + ID, [ID]),
        (b"JSESSIONID=", []),
        (b"jsessionid=" + ID, []),
        (b"JSESSIONID=" + TOKEN, []),
        (b"", []),
        (None, []),
    ],
)
def test_session_ids_are_found_among_cookies(cookie: bytes | None, ids: list[bytes]) -> None:
    """The suffix of a pod is cut off, and cookies of other servers with the same name are passed over."""
    assert read_session_ids(cookie) == ids


@given(st.binary())
def test_any_cookie_is_answered(cookie: bytes) -> None:
    """No bytes raise an error."""
    assert read_session_ids(cookie) == []


def test_only_a_few_cookies_are_looked_at() -> None:
    """A header full of different ids costs four look-ups at most."""
    many = b"; ".join(b"JSESSIONID=" + make_token(SESSION_ID, os.urandom).encode() for _ in range(50))
    assert len(read_session_ids(many)) == 4
