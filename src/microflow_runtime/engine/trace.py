"""The trace of a finished run: from the rows noted on the way to the record that is kept, sensitive fields masked."""

from datetime import UTC, datetime
from typing import Any

from microflow_runtime.compiler.plan import Block, Frame, Plan, PlanNode
from microflow_runtime.engine.decisions import explain_conditions
from microflow_runtime.engine.masking import mask_variable
from microflow_runtime.engine.run import Run, StepNote, StepRow
from microflow_runtime.model.execution import Condition, Execution, Step, Turn


def record_execution(run: Run, *, snapshot: str, epoch: int, exception: str = "", unknown_fields: int = 0) -> Execution:
    """Make the record of a run that has ended, well (no `exception`) or not."""
    ended = run.ended_ns or (run.steps[-1][2] if run.steps else run.started_ns)
    return Execution(
        id=run.execution_id,
        flow=run.plan.name,
        flow_id=run.plan.id,
        app=run.plan.app,
        snapshot=snapshot,
        epoch=epoch,
        username=run.principal.username,
        started_at=datetime.fromtimestamp(run.started_at, UTC).isoformat(),
        took_ns=max(ended - run.started_ns, 0),
        status="ERROR" if exception else "SUCCESS",
        exception=exception,
        steps=_steps(run, run.plan, run.steps, ended, list(run.plan.frame) if run.capture else None),
        unknown_fields=unknown_fields,
    )


def _steps(run: Run, block: Block, rows: list[StepRow], ended: int, before: Frame | None) -> tuple[Step, ...]:
    steps = []
    for index, row in enumerate(rows):
        until = rows[index + 1][2] if index + 1 < len(rows) else max(ended, row[2])
        step, before = _step(run, block, row, until, before)
        steps.append(step)
    return tuple(steps)


def _step(run: Run, block: Block, row: StepRow, until: int, before: Frame | None) -> tuple[Step, Frame | None]:
    at, leaves_by, started, note = row
    node = block.nodes[at]
    told: StepNote = note or StepNote()
    after = told.frame
    step = Step(
        node=node.name,
        type=node.type,
        link=_link(node, leaves_by),
        tries=told.tries,
        started_ns=started - run.started_ns,
        took_ns=until - started,
        error=told.error,
        inputs=_shown(run.plan, node.reads, before),
        outputs=None if told.error else _shown(run.plan, node.writes, after),
        conditions=_conditions(run, node, row, before if told.error else after),
        child=record_execution(told.child, snapshot="", epoch=0, exception=told.error) if told.child else None,
        turns=tuple(
            Turn(
                name=turn.name, steps=_steps(run, turn.block, turn.steps, turn.ended_ns, turn.before), error=turn.error
            )
            for turn in told.turns
        ),
        left_out_turns=told.left_out,
    )
    return step, after or before


def _conditions(run: Run, node: PlanNode, row: StepRow, frame: Frame | None) -> tuple[Condition, ...]:
    """Give what a gateway saw; after a failure that is what was before it, for a catch may have written since."""
    if frame is None:
        return ()
    _, leaves_by, started, _ = row
    at_ns = int(run.started_at * 1e9) + started - run.started_ns
    return explain_conditions(run.plan, node, leaves_by, frame, at_ns)


def _link(node: PlanNode, leaves_by: int) -> str:
    if leaves_by >= 0:
        return node.labels[leaves_by] if node.labels else ""
    return node.catches[-2 - leaves_by].label if leaves_by < -1 else ""


def _shown(plan: Plan, names: tuple[str, ...], frame: Frame | None) -> dict[str, Any] | None:
    """Give the declared variables among the names; rows and the like have no declared fields to mask by and stay out."""
    if frame is None or not names:
        return None
    return {name: mask_variable(name, frame[plan.slots[name]], plan) for name in names if name in plan.types}
