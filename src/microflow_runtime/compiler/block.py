"""The nodes of a flow, or those inside a loop or a branch: checked one by one, then built into a `Block`."""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce

import msgspec

from microflow_runtime.compiler.assigned import targets_written, targets_written_by, targets_written_inside
from microflow_runtime.compiler.business_objects import BoClass
from microflow_runtime.compiler.faults import FaultList, Path, did_you_mean
from microflow_runtime.compiler.feel_types import ERROR, FeelTypes
from microflow_runtime.compiler.graph import check_graph, targets_of
from microflow_runtime.compiler.library import Library, NodeDeclaration, inside_of
from microflow_runtime.compiler.mapping import Assignment, Targets, bind_mapping, check_mapping, lines_of
from microflow_runtime.compiler.node_context import Layout, NodeContext, read_settings, scope_of
from microflow_runtime.compiler.order import NodeOrder
from microflow_runtime.compiler.plan import ENDS, Action, Block, PlanCatch, PlanNode
from microflow_runtime.compiler.presence import Known, Presences
from microflow_runtime.compiler.sensitive import ReadsOfNode, SensitiveReads
from microflow_runtime.errors import Fault
from microflow_runtime.feel import Type
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Node
from microflow_runtime.model.type_ref import TypeRef

CheckedCatches = list[tuple[list[Assignment], Mapping[str, Type]]]


class Shared:
    """What all blocks of one flow have in common, and what they tell about the flow as a whole."""

    def __init__(
        self,
        library: Library,
        faults: FaultList,
        closure: Mapping[str, BusinessObject],
        classes: Mapping[str, BoClass],
        layout: Layout,
    ) -> None:
        self.library = library
        self.faults = faults
        self.closure = closure
        self.classes = classes
        self.types = FeelTypes(closure)
        self.presences = Presences(closure)
        self.layout = layout
        self.contexts: list[NodeContext] = []
        self.catches: list[CheckedCatches] = []
        self.inner_types: dict[str, TypeRef] = {}
        """The declared types of what only nodes inside others see."""
        self.untyped: set[str] = set()
        """The items without a declared type; nobody can tell what in them is sensitive."""
        self.sensitive = SensitiveReads((), {}, {})
        """Made when the flow is without faults."""

    def reads_caller(self) -> bool:
        """Tell whether the caller must be at hand: for a formula that reads it, or for a callee that may."""
        in_nodes = any("caller" in context.reads or context.node.type == "sub flow" for context in self.contexts)
        return in_nodes or any(
            "caller" in assignment.value.names
            for catches in self.catches
            for assignments, _ in catches
            for assignment in assignments
        )


class Arriving:
    """What is known where nodes are entered, put together from the links that lead to them."""

    def __init__(self, order: NodeOrder, nodes: Mapping[str, Node], at_start: Known) -> None:
        self._order = order
        self._nodes = nodes
        self._known: dict[str, Known] = dict.fromkeys(order.names[:1], at_start)
        self._rounds: dict[int, Known] = {}

    def add(self, source: str, target: str, known: Known) -> None:
        """Take what is known where a link of a node, which has been looked at, leads to."""
        if target in self._nodes and not self._order.leads_back(source, target):
            before = self._known.get(target)
            self._known[target] = known if before is None else before.met(known)

    def at(self, name: str) -> Known:
        """Give what is known at a node, when all that lead to it and come before it have been looked at.

        Of a link that leads back nobody knows yet what holds there. What held on every way into the ring does, as far as no
        node of the ring writes it.
        """
        ring = self._order.ring_of.get(name)
        if ring is None:
            return self._known[name]
        if ring not in self._rounds:
            names = self._order.rings[ring]
            entered = reduce(Known.met, [self._known[each] for each in names if each in self._known])
            self._rounds[ring] = entered.weakened(
                targets_written({each: self._nodes[each] for each in names}), is_later=True
            )
        if not self._order.has_link_back(name):
            return self._known[name]
        known = self._known.get(name)
        return self._rounds[ring] if known is None else known.met(self._rounds[ring])


class Names(msgspec.Struct, frozen=True):
    """What the nodes of a block see: variables, which they may write, and items, which they only read."""

    variables: Mapping[str, TypeRef]
    items: Mapping[str, Type]

    def with_inner(self, variables: Mapping[str, TypeRef], items: Mapping[str, Type]) -> "Names":
        """Give these names and those of a body."""
        return Names({**self.variables, **variables}, {**self.items, **items})


class CheckedBlock:
    """The checked nodes that stand at `here`. `what` is the word for what they make up, for faults."""

    def __init__(
        self, shared: Shared, nodes: Mapping[str, Node], here: Path, names: Names, at_start: Known, what: str
    ) -> None:
        self._shared = shared
        self._nodes = nodes
        self._here = here
        self._names = names
        self._what = what
        self._prepared: dict[str, tuple[NodeContext, Callable[[], Action]]] = {}
        self._catches: dict[str, CheckedCatches] = {}
        self._inner: list[CheckedBlock] = []
        self._check(at_start)

    def _check(self, at_start: Known) -> None:
        shared, names = self._shared, self._names
        check_graph(self._nodes, self._here, shared.library.node_types, shared.faults, self._what)
        targets = Targets(names.variables, shared.closure, shared.classes, shared.types, names.items)
        order = NodeOrder(self._nodes)
        arriving = Arriving(order, self._nodes, at_start)
        told: dict[str, list[Fault]] = {}
        ends: list[Known] = []
        for name in order.names:
            node = self._nodes[name]
            before = len(shared.faults.faults)
            for target, known in self._check_node(node, arriving.at(name), targets):
                arriving.add(name, target, known)
            told[name] = shared.faults.cut(before)
            if node.type == "end":
                prepared = self._prepared.get(name)
                ends.append(prepared[0].known_behind if prepared else arriving.at(name))
        for name in self._nodes.keys() - told.keys():  # nothing leads there, which is told: that is fault enough
            before = len(shared.faults.faults)
            self._check_node(self._nodes[name], at_start.everything_there(), targets)
            told[name] = shared.faults.cut(before)
        shared.faults.faults += [fault for name in self._nodes for fault in told[name]]
        self.known_at_end = reduce(Known.met, ends) if ends else None
        self.scope_at_end: Mapping[str, Type] = scope_of(self.known_at_end or at_start)

    def _check_node(self, node: Node, known: Known, targets: Targets) -> list[tuple[str, Known]]:
        """Check a node; give where it leads to, with what is known there."""
        shared = self._shared
        here = (*self._here, node.name)
        node_type = shared.library.node_types.get(node.type)
        if node_type is None:
            names = shared.library.node_types
            help_text = did_you_mean(node.type, names) or f"the kinds are {', '.join(sorted(names))}"
            message = f'There is no kind of node "{node.type}".'
            shared.faults.add("MF-D050", message, (*here, "type"), help=help_text)
        context = self._prepare(node, here, node_type, known, targets) if node_type is not None else None
        if context is None:
            after = known.written(dict.fromkeys(targets_written_by(node), True))
            return [(target, after) for _, target in targets_of(node)]
        caught = known.weakened(targets_written_inside(node))
        ways = [(node.next, context.known_behind)] if node.next is not None else []
        ways += [(link.to, context.known_at(index)) for index, link in enumerate(node.links)]
        for catch, (assignments, _) in zip(node.catches, self._catches[node.name], strict=True):
            ways.append((catch.to, caught.written(lines_of(catch.out, assignments, caught))))
        return ways

    def _prepare(
        self, node: Node, here: Path, node_type: NodeDeclaration, known: Known, targets: Targets
    ) -> NodeContext | None:
        """Check settings, catches and what is of the node's own kind; None where a fault keeps that from being looked at."""
        shared = self._shared
        after_a_try = known.weakened(targets_written_inside(node))
        settings = read_settings(node, here, node_type.settings, shared.faults)
        told = ReadsOfNode()
        self._check_catches(node, here, after_a_try, targets, told, waits=node_type.waits)
        if not self._check_bodies(node, here, inside_of(node_type)) or settings is None:
            return None

        def check_body(name: str, items: Mapping[str, Type], known: Known) -> CheckedBlock:
            told.items.update(items)
            return self._check_body(node, here, name, items, known)

        context = NodeContext(
            node, here, settings, after_a_try if node.retry else known, targets, shared.types, shared.classes, shared.layout, shared.library,
            shared.faults, check_body,
        )  # fmt: skip
        context.told = told
        context.find_sensitive = lambda: shared.sensitive.of_node(told)
        shared.contexts.append(context)
        self._prepared[node.name] = (context, node_type.prepare(context))
        return context

    def _check_bodies(self, node: Node, here: Path, inside: str) -> bool:
        """Check that nodes stand inside a node where its kind takes them, and only there."""
        faults = self._shared.faults
        given = {"nodes" if not name else "branches" for name in node.bodies}
        for key in sorted(given - {inside}):
            faults.add("MF-D100", f"A {node.type} node takes no `{key}`.", (*here, key), at_key=True)
        if node.variables and inside != "nodes":
            faults.add("MF-D100", f"A {node.type} node takes no `variables`.", (*here, "variables"), at_key=True)
        if inside and inside not in given:
            message = f'The {node.type} "{node.name}" has nothing inside it.'
            faults.add("MF-D100", message, here, at_key=True, help=f"add `{inside}:`")
        return not inside or given == {inside}

    def _check_body(self, node: Node, here: Path, name: str, items: Mapping[str, Type], known: Known) -> "CheckedBlock":
        shared, names = self._shared, self._names
        for inner in [*node.variables, *items]:
            if inner in names.variables or inner in names.items:
                message = f'"{inner}" is the name of something else here already.'
                path = (*here, "variables", inner) if inner in node.variables else here
                shared.faults.add("MF-D101", message, path, at_key=True, help="choose another name")
            shared.layout.slot(inner)
        for inner, ref in node.variables.items():
            if shared.inner_types.setdefault(inner, ref) != ref:
                message = f'"{inner}" has the type {shared.inner_types[inner]} elsewhere in this flow.'
                shared.faults.add("MF-D101", message, (*here, "variables", inner), help="choose another name")
        for inner, kind in items.items():
            declared = _ref_of(kind)
            if declared is not None:
                shared.inner_types.setdefault(inner, declared)
            else:
                shared.untyped.add(inner)
        path = (*here, "branches", name) if name else (*here, "nodes")
        what = f'branch "{name}"' if name else "loop"
        variables = {inner: shared.types.of(ref) for inner, ref in node.variables.items()}
        at_start = known.inside(variables, items)
        body = CheckedBlock(shared, node.bodies[name], path, names.with_inner(node.variables, items), at_start, what)
        self._inner.append(body)
        return body

    def _check_catches(
        self, node: Node, here: Path, known: Known, targets: Targets, told: ReadsOfNode, *, waits: bool
    ) -> None:
        scope = scope_of(known)
        faults = self._shared.faults
        if not waits:
            for key, value in (("timeout", node.timeout_seconds), ("retry", node.retry)):
                if value is not None:
                    message = f"A {node.type} node does not wait, so it takes no `{key}`."
                    faults.add("MF-D068", message, (*here, key), at_key=True)
        checked: CheckedCatches = []
        for index, catch in enumerate(node.catches):
            if catch.after_seconds is not None and not waits:
                message = f"A {node.type} node does not wait, so it takes no catch on time."
                faults.add("MF-D068", message, (*here, "catch", index))
            self._shared.layout.slot("error")
            inner = {**scope, "error": ERROR}
            assignments = check_mapping(catch.out, inner, targets, (*here, "catch", index, "out"), faults, known)
            told.note_all(assignments, inner)
            checked.append((assignments, inner))
        self._catches[node.name] = checked
        self._shared.catches.append(checked)

    def writes(self) -> Iterator[tuple[str, Path]]:
        """Give the variables that the nodes write, those inside them included, with the place of each line."""
        for node in self._nodes.values():
            here = (*self._here, node.name)
            for target in node.outputs:
                yield target.partition(".")[0], (*here, "out", target)
            for index, catch in enumerate(node.catches):
                for target in catch.out:
                    yield target.partition(".")[0], (*here, "catch", index, "out", target)
        for inner in self._inner:
            yield from inner.writes()

    def reads(self) -> set[str]:
        """Give the names that the formulas of the nodes read, those inside them included."""
        found: set[str] = set()
        for context, _ in self._prepared.values():
            found |= context.reads
        for inner in self._inner:
            found |= inner.reads()
        return found

    def build(self) -> Block:
        """Make the block. Call it when the whole flow is without faults."""
        names = sorted(self._nodes, key=lambda name: self._nodes[name].type != "start")
        index_of = {name: index for index, name in enumerate(names)}
        actions = {name: build() for name, (_, build) in self._prepared.items()}
        nodes = tuple(self._build_node(self._nodes[name], actions[name], index_of) for name in names)
        return Block(
            nodes=nodes,
            steps=tuple((node.action.run, node.action.waits, node.targets) for node in nodes),
            waits=any(node.action.waits for node in nodes),
        )

    def _build_node(self, node: Node, action: Action, index_of: Mapping[str, int]) -> PlanNode:
        context, _ = self._prepared[node.name]
        slots = self._shared.layout.slots
        exits = [link.to for link in node.links] if node.links else [node.next] if node.next else []
        labels = [link.label or link.to for link in node.links] if node.links else [node.next or ""]
        catches = tuple(
            PlanCatch(
                kinds=frozenset(catch.error),
                after_seconds=catch.after_seconds,
                assign=bind_mapping(assignments, scope, slots),
                error_slot=slots["error"],
                target=index_of[catch.to],
                label=f"catch {' '.join(catch.error) or f'after {catch.after_seconds} s'}",
            )
            for catch, (assignments, scope) in zip(node.catches, self._catches[node.name], strict=True)
        )
        return PlanNode(
            name=node.name,
            type=node.type,
            action=action,
            targets=tuple(index_of[name] for name in exits) or (ENDS,),
            labels=tuple(labels),
            catches=catches,
            timeout_seconds=node.timeout_seconds,
            retry=node.retry or action.retry,
            reads=tuple(sorted(context.reads)),
            writes=tuple(dict.fromkeys(target.partition(".")[0] for target in node.outputs)),
            sensitive=context.find_sensitive(),
            is_guarded=bool(catches or node.retry or action.retry),
        )


def _ref_of(kind: Type) -> TypeRef | None:
    """Give the declared type behind a formula's type, where it is that of a Business Object."""
    name = getattr(kind, "name", "")
    return TypeRef(name) if name else None
