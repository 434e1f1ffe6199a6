"""Addresses that a server gave are requested as they came, and lead nowhere else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.raw_http_server import Visit, always, raw_server, reply
from tests.unit.runtime.connections.authority import Authority
from tests.unit.runtime.connections.calls import Calls

from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.connections.given_address import towards
from microflow_runtime.runtime.connections.message import Sent

HOME = ("https", "api.example", 443)
HEADERS = (("Authorization", "Bearer s"), ("X-Own", "1"), ("Cookie", "c"), ("traceparent", "00"))
FIRST = Sent(method="GET", origin=HOME, target="/v1/items?limit=2", headers=HEADERS, body=b"")


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("https://api.example/v1/items?c=a%2Bb%3D&d=%E0%B8%81", "/v1/items?c=a%2Bb%3D&d=%E0%B8%81"),
        ("https://API.example:443/x#part", "/x"),
        ("https://api.example", "/"),
        ("?page=2", "/v1/items?page=2"),
        ("more/2", "/v1/more/2"),
        ("/other", "/other"),
        ("//api.example/y", "/y"),
        ("https://api.example/$metadata?$skiptoken='a b'", "/$metadata?$skiptoken='a%20b'"),
        ("/ก?q=ข", "/%E0%B8%81?q=%E0%B8%82"),
        ("/100%", "/100%"),
    ],
)
def test_an_address_is_requested_as_it_came(given: str, target: str) -> None:
    """What is encoded is not encoded twice; a relative address is beside the node's path."""
    sent = towards(FIRST, given, ())
    assert (sent.origin, sent.target, sent.headers, sent.at_home) == (HOME, target, HEADERS, True)


@pytest.mark.parametrize(
    "given",
    [
        "http://api.example/x",
        "https://api.example:8443/x",
        "https://api.example.evil.example/x",
        "https://evil.example/?https://api.example",
        "//evil.example/x",
        "https:\t//evil.example",
        "https://api.example@evil.example/",
        "https://evil.example\\@api.example/",
        "https://api.example:x/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "/x\r\nHost: evil.example",
        "http://[::1",
    ],
)
def test_no_address_leads_elsewhere(given: str) -> None:
    """Another scheme, host or port is another origin; what is no address is told so."""
    with pytest.raises(NodeError) as caught:
        towards(FIRST, given, ())
    assert caught.value.kind in {"http.denied", "http.request"}


def test_another_origin_is_reached_where_the_connection_names_it() -> None:
    """It sees what the node says and no credential."""
    sent = towards(FIRST, "https://files.example/a?sig=x%2F", {("https", "files.example", 443)})
    assert (sent.origin[1], sent.target, sent.headers, sent.at_home) == (
        "files.example",
        "/a?sig=x%2F",
        (("X-Own", "1"),),
        False,
    )


async def test_no_credential_leaves_with_an_address(calls: Callable[..., Calls]) -> None:
    """Headers and sign-in of the connection go to its own origin alone, over real sockets."""
    seen: list[Visit] = []

    async def answer(visit: Visit) -> None:
        seen.append(visit)
        await visit.send(reply())

    async with raw_server(answer) as home, raw_server(answer) as away:
        settings: dict[str, Any] = {
            "url": f"{home.url}/v1",
            "auth": {"type": "api key", "in": "query", "name": "key", "key": {"secret": "key"}},
            "headers": {"X-Key": {"secret": "key"}},
            "origins": [away.url],
        }
        api = calls(settings, secrets={"key": "CANARY"})
        assert (await api.send(url=f"{home.url}/v1/x?key=old&page=2")).url == f"{home.url}/v1/x?key=old&page=2"
        assert (await api.send(url=f"{away.url}/y?page=2")).url == f"{away.url}/y?page=2"
        denied = await api.fails(url="http://127.0.0.1:1/")
    assert [visit.line for visit in seen] == ["GET /v1/x?page=2&key=CANARY HTTP/1.1", "GET /y?page=2 HTTP/1.1"]
    assert "CANARY" in seen[0].head
    assert "CANARY" not in seen[1].head
    assert denied.kind == "http.denied"
    assert "http://127.0.0.1:1" in denied.message


async def test_our_certificate_is_not_shown_to_another_origin(calls: Callable[..., Calls], tmp_path: Path) -> None:
    """A server elsewhere that asks for a certificate gets none, while our own takes it."""
    authority = Authority()
    certificate, key = authority.issue("client")

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    context = authority.server_context("good.example", tmp_path, wants_client=True)
    async with raw_server(always(reply()), tls=context) as home, raw_server(always(reply()), tls=context) as away:
        settings = {
            "url": f"https://good.example:{home.port}",
            "origins": [f"https://good.example:{away.port}"],
            "tls": {"authority": {"secret": "ca"}, "certificate": {"secret": "cert"}, "key": {"secret": "key"}},
        }
        secrets = {"ca": authority.pem, "cert": certificate, "key": key}
        api = calls(settings, secrets=secrets, resolve=resolve, private_networks=("127.0.0.0/8",))
        assert (await api.send()).status == 200
        error = await api.fails(url=f"https://good.example:{away.port}/")
        assert away.visits == []
    assert error.kind in {"http.connect", "http.reply"}


async def test_the_address_that_gave_a_reply_is_told(calls: Callable[..., Calls]) -> None:
    """Behind redirects it is the last one, so that relative links lead on from there."""
    async with raw_server(always(reply(b"{}", "302 Found", "Location: /there?x=1"))) as server:
        api = calls({"url": server.url})
        assert (await api.send("GET", "/x")).url == f"{server.url}/x"
