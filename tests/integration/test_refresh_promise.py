"""The refresh promise on one machine: after the answer nobody runs the old version, on any worker."""

import http.client
import threading
import time
from pathlib import Path
from typing import Self

import pytest
from tests.app_folder import write_flow
from tests.integration.running_server import ACT, Server
from tests.integration.version_app import VERSION, write_version

_SECONDS = 8.0
_CALLERS = 8


@pytest.fixture
def app(server: Server) -> Path:
    """Give the folder of the app whose flows tell their version."""
    return server.folder / "apps" / "Versions"


def refresh(server: Server) -> None:
    """Call refreshCache, which must succeed."""
    reply = server.send("GET", "/MicroflowRest/refreshCache", user=True)
    assert (reply.status, reply.body) == (200, b"RefreshCache Success")


class Callers:
    """Threads that call Version over and over, and what they saw: the answer given, and what had been promised before."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.promised = 1
        self.calls = 0
        self.workers: set[str] = set()
        self.stale: list[tuple[int, int, str]] = []
        self.broken: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(_CALLERS)]

    def _call(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        turn = 0
        while not self._stop.is_set():
            turn += 1
            if turn % 50 == 0:  # a new connection may go to another worker
                connection.close()
            promised = self.promised
            try:
                reply = self.server.send_over(connection, "POST", ACT, {"flowName": "Version"}, user=True)
                number = reply.outputs["VersionBO"]["number"]
            except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
                self.broken.append(repr(error))
                connection.close()
                continue
            self.calls += 1
            self.workers.add(reply.headers["x-microflow-worker"])
            if number < promised:
                self.stale.append((number, promised, reply.headers["x-microflow-worker"]))
        connection.close()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_no_stale_answer_after_success(server: Server, app: Path) -> None:
    """While versions are refreshed one after another, no call that starts after Success sees the version before."""
    first = int(server.act("Version").outputs["VersionBO"]["number"])
    until = time.monotonic() + _SECONDS
    with Callers(server) as callers:
        callers.promised = first
        version = first
        while time.monotonic() < until:
            version += 1
            write_version(app, version)
            refresh(server)
            callers.promised = version
    assert callers.stale == []
    assert callers.broken == []
    assert callers.workers == {"0", "1", "2", "3"}
    assert callers.calls > 500
    assert version - first > 5


def test_a_call_under_way_ends_on_what_it_began_with(server: Server, app: Path) -> None:
    """A slow call that began before a refresh calls the sub flow of its own version; 400 calls after see the new one."""
    before = int(server.act("Version").outputs["VersionBO"]["number"])
    seen: list[dict[str, int]] = []

    def call() -> None:
        seen.append(server.act("Slow Version").outputs["VersionBO"])

    slow = [threading.Thread(target=call) for _ in range(4)]
    for thread in slow:
        thread.start()
    time.sleep(0.5)
    write_version(app, before + 1)
    refresh(server)
    after = [server.act("Version").outputs["VersionBO"]["number"] for _ in range(400)]
    for thread in slow:
        thread.join()
    assert seen == [{"number": before, "outer": before}] * 4
    assert set(after) == {before + 1}
    assert server.act("Slow Version").outputs["VersionBO"] == {"number": before + 1, "outer": before + 1}


def test_a_refresh_that_fails_changes_nothing(server: Server, app: Path) -> None:
    """One broken definition beside a new version: 409 says which, the old version runs on all workers, until mended."""
    before = int(server.act("Version").outputs["VersionBO"]["number"])
    write_version(app, before + 1)
    broken = write_flow(app, "Broken", VERSION.replace("NUMBER", "= 1 +"))
    try:
        reply = server.send("GET", "/MicroflowRest/refreshCache", user=True)
        assert reply.status == 409
        assert b"Versions/microflows/Broken.yaml:" in reply.body
        assert reply.body.count(b"\n") == 0
        assert {server.act("Version").outputs["VersionBO"]["number"] for _ in range(40)} == {before}
        assert server.act("Broken").status == 404
    finally:
        broken.unlink()
    refresh(server)
    assert {server.act("Version").outputs["VersionBO"]["number"] for _ in range(40)} == {before + 1}


def test_two_refreshes_at_once(server: Server, app: Path) -> None:
    """Refreshes that come together are ordered: all succeed, and the last version is what is served."""
    before = int(server.act("Version").outputs["VersionBO"]["number"])
    write_version(app, before + 1)
    threads = [threading.Thread(target=refresh, args=(server,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {server.act("Version").outputs["VersionBO"]["number"] for _ in range(40)} == {before + 1}


def test_min_epoch_over_workers(server: Server, app: Path) -> None:
    """The epoch that a refresh answers with is reached on every worker; one beyond it is 503."""
    before = int(server.act("Version").outputs["VersionBO"]["number"])
    write_version(app, before + 1)
    reply = server.send("GET", "/MicroflowRest/refreshCache", user=True)
    epoch = int(reply.headers["x-microflow-epoch"])
    for _ in range(40):
        headers = {"X-Microflow-Min-Epoch": str(epoch)}
        called = server.send("POST", ACT, {"flowName": "Version"}, headers, user=True)
        assert called.status == 200
        assert called.headers["x-microflow-epoch"] == str(epoch)
    beyond = server.send("POST", ACT, {"flowName": "Version"}, {"X-Microflow-Min-Epoch": str(epoch + 1)}, user=True)
    assert beyond.status == 503
