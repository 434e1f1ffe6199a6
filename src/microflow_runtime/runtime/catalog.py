"""The catalog: everything published now, an immutable snapshot that is swapped in whole. Plans are made on first use."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from microflow_runtime.compiler import Library, NodeDeclaration, Plan
from microflow_runtime.compiler.reading import Definition
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.runtime.lazy_plan import KeptDocument, LazyPlan
from microflow_runtime.runtime.manifest import FOLDER, FlowRecord, Manifest, Place
from microflow_runtime.telemetry import FlowRecorder, Metrics

_json = msgspec.json.encode
_NO_FILES: Final[Mapping[str, KeptDocument]] = {}


def _header_value(text: str) -> bytes:
    """Give text as the value of a header: what cannot stand there becomes a question mark."""
    return bytes(byte if 0x20 <= byte < 0x7F else 0x3F for byte in text.encode("latin-1", "replace"))


class FlowEntry:
    """One flow of the catalog, with its plan once somebody has asked for it."""

    __slots__ = ("header_lines", "lazy_plan", "object_name", "record", "recorder", "reply_tail", "snapshot_header")

    def __init__(
        self,
        record: FlowRecord,
        lazy_plan: LazyPlan,
        recorder: FlowRecorder,
        headers: tuple[bytes, bytes],
        before: "FlowEntry | None" = None,
    ) -> None:
        """Make the entry. `headers` are the value that names the snapshot and the lines that name it and the epoch.

        `before` is the entry of the same flow in an older catalog; of its texts some are the same.
        """
        self.record = record
        self.lazy_plan = lazy_plan
        self.recorder = recorder
        if before is not None and before.record.id == record.id:
            self.object_name: str = before.object_name
            self.reply_tail: bytes = before.reply_tail
        else:
            self.object_name = f"{record.app}/{record.name}"
            self.reply_tail = b',"flowName":%s,"flowId":%s,"tId":"' % (_json(record.name), _json(record.id))
        self.snapshot_header, self.header_lines = headers

    @property
    def plan(self) -> Plan:
        """The plan; compiled now when this is the first call. Raises DefinitionFaults only when the store is damaged."""
        return self.lazy_plan.made or self.lazy_plan.get()

    @property
    def made_plan(self) -> Plan | None:
        """The plan if there is one yet."""
        return self.lazy_plan.made


class _Shared(NamedTuple):
    """What a catalog lends to the next: documents by hash, entries by place, plans by key."""

    documents: Mapping[str, KeptDocument]
    entries: Mapping[Place, FlowEntry]
    plans: Mapping[str, LazyPlan]


class Catalog:
    """All flows of one epoch. It shares with the catalog before it whatever does not depend on a change.

    Nothing that it shares refers to the catalog, so that a replaced one goes as soon as its last call has ended.
    """

    def __init__(
        self,
        epoch: int,
        manifest: Manifest,
        bodies: Mapping[str, bytes],
        node_types: Mapping[str, NodeDeclaration],
        metrics: Metrics,
        previous: "Catalog | None" = None,
    ) -> None:
        self.epoch = epoch
        self.epoch_header: Final = str(epoch).encode()
        self.manifest = manifest
        self.bodies = bodies
        before = _Shared({}, {}, {}) if previous is None else previous.shared()
        kept = before.documents
        self._documents: dict[str, KeptDocument] = {
            key: kept.get(key) or KeptDocument(body) for key, body in bodies.items()
        }
        self._by_name: dict[str, tuple[FlowEntry, ...]] = {}
        self._answering = self._by_name
        self._by_group: dict[Place, FlowEntry] = {}
        self._plans: dict[str, LazyPlan] = {}
        self._fill(node_types, metrics, before)

    def shared(self) -> "_Shared":
        """Give what the next catalog may take over."""
        return _Shared(self._documents, self._by_group, self._plans)

    def _fill(self, node_types: Mapping[str, NodeDeclaration], metrics: Metrics, before: "_Shared") -> None:
        calling: list[tuple[FlowRecord, LazyPlan]] = []
        headers: dict[str, tuple[bytes, bytes]] = {}
        for record in self.manifest.flows:
            place = record.place
            plan = self._plans.get(record.key) or before.plans.get(record.key)
            if plan is None:
                plan = self._lazy_plan(record, node_types)
                if record.callees or record.pinned:
                    calling.append((record, plan))
            self._plans[record.key] = plan
            told = headers.get(record.snapshot)
            if told is None:
                told = headers[record.snapshot] = self._headers(record.snapshot)
            old = before.entries.get(place)
            recorder = metrics.bind_flow(record.app, record.name) if old is None else old.recorder
            entry = self._by_group[place] = FlowEntry(record, plan, recorder, told, old)
            others = self._by_name.get(record.name)
            self._by_name[record.name] = (entry,) if others is None else (*others, entry)
        if not all(record.active for record in self.manifest.flows):
            self._answering = {
                name: tuple([entry for entry in entries if entry.record.active])
                for name, entries in self._by_name.items()
            }
        for record, plan in calling:
            plan.callees = {
                (name, snapshot): self._by_group[place].lazy_plan
                for name, snapshot, place in record.calls()
                if place in self._by_group
            }

    def _headers(self, snapshot: str) -> tuple[bytes, bytes]:
        value = _header_value(snapshot)
        return value, b"x-microflow-epoch: %d\r\nx-microflow-snapshot: %b\r\n" % (self.epoch, value)

    def _lazy_plan(self, record: FlowRecord, node_types: Mapping[str, NodeDeclaration]) -> LazyPlan:
        documents = self._documents
        objects = {name: documents[key] for name, key in record.business_objects.items()}
        files = {path: documents[key] for path, key in record.files.items()} if record.files else _NO_FILES
        return LazyPlan(documents[record.flow_hash], documents[record.app_hash], objects, files, node_types)

    def find_named(self, name: str) -> tuple[FlowEntry, ...]:
        """Give every entry of this name: of several apps, of several snapshots."""
        return self._by_name.get(name, ())

    def find_answering(self, name: str) -> tuple[FlowEntry, ...]:
        """Give the active entries of this name, at most one of each app: those that answer a call that names no snapshot."""
        return self._answering.get(name, ())

    def find_place(self, place: Place) -> FlowEntry | None:
        """Give the entry of one snapshot of one flow."""
        return self._by_group.get(place)

    def entries(self) -> Iterable[FlowEntry]:
        """Give all entries."""
        return self._by_group.values()

    def records_by_place(self) -> dict[Place, FlowRecord]:
        """Give all records by where they stand."""
        return {place: entry.record for place, entry in self._by_group.items()}

    def records_by_key(self) -> dict[str, FlowRecord]:
        """Give a record of each key."""
        return {record.key: record for record in self.manifest.flows}

    def definition(self, content_hash: str) -> Definition:
        """Give a definition by the hash of its document, decoding it when it is first asked for."""
        return self._documents[content_hash].definition

    def app_of(self, record: FlowRecord) -> App:
        """Give the app that a flow belongs to."""
        return self._plans[record.key].app

    def flow_of(self, record: FlowRecord) -> Microflow:
        """Give the definition of a flow."""
        return self._plans[record.key].flow

    def business_objects_of(self, record: FlowRecord) -> dict[str, BusinessObject]:
        """Give the closure of Business Objects of a flow."""
        return self._plans[record.key].business_objects

    def file_finder(self, record: FlowRecord) -> Callable[[str], bytes | None]:
        """Give what finds the bytes of the shared files that a flow or its app names, by path."""
        return self._plans[record.key].find_file

    def library_of(
        self,
        record: FlowRecord,
        broken: frozenset[str] = frozenset(),
        object_names: Iterable[str] = (),
        *,
        is_alone: bool = False,
    ) -> Library:
        """Give what a flow is compiled against, with all names there are, for suggestions.

        `is_alone` says that nobody knows which snapshots are published.
        """
        return self._plans[record.key].library(
            broken,
            lambda: object_names,
            lambda snapshot: self._callee_names(record, snapshot),
            None if is_alone else lambda: self._snapshot_names(record),
        )

    def _snapshot_names(self, record: FlowRecord) -> list[str]:
        """Give the published snapshots of a flow's app."""
        return sorted({group for app, _, group in self._by_group if app == record.app} - {FOLDER})

    def _callee_names(self, record: FlowRecord, snapshot: str) -> list[str]:
        """Give the names of the flows that a flow could call, of a snapshot or, with `""`, of its own."""
        group = snapshot or record.group
        return [name for app, name, of in self._by_group if app == record.app and of == group]
