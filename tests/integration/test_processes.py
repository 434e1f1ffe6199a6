"""Starting, stopping and killing: running calls finish, workers come back, nobody is left behind."""

import http.client
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from tests.app_folder import write_flow
from tests.integration.running_server import ACT, COMMAND, Reply, Server, lives
from tests.integration.trap_apps import write_traps_app
from tests.integration.wall_clocks import check_wall_clocks


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve Traps with two workers in Bangkok; tests may stop or kill it, and the next starts it again on the same home."""
    folder = tmp_path_factory.mktemp("processes")
    running = Server(folder, [write_traps_app(folder)], workers=2, environment={"TZ": "Asia/Bangkok"})
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def own(shared: Server) -> Server:
    """Give the server as it runs with all its workers, the administrator logged in anew."""
    shared.start_again()
    wait_until(lambda: len(shared.workers()) == 2, 20)
    shared.log_in()
    return shared


def wait_until(is_true: Callable[[], bool], seconds: float) -> float:
    """Wait until something is so and give how many seconds that took; fail the test when it takes too long."""
    began = time.monotonic()
    while not is_true():
        assert time.monotonic() - began < seconds
        time.sleep(0.01)
    return time.monotonic() - began


def wait_until_gone(pids: list[int], seconds: float) -> None:
    """Wait for processes to end; fail the test when one lives on."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(map(lives, pids)):
        time.sleep(0.02)
    assert not [pid for pid in pids if lives(pid)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_calls_finish_when_the_server_stops(own: Server, number: int) -> None:
    """SIGTERM and Ctrl-C let calls under way finish; then the server ends with 0 and leaves no worker."""
    replies: list[Reply] = []
    calls = [threading.Thread(target=lambda: replies.append(own.act("Waits Half A Second"))) for _ in range(4)]
    for call in calls:
        call.start()
    time.sleep(0.2)
    assert own.stop(number, seconds=5) == 0
    for call in calls:
        call.join()
    assert [reply.outputs for reply in replies] == [{"TextBO": {"text": "waited"}}] * 4


def test_a_killed_worker_comes_back(own: Server) -> None:
    """A worker that is killed is started again within a second, and calls go on meanwhile."""
    before = own.workers()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(own.workers()) == 2 and before[0] not in own.workers(), 1.0)
    assert statuses_everywhere(own, own.token) == {200}


def test_workers_end_with_their_supervisor(own: Server) -> None:
    """When the supervisor is killed its workers end, after the calls under way."""
    workers = own.processes()
    replies: list[Reply] = []
    call = threading.Thread(target=lambda: replies.append(own.act("Waits Half A Second")))
    call.start()
    time.sleep(0.2)
    own.process.kill()
    own.process.wait()
    call.join()
    assert replies[0].outputs == {"TextBO": {"text": "waited"}}
    wait_until_gone(workers, 3.0)


def test_a_second_signal_ends_at_once(own: Server) -> None:
    """Who cannot wait for the calls under way signals again; the exit code tells that they were cut off."""
    call = threading.Thread(target=lambda: suppress_lost(own))
    processes = own.processes()
    call.start()
    time.sleep(0.2)
    own.process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    own.process.send_signal(signal.SIGINT)
    assert own.process.wait(0.3 + 2) == 128 + signal.SIGINT
    call.join()
    wait_until_gone(processes, 2.0)


def suppress_lost(server: Server) -> None:
    """Make a call that may be cut off."""
    with suppress(OSError, http.client.HTTPException):
        server.act("Waits Half A Second")


def test_a_home_whose_server_was_killed_starts_again_at_once(own: Server) -> None:
    """After SIGKILL of the supervisor alone, or of all its processes, the same command serves again."""
    for victims in ([], own.processes()):
        own.process.kill()
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        own.process.wait()
        own.start_again()
        assert own.act("Name", {"NameBO": {"name": "x"}}).outputs == {"TextBO": {"text": "x"}}


def test_a_killed_template_is_replaced(own: Server) -> None:
    """The workers outlive their template, and one that ends afterwards is replaced as ever."""
    before = own.workers()
    (template,) = set(own.processes()) - set(before)
    os.kill(template, signal.SIGKILL)
    wait_until(lambda: bool(set(own.processes()) - {template}), 20)
    assert own.workers() == before
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(own.workers()) == 2 and before[0] not in own.workers(), 20)
    assert statuses_everywhere(own, own.token) == {200}


def test_a_home_is_for_one_server(own: Server) -> None:
    """A second server on the same home ends with 3 and names the first, which goes on."""
    words = [COMMAND, "serve", "--port", "0", "--app", str(own.folder / "Traps")]
    done = subprocess.run(words, check=False, env=own.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert f"Another server (process {own.process.pid}) runs on this home" in done.stderr
    assert own.act("Name", {"NameBO": {"name": "x"}}).outputs == {"TextBO": {"text": "x"}}


def test_a_server_whose_workers_cannot_start_ends_and_says_why(own: Server, tmp_path: Path) -> None:
    """Workers that end as soon as they start are told plainly, and the server gives up."""
    broken = tmp_path / "uvloop.py"
    broken.write_text("raise RuntimeError('this library is broken')", encoding="utf-8")
    environment = {**own.environment, "MICROFLOW_HOME": str(tmp_path / "home"), "PYTHONPATH": str(tmp_path)}
    words = [COMMAND, "serve", "--port", "0", "--app", str(own.folder / "Traps")]
    done = subprocess.run(words, check=False, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 70
    assert "this library is broken" in done.stderr
    assert "workers end as soon as they start" in done.stderr


def test_a_broken_folder_never_stops_the_server(own: Server) -> None:
    """A broken definition is refused by refresh; a start with it serves the last good catalog and says so."""
    broken = write_flow(own.folder / "Traps", "Broken", "nodes: {Start: {type: strat, next: End}, End: {type: end}}")
    assert own.send("GET", "/MicroflowRest/refreshCache", user=True).status == 409
    assert own.act("Name", {"NameBO": {"name": "x"}}).outputs == {"TextBO": {"text": "x"}}
    own.restart()
    assert own.act("Name", {"NameBO": {"name": "x"}}).outputs == {"TextBO": {"text": "x"}}
    assert "the last good catalog is served" in own.log.read_text()
    assert own.send("GET", "/MicroflowRest/refreshCache", user=True).status == 409
    broken.unlink()
    assert own.send("GET", "/MicroflowRest/refreshCache", user=True).status == 200


def test_sessions_survive_a_restart(own: Server) -> None:
    """A session is kept over a restart."""
    own.restart()
    assert own.act("Name", {"NameBO": {"name": "x"}}).outputs == {"TextBO": {"text": "x"}}


def statuses_everywhere(server: Server, token: str) -> set[int]:
    """Use a token in many calls at once, which reach both workers; give the statuses."""
    body = {"flowName": "Name", "object": {"NameBO": {"name": "x"}}}

    def call(_turn: int) -> Reply:
        return server.send("POST", ACT, body, {"Authorization": f"Bearer {token}"})

    replies: list[Reply] = []
    with ThreadPoolExecutor(16) as threads:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            replies += threads.map(call, range(32))
            if {reply.headers["x-microflow-worker"] for reply in replies} == {"0", "1"}:
                break
    assert {reply.headers["x-microflow-worker"] for reply in replies} == {"0", "1"}
    return {reply.status for reply in replies}


def refused_everywhere(server: Server, token: str) -> None:
    """See that within a second no worker takes the token any more."""
    time.sleep(1.0)
    assert statuses_everywhere(server, token) == {401}


def accepted_everywhere(server: Server, token: str) -> None:
    """Use the token on both workers, so that both remember it."""
    assert statuses_everywhere(server, token) == {200}


def test_a_removed_token_is_refused_on_every_worker(own: Server) -> None:
    """`microflow token remove` ends an access token on every worker within a second."""
    token = own.command("token", "add", "--user", "admin")
    accepted_everywhere(own, token)
    (handle,) = [line.split()[0] for line in own.command("token", "list").splitlines() if "admin" in line]
    own.command("token", "remove", handle)
    refused_everywhere(own, token)


def test_a_logout_is_seen_on_every_worker(own: Server) -> None:
    """A logout on one worker ends the session on all."""
    accepted_everywhere(own, own.token)
    assert own.send("GET", f"/IAM2RESTService/services/v1/logout/{own.token}").status == 200
    refused_everywhere(own, own.token)


def test_wall_clocks_with_a_server_in_bangkok(own: Server) -> None:
    """A date-time without zone and a date come back as they were sent, with TZ=Asia/Bangkok too."""
    check_wall_clocks(own)


def test_the_home_is_private(own: Server) -> None:
    """What the server keeps can be read by its user alone, and its log holds no token and no password."""
    assert own.home.stat().st_mode & 0o077 == 0
    assert (own.home / "run").stat().st_mode & 0o077 == 0
    own.act("Name In Error", {"NameBO": {"name": "x"}})
    own.send("GET", f"/IAM2RESTService/services/v1/perms/{own.token}")
    assert own.token not in own.log.read_text()
