"""How far a rolling restart has come: which workers are still to be replaced, and by whom."""

import time
from collections.abc import Iterable
from typing import Final

from microflow_runtime.cli.template_process import TemplateProcess
from microflow_runtime.cli.worker_process import WorkerProcess
from microflow_runtime.settings import Settings

PATIENCE_SECONDS: Final = 60.0
"""How long a new worker may take until it takes connections; one that takes longer is ended, and the restart with it."""


class RollingRestart:
    """One walk over all workers, from a template of its own, which has loaded the code that is installed now.

    `successor` is the new worker for `number` while it is not ready yet.
    """

    def __init__(self, numbers: Iterable[int], template: TemplateProcess) -> None:
        self._left = list(numbers)
        self.template = template
        self.number = -1
        self.successor: WorkerProcess | None = None

    @property
    def is_done(self) -> bool:
        """Whether every worker has been replaced."""
        return not self._left and self.successor is None

    def begin_next(self, settings: Settings) -> None:
        """Let a new process become the worker of the next number."""
        self.number = self._left.pop(0)
        self.successor = self.template.fork()
        self.successor.give_up_at = time.monotonic() + PATIENCE_SECONDS
        self.successor.begin(self.number, settings)

    def take_over(self) -> WorkerProcess:
        """Give the successor, which is ready: from now on it is the worker of its number."""
        successor, self.successor = self.successor, None
        assert successor is not None
        successor.give_up_at = float("inf")
        return successor

    def describe_failure(self) -> str:
        """Say why the successor did not come to serve."""
        if not self.template.has_forked:
            return "the code that is installed now cannot be loaded; see the log"
        assert self.successor is not None
        return f"the new worker {self.number} ended: {self.successor.how_it_ended}"
