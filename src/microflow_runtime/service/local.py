"""Running a flow from its folder, without server, session or store: for authors at their own machine."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from microflow_runtime.compiler import NodeDeclaration
from microflow_runtime.compiler.business_objects import Notes, decode_json
from microflow_runtime.engine import Run, mask_sentence, perform, read_inputs, record_execution
from microflow_runtime.errors import BadRequest, ExecutionError, NotFound
from microflow_runtime.model.execution import Execution
from microflow_runtime.model.principal import Principal
from microflow_runtime.runtime import Catalog, FlowEntry
from microflow_runtime.runtime.checking import read_catalog
from microflow_runtime.runtime.limits import limits_of
from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.security import ACCESSES, EVERY
from microflow_runtime.settings import Settings
from microflow_runtime.store import MemoryStore

_EVERYTHING = frozenset((kind, EVERY, access) for kind, accesses in ACCESSES.items() for access in accesses)


class LocalRun(NamedTuple):
    """The JSON of a flow's outputs, the record of the run, and why it failed: then there are no outputs."""

    outputs: bytes
    execution: Execution
    error: ExecutionError | None


async def run_locally(
    settings: Settings, node_types: Mapping[str, NodeDeclaration], name: str, data: bytes, *, capture: bool
) -> LocalRun:
    """Execute a flow as the operator.

    Raises DefinitionFaults when the apps have faults, NotFound for an unknown flow, BadRequest when `data` is no object,
    InputError when it does not fit.
    """
    catalog, apps, _ = await read_catalog(settings.apps, node_types)
    entry = _find(catalog, name)
    given = decode_json(data)
    if type(given) is not dict:
        raise BadRequest("The inputs must be a JSON object: Business Object name to value.")
    resources = ProcessResources(settings, MemoryStore())
    for app in apps:
        if app.app is not None:
            resources.data_sources.prepare_at_once(app.app, app.file_content)
    operator = Principal(username="operator", grants=_EVERYTHING)
    plan = entry.plan
    notes = Notes()
    limits = limits_of(settings).tightened(plan.limits)
    frame = read_inputs(plan, given, operator, notes)
    run = Run(plan, frame, operator, resources, limits, os.urandom(16).hex(), capture=capture)
    failed: ExecutionError | None = None
    outputs = b""
    try:
        outputs = await perform(run)
    except ExecutionError as error:
        error.message = mask_sentence(run, error.message)
        failed = error
    finally:
        await resources.close()
    snapshot = entry.record.snapshot
    exception = "" if failed is None else failed.message
    record = record_execution(run, snapshot=snapshot, epoch=0, exception=exception, unknown_fields=notes.unknown_fields)
    return LocalRun(outputs, record, failed)


def _find(catalog: Catalog, name: str) -> FlowEntry:
    app, slash, flow = name.partition("/")
    found = [entry for entry in catalog.find_named(flow) if entry.record.app == app] if slash else []
    found = found or list(catalog.find_named(name))
    if not found:
        raise NotFound(f'There is no flow "{name}" in the apps.')
    if len(found) > 1:
        raise NotFound(f"Several apps have a flow of this name: {', '.join(entry.object_name for entry in found)}.")
    return found[0]
