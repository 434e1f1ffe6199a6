"""The state of one execution while it runs: what its steps share."""

from time import perf_counter_ns, time
from typing import Any

from microflow_runtime.compiler.plan import Frame, Plan
from microflow_runtime.engine.contract import Resources, SqlConnection
from microflow_runtime.engine.limits import RunLimits
from microflow_runtime.engine.transactions import Transactions
from microflow_runtime.model.principal import Principal

StepRow = tuple[int, int, int, Any]
"""A visit as it is recorded on the way: node's index, exit's index (or -1 - catch's index), start in ns, extra.

`extra` is None for a plain step; else a `StepNote`.
"""


class StepNote:
    """What a step has to say beyond its place and time: tries, an error, values, the steps of a sub flow."""

    __slots__ = ("child", "error", "frame", "tries")

    def __init__(self, tries: int = 1, error: str = "", frame: Frame | None = None, child: "Run | None" = None) -> None:
        self.tries = tries
        self.error = error
        self.frame = frame
        self.child = child


class Run:
    """One execution under way. Belongs to one task; nothing of it outlives the execution but its recorded steps.

    `deadline_ns` is on the clock of `perf_counter_ns`, `started_at` in seconds since 1970 (UTC). `note` is where a node leaves what the trace should know of the
    step that runs now; the executor takes it after the step.
    """

    __slots__ = (
        "capture",
        "deadline_ns",
        "depth",
        "ended_ns",
        "execution_id",
        "frame",
        "limits",
        "note",
        "plan",
        "principal",
        "resources",
        "started_at",
        "started_ns",
        "steps",
        "steps_left",
        "transactions",
    )

    def __init__(
        self,
        plan: Plan,
        frame: Frame,
        principal: Principal,
        resources: Resources,
        limits: RunLimits,
        execution_id: str,
        *,
        capture: bool = False,
        deadline_ns: int | None = None,
        started_at: float = 0.0,
    ) -> None:
        self.plan = plan
        self.frame = frame
        self.principal = principal
        self.resources = resources
        self.limits = limits
        self.execution_id = execution_id
        self.capture = capture
        self.depth = 0
        self.note: StepNote | None = None
        self.steps: list[StepRow] = []
        self.steps_left = limits.steps
        self.transactions: Transactions | None = None
        self.started_ns = perf_counter_ns()
        self.started_at = started_at or time()
        self.ended_ns = 0
        own = self.started_ns + limits.execution_ns
        self.deadline_ns = own if deadline_ns is None or own < deadline_ns else deadline_ns

    def seconds_left(self) -> float:
        """Give what is left of the deadline; negative when it has passed."""
        return (self.deadline_ns - perf_counter_ns()) / 1e9

    async def connection(self, app: str, source: str) -> SqlConnection:
        """Give this execution's connection to a data source, in its one transaction there."""
        if self.transactions is None:
            self.transactions = Transactions(self.resources)
        return await self.transactions.connection(app, source)
