"""Workers that are replaced or killed under load: no call fails in a rolling restart, few do by kill -9."""

import http.client
import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
from tests.integration.callers import LOST, OK, Callers
from tests.integration.running_server import ACT, COMMAND, Reply, Server, lives
from tests.integration.trap_apps import write_traps_app

_ROUNDS = 10
_ROUND_SECONDS = 2.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve Traps with two workers."""
    folder = tmp_path_factory.mktemp("replaced")
    running = Server(folder, [write_traps_app(folder)], workers=2)
    try:
        running.log_in()
        _wait_for_workers(running, set())
        yield running
    finally:
        running.end()


def _wait_for_workers(server: Server, old: set[int], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while (
        len(server.workers()) < 2
        or old & set(server.workers())
        or server.state.restarts_begun > server.state.restarts_ended
    ):
        assert time.monotonic() < until, server.log.read_text()
        time.sleep(0.02)


def test_no_call_fails_in_a_rolling_restart(server: Server) -> None:
    """Callers on kept and on new connections get right answers while every worker is replaced."""
    before = set(server.workers())
    waited: list[Reply] = []

    def keep_waiting() -> None:
        while before & set(server.workers()):
            waited.append(server.act("Waits Half A Second"))

    waiting = threading.Thread(target=keep_waiting)
    with Callers(server, count=8, longest_pause=0.3) as callers:
        waiting.start()
        assert server.command("restart") == "microflow: 2 workers replaced"
        time.sleep(0.5)
    waiting.join()
    assert [reply.outputs for reply in waited] == [{"TextBO": {"text": "waited"}}] * len(waited)
    assert waited
    after = set(server.workers())
    assert len(after) == 2
    assert not before & after
    assert not any(map(lives, before))
    outcomes = {call.outcome for call in callers.calls}
    assert outcomes == {OK}
    assert len(callers.calls) > 100


def test_an_idle_connection_is_answered_while_its_worker_retires(server: Server) -> None:
    """A connection that was idle when its worker was told to go is answered with `Connection: close`, then closed."""
    before = set(server.workers())
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    body = {"flowName": "Name", "object": {"NameBO": {"name": "x"}}}
    assert "connection" not in server.send_over(connection, "POST", ACT, body, user=True).headers
    begun = server.state.restarts_begun
    server.process.send_signal(signal.SIGUSR2)
    until = time.monotonic() + 30
    said = ""
    while time.monotonic() < until and not said:
        reply = server.send_over(connection, "POST", ACT, body, user=True)
        assert reply.outputs == {"TextBO": {"text": "x"}}
        said = reply.headers.get("connection", "")
        time.sleep(0.5)
    assert said == "close"
    connection.close()
    _wait_for_workers(server, before)
    assert server.state.restarts_begun == begun + 1


def test_a_restart_that_fails_leaves_the_old_workers(server: Server) -> None:
    """When the new worker cannot serve, the command says why and ends with 1, and the old workers go on."""
    _wait_for_workers(server, set())
    before = set(server.workers())
    store = server.home / "store.sqlite3"
    hidden = server.home / "hidden"
    store.rename(hidden)
    store.mkdir()
    try:
        command = [COMMAND, "restart"]
        done = subprocess.run(command, check=False, env=server.environment, capture_output=True, text=True, timeout=60)
    finally:
        store.rmdir()
        hidden.rename(store)
    assert done.returncode == 1
    assert "workers not yet replaced go on" in done.stderr
    assert "The store" in done.stderr
    assert set(server.workers()) == before
    assert server.act("Name", {"NameBO": {"name": "x"}}).outputs == {"TextBO": {"text": "x"}}
    assert server.command("restart") == "microflow: 2 workers replaced"


def test_kill_9_loses_only_the_calls_in_flight(server: Server) -> None:
    """A worker is killed each two seconds under load: only calls that were with it get no answer, all others the right one.

    Connections can be made at any time, and another worker takes the place of the killed within a second.
    """
    kills: list[tuple[str, float, float]] = []
    back: list[float] = []
    with Callers(server, count=8, longest_pause=0.02) as callers:
        for turn in range(_ROUNDS):
            round_ends = time.monotonic() + _ROUND_SECONDS
            state = server.state
            number, pid = sorted(state.workers.items())[turn % len(state.workers)]
            began = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            kills.append((str(number), began, time.monotonic()))
            while server.state.workers.get(number, pid) == pid:
                assert time.monotonic() < began + 20, server.log.read_text()
                time.sleep(0.01)
            back.append(time.monotonic() - began)
            time.sleep(max(0.0, round_ends - time.monotonic()))
    calls = callers.calls
    lost = [call for call in calls if call.outcome == LOST]
    assert {call.outcome for call in calls} <= {OK, LOST}
    assert not [call for call in lost if not _was_with_a_killed_worker(call, kills)]
    assert len(lost) <= 8 * _ROUNDS
    assert len(calls) > 50 * _ROUNDS
    assert statistics.median(back) < 1.0
    assert max(back) < 5.0


def _was_with_a_killed_worker(call, kills) -> bool:
    """Tell whether the worker of a lost call was killed while the call was under way, or just before on its connection."""
    for number, before, after in kills:
        was_under_way = call.began <= after and call.ended >= before
        was_kept = call.worker == number and not call.is_first and before <= call.began <= after + 1.0
        if (was_under_way and call.worker in {"", number}) or was_kept:
            return True
    return False
