"""Reading a request's body within its bounds of size and time."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from starlette.types import Message, Receive

from microflow_runtime.errors import BadRequest, Refusal, TooLarge, UnsupportedMediaType
from microflow_runtime.text import UTF_8, BrokenText, to_utf8
from microflow_runtime.web.headers import is_json, json_encoding

_SWEEP_SECONDS: Final = 0.5
_LONGEST_LENGTH: Final = 18
_DISCARDED: Final = 4
_DISCARD_SECONDS: Final = 0.5


class BodyReader:
    """Reads bodies. One per worker: a sweep looks after all bodies that are still arriving, so that each costs no timer."""

    def __init__(self, *, most_bytes: int, most_seconds: float) -> None:
        self.most_bytes = most_bytes
        self._sweeps = max(1, round(most_seconds / _SWEEP_SECONDS))
        self._most_seconds = most_seconds
        self._sweep = 0
        self._reading: dict[asyncio.Task[object], int] = {}
        self._late: set[asyncio.Task[object]] = set()

    async def sweep(self) -> None:
        """Stop the bodies that have taken too long. Runs as a task of the worker."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._sweep += 1
            for task, begun in self._reading.items():
                if self._sweep - begun > self._sweeps and task not in self._late:
                    self._late.add(task)
                    task.cancel()

    async def read(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """Give the whole body, in UTF-8 whatever the content type declares; a mark is left to who decodes it.

        Raises UnsupportedMediaType for what is not plain JSON in an encoding that is known, TooLarge, and BadRequest when it
        does not arrive or holds a wrong byte.
        """
        content_type = headers.get(b"content-type")
        body = await self._read(headers, receive)
        return body if is_json(content_type) else self._recoded(body, content_type)

    def _recoded(self, body: bytes, content_type: bytes | None) -> bytes:
        try:
            recoded = to_utf8(body, json_encoding(content_type) or UTF_8)
        except BrokenText as error:
            raise BadRequest(f"The body {error.reason}.") from error
        if len(recoded) > self.most_bytes:
            raise TooLarge(f"The body has more than {self.most_bytes} bytes in UTF-8.")
        return recoded

    async def _read(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        refusal = self._refusal(headers)
        if refusal is not None:
            if b"expect" not in headers:
                await _discard(receive, _DISCARDED * self.most_bytes)
            raise refusal
        task = asyncio.current_task()
        assert task is not None, "a request is handled in a task"
        self._reading[task] = self._sweep
        try:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                body: bytes = message.get("body", b"")
                if len(body) <= self.most_bytes:
                    return body
            return await self._receive_rest(message, receive)
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise BadRequest(f"The body did not arrive within {self._most_seconds} seconds.") from None
        finally:
            del self._reading[task]
            if self._late:
                self._late.discard(task)

    def _refusal(self, headers: Mapping[bytes, bytes]) -> Refusal | None:
        """Say what is wrong with the body by what its headers tell."""
        content_type = headers.get(b"content-type")
        if not is_json(content_type):
            try:
                if json_encoding(content_type) is None:
                    return UnsupportedMediaType("The body must be application/json in UTF-8.")
            except UnsupportedMediaType as refusal:
                return refusal
        if b"content-encoding" in headers and headers[b"content-encoding"].lower() != b"identity":
            return UnsupportedMediaType("The body must not be compressed.")
        length = headers.get(b"content-length")
        if length is not None and not length.isdigit():
            return BadRequest("Content-Length must be one whole number.")
        if length is not None and (len(length) > _LONGEST_LENGTH or int(length) > self.most_bytes):
            return TooLarge(f"The body has more than {self.most_bytes} bytes.")
        return None

    async def _receive_rest(self, message: Message, receive: Receive) -> bytes:
        pieces = bytearray()
        while message["type"] == "http.request":
            pieces += message.get("body", b"")
            if len(pieces) > self.most_bytes:
                if message.get("more_body", False):
                    await _discard(receive, _DISCARDED * self.most_bytes)
                raise TooLarge(f"The body has more than {self.most_bytes} bytes.")
            if not message.get("more_body", False):
                return bytes(pieces)
            message = await receive()
        raise BadRequest("The body did not arrive.")


async def _discard(receive: Receive, most_bytes: int) -> None:
    """Take in what a refused caller is still sending, within bounds: one whose connection is reset never sees the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            more = True
            while more and most_bytes > 0:
                message = await receive()
                most_bytes -= len(message.get("body", b""))
                more = message.get("more_body", False)
