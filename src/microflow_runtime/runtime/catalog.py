"""The catalog: everything published now, an immutable snapshot that is swapped in whole. Plans are made on first use."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from microflow_runtime.compiler import Callee, Library, NodeDeclaration, Plan, compile_flow
from microflow_runtime.compiler.reading import define, load
from microflow_runtime.errors import StoreError
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.runtime.manifest import FlowRecord, Manifest
from microflow_runtime.telemetry import FlowRecorder, Metrics

_json = msgspec.json.encode
Definition = App | BusinessObject | Microflow


def _header_value(text: str) -> bytes:
    """Give text as the value of a header: what cannot stand there becomes a question mark."""
    return bytes(byte if 0x20 <= byte < 0x7F else 0x3F for byte in text.encode("latin-1", "replace"))


class FlowEntry:
    """One flow of the catalog, with its plan once somebody has asked for it."""

    __slots__ = (
        "_catalog",
        "_plan",
        "header_lines",
        "object_name",
        "record",
        "recorder",
        "reply_tail",
        "snapshot_header",
    )

    def __init__(self, record: FlowRecord, catalog: "Catalog", recorder: FlowRecorder, plan: Plan | None) -> None:
        self.record = record
        self.recorder = recorder
        self.object_name = f"{record.app}/{record.name}"
        self.reply_tail = b',"flowName":%s,"flowId":%s,"tId":"' % (_json(record.name), _json(record.id))
        self.snapshot_header = _header_value(record.snapshot)
        self.header_lines = b"x-microflow-epoch: %d\r\nx-microflow-snapshot: %b\r\n" % (
            catalog.epoch,
            self.snapshot_header,
        )
        self._catalog: Catalog | None = catalog if plan is None else None
        self._plan = plan

    @property
    def plan(self) -> Plan:
        """The plan; compiled now when this is the first call. Raises DefinitionFaults only when the store is damaged."""
        plan = self._plan
        if plan is None:
            assert self._catalog is not None, "an entry without a plan has a catalog to make it from"
            plan = self._plan = self._catalog.compile(self.record)
            self._catalog = None  # a plan that outlives its catalog must not keep it
        return plan

    @property
    def made_plan(self) -> Plan | None:
        """The plan if there is one yet."""
        return self._plan


class Catalog:
    """All flows of one epoch. Entries of the catalog before it lend their plans where nothing they depend on changed."""

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
        self._node_types = node_types
        self._definitions: dict[str, Definition] = {} if previous is None else previous.kept_definitions(bodies)
        made = {} if previous is None else previous.plans_by_key()
        self._by_name: dict[str, tuple[FlowEntry, ...]] = {}
        self._by_group: dict[tuple[str, str, str], FlowEntry] = {}
        for record in manifest.flows:
            entry = FlowEntry(record, self, metrics.bind_flow(record.app, record.name), made.get(record.key))
            self._by_name[record.name] = (*self._by_name.get(record.name, ()), entry)
            self._by_group[record.app, record.name, record.group] = entry

    def find_named(self, name: str) -> tuple[FlowEntry, ...]:
        """Give every entry of this name: of several apps, of several snapshots."""
        return self._by_name.get(name, ())

    def entries(self) -> Iterable[FlowEntry]:
        """Give all entries."""
        return self._by_group.values()

    def plans_by_key(self) -> dict[str, Plan]:
        """Give the plans that were made, by what they depend on."""
        return {entry.record.key: plan for entry in self.entries() if (plan := entry.made_plan) is not None}

    def kept_definitions(self, bodies: Mapping[str, bytes]) -> dict[str, Definition]:
        """Give the decoded definitions that are still wanted."""
        return {key: value for key, value in self._definitions.items() if key in bodies}

    def definition(self, content_hash: str) -> Definition:
        """Give a definition by the hash of its document, decoding it when it is first asked for."""
        found = self._definitions.get(content_hash)
        if found is None:
            record, _ = define(load(self.bodies[content_hash]))
            if record is None:
                raise StoreError("The store gave a damaged definition.")
            found = self._definitions[content_hash] = record
        return found

    def app_of(self, record: FlowRecord) -> App:
        """Give the app that a flow belongs to."""
        app = self.definition(record.app_hash)
        assert isinstance(app, App)
        return app

    def compile(self, record: FlowRecord) -> Plan:
        """Make the plan of a flow of this catalog."""
        document = load(self.bodies[record.flow_hash])
        return compile_flow(self.flow_of(record), self.library_of(record), document)

    def flow_of(self, record: FlowRecord) -> Microflow:
        """Give the definition of a flow."""
        flow = self.definition(record.flow_hash)
        assert isinstance(flow, Microflow)
        return flow

    def business_objects_of(self, record: FlowRecord) -> dict[str, BusinessObject]:
        """Give the closure of Business Objects of a flow."""
        found = {name: self.definition(content_hash) for name, content_hash in record.business_objects.items()}
        return {name: value for name, value in found.items() if isinstance(value, BusinessObject)}

    def library_of(
        self, record: FlowRecord, broken: frozenset[str] = frozenset(), object_names: Iterable[str] = ()
    ) -> Library:
        """Give what a flow is compiled against: its closure, and the flows of its own snapshot."""
        return Library(
            app=self.app_of(record),
            business_objects=self.business_objects_of(record),
            node_types=self._node_types,
            find_callee=lambda name: self._find_callee(record, name),
            broken=broken,
            object_names=lambda: object_names,
            callee_names=lambda: [other.name for other in self.manifest.flows if other.app == record.app],
        )

    def _find_callee(self, caller: FlowRecord, name: str) -> Callee | None:
        entry = self._by_group.get((caller.app, name, caller.group))
        if entry is None:
            return None
        return Callee(
            flow=self.flow_of(entry.record),
            business_objects=self.business_objects_of(entry.record),
            get_plan=lambda: entry.plan,
        )
