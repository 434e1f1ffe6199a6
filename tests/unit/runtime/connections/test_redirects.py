"""Redirects: none unless asked for, few, each checked anew, nothing secret to another origin."""

from collections.abc import Callable

import pytest
from tests.raw_http_server import Visit, always, raw_server, reply
from tests.unit.runtime.connections.calls import Calls

from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.connections.message import Sent
from microflow_runtime.runtime.connections.redirects import next_hop

Make = Callable[..., Calls]
CANARY = "c4n4ry-s3cret"
HOME = ("https", "a.example", 443)


def sent(**more: object) -> Sent:
    """Give a request on its way."""
    given = {
        "method": "GET",
        "origin": HOME,
        "target": "/v1/x?q=1",
        "headers": (("Authorization", f"Bearer {CANARY}"), ("X-Session", CANARY), ("Accept", "*/*")),
        "body": b"",
    }
    return Sent(**(given | more))  # type: ignore[arg-type]


def to(location: str, status: int = 302) -> HttpReply:
    """Give a redirect."""
    return HttpReply(status=status, headers={"location": location}, body=b"")


@pytest.mark.parametrize(
    "location",
    [
        "https://b.example/",
        "//b.example/",
        "https://a.example:8443/",
        "https://sub.a.example/",
        "https://a.example.evil.example/",
        "https://a.example@b.example/",
        "https://169.254.169.254/",
    ],
)
def test_another_origin_is_told_nothing(location: str) -> None:
    """Credentials, sessions and every header of ours stay at the origin they are for."""
    hop = next_hop(sent(), to(location), HOME)
    assert not hop.at_home
    assert hop.headers == (("Accept", "*/*"),)


def test_who_has_left_does_not_come_back_with_credentials() -> None:
    """Another origin cannot send us back to our own with our rights."""
    away = next_hop(sent(), to("https://b.example/"), HOME)
    back = next_hop(away, to("https://a.example/delete-everything"), HOME)
    assert not back.at_home
    assert back.headers == (("Accept", "*/*"),)


@pytest.mark.parametrize(
    ("location", "target"),
    [("/y", "/y"), ("y?z=1#f", "/v1/y?z=1"), ("https://A.example/y", "/y"), ("?p=2", "/v1/x?p=2")],
)
def test_the_same_origin_is_signed_in_to(location: str, target: str) -> None:
    """A relative address, or the own one in full, stays at home."""
    hop = next_hop(sent(), to(location), HOME)
    assert (hop.target, hop.at_home, hop.headers) == (target, True, sent().headers)


@pytest.mark.parametrize(
    ("location", "word"),
    [
        ("http://a.example/", "https to http"),
        ("file:///etc/passwd", "no http"),
        ("gopher://b.example/", "no http"),
        ("javascript:x", "no http"),
        ("", "without saying where"),
        ("https://b.example:99999/", "no http"),
        ("https://[::1/", "no http"),
        ("https://b.example/\u00e4", "no http"),
    ],
)
def test_some_redirects_are_refused(location: str, word: str) -> None:
    """From https to http, to other schemes, to nowhere and to nonsense nobody follows."""
    with pytest.raises(NodeError, match=word) as caught:
        next_hop(sent(), to(location), HOME)
    assert caught.value.kind == "http.redirect"
    assert CANARY not in caught.value.message


@pytest.mark.parametrize(
    ("status", "method", "has_body"), [(301, "GET", False), (303, "GET", False), (308, "POST", True)]
)
def test_what_becomes_of_a_post(status: int, method: str, *, has_body: bool) -> None:
    """A POST becomes a GET, but for 307 and 308, which keep it with its body."""
    hop = next_hop(sent(method="POST", body=b"{}"), to("/y", status), HOME)
    assert (hop.method, bool(hop.body)) == (method, has_body)


def test_a_body_is_not_taken_elsewhere() -> None:
    """What a flow sends to one server is not sent to another because the first one says so."""
    with pytest.raises(NodeError, match="redirects a body"):
        next_hop(sent(method="POST", body=b"{}"), to("https://b.example/", 307), HOME)


async def test_no_redirect_is_followed_unless_asked_for(calls: Make) -> None:
    """A redirect is a status like any other for a connection that says nothing."""
    async with raw_server(always(reply(b"", "302 Found", "Location: /y"))) as server:
        assert (await calls({"url": server.url}).send()).status == 302
    assert len(server.visits) == 1


async def test_a_circle_ends_after_five_hops(calls: Make) -> None:
    """A server that redirects to itself for ever is asked six times, and the error shows no secret."""
    async with raw_server(always(reply(b"", "302 Found", f"Location: /x?token={CANARY}"))) as server:
        api = calls(
            {"url": server.url, "redirects": 5, "auth": {"type": "bearer", "token": {"secret": "t"}}},
            secrets={"t": CANARY},
        )
        error = await api.fails()
    assert (error.kind, len(server.visits)) == ("http.redirect", 6)
    assert CANARY not in error.message + str(error.data)


@pytest.mark.parametrize("place", ["http://169.254.169.254/", "http://[::1]:{port}/", "http://127.0.0.1:{other}/"])
async def test_each_hop_is_checked_anew(calls: Make, place: str) -> None:
    """A redirect to the metadata service, to loopback or to another port of a permitted host is denied."""
    async with raw_server(always(reply())) as other:

        async def answer(visit: Visit) -> None:
            location = place.format(port=server.port, other=other.port)
            await visit.send(reply(b"", "302 Found", f"Location: {location}"))

        async with raw_server(answer) as server:
            error = await calls({"url": server.url, "redirects": 5}).fails()
    assert error.kind == "http.denied"
    assert other.visits == []


async def test_no_credential_reaches_another_origin(calls: Make) -> None:
    """Basic, headers, keys and tokens of a connection stay at home when it redirects to a permitted other place."""
    async with raw_server(always(reply(b"there"))) as other:
        location = f"Location: {other.url}/"
        async with raw_server(always(reply(b"", "307 Temporary Redirect", location))) as server:
            settings = {"url": server.url, "redirects": 1, "headers": {"X-Key": {"secret": "s"}, "Cookie": "a=b"}}
            for auth in (
                {"type": "basic", "username": "u", "password": {"secret": "s"}},
                {"type": "bearer", "token": {"secret": "s"}},
                {"type": "api key", "name": "X-Api-Key", "key": {"secret": "s"}},
                {"type": "api key", "name": "key", "in": "query", "key": {"secret": "s"}},
            ):
                api = calls({**settings, "auth": auth}, secrets={"s": CANARY}, private_networks=("127.0.0.0/8",))
                assert (await api.send(headers=(("X-Session", CANARY),))).body == b"there"
    heads = "".join(visit.head for visit in other.visits)
    assert len(other.visits) == 4
    assert not [word for word in (CANARY, "authorization", "cookie") if word in heads.lower()]
    assert all(visit.header("x-key") == CANARY for visit in server.visits)
    assert server.visits[3].line == f"GET /x?key={CANARY} HTTP/1.1"
