"""What a flow is compiled against: the Business Objects, the other flows and the named resources of its application."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Protocol

import msgspec

from microflow_runtime.compiler.plan import Plan
from microflow_runtime.compiler.statements import Statements
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.model.type_ref import TypeRef


class NodeDeclaration(Protocol):
    """What the compiler must know of a kind of node; the engine's `NodeType` says what `prepare` returns."""

    name: ClassVar[str]
    settings: ClassVar[type[msgspec.Struct]]
    exits: ClassVar[str]
    waits: ClassVar[bool]

    def prepare(self, context: Any) -> Callable[[], Any]:
        """Check a node of this kind, reporting faults to the context; return what builds its action."""
        ...


def inside_of(node_type: object) -> str:
    """Give the key at which a kind of node takes nodes inside it: `nodes`, `branches`, or "" as most kinds, which say nothing."""
    key: str = getattr(node_type, "inside", "")
    return key


class Callee(msgspec.Struct, frozen=True, kw_only=True):
    """Another flow of the same application as a caller sees it. `get_plan` compiles it when it is first called.

    `way_back` names the flows by which it calls its caller again, itself first; nothing where it does not.
    """

    flow: Microflow
    business_objects: Mapping[str, BusinessObject]
    get_plan: Callable[[], Plan]
    way_back: Callable[[], tuple[str, ...]] = tuple


class FindCallee(Protocol):
    """Finds the flow that a sub flow node calls."""

    def __call__(self, name: str, snapshot: str = "", /) -> Callee | None:
        """Give the flow of this name in the caller's own snapshot or in a published one; None when it is not there."""
        ...


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of one flow, which has the name `flow_name`, in one snapshot.

    `callee_names` gives the names of the flows of a published snapshot, with `""` of the caller's own; `snapshot_names`
    the published snapshots, None where nobody knows them, as where an app's folder is checked without a server.
    `business_objects` are those that the flow needs, `object_names` gives all there are. `broken` are names whose files
    are there and cannot be used: naming one is no fault of its own. `find_file` gives the bytes of a shared file of the
    snapshot by its path; it knows those that settings of the flow's nodes or of the app's connections name. `statements` is there where
    databases are asked about the statements.
    """

    app: App
    business_objects: Mapping[str, BusinessObject]
    node_types: Mapping[str, NodeDeclaration]
    find_callee: FindCallee
    callee_names: Callable[[str], Iterable[str]]
    snapshot_names: Callable[[], Iterable[str]] | None = tuple
    broken: frozenset[str] = frozenset()
    object_names: Callable[[], Iterable[str]] = tuple
    flow_name: str = ""
    find_file: Callable[[str], bytes | None] = lambda _path: None
    statements: Statements | None = None


def closure_of(types: Iterable[TypeRef], definitions: Mapping[str, BusinessObject]) -> dict[str, BusinessObject]:
    """Collect the Business Objects that the types reach, directly or through fields; unknown names are passed over."""
    closure: dict[str, BusinessObject] = {}
    waiting = [ref.name for ref in types if not ref.is_simple]
    while waiting:
        name = waiting.pop()
        definition = definitions.get(name)
        if definition is None or name in closure:
            continue
        closure[name] = definition
        waiting.extend(field.type.name for field in definition.fields if not field.type.is_simple)
    return dict(sorted(closure.items()))


def types_of(flow: Microflow) -> list[TypeRef]:
    """List the declared types of a flow: inputs, outputs, variables, those of its nodes among them."""
    inner = [ref for node in flow.every_node() for ref in node.variables.values()]
    return [*flow.inputs.values(), *flow.outputs.values(), *flow.variables.values(), *inner]
