"""Reads a small JSON body within its bounds; whatever it holds, the answer is the record or a refusal."""

import asyncio
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from microflow_runtime.errors import BadRequest, TooLarge, UnsupportedMediaType
from microflow_runtime.text import BrokenText, Encoding, to_utf8
from microflow_runtime.web.headers import json_encoding

MOST_BYTES = 64 * 1024
_Body = TypeVar("_Body")


async def read_json(request: Request, kind: type[_Body], *, seconds: float) -> _Body:
    """Read the body as a record of `kind`, within `seconds`.

    Raises UnsupportedMediaType for what is not plain JSON in an encoding that is known, TooLarge, and BadRequest for what does not fit; the
    message names the field and never its content.
    """
    encoding = _check_type(request)
    try:
        async with asyncio.timeout(seconds):
            content = await _read_bounded(request)
    except TimeoutError as cause:
        raise BadRequest("The body did not arrive in time.") from cause
    except ClientDisconnect as cause:
        raise BadRequest("The body did not arrive.") from cause
    try:
        return msgspec.json.decode(to_utf8(content, encoding), type=kind)
    except BrokenText as cause:
        raise BadRequest(f"The body {cause.reason}.") from cause
    except msgspec.ValidationError as cause:
        raise BadRequest(str(cause)) from cause
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise BadRequest("The body is not JSON.") from cause


def _check_type(request: Request) -> Encoding:
    encoding = json_encoding(request.headers.get("content-type", "").encode("latin-1"))
    if encoding is None:
        raise UnsupportedMediaType("The body must be application/json.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("The body must not be compressed.")
    return encoding


async def _read_bounded(request: Request) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > MOST_BYTES:
            raise TooLarge(f"The body has more than {MOST_BYTES} bytes.")
    return bytes(content)
