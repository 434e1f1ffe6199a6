"""One request and one reply, with servers that stall, drip, lie, hang up and talk nonsense."""

import asyncio
import gzip
from collections.abc import Callable
from time import monotonic, perf_counter_ns
from typing import Any

import httpcore
import pytest
from tests.raw_http_server import RawServer, Visit, always, raw_server, reply
from tests.unit.runtime.connections.calls import Calls

from microflow_runtime.runtime.connections.exchange import KINDS

Make = Callable[..., Calls]


def test_every_error_of_the_library_has_its_kind() -> None:
    """An error that the library learns some day is an error here, until somebody says what it is to a flow."""
    errors = {each for name in httpcore.__all__ if isinstance(each := getattr(httpcore, name), type)}
    raised = {each for each in errors if issubclass(each, Exception)}
    families = {httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError}
    assert raised - families - {httpcore.ConnectionNotAvailable} == set(KINDS)


async def test_a_request_arrives_as_it_was_made(calls: Make) -> None:
    """Method, encoded path and query, headers, length and body are on the wire exactly as asked for."""
    async with raw_server(always(reply(b"[1.10]", "201 Created", "X-Two: a", "X-Two: b"))) as server:
        api = calls({"url": f"{server.url}/base/", "headers": {"X-Channel": "web"}})
        got = await api.send(
            "POST", "/a%2Fb%20c", query="q=%26", headers=(("Content-Type", "text/plain"),), body="ไทย".encode()
        )
    assert (got.status, got.body, got.headers["x-two"]) == (201, b"[1.10]", "a, b")
    visit = server.visits[0]
    assert visit.line == "POST /base/a%2Fb%20c?q=%26 HTTP/1.1"
    assert visit.body == "ไทย".encode()
    told = {name: visit.header(name) for name in ("host", "content-length", "x-channel", "accept-encoding")}
    assert told == {
        "host": f"127.0.0.1:{server.port}",
        "content-length": "9",
        "x-channel": "web",
        "accept-encoding": "gzip, deflate",
    }


async def test_a_socket_is_used_again(calls: Make) -> None:
    """Several requests, one with an empty body and one without any, share a connection of the pool."""
    async with raw_server(always(reply(b"", "204 No Content"))) as server:
        api = calls({"url": server.url})
        for method in ("POST", "HEAD", "GET", "DELETE"):
            assert (await api.send(method)).status == 204
    assert server.connections == 1
    assert server.visits[0].header("content-length") == "0"


async def _stall(visit: Visit) -> None:
    await visit.gone()


async def _stall_in_the_body(visit: Visit) -> None:
    await visit.send(reply(b"x", "200 OK", "Content-Length: 100"))
    await visit.gone()


async def _drip(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        await visit.send(b"x")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("answer", [_stall, _stall_in_the_body])
async def test_silence_is_bounded(calls: Make, answer: Any) -> None:
    """A server that says nothing for the timeout is given up, before its reply or in the middle of it."""
    async with raw_server(answer) as server:
        api = calls({"url": server.url, "timeout": "200ms"})
        started = monotonic()
        error = await api.fails()
        assert monotonic() - started < 1.5
        assert (error.kind, error.retryable) == ("http.timeout", True)
        assert (await api.fails("POST")).retryable is False
        await _all_closed(server)


@pytest.mark.parametrize("answer", [_stall, _stall_in_the_body, _drip])
async def test_whoever_gives_up_leaves_a_closed_socket(calls: Make, answer: Any) -> None:
    """A caller whose time is over or who hangs up closes the socket at once, also while the server drips."""
    async with raw_server(answer) as server:
        api = calls({"url": server.url})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await api.send()
        await _all_closed(server)
        assert api.connections._endpoint(api.app, "api").under_way == 0


async def _all_closed(server: RawServer) -> None:
    async with asyncio.timeout(2):
        while server.closed < server.connections:  # noqa: ASYNC110 - a server of many connections has no one event
            await asyncio.sleep(0.01)


async def test_a_header_in_raw_utf8(calls: Make) -> None:
    """It is read as what it is; one that is no UTF-8 is Latin 1."""
    data = reply(b"{}").replace(b"\r\n", "\r\nX-Thai: กข\r\nX-Latin: ".encode() + b"\xe9\r\n", 1)
    async with raw_server(always(data)) as server:
        got = await calls({"url": server.url}).send()
    assert (got.headers["x-thai"], got.headers["x-latin"]) == ("กข", "é")


def _endless_headers() -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 90) for n in range(100_000))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x16\x03\x01 garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        _endless_headers(),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\ngarbage",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 7\r\n\r\ngarbage",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(200 * 1024 * 1024)),
    ],
    ids=range(13),
)
async def test_a_broken_reply_is_an_error(calls: Make, data: bytes) -> None:
    """Nothing, garbage, lies about the length, endless headers, unasked codings and bombs are `http.reply`."""

    async def answer(visit: Visit) -> None:
        await visit.send(data)
        visit.writer.close()

    async with raw_server(answer) as server:
        error = await calls({"url": server.url}).fails()
    assert error.kind == "http.reply"
    assert '"api"' in error.message


async def test_bytes_behind_a_reply_are_nobody_s(calls: Make) -> None:
    """What a server sends beyond the length it named is not taken for the next reply."""
    async with raw_server(always(reply(b"one") + reply(b"two"))) as server:
        api = calls({"url": server.url})
        assert [(await api.send()).body, (await api.send()).body] == [b"one", b"one"]
    assert server.connections == 2


async def test_the_size_of_a_reply_is_exact(calls: Make) -> None:
    """A reply of the limit comes whole, one byte more is an error that names the limit."""
    async with raw_server(always(reply(b"x" * 1000))) as server:
        assert len((await calls({"url": server.url, "reply_bytes": 1000}).send()).body) == 1000
        error = await calls({"url": server.url, "reply_bytes": 999}).fails()
        smaller = await calls({"url": server.url}, reply_bytes=500).fails()
    assert "limit of 999 bytes" in error.message
    assert "limit of 500 bytes" in smaller.message


async def test_who_cannot_be_reached(calls: Make) -> None:
    """A refused connection and an unknown name are `http.connect`, worth another try whatever the method."""
    async with raw_server(_stall) as server:
        url = server.url

    async def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    for api in (calls({"url": url}), calls({"url": "http://nobody.example"}, resolve=unknown)):
        error = await api.fails("POST")
        assert (error.kind, error.retryable) == ("http.connect", True)


async def test_a_look_up_that_takes_too_long(calls: Make) -> None:
    """The time to connect covers the look-up of the name."""

    async def never(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    started = monotonic()
    error = await calls({"url": "http://slow.example", "connect_timeout": "100ms"}, resolve=never).fails()
    assert error.kind == "http.connect"
    assert monotonic() - started < 1


async def test_beyond_its_limit_a_connection_is_busy(calls: Make) -> None:
    """Calls beyond the pool's size fail at once with `http.busy`, and the connection is usable afterwards."""
    go = asyncio.Event()

    async def answer(visit: Visit) -> None:
        await go.wait()
        await visit.send(reply(b"ok"))

    async with raw_server(answer) as server:
        api = calls({"url": server.url, "pool_size": 2})
        running = [asyncio.ensure_future(api.send()) for _ in range(2)]
        await asyncio.sleep(0.05)
        error = await api.fails()
        assert (error.kind, error.retryable) == ("http.busy", True)
        go.set()
        assert [(await each).body for each in running] == [b"ok", b"ok"]
        assert (await api.send()).body == b"ok"


async def test_the_breaker_counts_servers_that_fail_or_are_silent(calls: Make) -> None:
    """Statuses from 500 on and callers who wait in vain open the circuit; a 404 and a caller who hangs up do not."""
    answers = [reply(b"", "404 Not Found"), reply(b"", "500 Oops"), b""]

    async def answer(visit: Visit) -> None:
        data = answers[min(len(server.visits), len(answers)) - 1]
        await (visit.send(data) if data else visit.gone())

    async with raw_server(answer) as server:
        api = calls({"url": server.url, "breaker": {"failures": 2, "open": "10m"}})
        assert (await api.send()).status == 404
        assert (await api.send()).status == 500
        hung_up = asyncio.ensure_future(api.send())
        await asyncio.sleep(0.1)
        hung_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hung_up
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await api.send(deadline_ns=perf_counter_ns() + 200_000_000)
        assert (await api.fails()).kind == "http.circuit"
    assert len(server.visits) == 4
