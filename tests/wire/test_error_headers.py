"""A program learns from headers which error it was: its kind and its code, on both ways of answering and on every refusal."""

from typing import Any

import pytest
from tests.wire.asgi_client import Answer
from tests.wire.world import PAGE_ORIGIN, World

_ACT = "/MicroflowRest/DoAction"
_RATE = {"RequestBO": {"requestData": "x"}}


def _told(answer: Answer) -> tuple[int, str | None, str | None]:
    return answer.status, answer.header("x-microflow-error"), answer.header("x-microflow-error-code")


@pytest.mark.parametrize(
    ("flow", "objects", "kind", "code"),
    [
        ("Throws", _RATE, "no luck", "MF-E010"),
        ("Divides", {"Numbers": {}}, "formula", "MF-E010"),
        ("Rate", {"RequestBO": {"requestData": 7}}, "input", "MF-E002"),
        ("Same", {}, "resolution", "MF-E001"),
    ],
)
def test_the_kind_of_a_call_that_failed(world: World, flow: str, objects: Any, kind: str, code: str) -> None:
    """The answer is 200, and names kind and code; `World.act` compares the quick answer byte for byte."""
    answer = world.act({"flowName": flow, "object": objects})
    assert _told(answer) == (200, kind, code)
    assert b'"responseStatus":"ERROR"' in answer.body


def test_a_call_that_goes_well_has_no_error(world: World) -> None:
    """Neither header is there."""
    assert _told(world.act({"flowName": "Rate", "object": _RATE})) == (200, None, None)


def test_pages_may_read_the_kind(world: World) -> None:
    """Both headers are exposed."""
    answer = world.act({"flowName": "Throws", "object": _RATE}, headers={"origin": PAGE_ORIGIN})
    assert _told(answer)[1] == "no luck"
    exposed = (answer.header("access-control-expose-headers") or "").lower().split(", ")
    assert {"x-microflow-error", "x-microflow-error-code"} <= {*exposed}


@pytest.mark.parametrize(
    ("method", "path", "body", "user", "more", "told"),
    [
        ("POST", _ACT, b"{", "caller", {}, (400, "invalid_request", "MF-R400")),
        ("POST", _ACT, b'{"flowName":"Rate"}', None, {}, (401, "not_authenticated", "MF-R401")),
        ("POST", _ACT, b'{"flowName":"Rate"}', "stranger", {}, (403, "not_permitted", "MF-R403")),
        ("POST", _ACT, b'{"flowName":"No"}', "caller", {}, (404, "not_found", "MF-R404")),
        ("GET", _ACT, None, "caller", {}, (405, "method_not_allowed", "MF-R405")),
        ("POST", _ACT, b"{}", "caller", {"host": "evil.example"}, (400, "invalid_request", "MF-R400")),
        ("GET", "/livez", None, None, {"host": "evil.example"}, (400, "invalid_request", "MF-R400")),
        ("GET", "/nothing", None, None, {}, (404, "not_found", "MF-R404")),
        ("GET", "/MicroflowRest/refreshCache", None, None, {}, (401, "not_authenticated", "MF-R401")),
        ("POST", "/MicroflowRest/refreshCache", b"", None, {}, (405, "method_not_allowed", "MF-R405")),
        ("POST", "/MicroflowRest/classAction", b"{}", "caller", {}, (403, "not_permitted", "MF-R403")),
        ("GET", "/snapshots/Nothing", None, None, {}, (401, "not_authenticated", "MF-R401")),
        ("GET", "/metrics", None, "stranger", {}, (403, "not_permitted", "MF-R403")),
        ("GET", "/IAM2RESTService/services/v1/userinfo/x", None, None, {}, (401, "not_authenticated", "MF-R401")),
        ("GET", "/IAM2RESTService/services/v1/login", None, None, {}, (405, "method_not_allowed", "MF-R405")),
    ],
)
def test_the_kind_of_a_refusal(
    world: World,
    method: str,
    path: str,
    body: bytes | None,
    user: str | None,
    more: dict[str, str],
    told: tuple[int, str, str],
) -> None:
    """Every endpoint names kind and code of what it refuses."""
    headers = {"content-type": "application/json", **world.session(user)}
    assert _told(world.send(method, path, body, headers, **more)) == told


def test_flow_and_node_of_a_throw_go_to_log_and_trace(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The caller reads the author's sentence alone; who looks into the server finds the place."""
    capsys.readouterr()
    answer = world.act({"flowName": "Throws", "object": _RATE})
    assert answer.body.startswith(b'{"exception":"No luck with \\"x\\".",')
    place = 'Throws, throw "Stop": No luck with "x".'
    assert place in capsys.readouterr().out
    assert world.application.do_action.recent.list()[0].exception == place
