"""Documents decoded and plans made when they are first asked for; the catalogs that follow each other share both.

Nothing here knows a catalog: a plan that is not made yet keeps no catalog alive.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final
from weakref import ReferenceType, ref

import msgspec

from microflow_runtime.compiler import Callee, Library, NodeDeclaration, Plan, compile_flow
from microflow_runtime.compiler.reading import Definition, Document, define, load
from microflow_runtime.errors import StoreError
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.runtime.manifest import FOLDER, FlowRecord
from microflow_runtime.runtime.shelf import Bodies, LostDocument

KEPT_PLANS: Final = 750
_KEPT_DEFINITIONS: Final = 256


class MadePlans:
    """The plans of one process that are made. Beyond a number of them, one that was not used for long is let go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: deque[ReferenceType[LazyPlan]] = deque()

    def add(self, plan: "LazyPlan") -> None:
        """Count a plan that was made just now. One that was used since it was looked at last is passed over once."""
        self._made.append(ref(plan))
        while len(self._made) > self._most:
            oldest = self._made.popleft()
            found = oldest()
            if found is None or found.made is None:
                continue
            if found.used:
                found.used = False
                self._made.append(oldest)
            else:
                found.forget()


class Documents:
    """The documents of one process: read from the bodies by their keys, the definitions asked for last kept at hand."""

    def __init__(self, bodies: Bodies, kept_plans: int = KEPT_PLANS) -> None:
        self.bodies = bodies
        self.made_plans = MadePlans(kept_plans)
        self._packaged: dict[str, tuple[App, App]] = {}
        self._definitions: OrderedDict[str, Definition] = OrderedDict()

    def document(self, key: str, path: str | None = None) -> Document:
        """Give a document, under another path when one is given. Raises StoreError when it is lost or damaged."""
        body = self.bodies.get(key)
        if body is None:
            raise LostDocument("The store has lost a definition.")
        try:
            return load(body, path)
        except ValueError as error:
            raise StoreError("The store gave a damaged definition.") from error

    def definition(self, key: str) -> Definition:
        """Give a definition. Raises StoreError when it is lost or damaged."""
        found = self._definitions.get(key)
        if found is None:
            found, _ = define(self.document(key))
            if found is None:
                raise StoreError("The store gave a damaged definition.")
            self._definitions[key] = found
            if len(self._definitions) > _KEPT_DEFINITIONS:
                self._definitions.popitem(last=False)
        else:
            self._definitions.move_to_end(key)
        return found

    def app(self, key: str) -> App:
        """Give an app."""
        app = self.definition(key)
        assert isinstance(app, App)
        return app

    def packaged_app(self, key: str) -> App:
        """Give an app as the flows of a package see it, the same object as long as the definition is at hand."""
        app = self.app(key)
        found = self._packaged.get(key)
        if found is None or found[0] is not app:
            found = self._packaged[key] = (app, msgspec.structs.replace(app, is_package=True))
            if len(self._packaged) > _KEPT_DEFINITIONS:
                del self._packaged[next(iter(self._packaged))]
        return found[1]

    def flow(self, key: str) -> Microflow:
        """Give a flow."""
        flow = self.definition(key)
        assert isinstance(flow, Microflow)
        return flow

    def business_objects(self, keys: Mapping[str, str]) -> dict[str, BusinessObject]:
        """Give Business Objects by name from their keys by name."""
        found = {name: self.definition(key) for name, key in keys.items()}
        return {name: value for name, value in found.items() if isinstance(value, BusinessObject)}

    def file_finder(self, keys: Mapping[str, str]) -> Callable[[str], bytes | None]:
        """Give what finds the bytes of shared files by path, from their keys by path."""
        return lambda path: self.bodies.get(keys[path]) if path in keys else None


class LazyPlan:
    """The plan of a flow, or all that it takes to make it: what the flow consists of, and the plans of the flows it calls."""

    __slots__ = ("__weakref__", "_documents", "_node_types", "_plan", "_sources", "callees", "record", "used")

    def __init__(self, record: FlowRecord, documents: Documents, node_types: Mapping[str, NodeDeclaration]) -> None:
        self.record = record
        self._documents = documents
        self._node_types = node_types
        self._plan: Plan | None = None
        self.used = False
        """Whether somebody has asked for the plan since `MadePlans` looked at it."""
        self._sources: tuple[str, ...] | None = None
        self.callees: Mapping[tuple[str, str], LazyPlan] = MappingProxyType({})

    @property
    def app(self) -> App:
        """The app that the flow belongs to."""
        if self.record.origin != FOLDER:
            return self._documents.packaged_app(self.record.app_hash)
        return self._documents.app(self.record.app_hash)

    @property
    def flow(self) -> Microflow:
        """The definition of the flow."""
        return self._documents.flow(self.record.flow_hash)

    @property
    def business_objects(self) -> dict[str, BusinessObject]:
        """The closure of Business Objects of the flow."""
        return self._documents.business_objects(self.record.business_objects)

    @property
    def made(self) -> Plan | None:
        """The plan if there is one yet."""
        return self._plan

    def get(self) -> Plan:
        """Give the plan, compiling it when this is the first call. Raises StoreError when the store is damaged."""
        self.used = True
        plan = self._plan
        if plan is None:
            document = self._documents.document(self.record.flow_hash)
            plan = self.take(compile_flow(self.flow, self.library(), document))
        return plan

    def take(self, plan: Plan) -> Plan:
        """Keep a plan that was made of what this one is of."""
        self._plan = plan
        self._documents.made_plans.add(self)
        return plan

    def forget(self) -> None:
        """Let go of the plan; whoever runs it keeps it, and it is made anew when it is asked for again."""
        self._plan = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The data sources that an execution may use, those of the flows that it calls, near and far, included."""
        if self._sources is None:
            met: list[LazyPlan] = [self]
            for plan in met:
                met += [callee for callee in plan.callees.values() if callee not in met]
            self._sources = tuple(sorted({source for plan in met for source in plan.get().sources}))
        return self._sources

    def library(
        self,
        broken: frozenset[str] = frozenset(),
        object_names: Callable[[], Iterable[str]] = tuple,
        callee_names: Callable[[str], Iterable[str]] = tuple,
        snapshot_names: Callable[[], Iterable[str]] | None = tuple,
    ) -> Library:
        """Give what the flow is compiled against: its closure, and the flows it calls. Names are for suggestions."""
        return Library(
            app=self.app,
            business_objects=self.business_objects,
            node_types=self._node_types,
            find_callee=self._find_callee,
            broken=broken,
            object_names=object_names,
            callee_names=callee_names,
            snapshot_names=snapshot_names,
            find_file=self.find_file,
            flow_name=self.record.name,
        )

    def find_file(self, path: str) -> bytes | None:
        """Give the bytes of a shared file that the flow or its app names, by its path."""
        key = self.record.files.get(path)
        return None if key is None else self._documents.bodies.get(key)

    def _find_callee(self, name: str, snapshot: str = "") -> Callee | None:
        called = self.callees.get((name, snapshot))
        if called is None:
            return None
        return Callee(
            flow=called.flow,
            business_objects=called.business_objects,
            get_plan=called.get,
            way_back=lambda: called.way_to(self),
        )

    def way_to(self, target: "LazyPlan") -> tuple[str, ...]:
        """Give the names of the flows by which this one calls a target, itself first; nothing where it does not."""
        came_from: dict[int, tuple[str, ...]] = {id(self): (self.record.name,)}
        waiting = [self]
        for plan in waiting:
            if plan is target:
                return came_from[id(plan)][:-1] or (plan.record.name,)
            for callee in plan.callees.values():
                if id(callee) not in came_from:
                    came_from[id(callee)] = (*came_from[id(plan)], callee.record.name)
                    waiting.append(callee)
        return ()
