"""Access tokens and session ids."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microflow_runtime.security.tokens import ACCESS_TOKEN, SESSION_ID, digest_token, is_token, make_token

TOKEN = make_token(ACCESS_TOKEN, lambda size: bytes(range(size))).encode()


def test_a_token_holds_its_random_bytes() -> None:
    """Prefix and 48 characters, made from exactly 32 bytes of the source."""
    asked = []
    token = make_token(ACCESS_TOKEN, lambda size: asked.append(size) or os.urandom(size))
    assert asked == [32]
    assert token.startswith("mf1_")
    assert len(token) == 4 + 48
    assert is_token(ACCESS_TOKEN, token.encode())


def test_kinds_are_not_taken_for_each_other() -> None:
    """A session id is no access token, not even with its prefix changed."""
    session_id = make_token(SESSION_ID, os.urandom).encode()
    assert not is_token(ACCESS_TOKEN, session_id)
    assert not is_token(ACCESS_TOKEN, b"mf1_" + session_id[5:])
    assert is_token(SESSION_ID, session_id)


@given(st.integers(0, len(TOKEN) - 1), st.integers(0, 255))
def test_a_slip_in_one_character_is_found(place: int, char: int) -> None:
    """Any one byte changed makes it no token."""
    changed = TOKEN[:place] + bytes([char]) + TOKEN[place + 1 :]
    assert is_token(ACCESS_TOKEN, changed) == (changed == TOKEN)


@given(st.binary(max_size=80))
def test_anything_at_all_is_answered(content: bytes) -> None:
    """No bytes raise an error, and chance makes no token."""
    assert not is_token(ACCESS_TOKEN, content)
    assert not is_token(ACCESS_TOKEN, b"mf1_" + content[:48])


@pytest.mark.parametrize(
    "changed", [TOKEN + b"=", TOKEN[:-1], b" " + TOKEN[1:], TOKEN.replace(b"_", b"-"), TOKEN + TOKEN]
)
def test_shapes_around_a_token_are_none(changed: bytes) -> None:
    """Padding, cutting and doubling are found."""
    assert not is_token(ACCESS_TOKEN, changed)


def test_the_digest_is_sha_256_of_the_whole_text() -> None:
    """What the store keeps covers the prefix as well."""
    assert digest_token(b"mf1_a") != digest_token(b"a")
    assert digest_token(b"").hex().startswith("e3b0c442")
