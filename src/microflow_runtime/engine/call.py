"""Calling a plan from a running one: the callee shares transactions, deadline and what is left of the limits."""

from collections.abc import Mapping
from typing import Any

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.plan import Plan
from microflow_runtime.engine.executor import execute, new_frame
from microflow_runtime.engine.run import Run, StepNote
from microflow_runtime.errors import DeadlineExceeded, LimitExceeded, NodeError, OutputError


async def call_plan(
    caller: Run, plan: Plan, inputs: Mapping[int, Any], *, is_guarded: bool = False, hides_values: bool = False
) -> dict[str, Any]:
    """Execute a plan as a sub flow and give its outputs by name, None where one was not written.

    `is_guarded` tells that the caller may catch the callee's errors and go on, `hides_values` that what goes in is
    sensitive and the callee's Business Objects do not say so: then no trace shows the callee's values. `inputs` are values by their
    place in the callee's frame. Raises NodeError of kind `permission` when the caller may not execute the flow, of kind
    `timeout` when the callee's own tighter limit passed; LimitExceeded when calls nest too deep.
    """
    if not caller.principal.may("microflow", f"{plan.app}/{plan.name}", "execute"):
        raise NodeError(f'"{caller.principal.username}" may not execute the flow "{plan.name}".', kind="permission")
    depth = caller.depth + 1
    if depth > caller.limits.depth:
        raise LimitExceeded(f"sub flows are nested deeper than the limit of {caller.limits.depth}.")
    frame = new_frame(plan, caller.frame[0])
    for slot, value in inputs.items():
        frame[slot] = value
    run = Run(
        plan,
        frame,
        caller.principal,
        caller.resources,
        caller.limits.tightened(plan.limits),
        caller.execution_id,
        capture=caller.capture and not hides_values,
        deadline_ns=caller.deadline_ns,
    )
    run.depth = depth
    if run.deadline_ns == caller.deadline_ns:
        run.inherited_limit_ns = caller.limit_ns
    run.parent = caller
    run.is_guarded = caller.is_guarded or is_guarded
    run.steps_left = min(caller.steps_left, run.limits.steps)
    before = run.steps_left
    caller.note = StepNote(child=run)
    try:
        await execute(run)
    except DeadlineExceeded as error:
        if run.deadline_ns < caller.deadline_ns:
            raise NodeError(error.message, kind="timeout") from error
        raise
    finally:
        caller.steps_left -= before - run.steps_left
        run.parent = None
    results = _outputs(run)
    run.frame = []  # what the callee has seen is not kept for the trace
    return results


def _outputs(run: Run) -> dict[str, Any]:
    """Check what the callee wrote against its declarations."""
    results: dict[str, Any] = {}
    for parameter in run.plan.outputs:
        value = run.frame[parameter.slot]
        try:
            results[parameter.name] = None if value is None else parameter.shape.adopt(value)
        except Misfit as misfit:
            sentence = misfit.under(parameter.name).sentence()
            raise OutputError(f"{run.plan.name}: {sentence}.") from misfit
    return results
