"""What is told first: that there is no session before anything of the body, and to pages always in a way that they can read."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from tests.wire.world import PAGE_ORIGIN, World

from microflow_runtime.errors import BadRequest, HeadersTooLarge, MicroflowError, UrlTooLong

_ACT = "/MicroflowRest/DoAction"
_CLASSES = "/MicroflowRest/classAction"
_JSON = {"content-type": "application/json"}

_UNREADABLE: dict[str, tuple[bytes, Mapping[str, str], int]] = {
    "no type": (b"{}", {}, 415),
    "another type": (b'{"flowName":"Rate"}', {"content-type": "text/xml"}, 415),
    "compressed": (b"x", {**_JSON, "content-encoding": "gzip"}, 415),
    "announced too large": (b"{}", {**_JSON, "content-length": "99999999999"}, 413),
    "too large": (b'{"x":"' + b"x" * (8 * 1024 * 1024) + b'"}', _JSON, 413),
    "nothing": (b"", _JSON, 400),
    "no JSON": (b"{", _JSON, 400),
    "no object": (b"[]", _JSON, 400),
    "nothing named": (b'{"fileNames":[],"event":"x"}', _JSON, 400),
    "deep": (b'{"flowName":' + b"[" * 100 + b"]" * 100 + b"}", _JSON, 400),
}


@pytest.mark.parametrize(("body", "headers", "status"), _UNREADABLE.values(), ids=_UNREADABLE)
@pytest.mark.parametrize("path", [_ACT, _CLASSES])
def test_no_session_is_told_before_the_body(
    world: World, path: str, body: bytes, headers: Mapping[str, str], status: int
) -> None:
    """Whatever is wrong with the body: 401 without a session and with one that has ended, the status of the body with one."""
    ended = {"authorization": "Bearer mf1_ended"}
    for more in ({}, ended, {"cookie": "JSESSIONID=gone"}):
        answer = world.send("POST", path, body, {**headers, **more})
        assert (answer.status, answer.header("www-authenticate")) == (401, "Bearer")
    assert world.send("POST", path, body, {**headers, **world.session("operator")}).status == status
    if path == _CLASSES:
        assert world.send("POST", path, body, {**headers, **world.session("caller")}).status == 403


def test_who_has_no_session_is_told_what_is_wrong_besides(world: World) -> None:
    """A client of open flows that gets its body wrong finds out."""
    answer = world.send("POST", _ACT, b"{}", {"content-type": "text/plain"})
    told = "This needs a session, or a request for a flow that is open without one. The body must be application/json"
    assert msgspec.json.decode(answer.body)["exception"].startswith(told)


def test_an_open_flow_is_read_without_a_session(world: World) -> None:
    """What is wrong inside a call that names an open flow is told as such: a header, an input."""
    headers = {**_JSON, "x-microflow-min-epoch": "99999"}
    assert world.send("POST", _ACT, b'{"flowName":"Open"}', headers).status == 503
    assert world.act({"flowName": "Open"}, user=None).status == 200
    assert world.act({"flowName": "Rate"}, user=None).status == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/snapshots"),
        ("POST", "/snapshots?nonsense=1"),
        ("POST", "/snapshots?activate=perhaps"),
        ("POST", "/snapshots?app=a&app=b"),
        ("GET", "/snapshots/Nothing"),
        ("POST", "/snapshots/Nothing/rollback"),
        ("POST", "/snapshots/Nothing/v/activate"),
    ],
)
def test_no_session_is_told_before_query_and_names(world: World, method: str, path: str) -> None:
    """Snapshots say nothing about what is asked of them to who has no session, and 403 to who has no right."""
    assert world.send(method, path, b"no package", {"content-type": "text/plain"}).status == 401
    if path != "/snapshots" or method != "GET":
        assert world.send(method, path, b"no package", world.session("stranger")).status == 403


_REFUSALS: dict[str, tuple[str, str, bytes | None, dict[str, Any], int]] = {
    "another host, DoAction": ("POST", _ACT, b"{}", {"host": "evil.example"}, 400),
    "another host, elsewhere": ("GET", "/livez", None, {"host": "evil.example"}, 400),
    "another host, preflight": ("OPTIONS", _ACT, None, {"host": "evil.example"}, 400),
    "no session": ("POST", _ACT, b"{}", {}, 401),
    "no session to refresh": ("GET", "/MicroflowRest/refreshCache", None, {}, 401),
    "no session to view": ("GET", "/snapshots", None, {}, 401),
    "no figures": ("GET", "/metrics", None, {}, 401),
    "no path": ("GET", "/nothing", None, {}, 404),
    "no path of flows": ("GET", "/MicroflowRest/Nothing", None, {}, 404),
    "no path of IAM2": ("GET", "/IAM2RESTService/nothing", None, {}, 404),
    "another method, DoAction": ("GET", _ACT, None, {}, 405),
    "another method, elsewhere": ("POST", "/livez", b"", {}, 405),
    "another method, classAction": ("GET", _CLASSES, None, {}, 405),
    "another type for IAM2": ("POST", "/IAM2RESTService/services/v1/login", b"{}", {}, 415),
}


@pytest.mark.parametrize(("method", "path", "body", "more", "status"), _REFUSALS.values(), ids=_REFUSALS)
def test_every_refusal_can_be_read_by_pages(
    world: World, method: str, path: str, body: bytes | None, more: dict[str, Any], status: int
) -> None:
    """A refusal of any kind carries the headers that let a configured page read it, and none for any other page."""
    for origin, allowed in ((PAGE_ORIGIN, PAGE_ORIGIN), ("https://evil.example", None)):
        answer = world.send(method, path, body, {"origin": origin}, **more)
        assert (answer.status, answer.header("access-control-allow-origin")) == (status, allowed)
        assert answer.header("vary") == "Origin"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadRequest("Two readings."), 400, "MF-R400"),
        (UrlTooLong("Too long."), 414, "MF-R414"),
        (HeadersTooLarge("Too large."), 431, "MF-R431"),
        (MicroflowError("A bug."), 500, "MF-X000"),
    ],
)
def test_what_the_protocol_refuses_is_told_by_the_application(
    world: World, error: MicroflowError, status: int, code: str
) -> None:
    """It is JSON in the words of the path, can be read by pages, names epoch, kind and code, and is counted."""
    before = world.runtime.metrics.refusals[status]
    for url, key in ((world.prefix + _ACT, "exception"), ("/IAM2RESTService/x", "error_description")):
        fields, body = world.application.refuse(error, url.encode(), [(b"origin", PAGE_ORIGIN.encode())])
        headers = dict(fields)
        assert msgspec.json.decode(body)[key] == error.message
        assert int(headers[b"content-length"]) == len(body)
        assert headers[b"access-control-allow-origin"] == PAGE_ORIGIN.encode()
        assert headers[b"x-microflow-error-code"] == code.encode()
        assert headers[b"x-microflow-epoch"] == world.runtime.catalog.epoch_header
    assert world.runtime.metrics.refusals[status] == before + 2


@pytest.mark.parametrize("path", [_ACT, "/livez", "/snapshots", "/IAM2RESTService/services/v1/userinfo/x"])
def test_a_bug_of_ours_can_be_read_by_pages(world: World, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 500 has the headers as well."""

    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.application, "_router", break_down)
    monkeypatch.setattr(world.application._do_action_endpoint, "answer", break_down)
    answer = world.send("POST", path, b"{}", {"origin": PAGE_ORIGIN})
    assert (answer.status, answer.header("access-control-allow-origin")) == (500, PAGE_ORIGIN)


@pytest.mark.parametrize("origin", [PAGE_ORIGIN, "https://evil.example", "null", "http://app.example"])
@pytest.mark.parametrize(("method", "path"), [("POST", _ACT), ("GET", "/MicroflowRest/refreshCache")])
def test_credentials_are_allowed_where_they_are_taken(world: World, origin: str, method: str, path: str) -> None:
    """A page that is told that it may send the cookie calls with it, to change things too; any other page does not."""
    login = b'{"username":"operator","password":"long enough"}'
    logged_in = world.send("POST", "/IAM2RESTService/services/v1/login", login, _JSON)
    cookie = (logged_in.header("set-cookie") or "").partition(";")[0]
    headers = {**_JSON, "cookie": cookie, "origin": origin, "sec-fetch-site": "cross-site"}
    answer = world.send(method, path, b'{"flowName":"Open"}', headers)
    is_told = answer.header("access-control-allow-credentials") == "true"
    assert (is_told, answer.status) == ((True, 200) if origin == PAGE_ORIGIN else (False, 403))
