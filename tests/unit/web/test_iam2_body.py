"""Reading a small JSON body within its bounds."""

from typing import Any

import msgspec
import pytest
from starlette.requests import Request

from microflow_runtime.errors import BadRequest, TooLarge
from microflow_runtime.web.iam2_body import MOST_BYTES, read_json


class Body(msgspec.Struct):
    """A body with one text."""

    text: str


def make_request(*pieces: bytes) -> Request:
    """Give a request whose body comes in pieces."""
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return messages.pop(0)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    return Request(scope, receive)


async def test_a_body_comes_in_pieces() -> None:
    """Where the pieces are cut does not matter, not even within a character."""
    whole = '{"text": "สุดา"}'.encode()
    assert (
        await read_json(make_request(*(whole[i : i + 1] for i in range(len(whole)))), Body, seconds=1)
    ).text == "สุดา"


async def test_the_bound_is_exact() -> None:
    """A body of exactly the bound is read, one byte more is not, however it is cut."""
    exact = b'{"text": "' + b"x" * (MOST_BYTES - 12) + b'"}'
    assert len(exact) == MOST_BYTES
    assert len((await read_json(make_request(exact[:100], exact[100:]), Body, seconds=1)).text) == MOST_BYTES - 12
    with pytest.raises(TooLarge, match=str(MOST_BYTES)):
        await read_json(make_request(exact, b" "), Body, seconds=1)


async def test_a_misfit_names_the_field_and_not_its_content() -> None:
    """A secret that was sent as a number is not repeated."""
    with pytest.raises(BadRequest, match=r"`\$\.text`") as caught:
        await read_json(make_request(b'{"text": 424242}'), Body, seconds=1)
    assert "424242" not in caught.value.message
