"""The node rest in a server of two workers: the known traps of calling other systems."""

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.app_folder import write_app
from tests.integration.outside_system import CANARY, OutsideSystem, outside_system
from tests.integration.running_server import ACT, Server

_APP = """
app: Outside
version: v.0.1.0
connections:
  plain: {url: "http://127.0.0.1:PORT", timeout: 10s}
  moved:
    url: "http://127.0.0.1:PORT"
    redirects: 5
    auth: {type: basic, username: us, password: {secret: password}}
    headers: {X-Session: {secret: password}}
  guarded:
    url: "http://127.0.0.1:PORT"
    auth:
      type: oauth2
      grant: refresh_token
      token_url: "http://127.0.0.1:PORT/token"
      client_id: us
      client_secret: {secret: password}
      refresh_token: {secret: first}
"""
_ASK = """
inputs: {In: TextBO}
outputs: {Out: TextBO}
variables: {Told: EchoBO?}
LIMITS
nodes:
  Start: {type: start, next: Ask}
  Ask:
    type: rest
    KEYS
    next: End
  End: {type: end}
"""
_FLOWS = {
    "Guarded": "connection: guarded\n    method: GET\n    path: /guarded\n    reply: TextBO\n    out: {Out: = body}",
    "Stall": "connection: plain\n    method: GET\n    path: /stall",
    "Redirect": (
        "connection: moved\n    method: GET\n    path: /redirect/{to}\n    in: {to: = In.text}\n"
        "    reply: TextBO\n    out: {Out: = body}"
    ),
    "Echo": (
        "connection: moved\n    method: POST\n    path: /echo/{text}\n    in: {text: = In.text}\n"
        "    body: {name: = In.text}\n    reply: EchoBO\n    out: {Out.text: = body.body, Out.more: = body.text, Out.head: = body.head}"
    ),
}
_OUTER = """
inputs: {In: TextBO}
outputs: {Out: TextBO}
limits: {execution: 2s}
nodes:
  Start: {type: start, next: Call}
  Call: {type: sub flow, flow: Stall, in: {In: = In}, next: End}
  End: {type: end}
"""


def _flow(keys: str) -> str:
    return _ASK.replace("KEYS", keys).replace("LIMITS\n", "")


@pytest.fixture(scope="module")
def outside() -> Iterator[OutsideSystem]:
    """Run the outside system."""
    with outside_system() as running:
        yield running


@pytest.fixture(scope="module")
def caller(outside: OutsideSystem, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve flows that call it, with two workers, logged in."""
    folder = tmp_path_factory.mktemp("rest")
    objects = {
        "TextBO": "text: string\nmore: string?\nhead: string?",
        "EchoBO": "text: string\nbody: string\nhead: string",
    }
    flows = {name: _flow(keys) for name, keys in _FLOWS.items()} | {"Outer": _OUTER}
    app = write_app(folder / "Outside", _APP.replace("PORT", str(outside.server.port)), objects, flows)
    secrets = {"MICROFLOW_SECRET_PASSWORD": f"{CANARY}-password", "MICROFLOW_SECRET_FIRST": outside.good_refresh}
    running = Server(folder, [app], workers=2, environment=secrets)
    try:
        running.log_in()
        yield running
    finally:
        running.end()


def act(caller: Server, flow: str, text: str = "x") -> object:
    """Call a flow."""
    return caller.act(flow, {"In": {"text": text}}).outputs["Out"]["text"]


def test_many_calls_and_one_token_refresh(caller: Server, outside: OutsideSystem) -> None:
    """Twenty calls at once on two workers refresh once; after a 500 of the token server the next call succeeds."""
    before = outside.token_requests
    if before:
        time.sleep(outside.expires_in)  # another test had a token
    with ThreadPoolExecutor(20) as threads:
        replies = list(threads.map(lambda _: caller.act("Guarded", {"In": {"text": "x"}}), range(20)))
    assert {reply.outputs["Out"]["text"] for reply in replies} == {"in"}
    assert len({reply.headers["x-microflow-worker"] for reply in replies}) == 2
    assert outside.token_requests == before + 1
    time.sleep(outside.expires_in)  # the access token ends
    outside.token_failures = 1
    outside.expires_in = 3600
    with ThreadPoolExecutor(20) as threads:
        errors = list(threads.map(lambda _: caller.act("Guarded", {"In": {"text": "x"}}), range(20)))
    told = [reply.json["exception"] for reply in errors]
    failed = [text for text in told if text]
    assert failed
    assert all("500 (server_error)" in text and CANARY not in text for text in failed)
    assert act(caller, "Guarded") == "in"
    assert outside.token_requests == before + 3
    outside.expires_in = 4


def test_the_time_limit_reaches_the_socket(caller: Server, outside: OutsideSystem) -> None:
    """A server that never answers ends with the limit of the outer flow, named with the node, and a closed socket."""
    before = outside.closed_while_stalling
    started = time.monotonic()
    error = caller.act("Outer", {"In": {"text": "x"}}).error
    assert time.monotonic() - started < 2.5
    assert 'sub flow "Call": Stall, rest "Ask": the time limit of 2.000 s has passed here' in error
    _closed(outside, before)


def test_a_caller_who_hangs_up_closes_the_socket(caller: Server, outside: OutsideSystem) -> None:
    """When the caller has gone, the call it caused is over long before its own limits."""
    before = outside.closed_while_stalling
    body = json.dumps({"flowName": "Stall", "object": {"In": {"text": "x"}}}).encode()
    head = (
        f"POST {ACT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {caller.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", caller.port)) as gone:
        gone.sendall(head.encode() + body)
        time.sleep(0.5)
        assert outside.closed_while_stalling == before
    _closed(outside, before)


def _closed(outside: OutsideSystem, before: int) -> None:
    give_up_at = time.monotonic() + 1.5
    while outside.closed_while_stalling == before:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("metadata", "is private"),
        ("loopback", "is private"),
        ("elsewhere", "is private"),
        ("itself", "more than 5 times"),
    ],
)
def test_redirects(caller: Server, outside: OutsideSystem, to: str, told: str) -> None:
    """No hop to another place that is private, no endless circle, and no credential in the error."""
    error = caller.act("Redirect", {"In": {"text": to}}).error
    assert told in error
    assert CANARY not in error
    assert outside.elsewhere.visits == []


@pytest.mark.parametrize(
    "text", ["= 1 + 1", "{{secrets.password}}", "${HOME}", "{name}", "{secret: password}", "../fail"]
)
def test_data_is_never_evaluated(caller: Server, text: str) -> None:
    """What looks like a formula, a placeholder or a secret goes through path, body and reply as that text."""
    found = caller.act("Echo", {"In": {"text": text}})
    if "fail" in text:
        assert found.error.endswith("the server answered 400 to POST /echo/{text}.")
        return
    assert json.loads(found.outputs["Out"]["text"]) == {"name": text}
    assert "/" not in found.outputs["Out"]["more"]


def test_the_trace_goes_on(caller: Server) -> None:
    """A trace context of the caller reaches the outside system; without one the execution's id is the trace."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    body = {"flowName": "Echo", "object": {"In": {"text": "x"}}}
    sent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "tracestate": "a=1"}
    head = caller.send("POST", ACT, body, sent, user=True).outputs["Out"]["head"]
    assert re.search(f"traceparent: 00-{trace}-(?!b7ad6b7169203331)[0-9a-f]{{16}}-01\r\ntracestate: a=1", head)
    reply = caller.send("POST", ACT, body, user=True)
    assert f"traceparent: 00-{reply.json['tId']}-" in reply.outputs["Out"]["head"]


def test_no_secret_is_left_anywhere(caller: Server, outside: OutsideSystem) -> None:
    """The log knows no secret, and in the home only the file of tokens does, which only its owner may read."""
    act(caller, "Guarded")
    assert CANARY not in caller.log.read_text(errors="replace")
    holding = [path for path in caller.home.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert [path.parent.name for path in holding] == ["tokens"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in holding)
    assert outside.token_requests >= 1


def test_the_command_line_calls_as_well(caller: Server) -> None:
    """`microflow run` calls outside systems as the server does."""
    data = '{"In": {"text": "x"}}'
    told = caller.command("run", "Outside/Echo", "--app", str(caller.folder / "Outside"), "--data", data)
    assert json.loads(told)["Out"]["more"] == "x"
