"""Waiting for signals and pipes."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from microflow_runtime.cli.alarm import Alarm


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    """Give an alarm for SIGUSR1; what the signal did before it does afterwards."""
    before = signal.getsignal(signal.SIGUSR1)
    made = Alarm((signal.SIGUSR1,))
    yield made
    made.close()
    signal.signal(signal.SIGUSR1, before)


def test_a_signal_ends_the_wait(alarm: Alarm) -> None:
    """Signals that came before or while waiting are told, each once."""
    os.kill(os.getpid(), signal.SIGUSR1)
    assert alarm.wait((), 10) == [signal.SIGUSR1]
    assert alarm.wait((), 0) == []
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    began = time.monotonic()
    assert alarm.wait((), 10) == [signal.SIGUSR1]
    assert time.monotonic() - began < 5
    timer.join()


def test_a_pipe_ends_the_wait(alarm: Alarm) -> None:
    """Something to read ends it, no signal is told; without either the time ends it."""
    read, write = os.pipe()
    os.write(write, b"x")
    began = time.monotonic()
    assert alarm.wait((read,), 10) == []
    assert time.monotonic() - began < 5
    os.read(read, 1)
    assert alarm.wait((read,), 0.05) == []
    os.close(read)
    os.close(write)
