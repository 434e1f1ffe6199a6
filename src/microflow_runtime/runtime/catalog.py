"""The catalog: everything published now, an immutable snapshot that is swapped in whole. Plans are made on first use."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from microflow_runtime.compiler import Library, NodeDeclaration, Plan
from microflow_runtime.compiler.reading import Definition
from microflow_runtime.errors import NotFound
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.runtime.lazy_plan import KEPT_PLANS, Documents, LazyPlan
from microflow_runtime.runtime.manifest import FOLDER, FlowRecord, Manifest, Place
from microflow_runtime.runtime.opening import Opening, opening_of
from microflow_runtime.runtime.shelf import Bodies
from microflow_runtime.telemetry import FlowRecorder, Metrics

_json = msgspec.json.encode


def _header_value(text: str) -> bytes:
    """Give text as the value of a header: what cannot stand there becomes a question mark."""
    return bytes(byte if 0x20 <= byte < 0x7F else 0x3F for byte in text.encode("latin-1", "replace"))


class FlowEntry:
    """One flow of the catalog, with its plan once somebody has asked for it. `record` names the working folder's version.

    `anonymous_as` is the account that callers without a session run it as. `lacks_runs_as` says that it must not run as
    the account that its own version names. Both look at the active version of the flow as well: see `opening_of`.
    """

    __slots__ = (
        "anonymous_as",
        "header_lines",
        "lacks_runs_as",
        "lazy_plan",
        "object_name",
        "record",
        "recorder",
        "reply_tail",
        "snapshot_header",
    )

    def __init__(
        self,
        record: FlowRecord,
        lazy_plan: LazyPlan,
        recorder: FlowRecorder,
        headers: tuple[bytes, bytes],
        opening: Opening,
    ) -> None:
        """Make the entry. `headers` are the value that names the snapshot and the lines that name it and the epoch."""
        self.record = record
        self.anonymous_as, self.lacks_runs_as = opening
        self.lazy_plan = lazy_plan
        self.recorder = recorder
        self.object_name: str = f"{record.app}/{record.name}"
        self.reply_tail: bytes = b',"flowName":%s,"flowId":%s,"tId":"' % (_json(record.name), _json(record.id))
        self.snapshot_header, self.header_lines = headers

    @property
    def plan(self) -> Plan:
        """The plan; compiled now when this is the first call. Raises StoreError only when the store is damaged."""
        return self.made_plan or self.lazy_plan.get()

    @property
    def made_plan(self) -> Plan | None:
        """The plan if there is one yet."""
        lazy_plan = self.lazy_plan
        lazy_plan.used = True
        return lazy_plan.made


class Catalog:
    """All flows of one epoch. What a flow needs is made when it is first asked for.

    It takes over from the catalog before it the plans that no change has reached. Nothing that it takes over refers to a
    catalog, so that a replaced one goes as soon as its last call has ended.
    """

    def __init__(
        self,
        epoch: int,
        manifest: Manifest,
        bodies: Bodies,
        node_types: Mapping[str, NodeDeclaration],
        metrics: Metrics,
        previous: "Catalog | None" = None,
        *,
        kept_plans: int = KEPT_PLANS,
    ) -> None:
        self.epoch = epoch
        self.epoch_header: Final = str(epoch).encode()
        self.manifest: Manifest = manifest if previous is None else manifest.sharing(previous.manifest)
        self.bodies = bodies
        shares = previous is not None and previous.bodies is bodies
        self.documents: Documents = (
            previous.documents if previous is not None and shares else Documents(bodies, kept_plans)
        )
        self._plans: dict[str, LazyPlan] = previous.plans_for(self.manifest) if previous is not None else {}
        self._node_types = node_types
        self._metrics = metrics
        self._entries: dict[str, tuple[FlowEntry, ...]] = {}
        self._answering: dict[str, tuple[FlowEntry, ...]] = {}
        self._headers: dict[str, tuple[bytes, bytes]] = {}

    def plans_for(self, manifest: Manifest) -> dict[str, LazyPlan]:
        """Give the plans that another manifest has as well, by key."""
        plans = self._plans.copy()
        changed = list(manifest.replaced(self.manifest))
        stay = {record.plan_key for _, new in changed for record in new.records}
        for old, _ in changed:
            for record in old.records:
                if record.plan_key not in stay:
                    plans.pop(record.plan_key, None)
        return plans

    def was_made(self, place: Place) -> bool:
        """Tell whether the plan of the flow at a place is made, as it is when it was called."""
        record = self.manifest.find(place)
        plan = self._plans.get(record.plan_key) if record is not None else None
        return plan is not None and plan.made is not None

    def made_places(self) -> list[Place]:
        """Give the places of the flows whose plans are made."""
        return [plan.record.place for plan in self._plans.values() if plan.made is not None]

    def lazy_plan_of(self, record: FlowRecord) -> LazyPlan:
        """Give the plan of a flow, made or not."""
        return self._plan_of(record)

    def find_named(self, name: str) -> tuple[FlowEntry, ...]:
        """Give every entry of this name: of several apps, of several snapshots."""
        found = self._entries.get(name)
        if found is None:
            found = tuple(self._entry(record) for record in self.manifest.named(name))
            if found:  # what nobody has is not remembered, so that callers cannot fill the memory with names
                self._entries[name] = found
        return found

    def find_answering(self, name: str) -> tuple[FlowEntry, ...]:
        """Give the active entries of this name, at most one of each app: those that answer a call that names no snapshot."""
        found = self._answering.get(name)
        if found is None:
            found = tuple([entry for entry in self.find_named(name) if entry.record.active])
            if found:
                self._answering[name] = found
        return found

    def find_place(self, place: Place) -> FlowEntry | None:
        """Give the entry of one snapshot of one flow."""
        return next((entry for entry in self.find_named(place[1]) if entry.record.place == place), None)

    def _entry(self, kept: FlowRecord) -> FlowEntry:
        record = self.manifest.complete(kept)
        headers = self._headers.get(record.snapshot)
        if headers is None:
            value = _header_value(record.snapshot)
            lines = b"x-microflow-epoch: %d\r\nx-microflow-snapshot: %b\r\n" % (self.epoch, value)
            headers = self._headers[record.snapshot] = (value, lines)
        opening = opening_of(record, self.manifest.named(record.name))
        recorder = self._metrics.bind_flow(record.app, record.name)
        return FlowEntry(record, self._plan_of(record), recorder, headers, opening)

    def _plan_of(self, record: FlowRecord) -> LazyPlan:
        """Give the plan of a flow, not made yet perhaps, and see to it that those it calls are there as well."""
        found = self._plans.get(record.plan_key)
        if found is not None:
            return found
        waiting = [record]
        made: list[tuple[LazyPlan, FlowRecord]] = []
        while waiting:
            each = waiting.pop()
            if each.plan_key in self._plans:
                continue
            plan = self._plans[each.plan_key] = LazyPlan(each, self.documents, self._node_types)
            if each.callees or each.pinned:
                made.append((plan, each))
                waiting += [callee for *_, place in each.calls() if (callee := self.manifest.find(place)) is not None]
        for plan, each in made:
            callees = {(name, snapshot): self.manifest.find(place) for name, snapshot, place in each.calls()}
            plan.callees = {
                called: self._plans[callee.plan_key] for called, callee in callees.items() if callee is not None
            }
        return self._plans[record.plan_key]

    def entries(self) -> Iterator[FlowEntry]:
        """Give all entries. Takes time that grows with their number."""
        for name in dict.fromkeys(record.name for section in self.manifest.sections for record in section.records):
            yield from self.find_named(name)

    def records_by_place(self) -> dict[Place, FlowRecord]:
        """Give all records by where they stand. Takes time that grows with their number."""
        return {record.place: record for record in self.manifest.flows}

    def get(self, place: Place) -> FlowRecord:
        """Give the record of the flow at a place. Raises NotFound."""
        found = self.manifest.find(place)
        if found is None:
            raise NotFound(f'There is no flow "{place[1]}".')
        return found

    def folder_flows(self) -> list[FlowRecord]:
        """Give the records of all flows of the working folders. Takes time that grows with their number."""
        return [record for record in self.manifest.flows if record.origin == FOLDER]

    def definition(self, content_hash: str) -> Definition:
        """Give a definition by the hash of its document."""
        return self.documents.definition(content_hash)

    def app_of(self, record: FlowRecord) -> App:
        """Give the app that a flow belongs to."""
        return self.documents.app(record.app_hash)

    def flow_of(self, record: FlowRecord) -> Microflow:
        """Give the definition of a flow."""
        return self.documents.flow(record.flow_hash)

    def business_objects_of(self, record: FlowRecord) -> dict[str, BusinessObject]:
        """Give the closure of Business Objects of a flow."""
        return self.documents.business_objects(record.business_objects)

    def file_finder(self, record: FlowRecord) -> Callable[[str], bytes | None]:
        """Give what finds the bytes of the shared files that a flow or its app names, by path."""
        return self._plan_of(record).find_file

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
        return self._plan_of(record).library(
            broken,
            lambda: object_names,
            lambda snapshot: self._callee_names(record, snapshot),
            None if is_alone else lambda: self._snapshot_names(record),
        )

    def _snapshot_names(self, record: FlowRecord) -> list[str]:
        """Give the published snapshots of a flow's app."""
        return sorted({other.group for other in self.manifest.flows if other.app == record.app} - {FOLDER})

    def _callee_names(self, record: FlowRecord, snapshot: str) -> list[str]:
        """Give the names of the flows that a flow could call, of a snapshot or, with `""`, of its own."""
        group = snapshot or record.group
        return [other.name for other in self.manifest.flows if other.app == record.app and other.group == group]
