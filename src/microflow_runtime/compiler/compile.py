"""From a definition to a plan, or to the list of everything that is wrong with it. Pure: no input, no output, no state."""

from collections.abc import Callable, Mapping
from typing import Any

from microflow_runtime.compiler.assigned import State, assigned_before
from microflow_runtime.compiler.business_objects import BoClass, Misfit, build_classes, shape_of
from microflow_runtime.compiler.faults import FaultList, Path, Places, did_you_mean
from microflow_runtime.compiler.feel_types import CALLER, ERROR, FeelTypes
from microflow_runtime.compiler.graph import check_graph
from microflow_runtime.compiler.library import Library, closure_of, types_of
from microflow_runtime.compiler.mapping import Assignment, Targets, bind_mapping, check_mapping
from microflow_runtime.compiler.node_context import Layout, NodeContext, read_settings
from microflow_runtime.compiler.plan import ENDS, Action, Parameter, Plan, PlanCatch, PlanNode
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.feel import Type
from microflow_runtime.feel.patterns import PatternFault, check_pattern
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Limits, Microflow, Node
from microflow_runtime.model.type_ref import SIMPLE_TYPES, TypeRef


class CheckedFlow:
    """A flow that has been checked against its library. `faults` tells what is wrong; `build` makes the plan of a good one."""

    def __init__(self, flow: Microflow, library: Library, places: Places) -> None:
        self._flow = flow
        self._library = library
        self._faults = FaultList(places)
        self._layout = Layout()
        self._closure = closure_of(types_of(flow), library.business_objects)
        self._prepared: dict[str, tuple[NodeContext, Callable[[], Action]]] = {}
        self._catches: dict[str, list[tuple[list[Assignment], Mapping[str, Type]]]] = {}
        self._classes: dict[str, BoClass] = {}
        self._check()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything found, in the order it was found."""
        return tuple(self._faults.faults)

    def _check(self) -> None:
        check_graph(self._flow, self._library.node_types, self._faults)
        declared = self._check_declarations()
        if not declared or not self._build_classes():
            return
        types = FeelTypes(self._closure)
        variables = {**self._flow.inputs, **self._flow.outputs, **self._flow.variables}
        for name in variables:
            self._layout.slot(name)
        targets = Targets(variables, self._closure, self._classes, types)
        states = assigned_before(self._flow)
        for node in self._flow.nodes.values():
            scope = _scope_of(variables, states.get(node.name, {}), types)
            self._check_node(node, scope, targets, types)

    def _check_declarations(self) -> bool:
        good = True
        for section in ("inputs", "outputs", "variables"):
            refs: Mapping[str, TypeRef] = getattr(self._flow, section)
            for name, ref in refs.items():
                good = self._check_type(ref, (section, name)) and good
        for definition in self._closure.values():
            for field in definition.fields:
                if not field.type.is_simple and field.type.name not in self._library.business_objects:
                    good = False  # told once, where the Business Object is checked
        return good

    def _check_type(self, ref: TypeRef, path: tuple[str, ...]) -> bool:
        if ref.is_simple or ref.name in self._library.business_objects:
            return True
        if ref.name in self._library.broken:
            return False
        known = [*self._library.business_objects, *self._library.object_names(), *SIMPLE_TYPES]
        self._faults.add(
            "MF-D067", f'There is no Business Object "{ref.name}".', path, help=did_you_mean(ref.name, known)
        )
        return False

    def _build_classes(self) -> bool:
        try:
            self._classes = build_classes(self._closure.values())
        except Misfit:
            return False  # a default that does not fit is told where the Business Object is checked
        return True

    def _check_node(self, node: Node, scope: Mapping[str, Type], targets: Targets, types: FeelTypes) -> None:
        node_type = self._library.node_types.get(node.type)
        if node_type is None:
            names = self._library.node_types
            help_text = did_you_mean(node.type, names) or f"the kinds are {', '.join(sorted(names))}"
            self._faults.add(
                "MF-D050", f'There is no kind of node "{node.type}".', ("nodes", node.name, "type"), help=help_text
            )
            return
        settings = read_settings(node, node_type.settings, self._faults)
        self._check_catches(node, scope, targets, waits=node_type.waits)
        if settings is None:
            return
        context = NodeContext(
            node, settings, scope, targets, types, self._classes, self._layout, self._library, self._faults
        )
        self._prepared[node.name] = (context, node_type.prepare(context))

    def _check_catches(self, node: Node, scope: Mapping[str, Type], targets: Targets, *, waits: bool) -> None:
        here = ("nodes", node.name)
        if not waits:
            for key, value in (("timeout", node.timeout_seconds), ("retry", node.retry)):
                if value is not None:
                    self._faults.add(
                        "MF-D068",
                        f"A {node.type} node does not wait, so it takes no `{key}`.",
                        (*here, key),
                        at_key=True,
                    )
        checked: list[tuple[list[Assignment], Mapping[str, Type]]] = []
        for index, catch in enumerate(node.catches):
            if catch.after_seconds is not None and not waits:
                self._faults.add(
                    "MF-D068",
                    f"A {node.type} node does not wait, so it takes no catch on time.",
                    (*here, "catch", index),
                )
            self._layout.slot("error")
            inner = {**scope, "error": ERROR}
            checked.append(
                (check_mapping(catch.out, inner, targets, (*here, "catch", index, "out"), self._faults), inner)
            )
        self._catches[node.name] = checked

    def build(self) -> Plan:
        """Make the plan. Raises DefinitionFaults when the flow has errors."""
        if self._faults.has_errors:
            raise DefinitionFaults([fault for fault in self._faults.faults if fault.is_error])
        flow = self._flow
        names = _start_first(flow)
        index_of = {name: index for index, name in enumerate(names)}
        actions = {name: build() for name, (_, build) in self._prepared.items()}
        nodes = tuple(self._build_node(flow.nodes[name], actions[name], index_of) for name in names)
        slots = self._layout.slots
        inputs, outputs = self._parameters(flow.inputs), self._parameters(flow.outputs)
        sources: set[str] = set()
        for context, _ in self._prepared.values():
            sources |= context.sources
        return Plan(
            name=flow.name,
            id=flow.id,
            app=self._library.app.name,
            time_zone=self._library.app.time_zone,
            nodes=nodes,
            steps=tuple((node.action.run, node.action.waits, node.targets) for node in nodes),
            frame=self._first_frame(),
            slots=slots,
            inputs=inputs,
            outputs=outputs,
            readers=tuple(_reader(parameter) for parameter in inputs),
            writers=tuple((each.name, each.slot, each.shape.write, each.shape.type.is_list) for each in outputs),
            classes=self._classes,
            sources=tuple(sorted(sources)),
            limits=flow.limits,
            anonymous_as=flow.anonymous_as,
            runs_as=flow.runs_as,
            tightens=flow.limits != Limits(),
            reads_caller=self._reads_caller(),
            waits=any(node.action.waits for node in nodes),
            types={**flow.inputs, **flow.outputs, **flow.variables},
        )

    def _reads_caller(self) -> bool:
        """Tell whether the caller must be at hand: for a formula that reads it, or for a callee that may."""
        in_nodes = any(
            "caller" in context.reads or context.node.type == "sub flow" for context, _ in self._prepared.values()
        )
        return in_nodes or any(
            "caller" in assignment.value.names
            for catches in self._catches.values()
            for assignments, _ in catches
            for assignment in assignments
        )

    def _first_frame(self) -> tuple[Any, ...]:
        frame: list[Any] = [None] * len(self._layout.slots)
        for name, ref in {**self._flow.inputs, **self._flow.outputs, **self._flow.variables}.items():
            if ref.is_list:
                frame[self._layout.slots[name]] = []
        return tuple(frame)

    def _parameters(self, refs: Mapping[str, TypeRef]) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(name=name, slot=self._layout.slots[name], shape=shape_of(ref, self._classes))
            for name, ref in refs.items()
        )

    def _build_node(self, node: Node, action: Action, index_of: Mapping[str, int]) -> PlanNode:
        context, _ = self._prepared[node.name]
        exits = [link.to for link in node.links] if node.links else [node.next] if node.next else []
        labels = [link.label or link.to for link in node.links] if node.links else [node.next or ""]
        catches = tuple(
            PlanCatch(
                kinds=frozenset(catch.error),
                after_seconds=catch.after_seconds,
                assign=bind_mapping(assignments, scope, self._layout.slots),
                error_slot=self._layout.slots["error"],
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
        )


def _reader(parameter: Parameter) -> tuple[str, int, Any, bool]:
    ref = parameter.shape.type
    return parameter.name, parameter.slot, parameter.shape.read, not (ref.is_optional or ref.is_list)


def _start_first(flow: Microflow) -> list[str]:
    return sorted(flow.nodes, key=lambda name: flow.nodes[name].type != "start")


def _scope_of(variables: Mapping[str, TypeRef], state: State, types: FeelTypes) -> dict[str, Type]:
    scope: dict[str, Type] = {"caller": CALLER}
    for name, ref in variables.items():
        scope[name] = types.of_variable(ref, state.get(name))
    return scope


def compile_flow(flow: Microflow, library: Library, places: Places) -> Plan:
    """Check a flow and make its plan. Raises DefinitionFaults with everything that is wrong."""
    return CheckedFlow(flow, library, places).build()


def check_business_object(
    definition: BusinessObject,
    definitions: Mapping[str, BusinessObject],
    places: Places,
    *,
    broken: frozenset[str] = frozenset(),
) -> tuple[Fault, ...]:
    """Check a Business Object against the others of its application: types of fields that exist, defaults that fit."""
    faults = FaultList(places)
    known = [*definitions, *SIMPLE_TYPES]
    for field in definition.fields:
        if not field.type.is_simple and field.type.name not in definitions and field.type.name not in broken:
            message = f'There is no Business Object "{field.type.name}".'
            faults.add("MF-D067", message, ("fields", field.name), help=did_you_mean(field.type.name, known))
        if field.pattern is not None:
            _check_pattern(field.pattern, ("fields", field.name, "pattern"), faults)
    if not faults.faults:
        closure = closure_of([TypeRef(definition.name)], definitions)
        try:
            build_classes(closure.values())
        except Misfit as misfit:
            if misfit.path and misfit.path[0] == definition.name:
                path = ("fields", misfit.path[1], "default")
                message = f"The default does not fit: {misfit.sentence()}."
                faults.add("MF-D069", message, path, expected=misfit.expected, found=misfit.found)
        except KeyError:
            pass  # another Business Object of the closure names an unknown one; it is told there
    return tuple(faults.faults)


def _check_pattern(pattern: str, path: Path, faults: FaultList) -> None:
    try:
        check_pattern(pattern)
    except PatternFault as error:
        sentence = str(error)
        faults.add("MF-F014", f"{sentence[:1].upper()}{sentence[1:]}.", path)
