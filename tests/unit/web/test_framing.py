"""How bytes become requests: whatever the cuts, the offers of upgrades, the trailers, and however much is sent."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, Final

import pytest
import uvicorn
from uvicorn.server import ServerState

from microflow_runtime.errors import MicroflowError
from microflow_runtime.web.at_once import AtOnceProtocol
from microflow_runtime.web.headers import Header
from microflow_runtime.web.request_head import MOST_FIELDS, MOST_HEAD_BYTES, MOST_URL_BYTES

_PATH: Final = b"/act"
_BODY: Final = b'{"a":"GET /evil HTTP/1.1\\r\\n"}'
_BOTH_WAYS: Final = pytest.mark.parametrize("is_quick", [True, False], ids=["at once", "ordinary"])


class _Transport(asyncio.Transport):
    """A connection whose other end is the test."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 50000), "sockname": ("127.0.0.1", 80)})
        self.written = b""
        self.is_closed = False
        self.is_ended = False

    def write(self, data: Any) -> None:
        """Take what is sent."""
        assert not self.is_closed
        assert not self.is_ended
        self.written += bytes(data)

    def can_write_eof(self) -> bool:
        """Tell that one half can be closed."""
        return True

    def write_eof(self) -> None:
        """Note the end of what is sent."""
        self.is_ended = True

    def is_closing(self) -> bool:
        """Tell whether it was closed."""
        return self.is_closed

    def close(self) -> None:
        """Note that it was closed."""
        self.is_closed = True

    def pause_reading(self) -> None:
        """Do nothing: the test sends as it likes."""

    def resume_reading(self) -> None:
        """Do nothing."""


class _Application:
    """Answers with the number of the request, and keeps what came; `is_quick` answers without a task."""

    path_at_once = _PATH

    def __init__(self, *, is_quick: bool) -> None:
        self.is_quick = is_quick
        self.came: list[tuple[str, bytes, dict[str, str]]] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    def answer_at_once(self, headers: list[Header], body: bytes, get_version: Callable[[], str]) -> bytes | None:
        """Answer as the real one does, if it is to."""
        names = [name for name, _ in headers]
        if not self.is_quick or names.count(b"host") != 1 or b"transfer-encoding" in names or get_version() != "1.1":
            return None
        self.came.append((_PATH.decode(), body, _texts(headers)))
        return b"content-length: 3\r\n\r\n%03d" % len(self.came)

    def refuse(self, error: MicroflowError, url: bytes, headers: list[Header]) -> tuple[list[Header], bytes]:
        """Tell what is refused."""
        body = json.dumps([error.code, url.decode(), _texts(headers).get("origin", "")]).encode()
        return [(b"content-length", b"%d" % len(body))], body

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Read the body and answer."""
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message["more_body"]:
                break
        await self.go_on.wait()
        self.came.append((scope["path"], body, _texts(scope["headers"])))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": b"%03d" % len(self.came)})


def _texts(headers: list[Header]) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in headers}


class _Connection:
    """One connection to an application of its own."""

    def __init__(self, *, is_quick: bool = False) -> None:
        self.application = _Application(is_quick=is_quick)
        config = uvicorn.Config(self.application, ws="none", lifespan="off", log_config=None)
        self.protocol = AtOnceProtocol(config, ServerState(), {})
        self.transport = _Transport()
        self.protocol.connection_made(self.transport)

    def feed(self, *pieces: bytes) -> None:
        """Let pieces arrive, one read each."""
        for piece in pieces:
            self.protocol.data_received(piece)

    async def answers(self) -> list[tuple[int, bytes]]:
        """Give status and body of each answer, after everybody has had turns enough."""
        for _ in range(20):
            await asyncio.sleep(0)
        found, rest = [], self.transport.written
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            status = int(head.split()[1])
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")
            )
            found.append((status, rest[:length]))
            rest = rest[length:]
        return found

    def end(self) -> None:
        """End it as the other side does."""
        self.protocol.connection_lost(None)


def _request(*fields: str, body: bytes = _BODY, line: str = "POST /act HTTP/1.1", length: bool = True) -> bytes:
    lines = [line, "Host: mf.example", *fields]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def _chunks(*bodies: bytes, tail: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(body), body) for body in bodies) + tail


_CHUNKED: Final = "Transfer-Encoding: chunked"
_OFFERS: Final = {
    "a JDK": ("Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk", "Upgrade: h2c"),
    "a browser": ("Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="),
    "another order": ("Upgrade: h2c", "User-Agent: x", "Connection: upgrade"),
    "several": ("Upgrade: h2c, websocket", "Connection: Upgrade"),
    "twice": ("Upgrade: h2c", "Upgrade: TLS/1.0", "Connection: Upgrade"),
    "something": ("Upgrade: IRC/6.9", "Connection: Upgrade"),
    "an offer without its option": ("Upgrade: h2c",),
    "an option without its offer": ("Connection: Upgrade",),
}


@_BOTH_WAYS
@pytest.mark.parametrize("offer", _OFFERS.values(), ids=_OFFERS)
async def test_an_upgrade_is_ignored_wherever_the_bytes_are_cut(offer: tuple[str, ...], *, is_quick: bool) -> None:
    """The request is served with its whole body, and what is sent next on the connection is the next request."""
    sent = _request(*offer)
    for cut in (len(sent), *range(1, len(sent), 7), sent.index(b"\r\n\r\n") + 4):
        connection = _Connection(is_quick=is_quick)
        connection.feed(sent[:cut], sent[cut:]) if cut < len(sent) else connection.feed(sent)
        connection.feed(_request(body=b"next"))
        assert await connection.answers() == [(200, b"001"), (200, b"002")], cut
        assert [(path, body) for path, body, _ in connection.application.came] == [("/act", _BODY), ("/act", b"next")]
        assert connection.application.came[0][2]["host"] == "mf.example"
        connection.end()


@_BOTH_WAYS
async def test_upgrades_in_one_packet_are_all_ignored(*, is_quick: bool) -> None:
    """Pipelined requests that each offer one are answered in their order, other paths and methods among them."""
    connection = _Connection(is_quick=is_quick)
    h2c, websocket = _OFFERS["a JDK"], _OFFERS["a browser"]
    connection.feed(
        _request(*h2c)
        + _request(*websocket, line="GET /livez HTTP/1.1", length=False, body=b"")
        + _request(*h2c, _CHUNKED, length=False, body=_chunks(b"in", b"pieces"))
        + _request(*websocket, line="POST /other HTTP/1.1", body=b"more")
        + _request(*h2c) * 300
    )
    for _ in range(310):
        await asyncio.sleep(0)
    assert [body for _, body in await connection.answers()] == [b"%03d" % number for number in range(1, 305)]
    came = [(path, body) for path, body, _ in connection.application.came]
    assert came[:4] == [("/act", _BODY), ("/livez", b""), ("/act", b"inpieces"), ("/other", b"more")]
    assert came[4:] == [("/act", _BODY)] * 300
    connection.end()


async def test_an_upgrade_of_a_connection_that_is_closed_is_ignored_as_well() -> None:
    """`Connection: close, Upgrade` and HTTP/1.0 get their answer, and then the end."""
    for sent in (
        _request("Connection: close, Upgrade", "Upgrade: h2c"),
        _request("Connection: Upgrade", "Upgrade: h2c", line="POST /act HTTP/1.0"),
    ):
        connection = _Connection()
        connection.feed(sent[:-5], sent[-5:])
        assert await connection.answers() == [(200, b"001")]
        assert connection.application.came[0][1] == _BODY
        assert connection.transport.is_closed
        connection.end()


async def test_what_is_asked_for_with_an_upgrade_is_still_asked_for() -> None:
    """`Expect: 100-continue` beside an offer is answered before the body comes."""
    sent = _request(*_OFFERS["a JDK"], "Expect: 100-continue")
    connection = _Connection()
    connection.feed(sent[: -len(_BODY)])
    await asyncio.sleep(0)
    assert connection.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.transport.written = b""
    connection.feed(_BODY)
    assert await connection.answers() == [(200, b"001")]
    connection.end()


async def test_trailers_are_dropped_wherever_the_bytes_are_cut() -> None:
    """No field behind the chunks becomes a header, and none of the next request is taken for one."""
    trailers = b"0\r\nAuthorization: Bearer x\r\nIAMToken: x\r\nHost: evil.example\r\nCookie: a=b\r\nX: y\r\n\r\n"
    sent = _request(_CHUNKED, "Trailer: X", length=False, body=_chunks(b"some", b"body", tail=trailers))
    names = ["host", "transfer-encoding", "trailer"]
    for cut in range(1, len(sent) + 1):
        connection = _Connection()
        connection.feed(*filter(None, (sent[:cut], sent[cut:])), _request(body=b"next"))
        assert await connection.answers() == [(200, b"001"), (200, b"002")], cut
        first, second = connection.application.came
        assert (first[1], [*first[2]], first[2]["host"]) == (b"somebody", names, "mf.example")
        assert (second[1], [*second[2]]) == (b"next", ["host", "content-length"])
        connection.end()


async def test_trailers_of_one_packet_are_dropped_on_the_path_that_answers_at_once() -> None:
    """A request that is held back until its last byte has come has no trailers either."""
    connection = _Connection(is_quick=True)
    connection.feed(_request(_CHUNKED, length=False, body=_chunks(b"body", tail=b"0\r\nIAMToken: x\r\n\r\n")))
    assert await connection.answers() == [(200, b"001")]
    assert "iamtoken" not in connection.application.came[0][2]
    connection.end()


_HOST: Final = b"POST /act HTTP/1.1\r\nHost: mf.example\r\n"
_BROKEN: Final = {
    "chunks under HTTP/1.0": _request(_CHUNKED, length=False, body=_chunks(b"x"), line="POST /act HTTP/1.0"),
    "two framings": _request(_CHUNKED, body=_chunks(b"x")),
    "two framings, the other way": _HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": _request("Content-Length: 5", body=b"abc"),
    "two equal lengths": _request("Content-Length: 3", body=b"abc"),
    "lengths in one line": _HOST + b"Content-Length: 3, 3\r\n\r\nabc",
    "a length with a sign": _HOST + b"Content-Length: +3\r\n\r\nabc",
    "a length in hex": _HOST + b"Content-Length: 0x3\r\n\r\nabc",
    "a length below nothing": _HOST + b"Content-Length: -3\r\n\r\nabc",
    "a length beyond all": _HOST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "no length": _HOST + b"Content-Length:\r\n\r\n",
    "two hosts": _HOST + b"Host: evil.example\r\n\r\n",
    "no host": b"POST /act HTTP/1.1\r\n\r\n",
    "a coding and chunks": _request("Transfer-Encoding: gzip, chunked", length=False, body=_chunks(b"x")),
    "chunks and a coding": _request("Transfer-Encoding: chunked, gzip", length=False, body=_chunks(b"x")),
    "chunks twice": _request("Transfer-Encoding: chunked, chunked", length=False, body=_chunks(b"x")),
    "two codings": _request(_CHUNKED, _CHUNKED, length=False, body=_chunks(b"x")),
    "a coding that is none": _request("Transfer-Encoding: xchunked", length=False, body=_chunks(b"x")),
    "a hidden coding": _request("Transfer-Encoding: \x0bchunked", length=False, body=_chunks(b"x")),
    "identity": _request("Transfer-Encoding: identity", length=False, body=b"abc"),
    "a space before the colon": _HOST + b"Content-Length : 3\r\n\r\nabc",
    "a tab before the colon": _HOST + b"X\t: y\r\n\r\n",
    "a folded line": _HOST + b"X: y\r\n z\r\n\r\n",
    "a folded line with a tab": _HOST + b"X: y\r\n\tz\r\n\r\n",
    "a folded value": _HOST + b"X:\r\n y\r\n\r\n",
    "a blank before a name": _HOST + b" X: y\r\n\r\n",
    "no name": _HOST + b": y\r\n\r\n",
    "no colon": _HOST + b"X\r\n\r\n",
    "a zero byte": _HOST + b"X: a\0b\r\n\r\n",
    "a bare carriage return": _HOST + b"X: a\rb\r\n\r\n",
    "a bare line feed": _HOST + b"X: a\nContent-Length: 3\r\n\r\nabc",
    "a bare line feed at the end": _HOST + b"\nabc",
    "bare line feeds": b"POST /act HTTP/1.1\nHost: mf.example\n\n",
    "a name that is no token": _HOST + b"X(): y\r\n\r\n",
    "a name beyond ASCII": _HOST + b"X\xc3\xa9: y\r\n\r\n",
    "no version": b"POST /act\r\nHost: mf.example\r\n\r\n",
    "an old version": b"POST /act HTTP/0.9\r\nHost: mf.example\r\n\r\n",
    "a new version": b"POST /act HTTP/2.0\r\nHost: mf.example\r\n\r\n",
    "a new version that is kept": b"POST /act HTTP/2.0\r\nHost: mf.example\r\nConnection: keep-alive\r\n\r\n",
    "a version that there is not": b"POST /act HTTP/1.2\r\nHost: mf.example\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a blank behind the version": b"POST /act HTTP/1.1 \r\nHost: mf.example\r\n\r\n",
    "a tab in the line": b"POST\t/act HTTP/1.1\r\nHost: mf.example\r\n\r\n",
    "another host": _request(line="POST http://evil.example/act HTTP/1.1"),
    "another scheme": _request(line="POST ftp://mf.example/act HTTP/1.1"),
    "an escaped slash": _request(line="POST /x%2fact HTTP/1.1"),
    "an escaped letter": _request(line="POST /a%63t HTTP/1.1"),
    "a fragment": _request(line="POST /act#x HTTP/1.1"),
    "a path beyond ASCII": "POST /act\xe9 HTTP/1.1\r\nHost: mf.example\r\n\r\n".encode("latin-1"),
    "a proxy": b"CONNECT mf.example:80 HTTP/1.1\r\nHost: mf.example\r\n\r\n",
    "a path of nothing": b"POST act HTTP/1.1\r\nHost: mf.example\r\n\r\n",
}  # fmt: skip


@_BOTH_WAYS
@pytest.mark.parametrize("sent", _BROKEN.values(), ids=_BROKEN)
async def test_a_request_with_two_readings_is_refused_and_the_connection_closed(sent: bytes, *, is_quick: bool) -> None:
    """The answer is 400, alone and behind a good request, nothing of it or behind it is served, and that was the last."""
    for before in (b"", _request(body=b"good")):
        connection = _Connection(is_quick=is_quick)
        connection.feed(before + sent + _request(body=b"behind"))
        connection.feed(_request(body=b"later"))
        answers = await connection.answers()
        assert [status for status, _ in answers] == [200] * bool(before) + [400]
        assert json.loads(answers[-1][1])[0] == "MF-R400"
        assert [body for _, body, _ in connection.application.came] == [b"good"] * bool(before)
        assert connection.transport.written.count(b"connection: close\r\n") == 1
        assert connection.transport.is_ended
        connection.end()


_CHUNK_HEAD: Final = _HOST + b"Transfer-Encoding: chunked\r\n\r\n"
_BROKEN_BODIES: Final = {
    "a bare line feed": b"3\nabc\r\n0\r\n\r\n",
    "a blank behind the size": b"3 \r\nabc\r\n0\r\n\r\n",
    "no line end": b"3\r\nabc0\r\n\r\n",
    "too much": b"3\r\nabcd\r\n0\r\n\r\n",
    "a size with a prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "a size with a sign": b"-1\r\nabc\r\n0\r\n\r\n",
    "a size beyond all": b"ffffffffffffffffff\r\n",
    "no size": b";a\r\nabc\r\n0\r\n\r\n",
    "a line feed in an extension": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "a length as a trailer": b"3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\nabcde",
    "a coding as a trailer": b"3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded trailer": b"3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n",
    "a trailer with a bare line feed": b"3\r\nabc\r\n0\r\nX: y\n\r\n",
}


@pytest.mark.parametrize("body", _BROKEN_BODIES.values(), ids=_BROKEN_BODIES)
async def test_a_body_with_two_readings_is_refused_and_the_connection_closed(body: bytes) -> None:
    """Chunks that are not framed by the letter end the request and the connection, in one packet, in two, behind others."""
    for before in (b"", _request(body=b"good")):
        for pieces in (
            [before + _CHUNK_HEAD + body],
            [before + _CHUNK_HEAD, body],
            [before + _CHUNK_HEAD + body[:1], body[1:]],
        ):
            connection = _Connection()
            connection.feed(*pieces, _request(body=b"behind"))
            assert [status for status, _ in await connection.answers()] == [200] * bool(before) + [400]
            assert [came for _, came, _ in connection.application.came] == [b"good"] * bool(before)
            connection.end()


async def test_the_body_of_a_quick_call_is_its_own() -> None:
    """What was answered at once leaves no byte of its body to the next request of the connection."""
    connection = _Connection(is_quick=True)
    connection.feed(_request(body=b"secret"), _request(line="POST /other HTTP/1.1", body=b"mine"))
    assert await connection.answers() == [(200, b"001"), (200, b"002")]
    assert [body for _, body, _ in connection.application.came] == [b"secret", b"mine"]
    connection.end()


async def test_a_refusal_waits_for_the_answers_before_it() -> None:
    """What is refused behind a call that still runs is told after that call's answer, not in its place."""
    connection = _Connection()
    connection.application.go_on.clear()
    connection.feed(_request(body=b"slow") + _request(body=b"slower"), b"garbage\r\n\r\n")
    assert await connection.answers() == []
    connection.application.go_on.set()
    assert [status for status, _ in await connection.answers()] == [200, 200, 400]
    assert connection.transport.is_ended
    connection.end()


async def test_a_refused_caller_is_let_finish_and_then_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it still sends goes nowhere; a moment later the connection is closed."""
    monkeypatch.setattr("microflow_runtime.web.framing._LINGER_SECONDS", 0.01)
    connection = _Connection()
    connection.feed(b"garbage\r\n\r\n", *[b"x" * 100_000] * 10)
    assert [status for status, _ in await connection.answers()] == [400]
    assert not connection.transport.is_closed
    await asyncio.sleep(0.05)
    assert connection.transport.is_closed
    connection.end()


async def test_a_bug_while_a_request_is_read_is_not_the_callers_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception of ours inside the parser is logged and answered 500."""
    monkeypatch.setattr("microflow_runtime.web.at_once.check_fields", lambda *_: 1 / 0)
    connection = _Connection()
    connection.feed(_request())
    assert [status for status, _ in await connection.answers()] == [500]
    connection.end()


async def test_the_answer_to_what_is_refused_knows_url_and_origin() -> None:
    """As much as had come is told to the application, which makes the answer."""
    connection = _Connection()
    connection.feed(_request("Origin: https://app.example", "X: y", "Bad Name: x"))
    assert json.loads((await connection.answers())[0][1]) == ["MF-R400", "/act", "https://app.example"]
    connection.end()


# How much


def _padded(size: int, *, fields: int = 1) -> bytes:
    """Make a head of exactly so many bytes."""
    names = [b"X%d" % number for number in range(fields)]
    bare = b"GET /size HTTP/1.1\r\nHost: mf.example\r\n" + b"".join(name + b": \r\n" for name in names) + b"\r\n"
    return bare.replace(b"X0: ", b"X0: " + b"y" * (size - len(bare)), 1)


@pytest.mark.parametrize("read", [1_000, 16 * 1024, 100_000])
@pytest.mark.parametrize(
    "before", [b"", b"GET /x HTTP/1.1\r\nHost: mf.example\r\n\r\n"], ids=["alone", "behind another"]
)
async def test_a_head_of_so_many_bytes_is_taken_and_no_more(read: int, before: bytes) -> None:
    """The bound is exact, whatever the reads that it arrives in, also for the next head on the connection."""
    for size, status in ((MOST_HEAD_BYTES, 200), (MOST_HEAD_BYTES + 1, 431)):
        connection = _Connection()
        sent = before + _padded(size)
        connection.feed(*(sent[start : start + read] for start in range(0, len(sent), read)))
        answers = await connection.answers()
        assert [each for each, _ in answers] == [200] * bool(before) + [status]
        if status == 431:
            assert json.loads(answers[-1][1])[0] == "MF-R431"
        connection.end()


@_BOTH_WAYS
async def test_so_many_fields_are_taken_and_no_more(*, is_quick: bool) -> None:
    """The bound of the number is exact on both ways."""
    for more, status in ((0, 200), (1, 431)):
        connection = _Connection(is_quick=is_quick)
        connection.feed(_request(*(f"X{number}: y" for number in range(MOST_FIELDS - 2 + more))))
        assert [each for each, _ in await connection.answers()] == [status]
        connection.end()


async def test_a_url_of_so_many_bytes_is_taken_and_no_more() -> None:
    """The bound of the URL is told as such, also when its end never comes."""
    for size, status in ((MOST_URL_BYTES, 200), (MOST_URL_BYTES + 1, 414), (30_000, 414), (1_000_000, 414)):
        connection = _Connection()
        connection.feed(_request(line=f"POST /{'x' * (size - 1)} HTTP/1.1"))
        assert [each for each, _ in await connection.answers()] == [status]
        connection.end()


_ENDLESS: Final = {
    "one value": (_HOST + b"X: ", b"y" * 16_384, 431),
    "one name": (_HOST, b"y" * 16_384, 431),
    "many fields": (_HOST, b"X: y\r\n" * 2_000, 431),
    "many empty fields": (_HOST, b"a:\r\n" * 4_000, 431),
    "blanks": (_HOST + b"X:", b" " * 16_384, 431),
    "a url": (b"GET /", b"x" * 16_384, 414),
    "a trailer": (_CHUNK_HEAD + b"3\r\nabc\r\n0\r\nX: ", b"y" * 16_384, 431),
    "trailers": (_CHUNK_HEAD + b"0\r\n", b"X: y\r\n" * 2_000, 431),
    "a chunk extension": (_CHUNK_HEAD + b"3;x=", b"y" * 16_384, 431),
    "chunk extensions": (_CHUNK_HEAD, (b"1;x=" + b"y" * 200 + b"\r\nz\r\n") * 80, 431),
}  # fmt: skip


@pytest.mark.parametrize(("begin", "more", "status"), _ENDLESS.values(), ids=_ENDLESS)
@pytest.mark.parametrize("size", [500, 16_384, 262_144])
async def test_what_never_ends_is_refused_early_and_cheaply(begin: bytes, more: bytes, status: int, size: int) -> None:
    """Forty megabytes cost no more than the first few; the rest is not looked at."""
    connection = _Connection()
    read = (more * (size // len(more) + 1))[:size] if size >= len(more) else more[:size]
    connection.feed(begin)
    started = time.process_time()
    fed = 0
    while fed < 40_000_000 and not connection.transport.written:
        connection.feed(read)
        fed += len(read)
    assert fed <= 2 * MOST_HEAD_BYTES + size + 200_000 * (more.startswith(b"1;"))
    connection.feed(*[read] * 100)
    assert [each for each, _ in await connection.answers()] == [status]
    assert time.process_time() - started < 0.5
    assert not connection.application.came
    connection.end()


async def test_small_chunks_are_no_offence() -> None:
    """A body of a hundred thousand chunks of one byte is framing for the most part, and is taken."""
    connection = _Connection()
    connection.feed(_CHUNK_HEAD, *[b"1\r\nx\r\n" * 1_000] * 100, b"0\r\n\r\n")
    assert await connection.answers() == [(200, b"001")]
    assert connection.application.came[0][1] == b"x" * 100_000
    connection.end()


async def test_small_chunks_save_nothing_up_for_a_trailer() -> None:
    """What a hundred thousand chunks did not need of their allowance is not there for what comes behind them."""
    connection = _Connection()
    connection.feed(_CHUNK_HEAD, *[b"1\r\nx\r\n" * 1_000] * 100, b"0\r\nX: ", *[b"y" * 10_000] * 10)
    assert [status for status, _ in await connection.answers()] == [431]
    connection.end()
