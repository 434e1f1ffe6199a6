"""The header sets that real clients send by default, upgrades that they offer among them, on both ways of answering."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest
from tests.integration.running_server import ACT, ROOT, Server

_QUICK: Final = {"flowName": "ExchangeRate", "object": {"RequestBO": {"requestData": "USD"}}}
_ORDINARY: Final = {"flowName": "Get Tracking List", "object": {"Tracking_List_Input": {"mobile": "0812345678"}}}

_JAVA: Final = (
    "Connection: Upgrade, HTTP2-Settings", "Content-Length: {length}", "Host: {host}", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    "Upgrade: h2c", "User-Agent: Java-http-client/17.0.13", "Authorization: Bearer {token}", "Content-Type: application/json",
)  # fmt: skip
_HEADERS: Final = {
    "Java": _JAVA,
    ".NET": (
        "Host: {host}", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "Authorization: Bearer {token}",
        "Content-Type: application/json; charset=utf-8", "Content-Length: {length}",
    ),
    "Go": (
        "Host: {host}", "User-Agent: Go-http-client/1.1", "Content-Length: {length}", "Authorization: Bearer {token}",
        "Content-Type: application/json", "Accept-Encoding: gzip", "Connection: Upgrade", "Upgrade: websocket",
    ),
    "curl --http2": (
        "Host: {host}", "User-Agent: curl/8.5.0", "Accept: */*", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA", "Authorization: Bearer {token}", "Content-Type: application/json",
        "Content-Length: {length}",
    ),
    "a browser": (
        "Host: {host}", "Connection: keep-alive", "Content-Length: {length}", 'sec-ch-ua: "Chromium";v="131"',
        "sec-ch-ua-mobile: ?0", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "Content-Type: application/json",
        "Authorization: Bearer {token}", "Accept: */*", "Origin: http://{host}", "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Referer: http://{host}/", "Accept-Encoding: gzip, deflate, br, zstd",
        "Accept-Language: th-TH,th;q=0.9,en;q=0.8",
    ),
    "a proxy that passes websockets": (
        "Upgrade: websocket", "Connection: upgrade", "Host: {host}", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https",
        "Content-Length: {length}", "Authorization: Bearer {token}", "content-type: application/json",
    ),
}  # fmt: skip


def _request(
    server: Server, headers: Iterable[str], call: Any, line: str = f"POST {ACT} HTTP/1.1"
) -> tuple[bytes, bytes]:
    """Give head and body."""
    body = json.dumps(call).encode() if call else b""
    known = {"host": f"127.0.0.1:{server.port}", "token": server.token, "length": len(body)}
    return "\r\n".join((line, *(header.format(**known) for header in headers), "", "")).encode(), body


def _answers(connection: socket.socket, count: int) -> list[tuple[int, bytes]]:
    """Read so many answers."""
    found: list[tuple[int, bytes]] = []
    received = b""
    while len(found) < count:
        head, end, rest = received.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length:" in line), 0
        )
        if end and len(rest) >= length:
            found.append((int(head.split()[1]), rest[:length]))
            received = rest[length:]
            continue
        piece = connection.recv(65536)
        assert piece, (found, received)
        received += piece
    assert not received
    return found


@pytest.mark.parametrize("headers", _HEADERS.values(), ids=_HEADERS)
@pytest.mark.parametrize("call", [_QUICK, _ORDINARY], ids=["at once", "ordinary"])
def test_default_headers_are_served(server: Server, headers: tuple[str, ...], call: Any) -> None:
    """The body in one packet, in a second packet, and pipelined: each call is answered, and nothing else."""
    head, body = _request(server, headers, call)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pieces in ([head + body], [head, body], [head, body[:9], body[9:]], [(head + body) * 4]):
            for piece in pieces:
                connection.sendall(piece)
            for status, answer in _answers(connection, 4 if len(pieces[0]) > 2 * len(head + body) else 1):
                assert (status, json.loads(answer)["responseStatus"]) == (200, "SUCCESS")


@pytest.mark.parametrize("path", ["/livez", "/nothing", "/IAM2RESTService/services/v1/checksession/x", "/snapshots"])
def test_an_upgrade_is_ignored_on_every_path(server: Server, path: str) -> None:
    """A GET with an offer gets the answer of one without, never 101 and never a warning page."""
    plain = [header for header in _JAVA if "pgrade" not in header and "HTTP2" not in header]
    answers = []
    for headers in (_JAVA, plain):
        head, _ = _request(server, headers, None, f"GET {path} HTTP/1.1")
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(head)
            answers += _answers(connection, 1)
    assert answers[0] == answers[1]


def test_a_body_behind_an_upgrade_is_never_a_request(server: Server) -> None:
    """Bytes that look like a request stay data: one answer comes, to the call that they are the body of."""
    evil = f"GET {ACT}?x HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    for headers in (_HEADERS["Java"], _HEADERS["a proxy that passes websockets"]):
        head, _ = _request(server, headers, None)
        head = head.replace(b"Content-Length: 0", b"Content-Length: %d" % len(evil))
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(head)
            connection.sendall(evil)
            assert [status for status, _ in _answers(connection, 1)] == [400]
            connection.sendall(b"".join(_request(server, headers, _QUICK)))
            assert [status for status, _ in _answers(connection, 1)] == [200]


@pytest.fixture(scope="module")
def java() -> str:
    """Give the command of a JDK, which is installed when there is none."""
    subprocess.run(["bash", str(ROOT / "scripts" / "need.sh"), "java", "default-jdk-headless"], check=True)
    found = shutil.which("java")
    assert found is not None
    return found


def test_a_jdk_with_its_defaults_calls(server: Server, java: str) -> None:
    """Java's own client, told nothing, calls at once and ordinarily, with large, chunked and announced bodies."""
    source = Path(__file__).parent / "java" / "DefaultClient.java"
    done = subprocess.run(
        [java, "-Xshare:auto", "-XX:TieredStopAtLevel=1", str(source), f"http://127.0.0.1:{server.port}", server.token],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    names = ["quick"] * 3 + ["ordinary", "large", "chunks", "asking", "get"] + ["together"] * 20
    assert [(name, status) for name, status, _ in lines] == [(name, "200") for name in names], done.stdout
    for name, _, body in lines:
        assert body == "ok" if name == "get" else json.loads(body)["responseObjectsMap"]["ResponseBO"], body
