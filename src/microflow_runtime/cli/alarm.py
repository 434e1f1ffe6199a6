"""Wakes a process that waits: for signals, and for pipes that have something to tell. No polling."""

import os
import select
import signal
from collections.abc import Iterable
from types import FrameType
from typing import Final

_MOST: Final = 512


class Alarm:
    """Takes over signals of this process, for good: from now on they do nothing but end a `wait`."""

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._signals, self._noting = os.pipe()
        os.set_blocking(self._signals, False)
        os.set_blocking(self._noting, False)
        signal.set_wakeup_fd(self._noting, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, _noted)

    def wait(self, pipes: Iterable[int], seconds: float | None) -> list[int]:
        """Wait for a signal, for a pipe that can be read, or for the time; give the numbers of the signals that came."""
        readable, _, _ = select.select([self._signals, *pipes], [], [], seconds)
        return list(os.read(self._signals, _MOST)) if self._signals in readable else []

    def close(self) -> None:
        """Wake nobody any more; the signals stay without effect until somebody else takes them."""
        signal.set_wakeup_fd(-1)
        os.close(self._signals)
        os.close(self._noting)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the number has been written into the pipe."""
