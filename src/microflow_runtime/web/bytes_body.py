"""Reads a body of plain bytes within bounds of size and time: a package is up to eight times as large as a call may be."""

import asyncio
from collections.abc import Collection

from starlette.requests import ClientDisconnect, Request

from microflow_runtime.errors import BadRequest, TooLarge, UnsupportedMediaType


async def read_bytes(request: Request, *, media_types: Collection[str], most_bytes: int, seconds: float) -> bytes:
    """Give the whole body. Each piece must arrive within `seconds`, and all of it within ten times that.

    Raises UnsupportedMediaType for another type or a compressed body, TooLarge, and BadRequest when it does not arrive.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in media_types:
        raise UnsupportedMediaType(f"The body must be {next(iter(media_types))}.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("The body must not be compressed.")
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and len(length) < 20 and int(length) > most_bytes:
        raise TooLarge(f"The body has more than {most_bytes} bytes.")
    content = bytearray()
    pieces = request.stream()
    try:
        async with asyncio.timeout(seconds * 10):
            while True:
                async with asyncio.timeout(seconds):
                    piece = await anext(pieces, None)
                if piece is None:
                    return bytes(content)
                content += piece
                if len(content) > most_bytes:
                    raise TooLarge(f"The body has more than {most_bytes} bytes.")
    except TimeoutError as error:
        raise BadRequest("The body did not arrive in time.") from error
    except ClientDisconnect as error:
        raise BadRequest("The body did not arrive.") from error
