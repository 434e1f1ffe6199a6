"""No stale and no failed call on any worker while versions are deployed, activated, withdrawn and refreshed at random.

`VERSIONS_SECONDS` says how long, 60 unless said; `VERSIONS_SEED` repeats the order of changes of a run, whose seed is printed.
"""

import http.client
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final, Self

import pytest
from tests.integration.rolling_app import APP, write_folder
from tests.integration.running_server import ACT, Server
from tests.integration.version_changes import Changes
from tests.integration.version_oracle import FLOWS, Call, Oracle, Verdict

_SECONDS: Final = float(os.environ.get("VERSIONS_SECONDS", "60"))
_SEED: Final = int(os.environ.get("VERSIONS_SEED") or secrets.randbits(32))
_WORKERS: Final = 4
_PAUSE_SECONDS: Final = 0.02
"""About what each caller waits between calls, so that the server is asked often and the machine is not filled."""

_FORGETS: Final = """
from microflow_runtime.runtime.runtime import Runtime
Runtime.is_current = lambda runtime: runtime.catalog.epoch > 0
"""


class Caller:
    """One connection, or a fresh one for each call, and the calls made over it. Used by one thread."""

    def __init__(self, server: Server, oracle: Oracle, seed: int, *, keeps: bool) -> None:
        self.calls: list[Call] = []
        self.worker = ""
        self._server = server
        self._oracle = oracle
        self._rng = Random(seed)
        self._keeps = keeps
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)

    def call(self, *, named: bool | None = None) -> None:
        """Call a flow at random, sometimes of a snapshot by name, and note how it went."""
        rng = self._rng
        snapshot = ""
        flows: list[str] = list(FLOWS)
        if (rng.random() < 0.3) if named is None else named:
            snapshot = rng.choice(list(self._oracle.snapshots))
            flows = list(self._oracle.snapshots[snapshot])
        body = {"flowName": (flow := rng.choice(flows)), "object": {}}
        if snapshot:
            body |= {"snapVersion": snapshot, "appName": APP}
        began = time.monotonic_ns()
        outputs, epoch, failure = None, 0, ""
        try:
            reply = self._server.send_over(self._connection, "POST", ACT, body, user=True)
            self.worker, epoch = reply.headers["x-microflow-worker"], int(reply.headers["x-microflow-epoch"])
            if reply.status != 404:
                outputs = reply.outputs["VersionBO"]
        except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
            failure = repr(error)
            self.close()
        self.calls.append(Call(began, time.monotonic_ns(), self.worker, flow, snapshot, outputs, epoch, failure))
        if not self._keeps:
            self.close()

    def call_until(self, stop: threading.Event) -> None:
        """Call over and over."""
        while not stop.wait(self._rng.uniform(0, 2 * _PAUSE_SECONDS)):
            self.call()

    def close(self) -> None:
        """Close the connection; the next call opens another, which may go to another worker."""
        self._connection.close()


class Callers:
    """A caller that stays with each worker, twice, and some without a connection of their own, each in a thread.

    `probes` stay with a worker each, too, and are for the thread that changes versions.
    """

    def __init__(self, server: Server, oracle: Oracle, rng: Random) -> None:
        self.probes = self._one_for_each_worker(server, oracle, rng)
        self._callers = self._one_for_each_worker(server, oracle, rng)
        self._callers += [Caller(server, oracle, rng.getrandbits(32), keeps=False) for _ in range(2)]
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=each.call_until, args=(self._stop,)) for each in self._callers]

    @staticmethod
    def _one_for_each_worker(server: Server, oracle: Oracle, rng: Random) -> list[Caller]:
        found: dict[str, Caller] = {}
        for _ in range(1000):
            caller = Caller(server, oracle, rng.getrandbits(32), keeps=True)
            caller.call(named=False)
            if found.setdefault(caller.worker, caller) is not caller:
                caller.close()
            if len(found) == _WORKERS:
                return list(found.values())
        pytest.fail(f"of {_WORKERS} workers only {sorted(found)} were met")

    def calls(self) -> Iterator[Call]:
        """Give all calls of all callers."""
        for caller in (*self.probes, *self._callers):
            yield from caller.calls

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for caller in (*self.probes, *self._callers):
            caller.close()


def _serve(folder: Path, environment: Mapping[str, str] = MappingProxyType({})) -> Iterator[Server]:
    app = write_folder(folder / "apps" / APP, {flow: 0 for flow in FLOWS if flow != "Pinned"})
    running = Server(folder, [app], workers=_WORKERS, environment=environment)
    try:
        running.log_in()
        yield running
    finally:
        running.end()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Serve the app with four workers, logged in."""
    yield from _serve(tmp_path)


@pytest.fixture
def forgetful_server(tmp_path: Path) -> Iterator[Server]:
    """Serve with workers that do not look at the shared page before a call: they follow it in the background alone."""
    place = tmp_path / "python"
    place.mkdir()
    (place / "sitecustomize.py").write_text(_FORGETS)
    yield from _serve(tmp_path, {"PYTHONPATH": str(place)})


def change_and_call(server: Server, rng: Random, seconds: float) -> tuple[Changes, list[Call]]:
    """Change versions at random while every worker is called; give what was changed and all calls."""
    changes = Changes(server, server.folder / "apps" / APP, rng)
    until = time.monotonic() + seconds
    of_callers = Random(rng.getrandbits(32))  # apart, as how often they draw depends on which worker takes a connection
    with Callers(server, changes.oracle, of_callers) as callers:
        while time.monotonic() < until:
            changes.change_something()
            for probe in callers.probes:  # as soon after the answer as can be, on every worker
                probe.call(named=False)
            time.sleep(rng.uniform(0, 0.1))
    return changes, list(callers.calls())


def test_no_stale_and_no_failed_call(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is changed in whatever order, each worker answers by what is right from the moment a change is answered."""
    with capsys.disabled():
        print(f"\nversions at random: seed {_SEED}, {_SECONDS:g} s", flush=True)  # noqa: T201 - to repeat a run
    changes, calls = change_and_call(server, Random(_SEED), _SECONDS)
    verdicts = list(changes.oracle.judge(calls))
    with capsys.disabled():
        print(_told(changes, calls, Counter(verdict.kind for verdict in verdicts)), flush=True)  # noqa: T201 - the counts
    assert not verdicts, _explained(changes, verdicts[0])
    assert {call.worker for call in calls} == {str(number) for number in range(_WORKERS)}
    assert sum(changes.counts.values()) > _SECONDS / 2
    assert len(calls) > 10 * _SECONDS


def test_a_server_that_answers_stale_is_caught(forgetful_server: Server) -> None:
    """Workers that see a change some hundredths of a second late are found out."""
    changes, calls = change_and_call(forgetful_server, Random(1), 6.0)
    kinds = Counter(verdict.kind for verdict in changes.oracle.judge(calls))
    assert kinds["stale"] > 0
    assert kinds["failed"] == 0


def _told(changes: Changes, calls: list[Call], verdicts: Counter[str]) -> str:
    overlapping = sum(len(set(map(repr, changes.oracle.allowed(call)))) > 1 for call in calls)
    workers = sorted(Counter(call.worker for call in calls).items())
    return "\n".join(
        [
            f"  {sum(changes.counts.values())} changes: "
            + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(changes.counts.items())),
            (
                f"  {len(changes.oracle.snapshots)} snapshots published, epochs {changes.oracle.eras[0].epoch} to "
                f"{changes.oracle.eras[-1].epoch}"
            ),
            (
                f"  {len(calls)} calls ({', '.join(f'{count} on worker {worker}' for worker, count in workers)}), "
                f"{sum(bool(call.snapshot) for call in calls)} of a named snapshot, {overlapping} beside a change that they "
                f"could have met either side of"
            ),
            f"  {verdicts['stale']} stale, {verdicts['failed']} failed, {verdicts['wrong']} wrong",
        ]
    )


def _explained(changes: Changes, verdict: Verdict) -> str:
    """Tell of a wrong call, with the changes before it."""
    before = [text for answered, text in changes.told if answered < verdict.call.ended]
    return "\n".join([str(verdict), "the last changes before it:", *before[-6:]])
