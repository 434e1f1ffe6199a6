"""Reading bodies within their bounds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from microflow_runtime.errors import BadRequest, TooLarge, UnsupportedMediaType
from microflow_runtime.web import body as body_module
from microflow_runtime.web.body import BodyReader

JSON = {b"content-type": b"application/json"}


def _sent(*pieces: bytes, ends: bool = True) -> Callable[[], Awaitable[dict[str, Any]]]:
    waiting = [
        {"type": "http.request", "body": piece, "more_body": number + 1 < len(pieces) or not ends}
        for number, piece in enumerate(pieces)
    ]

    async def receive() -> dict[str, Any]:
        if not waiting:
            return {"type": "http.disconnect"}
        return waiting.pop(0)

    return receive


def _reader(most_bytes: int = 10, most_seconds: float = 30) -> BodyReader:
    return BodyReader(most_bytes=most_bytes, most_seconds=most_seconds)


async def test_pieces_are_put_together() -> None:
    """A body in one piece and in many is the same, up to its last allowed byte."""
    assert await _reader().read(JSON, _sent(b"0123456789")) == b"0123456789"
    assert await _reader().read(JSON, _sent(b"01234", b"", b"56789")) == b"0123456789"


@pytest.mark.parametrize("pieces", [(b"0" * 11,), (b"0" * 6, b"0" * 5), (b"", b"0" * 11)])
async def test_one_byte_too_many_is_too_large(pieces: tuple[bytes, ...]) -> None:
    """The limit counts what comes, whatever was announced."""
    with pytest.raises(TooLarge, match="more than 10 bytes"):
        await _reader().read(JSON, _sent(*pieces))


@pytest.mark.parametrize("length", [b"11", b"9" * 30])
async def test_an_announced_length_is_refused_at_once(length: bytes) -> None:
    """A body that says it is too large is not waited for."""
    with pytest.raises(TooLarge):
        await _reader().read(JSON | {b"content-length": length}, _sent(b""))


@pytest.mark.parametrize("length", [b"5, 5", b"-1", b"five", b""])
async def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    """Two lengths, or what is no number, are refused before anything is read."""
    with pytest.raises(BadRequest, match="must be one whole number"):
        await _reader().read(JSON | {b"content-length": length}, _sent(b"{}"))


@pytest.mark.parametrize(
    "headers",
    [{}, {b"content-type": b"text/xml"}, JSON | {b"content-encoding": b"gzip"}, JSON | {b"content-encoding": b"br"}],
)
async def test_other_types_and_packed_bodies_are_refused(headers: dict[bytes, bytes]) -> None:
    """What is no plain JSON is not read."""
    with pytest.raises(UnsupportedMediaType):
        await _reader().read(headers, _sent(b"{}"))


async def test_a_body_that_breaks_off_is_refused() -> None:
    """A caller who goes away half-way sent no request."""
    with pytest.raises(BadRequest, match="did not arrive"):
        await _reader().read(JSON, _sent(b"{", ends=False))


async def test_a_body_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep stops a body that never ends, and the task goes on as if nothing had been cancelled."""
    monkeypatch.setattr(body_module, "_SWEEP_SECONDS", 0.01)
    reader = _reader(most_seconds=0.02)
    sweep = asyncio.create_task(reader.sweep())

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError("nobody stopped it")

    with pytest.raises(BadRequest, match=r"did not arrive within 0\.02 seconds"):
        await reader.read(JSON, receive)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    sweep.cancel()


async def test_a_cancellation_from_outside_stays_one() -> None:
    """A stopping server is not told as a slow body."""

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError("nobody stopped it")

    reading = asyncio.create_task(_reader().read(JSON, receive))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_body_in_another_charset_comes_in_utf8() -> None:
    """Whatever is declared; its bounds hold for the bytes that come and for those that they become."""
    declared = {b"content-type": b"application/json; charset=windows-874"}
    assert await _reader().read(declared, _sent(b'"\xa1"')) == '"ก"'.encode()
    with pytest.raises(TooLarge, match="in UTF-8"):
        await _reader().read(declared, _sent(b"\xa1" * 9))
    with pytest.raises(BadRequest, match="is not windows-874: a wrong byte at position 2"):
        await _reader().read(declared, _sent(b'"a\xff"'))


async def test_an_unknown_charset_is_refused_before_the_body() -> None:
    """With the nearest name."""
    declared = {b"content-type": b"application/json; charset=windows-875"}
    with pytest.raises(UnsupportedMediaType, match='did you mean "windows-874"'):
        await _reader().read(declared, _sent(b"{}"))
