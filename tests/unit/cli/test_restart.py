"""`microflow restart`: who is signalled, and what is told."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from microflow_runtime.cli.main import app
from microflow_runtime.cli.server_record import ServerRecord, ServerState

_SERVER = """
import os, signal, sys, time
from pathlib import Path
from microflow_runtime.cli.server_record import ServerRecord, ServerState

failure = sys.argv[2]
record = ServerRecord(Path(sys.argv[1]))
came = []
signal.signal(signal.SIGUSR2, lambda *_: came.append(1))
record.tell(ServerState(pid=os.getpid(), port=80, restarts_begun=4, restarts_ended=3))
while not came:
    time.sleep(0.01)
for begun, ended in ((4, 4), (5, 4), (5, 5)):
    time.sleep(0.1)
    told = failure if ended == 5 else "the one before failed"
    record.tell(ServerState(os.getpid(), 80, {0: 1, 1: 2}, begun, ended, told))
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("failure", "code", "told"),
    [("", 0, "2 workers replaced"), ("the new worker 1 ended", 1, "the new worker 1 ended; workers not yet replaced")],
)
def test_the_restart_that_followed_the_signal_is_told(tmp_path: Path, failure: str, code: int, told: str) -> None:
    """The outcome is that of the restart that began after the signal, not of one that was under way."""
    with subprocess.Popen([sys.executable, "-c", _SERVER, str(tmp_path), failure]) as server:
        try:
            done = _restart_when_there(tmp_path)
        finally:
            server.kill()
    assert done.exit_code == code
    assert told in done.output


def _restart_when_there(home: Path):
    until = time.monotonic() + 20
    while True:
        done = CliRunner().invoke(app, ["restart", "--home", str(home)])
        if done.exit_code != 3:
            return done
        assert time.monotonic() < until
        time.sleep(0.05)


def test_without_a_server_nobody_is_signalled(tmp_path: Path) -> None:
    """A record that was left behind names a process that may be anybody's: it is not touched."""
    record = ServerRecord(tmp_path)
    record.tell(ServerState(pid=os.getpid(), port=80))
    os.close(record._descriptor)
    touched: list[int] = []
    before = signal.signal(signal.SIGUSR2, lambda number, _frame: touched.append(number))
    try:
        done = CliRunner().invoke(app, ["restart", "--home", str(tmp_path)])
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert done.exit_code == 3
    assert "No server runs on this home." in done.output
    assert not touched


def test_a_server_that_ends_meanwhile_is_told(tmp_path: Path) -> None:
    """When the server goes away instead of restarting, the command ends with 3."""
    record = ServerRecord(tmp_path)
    record.tell(ServerState(pid=os.getpid(), port=80))
    before = signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    closing = threading.Timer(3.0, record.close)
    closing.start()
    try:
        done = CliRunner().invoke(app, ["restart", "--home", str(tmp_path)])
    finally:
        signal.signal(signal.SIGUSR2, before)
        closing.join()
    assert done.exit_code == 3
    assert "The server has ended." in done.output
