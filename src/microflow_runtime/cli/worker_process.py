"""One worker as its supervisor sees it: the process, the pipe to it, and the pipe on which it tells its state."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from microflow_runtime.cli.worker_start import RETIRE, WorkerStart, WorkerState, decode_state, encode_start
from microflow_runtime.settings import Settings

_STATE_BYTES: Final = 4096


class WorkerProcess:
    """A worker, from the moment that it is asked for. `begin` makes it the worker of a number.

    `give_up_at` is the moment of the monotonic clock at which the supervisor ends it, however far it has come.
    """

    def __init__(self, listening: int) -> None:
        self._listening = listening
        self.number = -1
        self.pid = 0
        self.process = -1
        self.state: WorkerState | None = None
        self.ready_at: float | None = None
        self.give_up_at = float("inf")
        self.has_ended = False
        self._how = ""
        self._is_unwanted = False
        self._their_input, self._input = os.pipe()
        self.state_pipe, self._their_state = os.pipe()
        os.set_blocking(self.state_pipe, False)

    # What the template does

    @contextmanager
    def their_ends(self) -> Iterator[list[int]]:
        """Give the worker's ends of the pipes, to be sent away: standard input, state. Ours go with the block."""
        try:
            yield [self._their_input, self._their_state]
        finally:
            os.close(self._their_input)
            os.close(self._their_state)

    def came(self, pid: int) -> None:
        """Take the process id. One that is not wanted any more is ended."""
        self.pid = pid
        with suppress(ProcessLookupError):  # it has ended already, which comes to be told
            self.process = os.pidfd_open(pid)
        if self._is_unwanted:
            self.kill()

    def came_to_end(self, code: int) -> None:
        """Note that it has ended, and how: by which signal, or with which exit code, and for the reason that it told."""
        self.read_state()
        how = f"exit code {code}"
        if code < 0:
            with suppress(ValueError):
                how = signal.Signals(-code).name
        self._end(how)

    def never_came(self) -> None:
        """Note that there was nobody to make it."""
        self._end("not started")

    def look_alone(self) -> None:
        """See whether it has ended, when there is no template that would tell."""
        if self.process < 0 or select.select([self.process], [], [], 0)[0]:
            self.read_state()
            self._end("ended")

    # What it is told and tells

    @property
    def is_ready(self) -> bool:
        """Whether it takes connections."""
        return self.ready_at is not None

    @property
    def is_telling(self) -> bool:
        """Whether its state is still to come: then its pipe is worth waiting for."""
        return self.state is None and self.state_pipe >= 0

    def begin(self, number: int, settings: Settings) -> None:
        """Give it what it serves by. One that has ended meanwhile is noticed elsewhere."""
        self.number = number
        self._tell(encode_start(WorkerStart(number, self._listening, settings)))

    def read_state(self) -> None:
        """Take in what it told, if anything."""
        if not self.is_telling:
            return
        try:
            told = os.read(self.state_pipe, _STATE_BYTES)
        except BlockingIOError:
            return
        if not told:  # it is about to end
            os.close(self.state_pipe)
            self.state_pipe = -1
            return
        self.state = decode_state(told)
        if self.state.is_ready:
            self.ready_at = time.monotonic()

    def retire(self, seconds: float) -> None:
        """Let it end without failing a call, because another has taken over; it has these seconds."""
        self.give_up_at = time.monotonic() + seconds
        self._tell(RETIRE)

    def stop(self, seconds: float) -> None:
        """Let it finish its calls and end; it has these seconds."""
        self.give_up_at = min(self.give_up_at, time.monotonic() + seconds)
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now."""
        self._signal(signal.SIGKILL)

    @property
    def how_it_ended(self) -> str:
        """How it ended, with the reason that it told."""
        return self._how

    def _signal(self, number: signal.Signals) -> None:
        """Signal this very process, never one that took over its id; one that is still to come is ended then."""
        self._is_unwanted = True
        if self.process >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.process, number)

    def _tell(self, line: bytes) -> None:
        with suppress(BrokenPipeError):
            os.write(self._input, line)

    def _end(self, how: str) -> None:
        if self.has_ended:
            return
        reason = self.state.message if self.state is not None else ""
        self._how = f"{how}: {reason}" if reason else how
        self.has_ended = True
        for descriptor in (self._input, self.state_pipe, self.process):
            if descriptor >= 0:
                os.close(descriptor)
        self._input = self.state_pipe = self.process = -1
