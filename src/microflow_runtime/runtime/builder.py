"""Builds the next catalog from what lies in folders and packages: reads, checks everything, and changes nothing by itself."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from microflow_runtime.compiler import CheckedFlow, check_business_object, closure_of, types_of
from microflow_runtime.compiler.reading import AppDefinitions, AppSource, Assembly, Document, dump, load, readings
from microflow_runtime.compiler.statements import Statements
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.keys import COMPILER
from microflow_runtime.runtime.manifest import FlowRecord, Manifest, Place, file_key, key_of
from microflow_runtime.runtime.references import callees_of, files_of, files_of_app, pinned_of
from microflow_runtime.runtime.shelf import Bodies
from microflow_runtime.runtime.slices import Slices
from microflow_runtime.store import Activation, Snapshot, SnapshotChange


class Forms:
    """Kept forms of documents by key: what is at hand already, and what this reading adds. A `DocumentCache`."""

    def __init__(self, known: Bodies) -> None:
        self._known = known
        self.added: dict[str, bytes] = {}

    def find(self, key: str) -> bytes | None:
        """Give a kept form."""
        return self._known.get(key) or self.added.get(key)

    def is_kept(self, key: str) -> bool:
        """Tell whether the form is at hand already."""
        return key in self._known

    def keep(self, key: str, form: bytes) -> None:
        """Remember a new form."""
        self.added[key] = form


class Candidate(msgspec.Struct, frozen=True):
    """A catalog that has been checked and may be published.

    `checked` are the keys that were found to be right, `known` those that the store knew to be.
    """

    catalog: Catalog
    added: Mapping[str, bytes]
    checked: tuple[str, ...]
    known: frozenset[str]
    warnings: tuple[Fault, ...]


class Publication(msgspec.Struct, frozen=True):
    """What is written with a catalog beside its flows: snapshots, activations, and the rows `(key, kind, body)` behind them.

    `changes` are of snapshots that are there; `forgotten` are the keys of rows that are removed.
    """

    snapshots: tuple[Snapshot, ...] = ()
    activations: tuple[Activation, ...] = ()
    rows: tuple[tuple[str, str, bytes], ...] = ()
    changes: tuple[SnapshotChange, ...] = ()
    forgotten: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Tell whether nothing is written."""
        return not self.snapshots and not self.activations and not self.changes


NOTHING_MORE: Final = Publication()


async def read_app(source: AppSource, forms: Forms, previous: AppDefinitions | None) -> AppDefinitions:
    """Read an app's definitions in slices."""
    slices = Slices()
    assembly = Assembly(source)
    for reading in readings(source, cache=forms, previous=previous):
        assembly.add(reading)
        await slices.between()
    return assembly.finished()


def bodies_of(apps: list[AppDefinitions], forms: Forms) -> dict[str, bytes]:
    """Give the forms of all documents that are not kept yet, whether they were read now or by a refresh that failed."""
    added: dict[str, bytes] = {}
    for app in apps:
        for reading in app.readings.values():
            key = reading.key
            if not forms.is_kept(key) and reading.document is not None:
                added[key] = forms.added.get(key) or dump(reading.document)
    return added


def shared_files_of(apps: Iterable[AppDefinitions], manifest: Manifest) -> dict[str, bytes]:
    """Give the bytes of the shared files that flows need, by key, as far as these apps have them."""
    wanted = {key for record in manifest.flows for key in record.files.values()}
    if not wanted:
        return {}
    files = (file for app in apps for file in app.source.files if file.kind == "file")
    return {key: file.content for file in files if (key := file_key(file.content_hash)) in wanted}


class Parts:
    """What the flows of an app consist of, remembered from one reading to the next while the Business Objects stay as they are."""

    def __init__(self) -> None:
        self._object_keys: dict[str, str] = {}
        self._known: dict[str, FlowParts] = {}

    def of_app(self, definitions: AppDefinitions) -> "dict[str, FlowParts]":
        """Give the parts of each flow by its name, and forget those of flows that are no more."""
        object_keys = object_keys_of(definitions)
        known = self._known if object_keys == self._object_keys else {}
        parts: dict[str, FlowParts] = {}
        self._known = {}
        for name, flow in definitions.microflows.items():
            key = definitions.readings[definitions.path_of_microflow[name]].key
            found = known.get(key)
            if found is None:
                closure = closure_of(types_of(flow), definitions.business_objects)
                business_objects = {other: object_keys[other] for other in closure}
                found = FlowParts(key, business_objects, callees_of(flow), pinned_of(flow), files_of(flow))
            parts[name] = self._known[key] = found
        self._object_keys = object_keys
        return parts


class FlowParts(NamedTuple):
    """The key of a flow's document, those of its Business Objects by name, the flows it calls and the files it names.

    See FlowRecord.
    """

    flow_hash: str
    business_objects: dict[str, str]
    callees: tuple[str, ...]
    pinned: tuple[tuple[str, str], ...]
    files: tuple[str, ...]


def object_keys_of(definitions: AppDefinitions) -> dict[str, str]:
    """Give the key of the document of each Business Object by its name."""
    readings_by_path = definitions.readings
    return {name: readings_by_path[path].key for name, path in definitions.path_of_business_object.items()}


def records_of(
    definitions: AppDefinitions,
    *,
    origin: str,
    snapshot: str,
    parts: Parts | None = None,
    current: Mapping[Place, FlowRecord] = MappingProxyType({}),
) -> list[FlowRecord]:
    """List the flows of an app as records; keys are put in when all flows are known.

    A flow of the `current` catalog that consists of the same parts keeps its key; `with_keys` looks whether it holds.
    """
    app, app_reading = definitions.app, definitions.readings.get("app.yaml")
    if app is None or app_reading is None:
        return []
    app_hash, group = app_reading.key, "folder" if origin == "folder" else snapshot
    parts_of = (parts or Parts()).of_app(definitions)
    shared = {file.path: file_key(file.content_hash) for file in definitions.source.files if file.kind == "file"}
    of_app = {path: shared[path] for path in files_of_app(app) if path in shared}
    records = []
    for name, flow in definitions.microflows.items():
        flow_hash, business_objects, callees, pinned, named = parts_of[name]
        files = of_app | {path: shared[path] for path in named if path in shared} if named else of_app
        old = current.get((app.name, name, group))
        if (
            old is not None
            and old.flow_hash == flow_hash
            and old.app_hash == app_hash
            and old.origin == origin
            and old.business_objects == business_objects
            and old.files == files
        ):
            record = old if old.snapshot == snapshot else msgspec.structs.replace(old, snapshot=snapshot)
        else:
            record = FlowRecord(
                app=app.name,
                name=name,
                id=flow.id,
                version=app.version,
                snapshot=snapshot,
                app_hash=app_hash,
                flow_hash=flow_hash,
                business_objects=business_objects,
                callees=callees,
                pinned=pinned,
                files=files,
                key="",
                origin=origin,
                anonymous_as=flow.anonymous_as,
                runs_as=flow.runs_as,
            )
        records.append(record)
    return records


def object_check_keys(definitions: AppDefinitions) -> dict[str, str]:
    """Give for each Business Object by its name the key of all that its check depends on."""
    keys: dict[str, str] = {}
    paths = definitions.path_of_business_object
    content = {name: definitions.readings[path].file.content_hash for name, path in paths.items()}
    for name, definition in definitions.business_objects.items():
        closure = closure_of([field.type for field in definition.fields], definitions.business_objects)
        keys[name] = key_of(COMPILER, "business object", content[name], *(content[other] for other in closure))
    return keys


async def check_catalog(
    candidate: Catalog,
    apps: Sequence[AppDefinitions],
    known: set[str],
    object_keys: Mapping[str, Mapping[str, str]] | None = None,
    records: Iterable[FlowRecord] | None = None,
    *,
    is_alone: bool = False,
    statements: Statements | None = None,
) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Check every flow and Business Object whose key is not known to be right; of the flows just `records` if they are given.

    `object_keys` gives `object_check_keys` by the label of the app, `{}` for an app whose Business Objects need no look;
    without it they are made here. `is_alone` says that published snapshots are not among the candidate's, so that flows
    pinned to them cannot be looked at. Gives the keys checked and the warnings. Raises DefinitionFaults with everything
    that is wrong, of all apps at once.
    """
    slices = Slices()
    faults: list[Fault] = [fault for definitions in apps for fault in definitions.faults]
    checked: list[str] = []
    for definitions in apps:
        keys = object_check_keys(definitions) if object_keys is None else object_keys[definitions.source.label]
        for name, key in keys.items():
            if key not in known:
                found = check_business_object(
                    definitions.business_objects[name],
                    definitions.business_objects,
                    definitions.document_of_business_object(name),
                    broken=definitions.broken,
                )
                faults += found
                checked += [] if found else [key]
                await slices.between()
    by_app = {definitions.app.name: definitions for definitions in apps if definitions.app}
    names_of = {name: tuple(definitions.business_objects) for name, definitions in by_app.items()}
    for record in candidate.manifest.flows if records is None else records:
        if record.key in known:
            continue
        of_app, names = by_app.get(record.app), names_of.get(record.app, ())
        broken = of_app.broken if of_app is not None else frozenset[str]()
        library = candidate.library_of(record, broken, names, is_alone=is_alone)
        if statements is not None:
            library = msgspec.structs.replace(library, statements=statements)
        flow = CheckedFlow(candidate.flow_of(record), library, _document_of(record, of_app, candidate))
        faults += flow.faults
        checked += [] if any(fault.is_error for fault in flow.faults) else [record.key]
        await slices.between()
    if any(fault.is_error for fault in faults):
        raise DefinitionFaults([fault for fault in faults if fault.is_error])
    return tuple(checked), tuple(faults)


def _document_of(record: FlowRecord, definitions: AppDefinitions | None, candidate: Catalog) -> Document:
    """Give the document of a flow as it was read, whose places name the file as the operator does; else the kept one."""
    path = definitions.path_of_microflow.get(record.name) if definitions else None
    reading = definitions.readings[path] if definitions and path is not None else None
    if reading is not None and reading.key == record.flow_hash and reading.document is not None:
        return reading.document
    return load(candidate.bodies[record.flow_hash])
