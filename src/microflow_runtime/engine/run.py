"""The state of one execution while it runs: what its steps share."""

from collections.abc import Sequence
from time import perf_counter_ns, time
from typing import Any, NamedTuple

from microflow_runtime.compiler.business_objects import Notes
from microflow_runtime.compiler.plan import Block, Frame, Plan
from microflow_runtime.engine.contract import Resources
from microflow_runtime.engine.limits import RunLimits
from microflow_runtime.engine.scopes import Scope, ScopedConnection
from microflow_runtime.engine.transactions import Transactions
from microflow_runtime.model.app import App
from microflow_runtime.model.principal import Principal

StepRow = tuple[int, int, int, Any]
"""A visit as it is recorded on the way: node's index, exit's index (or -2 - catch's index; -1 for none), start in ns, extra.

`extra` is None for a plain step; else a `StepNote`.
"""


class StepNote:
    """What a step has to say beyond its place and time: tries, an error, values, the steps of a sub flow or of turns.

    `turns` are the walks through the nodes inside it that are kept; `left_out` counts those that are not.
    """

    __slots__ = ("child", "error", "frame", "left_out", "tries", "turns")

    def __init__(self, tries: int = 1, error: str = "", frame: Frame | None = None, child: "Run | None" = None) -> None:
        self.tries = tries
        self.error = error
        self.frame = frame
        self.child = child
        self.turns: Sequence[TurnNote] = ()
        self.left_out = 0


class TurnNote(NamedTuple):
    """One walk through the nodes inside a node: a turn of a loop, or a branch.

    `name` is the turn's number or the branch's name, `before` the values at its start, when values are captured.
    """

    name: str
    block: Block
    steps: list[StepRow]
    ended_ns: int
    error: str = ""
    before: Frame | None = None


class Run(Notes):
    """One execution under way. Belongs to one task; nothing of it outlives the execution but its recorded steps.

    `deadline_ns` and `started_ns` are on the clock of `perf_counter_ns`. `note` is where a node leaves what the trace
    should know of the step that runs now; the executor takes it after the step. `exception` says why a run
    failed, and where; `trace_parent` and `trace_state` are the W3C trace context that the caller sent. `parent` is the
    run that this one is part of: the caller of a sub flow, or the run whose loop or branch this one walks, of whose plan
    `block` is then the part. `inner_steps` counts the steps inside loops and branches, on the outermost run. `is_guarded`
    tells that something may catch this run's errors and go on, `scope` is what is undone then. What most runs never touch stands on the class and is
    set on a run when it is needed.
    """

    depth: int = 0
    note: StepNote | None = None
    transactions: Transactions | None = None
    ended_ns: int = 0
    capture: bool = False
    inherited_limit_ns: int = 0
    trace_parent: str = ""
    trace_state: str = ""
    exception: str = ""
    parent: "Run | None" = None
    block: Block | None = None
    inner_steps: int = 0
    is_guarded: bool = False
    scope: Scope | None = None

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
    ) -> None:
        self.plan = plan
        self.frame = frame
        self.principal = principal
        self.resources = resources
        self.limits = limits
        self.execution_id = execution_id
        self.steps: list[StepRow] = []
        self.steps_left = limits.steps
        self.started_ns = started = perf_counter_ns()
        own = started + limits.execution_ns
        self.deadline_ns = own if deadline_ns is None or own < deadline_ns else deadline_ns
        if capture:
            self.capture = True

    @property
    def started_at(self) -> float:
        """When the run started, in seconds since 1970 (UTC), as this process's clocks tell it now."""
        return time() - (perf_counter_ns() - self.started_ns) / 1e9

    @property
    def limit_ns(self) -> int:
        """The time limit behind the deadline: this run's own, or that of the caller whose deadline it inherited."""
        return self.inherited_limit_ns or self.deadline_ns - self.started_ns

    async def connection(self, app: App, source: str) -> ScopedConnection:
        """Give this execution's connection to a data source, in its one transaction there, for the part that this run is in."""
        root = self.root
        if root.transactions is None:
            root.transactions = Transactions(root.resources)
        return ScopedConnection(await root.transactions.connection(app, source), self.find_scope())

    def find_scope(self) -> Scope:
        """Give the innermost scope that this run is in; the outermost is made when it is first asked for."""
        run = self
        while run.scope is None:
            if run.parent is None:
                run.scope = Scope()
                return run.scope
            run = run.parent
        return run.scope

    @property
    def root(self) -> "Run":
        """The outermost run, which is that of the call."""
        run = self
        while run.parent is not None:
            run = run.parent
        return run
