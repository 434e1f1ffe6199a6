"""Builds the next catalog from what lies in folders and packages: reads, checks everything, and changes nothing by itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from microflow_runtime import __version__
from microflow_runtime.compiler import CheckedFlow, check_business_object, closure_of, types_of
from microflow_runtime.compiler.reading import AppDefinitions, AppSource, Assembly, Document, dump, load, readings
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.model.app import App
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.manifest import FOLDER, WHOLE, FlowRecord, Manifest, Place, file_key, key_of
from microflow_runtime.runtime.rings import rings_of
from microflow_runtime.runtime.slices import Slices
from microflow_runtime.store import Activation, Snapshot

_COMPILER: Final = f"microflow {__version__}"


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
    """A catalog that has been checked and may be published.

    `checked` are the keys that were found to be right, `known` those that the store knew to be.
    """

    catalog: Catalog
    added: Mapping[str, bytes]
    checked: tuple[str, ...]
    known: frozenset[str]
    warnings: tuple[Fault, ...]


class Publication(msgspec.Struct, frozen=True):
    """What is written with a catalog beside its flows: snapshots, activations, and the rows `(key, kind, body)` behind them."""

    snapshots: tuple[Snapshot, ...] = ()
    activations: tuple[Activation, ...] = ()
    rows: tuple[tuple[str, str, bytes], ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Tell whether nothing is written."""
        return not self.snapshots and not self.activations


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
                files = tuple(sorted({name for node in flow.every_node() for name in _file_names(node.settings)}))
                found = FlowParts(key, business_objects, callees_of(flow), pinned_of(flow), files)
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
    of_app = {path: shared[path] for path in _files_of_app(app) if path in shared}
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


def _files_of_app(app: App) -> set[str]:
    """List the shared files that the app names in its data sources and connections."""
    named = {source.create_from for source in app.data_sources.values() if source.create_from is not None}
    settings = [source.settings for source in app.data_sources.values()]
    settings += [connection.settings for connection in app.connections.values()]
    return named.union(*map(_file_names, settings))


def _file_names(value: Any) -> Iterator[str]:
    """List the texts in a value that are paths of shared files."""
    if isinstance(value, str):
        if value.startswith("files/"):
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _file_names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _file_names(inner)


def callees_of(flow: Microflow) -> tuple[str, ...]:
    """List the flows of its own snapshot that a flow names in its sub flow nodes."""
    return tuple(sorted({name for name, snapshot in _called(flow) if not snapshot}))


def pinned_of(flow: Microflow) -> tuple[tuple[str, str], ...]:
    """List the flows of named snapshots that a flow names in its sub flow nodes, with their snapshots."""
    return tuple(sorted({(name, snapshot) for name, snapshot in _called(flow) if snapshot}))


def _called(flow: Microflow) -> Iterator[tuple[str, str]]:
    for node in flow.every_node():
        name, snapshot = node.settings.get("flow"), node.settings.get("snapshot", "")
        if node.type == "sub flow" and isinstance(name, str) and isinstance(snapshot, str):
            yield name, snapshot


def with_keys(
    records: Sequence[FlowRecord], current: Mapping[Place, FlowRecord] = MappingProxyType({})
) -> tuple[FlowRecord, ...]:
    """Put into each record the key of everything its plan depends on; flows that call each other in a ring share their ring.

    A record that has the key of its place in the `current` catalog keeps it, unless a flow that it calls has changed,
    come or gone. Each ring comes after those that it calls, so that every flow is looked at once, however they call
    each other.
    """
    by_place = {record.place: record for record in records}
    stale = _stale(by_place, current)
    calls = {place: [callee for _, _, callee in by_place[place].calls() if callee in by_place] for place in stale}
    keys: dict[Place, str] = {}
    for ring in rings_of({place: [callee for callee in called if callee in stale] for place, called in calls.items()}):
        members = set(ring)
        own = {place: _own_key(by_place[place]) for place in ring}
        called = {callee for place in ring for callee in calls[place] if callee not in members}
        outside = {keys[callee] if callee in stale else by_place[callee].key for callee in called}
        whole = key_of(*sorted(own.values()), "calls", *sorted(outside))
        keys |= {place: key_of(own[place], whole) for place in ring}
    for place, key in keys.items():
        by_place[place] = msgspec.structs.replace(by_place[place], key=key)
    if len(by_place) == len(records):
        return tuple(by_place.values())
    return tuple(msgspec.structs.replace(record, key=by_place[record.place].key) for record in records)


def _stale(by_place: Mapping[Place, FlowRecord], current: Mapping[Place, FlowRecord]) -> dict[Place, None]:
    """Give the places whose key must be made: new or changed ones, and whatever calls these or one that has gone."""
    stale: dict[Place, None] = {}
    callers: dict[Place, list[Place]] = {}
    for place, record in by_place.items():
        old = current.get(place)
        if old is None or not record.key or old.key != record.key:
            stale[place] = None
        if record.callees or record.pinned:
            for _, _, callee in record.calls():
                callers.setdefault(callee, []).append(place)
    if not callers:
        return stale
    waiting = [*stale, *(place for place in current if place not in by_place)]
    while waiting:
        for caller in callers.get(waiting.pop(), ()):
            if caller not in stale:
                stale[caller] = None
                waiting.append(caller)
    return stale


def _own_key(record: FlowRecord) -> str:
    objects = [part for item in sorted(record.business_objects.items()) for part in item]
    files = [part for item in sorted(record.files.items()) for part in item]
    return key_of(
        _COMPILER, record.app, record.flow_hash, record.app_hash, *objects, *(("files", *files) if files else ())
    )


def with_active(
    records: Iterable[FlowRecord], activated: Mapping[str, str] = MappingProxyType({})
) -> tuple[FlowRecord, ...]:
    """Mark of each flow's snapshots the active one.

    `activated` gives the version that was activated, by app. Of a whole snapshot or a patch just its own flows are
    active. Otherwise, for each flow: that of the activated snapshot of single flows if it is there, the working
    folder's, the one that was fetched last in a package of its own. A whole snapshot or patch that nobody activated is
    never active.
    """
    ordered = list(records)
    whole = {record.app for record in ordered if record.kind in WHOLE and activated.get(record.app) == record.snapshot}
    active: dict[tuple[str, str], FlowRecord] = {}
    for record in ordered:
        chosen = activated.get(record.app) or None
        if record.app in whole and record.group != chosen:
            continue
        before = active.get((record.app, record.name))
        if _rank(record, chosen) >= (0 if before is None else _rank(before, chosen)):
            active[record.app, record.name] = record
    for position, record in enumerate(ordered):
        is_active = active.get((record.app, record.name)) is record
        if record.active != is_active:
            ordered[position] = msgspec.structs.replace(record, active=is_active)
    return tuple(ordered)


def _rank(record: FlowRecord, chosen: str | None) -> int:
    """Tell how much a record of a flow is wanted before others; -1 for one that is not to be active."""
    if record.origin == FOLDER:
        return 1
    if record.snapshot == chosen:
        return 2
    return -1 if record.kind in WHOLE else 0


def object_check_keys(definitions: AppDefinitions) -> dict[str, str]:
    """Give for each Business Object by its name the key of all that its check depends on."""
    keys: dict[str, str] = {}
    paths = definitions.path_of_business_object
    content = {name: definitions.readings[path].file.content_hash for name, path in paths.items()}
    for name, definition in definitions.business_objects.items():
        closure = closure_of([field.type for field in definition.fields], definitions.business_objects)
        keys[name] = key_of(_COMPILER, "business object", content[name], *(content[other] for other in closure))
    return keys


async def check_catalog(
    candidate: Catalog,
    apps: Sequence[AppDefinitions],
    known: set[str],
    object_keys: Mapping[str, Mapping[str, str]] | None = None,
    *,
    is_alone: bool = False,
) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Check every flow and Business Object whose key is not known to be right.

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
    for record in [record for record in candidate.manifest.flows if record.key not in known]:
        of_app = by_app.get(record.app)
        broken, names = (frozenset[str](), ()) if of_app is None else (of_app.broken, tuple(of_app.business_objects))
        library = candidate.library_of(record, broken, names, is_alone=is_alone)
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
