"""Documents decoded and plans made when they are first asked for; the catalogs that follow each other share both.

Nothing here knows a catalog: a plan that is not made yet keeps no catalog alive.
"""

from collections.abc import Callable, Iterable, Mapping

from microflow_runtime.compiler import Callee, Library, NodeDeclaration, Plan, compile_flow
from microflow_runtime.compiler.reading import Definition, define, load
from microflow_runtime.errors import StoreError
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow


class KeptDocument:
    """The kept form of one document, and its definition once somebody has asked for it; or the bytes of a shared file."""

    __slots__ = ("_definition", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._definition: Definition | None = None

    @property
    def definition(self) -> Definition:
        """The definition. Raises StoreError when the store is damaged."""
        found = self._definition
        if found is None:
            try:
                found, _ = define(load(self.body))
            except ValueError as error:
                raise StoreError("The store gave a damaged definition.") from error
            if found is None:
                raise StoreError("The store gave a damaged definition.")
            self._definition = found
        return found


class LazyPlan:
    """The plan of a flow, or all that it takes to make it: the documents it depends on, and the plans of the flows it calls."""

    __slots__ = ("_app", "_files", "_flow", "_node_types", "_objects", "_plan", "_sources", "callees")

    def __init__(
        self,
        flow: KeptDocument,
        app: KeptDocument,
        objects: Mapping[str, KeptDocument],
        files: Mapping[str, KeptDocument],
        node_types: Mapping[str, NodeDeclaration],
    ) -> None:
        self._flow = flow
        self._app = app
        self._objects = objects
        self._files = files
        self._node_types = node_types
        self._plan: Plan | None = None
        self._sources: tuple[str, ...] | None = None
        self.callees: Mapping[tuple[str, str], LazyPlan] = {}

    @property
    def app(self) -> App:
        """The app that the flow belongs to."""
        app = self._app.definition
        assert isinstance(app, App)
        return app

    @property
    def flow(self) -> Microflow:
        """The definition of the flow."""
        flow = self._flow.definition
        assert isinstance(flow, Microflow)
        return flow

    @property
    def business_objects(self) -> dict[str, BusinessObject]:
        """The closure of Business Objects of the flow."""
        found = {name: document.definition for name, document in self._objects.items()}
        return {name: value for name, value in found.items() if isinstance(value, BusinessObject)}

    @property
    def made(self) -> Plan | None:
        """The plan if there is one yet."""
        return self._plan

    def get(self) -> Plan:
        """Give the plan, compiling it when this is the first call. Raises DefinitionFaults only when the store is damaged."""
        plan = self._plan
        if plan is None:
            plan = self._plan = compile_flow(self.flow, self.library(), load(self._flow.body))
        return plan

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
        )

    def find_file(self, path: str) -> bytes | None:
        """Give the bytes of a shared file that the flow or its app names, by its path."""
        found = self._files.get(path)
        return None if found is None else found.body

    def _find_callee(self, name: str, snapshot: str = "") -> Callee | None:
        called = self.callees.get((name, snapshot))
        if called is None:
            return None
        return Callee(flow=called.flow, business_objects=called.business_objects, get_plan=called.get)
