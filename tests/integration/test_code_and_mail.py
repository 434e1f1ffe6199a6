"""The nodes code and mail in a server of two workers: what the time limit reaches, and what is left when things end."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.app_folder import write_app
from tests.integration.running_server import ACT, Server
from tests.servers.mail import MailServer, mail_server_in_a_thread

CANARY = "c4n4ry"
FUNCTIONS = Path(__file__).parents[1] / "functions"
_APP = """
app: Outside
version: v.0.1.0
connections:
  post:
    type: smtp
    host: 127.0.0.1
    port: PORT
    security: none
    username: us
    password: {secret: password}
    from: shop@shop.example
"""
_FLOW = """
inputs: {In: TextBO}
outputs: {Out: TextBO}
LIMITSnodes:
  Start: {type: start, next: Do}
  Do:
    KEYS
    next: End
  End: {type: end}
"""
_KEYS = {
    "Spin": "type: code\n    function: spin",
    "Echo": (
        "type: code\n    function: give_back\n    takes: {value: string}\n    returns: string\n"
        "    in: {value: = In.text}\n    out: {Out.text: = result}"
    ),
    "Mail": (
        "type: mail\n    connection: post\n    to: suda@shop.example\n    subject: '{text}'\n    text: '{text}'\n"
        "    in: {text: = In.text}\n    out: {Out.text: = message_id}"
    ),
}


@pytest.fixture(scope="module")
def post() -> Iterator[MailServer]:
    """Run a mail server that wants a password."""
    with mail_server_in_a_thread(password=f"{CANARY}-password") as running:
        yield running


@pytest.fixture(scope="module")
def caller(post: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the flows with two workers, logged in."""
    folder = tmp_path_factory.mktemp("code")
    flows = {name: _FLOW.replace("KEYS", keys).replace("LIMITS", "") for name, keys in _KEYS.items()}
    for name in ("Spin", "Mail"):
        keys = f"type: sub flow\n    flow: {name}\n    in: {{In: = In}}"
        flows[f"Outer {name}"] = _FLOW.replace("KEYS", keys).replace("LIMITS", "limits: {execution: 2s}\n")
    app = write_app(folder / "Outside", _APP.replace("PORT", str(post.port)), {"TextBO": "text: string"}, flows)
    environment = {"MICROFLOW_SECRET_PASSWORD": f"{CANARY}-password", "PYTHONPATH": str(FUNCTIONS)}
    running = Server(folder, [app], workers=2, environment=environment)
    try:
        running.log_in()
        yield running
    finally:
        running.end()


def _act(caller: Server, flow: str, text: str = "x") -> str:
    return str(caller.act(flow, {"In": {"text": text}}).outputs["Out"]["text"])


def _code_processes(caller: Server) -> list[int]:
    return [pid for pid in caller.processes() if b"microflow_runtime.code.process" in _command(pid)]


def _busy(caller: Server) -> list[int]:
    return [pid for pid in _code_processes(caller) if _state(pid) == b"R"]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _until(holds: Callable[[], bool], seconds: float = 3.0) -> None:
    give_up_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def _hang_up_during(caller: Server, flow: str, begun: Callable[[], bool]) -> None:
    """Call a flow, and be gone once the call has begun."""
    body = json.dumps({"flowName": flow, "object": {"In": {"text": "x"}}}).encode()
    head = (
        f"POST {ACT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {caller.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", caller.port)) as gone:
        gone.sendall(head.encode() + body)
        _until(begun)
        time.sleep(0.3)


def test_a_busy_loop_ends_with_the_limit_of_the_outer_flow(caller: Server) -> None:
    """Trap 7 (c): named with the node, the process is gone, and the next call gets another."""
    started = time.monotonic()
    error = caller.act("Outer Spin", {"In": {"text": "x"}}).error
    assert time.monotonic() - started < 2.5
    assert 'sub flow "Do": Spin, code "Do": the time limit of 2.000 s has passed here' in error
    for text in ("= 1 + 1", "{name}", "${HOME}"):
        assert _act(caller, "Echo", text) == text
    _until(lambda: not _busy(caller))


def _state(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return b""


def test_a_caller_who_hangs_up_ends_the_function(caller: Server) -> None:
    """The process is gone long before the limits of the call."""
    _until(lambda: not _busy(caller))
    _hang_up_during(caller, "Spin", lambda: bool(_busy(caller)))
    _until(lambda: not _busy(caller))


def test_a_stalling_mail_server_ends_with_the_limit(caller: Server, post: MailServer) -> None:
    """The socket is closed, by the limit and by a caller who has gone."""
    try:
        post.stalls.set()
        started = time.monotonic()
        error = caller.act("Outer Mail", {"In": {"text": "x"}}).error
        assert time.monotonic() - started < 2.5
        assert 'sub flow "Do": Mail, mail "Do": the time limit of 2.000 s has passed here' in error
        _until(lambda: post.open == 0)
        _hang_up_during(caller, "Mail", lambda: post.open == 1)
        _until(lambda: post.open == 0)
    finally:
        post.stalls.clear()


@pytest.mark.parametrize("text", ["= 1 + 1", "{{secrets.password}}", "${HOME}", "{text}", "{secret: password}"])
def test_data_is_never_evaluated(caller: Server, post: MailServer, text: str) -> None:
    """What looks like a formula, a placeholder or a secret arrives as that text."""
    assert _act(caller, "Mail", text).endswith("@shop.example>")
    came = post.received[-1]
    assert (came.message["Subject"], came.text) == (text, f"{text}\n")


def test_no_secret_is_left_anywhere(caller: Server, post: MailServer) -> None:
    """A wrong password is told without it; the log and the home know none."""
    kept = post.password
    try:
        post.password = "another"
        assert CANARY not in caller.act("Mail", {"In": {"text": "x"}}).error
    finally:
        post.password = kept
    assert CANARY not in caller.log.read_text(errors="replace")
    assert [path for path in caller.home.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()] == []


def test_no_process_outlives_its_worker(caller: Server) -> None:
    """A worker that is killed takes its busy processes along, and a server that ends takes all."""
    _until(lambda: not _busy(caller))
    spinning: list[int] = []
    worker = 0

    def begun() -> bool:
        nonlocal worker
        running = _busy(caller)
        if running:
            spinning[:] = running
            worker = int(Path(f"/proc/{running[0]}/stat").read_text().rpartition(")")[2].split()[1])
            os.kill(worker, signal.SIGKILL)
        return bool(running)

    with suppress(ConnectionError):  # the worker that was called is gone
        _hang_up_during(caller, "Spin", begun)
    assert worker
    _until(lambda: not any(b"microflow_runtime.code.process" in _command(pid) for pid in spinning))
    _until(lambda: len(caller.workers()) == 2, 10)
    assert _act(caller, "Echo") == "x"
    left = _code_processes(caller)
    assert left
    assert caller.stop() == 0
    assert not any(b"microflow_runtime.code.process" in _command(pid) for pid in left)
    caller.start_again()
