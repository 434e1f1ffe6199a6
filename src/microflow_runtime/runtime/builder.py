"""Builds the next catalog from what lies in folders and packages: reads, checks everything, and changes nothing by itself."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from microflow_runtime import __version__
from microflow_runtime.compiler import CheckedFlow, check_business_object, closure_of, types_of
from microflow_runtime.compiler.reading import AppDefinitions, AppSource, assemble, document_key, dump, load, readings
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.manifest import FlowRecord, key_of
from microflow_runtime.runtime.rings import rings_of
from microflow_runtime.runtime.slices import Slices

_COMPILER: Final = f"microflow {__version__}"
Place = tuple[str, str, str]
"""Where a flow stands in a catalog: app, name, group."""


class Forms:
    """Kept forms of documents by key: what the store already has, and what this reading adds. A `DocumentCache`."""

    def __init__(self, known: Mapping[str, bytes]) -> None:
        self._known = known
        self.added: dict[str, bytes] = {}

    def find(self, key: str) -> bytes | None:
        """Give a kept form."""
        return self._known.get(key) or self.added.get(key)

    def is_kept(self, key: str) -> bool:
        """Tell whether the store has the form already."""
        return key in self._known

    def keep(self, key: str, form: bytes) -> None:
        """Remember a new form."""
        self.added[key] = form


class Candidate(msgspec.Struct, frozen=True):
    """A catalog that has been checked and may be published. `checked` are the keys that were found to be right."""

    catalog: Catalog
    added: Mapping[str, bytes]
    checked: tuple[str, ...]
    warnings: tuple[Fault, ...]


async def read_app(source: AppSource, forms: Forms, previous: AppDefinitions | None) -> AppDefinitions:
    """Read an app's definitions in slices."""
    slices = Slices()
    read = []
    for reading in readings(source, cache=forms, previous=previous):
        read.append(reading)
        await slices.between()
    return assemble(source, read)


def bodies_of(apps: list[AppDefinitions], forms: Forms) -> dict[str, bytes]:
    """Give the forms of all documents that are not kept yet, whether they were read now or by a refresh that failed."""
    added: dict[str, bytes] = {}
    for app in apps:
        for reading in app.readings.values():
            key = document_key(reading.file)
            if reading.document is not None and not forms.is_kept(key):
                added[key] = forms.added.get(key) or dump(reading.document)
    return added


def records_of(definitions: AppDefinitions, *, origin: str, snapshot: str) -> list[FlowRecord]:
    """List the flows of an app as records; keys are put in when all flows are known."""
    app, app_reading = definitions.app, definitions.readings.get("app.yaml")
    if app is None or app_reading is None:
        return []
    app_hash = document_key(app_reading.file)
    return [
        FlowRecord(
            app=app.name,
            name=flow.name,
            id=flow.id,
            version=app.version,
            snapshot=snapshot,
            app_hash=app_hash,
            flow_hash=document_key(definitions.readings[definitions.path_of_microflow[flow.name]].file),
            business_objects={
                name: document_key(definitions.readings[definitions.path_of_business_object[name]].file)
                for name in closure_of(types_of(flow), definitions.business_objects)
            },
            callees=callees_of(flow),
            key="",
            origin=origin,
            anonymous_as=flow.anonymous_as,
            runs_as=flow.runs_as,
        )
        for flow in definitions.microflows.values()
    ]


def callees_of(flow: Microflow) -> tuple[str, ...]:
    """List the flows that a flow names in its sub flow nodes."""
    names = (node.settings.get("flow") for node in flow.nodes.values() if node.type == "sub flow")
    return tuple(sorted({name for name in names if isinstance(name, str)}))


def with_keys(records: Sequence[FlowRecord]) -> tuple[FlowRecord, ...]:
    """Put into each record the key of everything its plan depends on; flows that call each other in a ring share their ring.

    Each ring comes after those that it calls, so that every flow is looked at once, however they call each other.
    """
    by_place = {(record.app, record.name, record.group): record for record in records}
    calls = {
        place: [callee for name in record.callees if (callee := (record.app, name, record.group)) in by_place]
        for place, record in by_place.items()
    }
    keys: dict[Place, str] = {}
    for ring in rings_of(calls):
        members = set(ring)
        own = {place: _own_key(by_place[place]) for place in ring}
        outside = {keys[callee] for place in ring for callee in calls[place] if callee not in members}
        whole = key_of(*sorted(own.values()), "calls", *sorted(outside))
        keys |= {place: key_of(own[place], whole) for place in ring}
    return tuple(msgspec.structs.replace(record, key=keys[record.app, record.name, record.group]) for record in records)


def _own_key(record: FlowRecord) -> str:
    objects = [part for item in sorted(record.business_objects.items()) for part in item]
    return key_of(_COMPILER, record.app, record.flow_hash, record.app_hash, *objects)


def with_active(records: Iterable[FlowRecord]) -> tuple[FlowRecord, ...]:
    """Mark of each flow's snapshots the active one: the working folder's, else the package that was fetched last."""
    ordered = list(records)
    active: dict[tuple[str, str], FlowRecord] = {}
    for record in ordered:
        before = active.get((record.app, record.name))
        if before is None or before.origin != "folder":
            active[record.app, record.name] = record
    return tuple(
        msgspec.structs.replace(record, active=active[record.app, record.name] is record) for record in ordered
    )


async def check_catalog(
    candidate: Catalog,
    apps: Sequence[AppDefinitions],
    known: set[str],
) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Check every flow and Business Object whose key is not known to be right.

    Gives the keys checked and the warnings. Raises DefinitionFaults with everything that is wrong, of all apps at once.
    """
    slices = Slices()
    faults: list[Fault] = [fault for definitions in apps for fault in definitions.faults]
    checked: list[str] = []
    for definitions in apps:
        for name, definition in definitions.business_objects.items():
            closure = closure_of([field.type for field in definition.fields], definitions.business_objects)
            parts = [
                definitions.readings[definitions.path_of_business_object[other]].file.content_hash for other in closure
            ]
            own = definitions.readings[definitions.path_of_business_object[name]].file.content_hash
            key = key_of(_COMPILER, "business object", own, *parts)
            if key not in known:
                document = definitions.document_of_business_object(name)
                found = check_business_object(
                    definition, definitions.business_objects, document, broken=definitions.broken
                )
                faults += found
                checked += [] if found else [key]
                await slices.between()
    broken = {definitions.app.name: definitions.broken for definitions in apps if definitions.app}
    names = {definitions.app.name: tuple(definitions.business_objects) for definitions in apps if definitions.app}
    documents = {
        document_key(definitions.readings[path].file): definitions.document_of_microflow(name)
        for definitions in apps
        for name, path in definitions.path_of_microflow.items()
    }
    for record in candidate.manifest.flows:
        if record.key not in known:
            document = documents.get(record.flow_hash) or load(candidate.bodies[record.flow_hash])
            known_names = names.get(record.app, ())
            library = candidate.library_of(record, broken.get(record.app, frozenset()), known_names)
            flow = CheckedFlow(candidate.flow_of(record), library, document)
            faults += flow.faults
            checked += [] if any(fault.is_error for fault in flow.faults) else [record.key]
            await slices.between()
    if any(fault.is_error for fault in faults):
        raise DefinitionFaults([fault for fault in faults if fault.is_error])
    return tuple(checked), tuple(faults)
