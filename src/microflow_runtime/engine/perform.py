"""A whole call of a plan: inputs in, the run, outputs out, and the end of its transactions."""

from typing import Any

from microflow_runtime.compiler.business_objects import Misfit, Notes, encode_json
from microflow_runtime.compiler.plan import Frame, Plan
from microflow_runtime.engine.executor import execute, new_frame
from microflow_runtime.engine.run import Run
from microflow_runtime.errors import InputError, LimitExceeded, OutputError
from microflow_runtime.model.principal import Principal


def read_inputs(plan: Plan, given: dict[str, Any], principal: Principal, notes: Notes) -> Frame:
    """Make the frame of an execution from the JSON values of its inputs by name.

    Raises InputError naming path, expected and found. What is no declared input is left out and counted in `notes`.
    """
    caller = {
        "username": principal.username,
        "roles": list(principal.roles),
        "service_account": principal.service_account,
    }
    frame = new_frame(plan, caller)
    known = 0
    for parameter in plan.inputs:
        name = parameter.name
        value = given.get(name)
        ref = parameter.shape.type
        try:
            if value is not None:
                known += 1
                frame[parameter.slot] = parameter.shape.read(value, notes)
            elif not ref.is_optional and not ref.is_list:
                raise Misfit("a value", "nothing")
        except Misfit as misfit:
            sentence = misfit.under(name).sentence()
            raise InputError(f"{plan.name}: {sentence}.") from misfit
    notes.unknown_fields += max(len(given) - known, 0)
    return frame


async def perform(run: Run) -> bytes:
    """Run to the end and give the JSON of the outputs; transactions are committed, or rolled back on any failure.

    Raises ExecutionError. Nothing is committed when an output does not fit or the reply is over its limit.
    """
    try:
        await execute(run)
        reply = encode_outputs(run)
    except BaseException:
        if run.transactions is not None:
            await run.transactions.rollback()
        raise
    if run.transactions is not None:
        await run.transactions.commit()
    return reply


def encode_outputs(run: Run) -> bytes:
    """Check what was written into the outputs and give it as one JSON object.

    An output nobody wrote is `{}`, or `[]` where a list is declared.
    """
    plan = run.plan
    frame = run.frame
    results: dict[str, Any] = {}
    for parameter in plan.outputs:
        value = frame[parameter.slot]
        shape = parameter.shape
        if value is None:
            results[parameter.name] = [] if shape.type.is_list else {}
            continue
        try:
            results[parameter.name] = value if shape.write is None else shape.write(value)
        except Misfit as misfit:
            sentence = misfit.under(parameter.name).sentence()
            raise OutputError(f"{plan.name}: {sentence}.") from misfit
    reply = encode_json(results)
    if len(reply) > run.limits.reply_bytes:
        raise LimitExceeded(
            f"{plan.name}: the reply has {len(reply)} bytes, the limit is {run.limits.reply_bytes} bytes."
        )
    return reply
