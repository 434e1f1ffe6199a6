"""A whole call of a plan: inputs in, the run, outputs out, and the end of its transactions."""

import asyncio
from collections.abc import Iterator
from typing import Any

from microflow_runtime.compiler.business_objects import Misfit, Notes, encode_json, every_misfit, sentence_of
from microflow_runtime.compiler.plan import Frame, Plan
from microflow_runtime.engine.effects import act_after_commit
from microflow_runtime.engine.executor import execute, walk
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.transactions import to_the_end
from microflow_runtime.errors import InputError, LimitExceeded, OutputError
from microflow_runtime.model.principal import Principal


def read_inputs(plan: Plan, given: dict[str, Any], principal: Principal, notes: Notes) -> Frame:
    """Make the frame of an execution from the JSON values of its inputs by name.

    Raises InputError naming path, expected and found. What is no declared input is left out and counted in `notes`.
    """
    frame = list(plan.frame)
    if plan.reads_caller:
        frame[0] = {
            "username": principal.username,
            "roles": list(principal.roles),
            "service_account": principal.service_account,
        }
    known = 0
    name = ""
    try:
        for name, slot, read, needs_value in plan.readers:
            value = given.get(name)
            if value is not None:
                known += 1
                frame[slot] = read(value, notes)
            elif needs_value:
                raise Misfit("a value", "nothing")
    except Misfit as misfit:
        raise InputError(f"{plan.name}: {sentence_of(_misfits_of(plan, given))}.") from misfit
    if known != len(given):
        declared = {name for name, *_ in plan.readers}
        notes.unknown_fields += sum(name not in declared for name in given)
    return frame


def _misfits_of(plan: Plan, given: dict[str, Any]) -> Iterator[Misfit]:
    """Give every misfit of inputs that were refused."""
    for parameter in plan.inputs:
        value, ref = given.get(parameter.name), parameter.shape.type
        if value is not None:
            for misfit in every_misfit(value, ref, plan.classes):
                yield misfit.under(parameter.name)
        elif not (ref.is_optional or ref.is_list):
            yield Misfit("a value", "nothing").under(parameter.name)


async def perform(run: Run, *, is_large: bool = False) -> bytes:
    """Run to the end and give the JSON of the outputs; transactions are committed, or rolled back on any failure.

    Behind the commit comes what nodes wanted to wait for it. With `is_large` others have their turn on the event loop
    between the run and the making of the reply. Raises ExecutionError. Nothing is committed when an output does not fit or the reply is over its limit.
    """
    try:
        await execute(run)
        if is_large:
            await asyncio.sleep(0)
        reply = encode_outputs(run)
    except BaseException:
        if run.transactions is not None:
            await run.transactions.rollback()
        raise
    if run.transactions is not None or run.scope is not None:
        await to_the_end(_finish(run))
    return reply


async def _finish(run: Run) -> None:
    """Commit, and do what was to wait for that."""
    if run.transactions is not None:
        await run.transactions.commit()
    if run.scope is not None and run.scope.effects:
        await act_after_commit(run)


def perform_at_once(run: Run) -> bytes:
    """Run a plan that waits for nothing, without the event loop. Raises ExecutionError."""
    walk(run, 0)
    return encode_outputs(run)


def encode_outputs(run: Run) -> bytes:
    """Check what was written into the outputs and give it as one JSON object.

    An output nobody wrote is `{}`, or `[]` where a list is declared.
    """
    plan = run.plan
    frame = run.frame
    results: dict[str, Any] = {}
    name = ""
    try:
        for name, slot, write, is_list in plan.writers:
            value = frame[slot]
            if value is None:
                results[name] = [] if is_list else {}
            else:
                results[name] = value if write is None else write(value)
    except Misfit as misfit:
        raise OutputError(f"{plan.name}: {misfit.under(name).sentence()}.") from misfit
    reply = encode_json(results)
    if len(reply) > run.limits.reply_bytes:
        raise LimitExceeded(
            f"{plan.name}: the reply has {len(reply)} bytes, the limit is {run.limits.reply_bytes} bytes."
        )
    return reply
