"""The quick way of writing a reply gives the bytes of the ordinary way, and keeps connections usable."""

import json
import socket
from typing import Final

from tests.integration.running_server import Server

_BODY: Final = json.dumps({"flowName": "ExchangeRate", "object": {"RequestBO": {"requestData": "USD"}}}).encode()


def _request(server: Server, *extra: str, version: str = "1.1") -> bytes:
    lines = [
        f"POST /MicroflowRest/DoAction HTTP/{version}",
        f"Host: 127.0.0.1:{server.port}",
        "Content-Type: application/json",
        f"Authorization: Bearer {server.token}",
        f"Content-Length: {len(_BODY)}",
        *extra,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + _BODY


def _answer(connection: socket.socket) -> tuple[bytes, dict[bytes, bytes], bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    while len(body) < int(headers[b"content-length"]):
        body += connection.recv(65536)
    return status, headers, body


def _without_id(body: bytes) -> dict[str, object]:
    return {**json.loads(body), "tId": ""}


def test_both_ways_give_the_same_answer(server: Server) -> None:
    """A page's call takes the ordinary way, a program's the quick one: status, headers and body are alike."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(_request(server))
        quick = _answer(connection)
        connection.sendall(_request(server, "Origin: https://elsewhere.example"))
        ordinary = _answer(connection)
    assert quick[0] == ordinary[0] == b"HTTP/1.1 200 OK"
    ordinary[1].pop(b"vary")
    for headers in (quick[1], ordinary[1]):
        assert headers.pop(b"date")
    assert list(quick[1].items()) == list(ordinary[1].items())
    assert _without_id(quick[2]) == _without_id(ordinary[2])


def test_pipelined_calls_are_answered_in_their_order_on_one_connection(server: Server) -> None:
    """Ten calls sent at once on one connection get ten whole answers."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(_request(server) * 10)
        received = b""
        while received.count(b'"tId"') < 10:
            received += connection.recv(65536)
    assert received.count(b"HTTP/1.1 200 OK") == 10


def test_a_connection_that_is_not_kept_is_closed_after_the_answer(server: Server) -> None:
    """HTTP/1.0 and `Connection: close` get their answer with `connection: close`, and then the end."""
    for request in (_request(server, version="1.0"), _request(server, "Connection: close")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(request)
            _, headers, body = _answer(connection)
            assert headers[b"connection"] == b"close"
            assert json.loads(body)["responseStatus"] == "SUCCESS"
            assert connection.recv(10) == b""
