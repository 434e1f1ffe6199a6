"""The protocol that answers whole requests at once: pieces, pipelines, mixtures, and connections that stay or go."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.integration.running_server import Server


def _request(
    server: Server, body: Any, *extra: str, path: str = "/MicroflowRest/DoAction", method: str = "POST"
) -> bytes:
    raw = json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Content-Type: application/json",
        f"Authorization: Bearer {server.token}",
        f"Content-Length: {len(raw)}",
        *extra,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + raw


class _Connection:
    """A connection whose answers are read one after the other, whatever arrives together."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self._rest = b""

    def answer(self) -> tuple[int, Any]:
        """Read one answer: its status and its body."""
        while b"\r\n\r\n" not in self._rest:
            self._read()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:"))
        while len(self._rest) < length:
            self._read()
        body, self._rest = self._rest[:length], self._rest[length:]
        return int(lines[0].split()[1]), json.loads(body)

    def to_the_end(self) -> bytes:
        """Read what is left until the server closes the connection."""
        while piece := self.raw.recv(65536):
            self._rest += piece
        return self._rest

    def is_open(self) -> bool:
        """Tell whether the server has kept the connection."""
        self.raw.setblocking(False)
        try:
            return self.raw.recv(1) != b""
        except BlockingIOError:
            return True
        finally:
            self.raw.setblocking(True)

    def _read(self) -> None:
        received = self.raw.recv(65536)
        if not received:
            raise ConnectionError("the server closed the connection")
        self._rest += received


@contextmanager
def _connected(server: Server) -> Iterator[_Connection]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        yield _Connection(raw)


@pytest.fixture
def flow(server: Server) -> dict[str, Any]:
    """Give a call of a flow that waits for nothing."""
    return {"flowName": "Long", "object": {"LongBO": {"size": 3}}}


def test_a_request_in_pieces_is_answered_like_a_whole_one(server: Server, flow: dict[str, Any]) -> None:
    """However the bytes are cut, in the head or in the body, the answer is the same."""
    whole = _request(server, flow)
    with _connected(server) as connection:
        connection.raw.sendall(whole)
        wanted = connection.answer()
        assert wanted[1]["responseStatus"] == "SUCCESS", wanted
        for cut in (1, 40, whole.index(b"\r\n\r\n") + 2, whole.index(b"\r\n\r\n") + 4, len(whole) - 1):
            connection.raw.sendall(whole[:cut])
            time.sleep(0.05)
            connection.raw.sendall(whole[cut:])
            status, body = connection.answer()
            assert (status, {**body, "tId": ""}) == (200, {**wanted[1], "tId": ""}), cut


def test_quick_and_ordinary_calls_mix_in_one_pipeline(server: Server, flow: dict[str, Any]) -> None:
    """Answers come in the order of their requests, whichever way each of them goes."""
    unknown = {"flowName": "No Such Flow"}
    requests = [
        _request(server, flow),
        _request(server, unknown),
        _request(server, flow),
        _request(server, flow, "Origin: https://elsewhere.example"),
        _request(server, flow),
        _request(server, {"flowName": "ExchangeRate", "object": {"RequestBO": {"requestData": "USD"}}}),
        _request(server, flow),
    ]
    with _connected(server) as connection:
        connection.raw.sendall(b"".join(requests))
        answers = [connection.answer() for _ in requests]
    assert [status for status, _ in answers] == [200, 404, 200, 200, 200, 200, 200]
    assert [body["flowName"] for _, body in answers] == [
        "Long", "No Such Flow", "Long", "Long", "Long", "ExchangeRate", "Long",
    ]  # fmt: skip


def test_a_body_in_chunks_is_taken(server: Server, flow: dict[str, Any]) -> None:
    """A chunked body goes the ordinary way and is answered like any other."""
    raw = json.dumps(flow).encode()
    head, _, _ = _request(server, flow).partition(b"\r\n\r\n")
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length"))
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(raw), raw)
    with _connected(server) as connection:
        connection.raw.sendall(head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        assert connection.answer()[1]["responseStatus"] == "SUCCESS"


def test_a_body_that_is_announced_is_asked_for(server: Server, flow: dict[str, Any]) -> None:
    """`Expect: 100-continue` is answered before the body comes."""
    whole = _request(server, flow, "Expect: 100-continue")
    head, end, body = whole.partition(b"\r\n\r\n")
    with _connected(server) as connection:
        connection.raw.sendall(head + end)
        assert connection.raw.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.raw.sendall(body)
        assert connection.answer()[1]["responseStatus"] == "SUCCESS"


def test_other_methods_and_paths_go_the_ordinary_way(server: Server, flow: dict[str, Any]) -> None:
    """A GET of DoAction is refused, a query string does no harm, another path is another endpoint; the connection stays."""
    with _connected(server) as connection:
        connection.raw.sendall(_request(server, flow, method="GET"))
        assert connection.answer()[0] == 405
        connection.raw.sendall(_request(server, flow, path="/MicroflowRest/DoAction?x=1"))
        assert connection.answer()[1]["responseStatus"] == "SUCCESS"
        connection.raw.sendall(_request(server, flow, path="/MicroflowRest/Other"))
        assert connection.answer()[0] == 404
        connection.raw.sendall(_request(server, flow))
        assert connection.answer()[1]["responseStatus"] == "SUCCESS"
        assert connection.is_open()


def test_what_is_no_http_is_refused_after_a_quick_answer(server: Server, flow: dict[str, Any]) -> None:
    """Garbage behind a good request: the request is answered, the garbage refused, the connection closed."""
    with _connected(server) as connection:
        connection.raw.sendall(_request(server, flow))
        assert connection.answer()[0] == 200
        connection.raw.sendall(_request(server, flow) + b"\x00\x01 garbage\r\n\r\n")
        assert connection.answer()[0] == 200
        assert connection.to_the_end().startswith(b"HTTP/1.1 400 ")


def test_two_lengths_are_refused(server: Server, flow: dict[str, Any]) -> None:
    """A request with a length and chunks, as for smuggling, is never answered as a good one."""
    with _connected(server) as connection:
        connection.raw.sendall(_request(server, flow, "Transfer-Encoding: chunked"))
        received = connection.raw.recv(65536)
        assert b"SUCCESS" not in received
        assert received.startswith(b"HTTP/1.1 400 ")
