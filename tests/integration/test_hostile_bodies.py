"""Bytes of any kind over a socket: an answer within a second, never a 5xx, and the next good call succeeds."""

import gzip
import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from tests.integration.running_server import ACT, Server

_GOOD: Final = b'{"flowName":"Name","object":{"NameBO":{"name":"x"}}}'
_JSON: Final = "Content-Type: application/json"


def talk(server: Server, request: bytes, *, seconds: float = 5.0, until: bytes = b"") -> bytes:
    """Send bytes and give what comes back until the server closes, falls silent, or has sent `until`."""
    got = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as caller:
        try:
            caller.sendall(request)
            while not (until and until in got):
                piece = caller.recv(65536)
                if not piece:
                    break
                got += piece
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused before all of it was sent; what was answered until then counts
    return got


def request(
    server: Server, body: bytes, *headers: str, method: str = "POST", path: str = ACT, length: bool = True
) -> bytes:
    """Make the bytes of a request that closes its connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    lines += [f"Authorization: Bearer {server.token}"]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def check(server: Server, raw: bytes, *statuses: int) -> bytes:
    """See that a request is answered within a second by one of the statuses, tells nothing, and harms nothing."""
    started = time.monotonic()
    answer = talk(server, raw)
    assert time.monotonic() - started < 1
    assert answer[:9] == b"HTTP/1.1 ", answer[:200]
    assert int(answer[9:12]) in statuses
    told = answer.lower()
    assert b"traceback" not in told
    assert str(server.folder).encode() not in answer
    assert b".py" not in told
    assert server.send("POST", ACT, _GOOD, user=True).outputs == {"TextBO": {"text": "x"}}
    return answer


_DEEP: Final = 100_000
_BODIES: Final = {
    "nothing": (b"", 400),
    "a broken object": (b'{"flowName":', 400),
    "a list": (b"[1,2,3]", 400),
    "a number": (b"7", 400),
    "a wrong type for the name": (b'{"flowName":{"a":1}}', 400),
    "a wrong type for the object": (b'{"flowName":"Name","object":7}', 400),
    "duplicate keys": (b'{"flowName":"none","flowName":"Name","object":{"NameBO":{"name":"a","name":"b"}}}', 200),
    "bad UTF-8": (b'{"flowName":"\xff\xfe\xc0\x80"}', 400),
    "a lone surrogate": (b'{"flowName":"\\ud800"}', 400),
    "UTF-16 with its mark": (_GOOD.decode().encode("utf-16"), 200),
    "UTF-32 with its mark": (_GOOD.decode().encode("utf-32"), 200),
    "UTF-16 that nothing tells": (_GOOD.decode().encode("utf-16-le"), 400),
    "half of UTF-16": (_GOOD.decode().encode("utf-16")[:-1], 400),
    "a byte order mark": (b"\xef\xbb\xbf" + _GOOD, 200),
    "two byte order marks": (b"\xef\xbb\xbf" * 2 + _GOOD, 400),
    "many byte order marks": (b"\xef\xbb\xbf" * 100_000, 400),
    "arrays nested deeply": (b"[" * _DEEP + b"]" * _DEEP, 400),
    "objects nested deeply": (b'{"a":' * _DEEP + b"1" + b"}" * _DEEP, 400),
    "nested deeply in a field": (b'{"flowName":"Name","object":{"NameBO":' + b"[" * _DEEP + b"]" * _DEEP + b"}}", 400),
    "an integer of 100,000 digits": (b'{"flowName":"Name","x":' + b"9" * 100_000 + b"}", 400),
    "an integer of 4,000 digits": (
        b'{"flowName":"Numbers","object":{"OrderBO":{"amount":' + b"9" * 4_000 + b"}}}",
        200,
    ),
    "a fraction of 100,000 digits": (b'{"flowName":"Name","x":0.' + b"9" * 100_000 + b"}", 400),
    "an exponent of nine digits": (b'{"flowName":"Name","x":1e999999999}', 400),
    "an exponent of thirty digits": (b'{"flowName":"Name","x":1e' + b"9" * 30 + b"}", 400),
    "an exponent of 100,000 digits": (b'{"flowName":"Name","x":1e' + b"9" * 100_000 + b"}", 400),
    "NaN": (b'{"flowName":"Name","x":NaN}', 400),
    "10 MB": (b'{"flowName":"Name","x":"' + b"x" * 10_000_000 + b'"}', 413),
    "100,000 keys": (b'{"flowName":"Name","x":{' + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}}", 400),
    "a million small lists": (b'{"flowName":"none","x":[' + b"[]," * 1_000_000 + b"[]]}", 404),
    "colliding keys": (
        b'{"flowName":"none","x":{' + b",".join(b'"%d":1' % (n << 61) for n in range(9_999)) + b"}}",
        404,
    ),
    "a form": (b"flowName=Name", 400),
    "null bytes": (b"\x00" * 1000, 400),
    "a path for a name": (b'{"flowName":"../../etc/passwd"}', 404),
}


@pytest.mark.parametrize("name", _BODIES)
def test_hostile_bodies(server: Server, name: str) -> None:
    """Every such body has its answer, in the six keys."""
    body, status = _BODIES[name]
    answer = check(server, request(server, body, _JSON), status)
    assert list(json.loads(answer.partition(b"\r\n\r\n")[2])) == [
        "exception", "responseStatus", "responseObjectsMap", "flowName", "flowId", "tId",
    ]  # fmt: skip


@pytest.mark.parametrize("name", _BODIES)
def test_hostile_bodies_of_class_action(server: Server, name: str) -> None:
    """ClassAction answers the same bodies in its ten keys."""
    body, _ = _BODIES[name]
    answer = check(server, request(server, body, _JSON, path="/MicroflowRest/classAction"), 400, 413)
    assert len(json.loads(answer.partition(b"\r\n\r\n")[2])) == 10


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "a\r\nSet-Cookie: a=b", "/etc/passwd", "a\u0000.jar", "\u202e.jar"]
)
@pytest.mark.parametrize("event", ["refresh", "file", "generate"])
def test_names_of_files(server: Server, event: str, name: str) -> None:
    """Paths and line breaks in fileNames are looked up and found nowhere."""
    body = json.dumps({"fileNames": [name], "event": event}).encode()
    answer = check(server, request(server, body, _JSON, path="/MicroflowRest/classAction"), 404)
    assert b"set-cookie" not in answer.lower()
    assert b"passwd" not in answer


@pytest.mark.parametrize(
    "headers", [("Content-Type: text/xml",), (), (_JSON + "; charset=klingon",), (_JSON, "Content-Encoding: gzip")]
)
def test_other_content(server: Server, headers: tuple[str, ...]) -> None:
    """Another content type, none, a charset that is not known, and a compressed body are 415."""
    check(server, request(server, gzip.compress(_GOOD), *headers), 415)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods(server: Server, method: str) -> None:
    """Another method is 405, or 400 where HTTP itself has no such request here."""
    check(server, request(server, b"", method=method), 405, 400)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /MicroflowRest/DoAction HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /MicroflowRest/DoAction HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /MicroflowRest/DoAction HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /MicroflowRest/DoAction HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST /MicroflowRest/%2e%2e/DoAction HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /MicroflowRest/DoAction?a=\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /livez HTTP/1.0\r\n\r\n",
    ],
)
def test_broken_http(server: Server, raw: bytes) -> None:
    """What is no HTTP, or not ours, gets a refusal at most, and harms nobody."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=1) as caller:
        try:
            caller.sendall(raw)
            caller.shutdown(socket.SHUT_WR)
            answer = caller.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            answer = b""
    assert time.monotonic() - started < 1
    assert answer == b"" or 400 <= int(answer[9:12]) < 500
    assert b"Traceback" not in answer
    assert server.send("POST", ACT, _GOOD, user=True).outputs == {"TextBO": {"text": "x"}}


def test_a_chunked_body(server: Server) -> None:
    """A body in chunks without a length is taken; one over the limit is 413."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (_GOOD[:7], _GOOD[7:])) + b"0\r\n\r\n"
    head = request(server, b"", _JSON, "Transfer-Encoding: chunked", length=False)
    assert b'"TextBO":{"text":"x"}' in check(server, head + chunks, 200)
    megabyte = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    check(server, head + megabyte * 9 + b"0\r\n\r\n", 413)


def test_pipelined_requests(server: Server) -> None:
    """Requests sent one after another without waiting are answered in their order."""
    names = ["a", "b", "c"]
    bodies = [f'{{"flowName":"Name","object":{{"NameBO":{{"name":"{name}"}}}}}}'.encode() for name in names]
    raw = b"".join(request(server, body, _JSON).replace(b"Connection: close\r\n", b"") for body in bodies[:-1])
    answer = talk(server, raw + request(server, bodies[-1], _JSON))
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    places = [answer.index(f'"TextBO":{{"text":"{name}"}}'.encode()) for name in names]
    assert places == sorted(places)


def test_a_body_that_trickles(server: Server) -> None:
    """A body that comes byte by byte is put together, and calls beside it are quick."""
    raw = request(server, _GOOD, _JSON)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as caller:
        for byte in raw:
            caller.sendall(bytes([byte]))
            time.sleep(0.001)
        answer = b"".join(iter(lambda: caller.recv(65536), b""))
    assert b'"TextBO":{"text":"x"}' in answer


def test_many_callers_that_stall(server: Server) -> None:
    """A hundred callers that never finish their request do not keep others waiting."""
    raw = request(server, _GOOD, _JSON)[:-10]
    callers = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(100)]
    try:
        for caller in callers:
            caller.sendall(raw)
        started = time.monotonic()
        for _ in range(20):
            assert server.send("POST", ACT, _GOOD, user=True).outputs == {"TextBO": {"text": "x"}}
        assert time.monotonic() - started < 2
    finally:
        for caller in callers:
            caller.close()


def test_forty_megabytes_of_headers_cost_next_to_nothing(server: Server) -> None:
    """They are refused at 64 KiB with 431 in the six keys, before anybody is known, and the caller sees the answer."""
    head = f"POST {ACT} HTTP/1.1\r\nHost: localhost\r\n".encode()
    for more in (b"X: " + b"y" * 40_000_000, b"X-Field: value\r\n" * 2_500_000):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as caller:
            begun = _cpu_seconds(server)
            caller.sendall(head)
            with suppress(BrokenPipeError, ConnectionResetError):  # the server has had enough
                caller.sendall(more)
            assert _cpu_seconds(server) - begun < 0.5
    for size in (70_000, 200_000):
        answer = talk(server, head + b"X: " + b"y" * size + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["responseStatus"] == "ERROR"
    assert server.send("POST", ACT, _GOOD, user=True).outputs == {"TextBO": {"text": "x"}}


def _cpu_seconds(server: Server) -> float:
    """Give the processor time that the workers have used."""
    ticks = 0
    for pid in server.workers():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
