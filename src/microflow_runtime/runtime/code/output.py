"""What a process of custom code prints: its lines go to the log, as those of the call that it works on."""

import asyncio
import os
from typing import Final

from microflow_runtime.telemetry import get_log

_log: Final = get_log("code")
_READ_BYTES: Final = 64 * 1024
_MOST_LINES: Final = 200
_MOST_CHARACTERS: Final = 2_000


class Output:
    """The reading end of a pipe. A call may print so many lines; those behind are counted and left out."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._lines = 0
        self._about: dict[str, str] = {}
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._ready)

    def begin(self, function: str, execution_id: str) -> None:
        """Take what comes from now on as printed by a call."""
        self._about = {"function": function, "execution": execution_id}
        self._lines = 0

    def end(self) -> None:
        """Take in what is there still, and say how much was left out."""
        while self._ready():
            pass
        if self._rest:
            self._say(self._rest)
            self._rest = b""
        if self._lines > _MOST_LINES:
            _log.warning("output left out", lines=self._lines - _MOST_LINES, **self._about)
        self._about = {}

    def close(self) -> None:
        """Close the pipe."""
        if self._descriptor >= 0:
            self.end()
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _ready(self) -> bool:
        """Read once; tell whether there may be more."""
        try:
            read = os.read(self._descriptor, _READ_BYTES) if self._descriptor >= 0 else b""
        except BlockingIOError:
            return False
        if not read:
            if self._descriptor >= 0:
                self._loop.remove_reader(self._descriptor)
            return False
        *lines, rest = read.split(b"\n")
        if lines:
            lines[0] = self._rest + lines[0]
            self._rest = b""
        for line in lines:
            self._say(line)
        self._rest = (self._rest + rest)[: 4 * _MOST_CHARACTERS + 4]
        return True

    def _say(self, line: bytes) -> None:
        self._lines += 1
        if self._lines <= _MOST_LINES and line.strip():
            text = line[: 4 * _MOST_CHARACTERS].decode("utf-8", "backslashreplace")
            _log.info("output", text=text[:_MOST_CHARACTERS], **self._about)
