"""The executions that ended last, in memory: what logs and the command line can still tell about."""

from collections import deque
from typing import Final

from microflow_runtime.engine import Run, record_execution
from microflow_runtime.model.execution import Execution
from microflow_runtime.runtime import FlowEntry

_KEPT: Final = 200


class RecentExecutions:
    """Keeps the last 200 runs of a worker without their values (unless capture is on); records are made when asked for."""

    def __init__(self) -> None:
        self._ended: deque[tuple[Run, str, int]] = deque(maxlen=_KEPT)

    def keep(self, run: Run, entry: FlowEntry, epoch: int) -> None:
        """Keep a run that has ended. Its frame is let go here: a trace must not hold what a call has seen."""
        run.frame = []
        run.transactions = None
        run.scope = None
        self._ended.append((run, entry.record.snapshot, epoch))

    def list(self) -> list[Execution]:
        """Give the records, the newest first."""
        return [
            record_execution(
                run, snapshot=snapshot, epoch=epoch, exception=run.exception, unknown_fields=run.unknown_fields
            )
            for run, snapshot, epoch in reversed(self._ended)
        ]
