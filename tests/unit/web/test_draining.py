"""A server that ends without failing a call."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn

from microflow_runtime.web import draining
from microflow_runtime.web.draining import DrainingProtocol, DrainingServer

_GET = b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n"


async def _app(scope, receive, send) -> None:
    """Answer with the path, that of `/slow` after a moment, that of `/never` not at all."""
    if scope["path"] == "/slow":
        await asyncio.sleep(0.4)
    if scope["path"] == "/never":
        await asyncio.sleep(60)
    body = scope["path"].encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def _served(drain_seconds: float = 5.0) -> AsyncIterator[tuple[DrainingServer, int, "asyncio.Task[None]"]]:
    """Serve `_app`; give the server, its port, and its task, which has to end within the block."""
    config = uvicorn.Config(_app, http=DrainingProtocol, lifespan="off", log_config=None, ws="none")
    server = DrainingServer(config, drain_seconds=drain_seconds)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield server, port, task
    await asyncio.wait_for(task, 10)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: bytes) -> bytes:
    writer.write(_GET % path)
    head = await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(len(path) + 1) == b"/" + path
    return head


async def test_open_connections_are_answered_and_told_to_close() -> None:
    """After `retire` an idle connection is answered once more, with `connection: close`; new ones are refused."""
    async with _served() as (server, port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert b"connection: close" not in await _ask(reader, writer, b"one")
        server.retire()
        await asyncio.sleep(0.4)
        with pytest.raises(OSError, match=r".*"):
            await asyncio.open_connection("127.0.0.1", port)
        assert b"connection: close" in await _ask(reader, writer, b"two")
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("end", [DrainingServer.retire, DrainingServer.stop])
async def test_idle_connections_are_closed_after_a_while(
    end: Callable[[DrainingServer], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection on which nothing comes lingers and is then closed; the server ends with the last."""
    monkeypatch.setattr(draining, "RETIRE_LINGER_SECONDS", 0.5)
    monkeypatch.setattr(draining, "STOP_LINGER_SECONDS", 0.5)
    async with _served() as (server, port, task):
        used = await asyncio.open_connection("127.0.0.1", port)
        await _ask(*used, b"one")
        unused = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        end(server)
        assert await used[0].read() == b""
        assert await unused[0].read() == b""
        assert asyncio.get_running_loop().time() - began >= 0.5
        await asyncio.wait_for(task, 2)
        for _, writer in (used, unused):
            writer.close()


async def test_calls_under_way_finish() -> None:
    """A call that has begun is answered, also behind another on the same connection, before the server ends."""
    async with _served() as (server, port, task):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_GET % b"slow" + _GET % b"next")
        await asyncio.sleep(0.1)
        server.stop()
        told = await reader.read()
        assert told.index(b"/slow") < told.index(b"connection: close") < told.index(b"/next")
        await asyncio.wait_for(task, 2)
        writer.close()


async def test_what_takes_too_long_is_cut_off() -> None:
    """The server ends in its time, whatever does not."""
    async with _served(drain_seconds=0.3) as (server, port, task):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_GET % b"never")
        await asyncio.sleep(0.1)
        server.stop()
        await asyncio.wait_for(task, 2)
        writer.close()


async def test_signals_stop_the_server_and_do_nothing_more() -> None:
    """SIGTERM twice lets a call finish, and the process goes on behind the server."""
    async with _served() as (_, port, task):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = asyncio.create_task(_ask(reader, writer, b"slow"))
        await asyncio.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)
        assert b"connection: close" in await answer
        await asyncio.wait_for(task, 2)
        writer.close()
