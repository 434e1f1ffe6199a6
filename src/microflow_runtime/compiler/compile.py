"""From a definition to a plan, or to the list of everything that is wrong with it. Pure: no input, no output, no state."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET

from microflow_runtime.compiler.block import CheckedBlock, Names, Shared
from microflow_runtime.compiler.business_objects import BoClass, Misfit, build_classes, shape_of
from microflow_runtime.compiler.faults import FaultList, Path, Places, did_you_mean
from microflow_runtime.compiler.flow_tests import check_tests
from microflow_runtime.compiler.graph import check_graph
from microflow_runtime.compiler.library import Library, closure_of, types_of
from microflow_runtime.compiler.node_context import Layout
from microflow_runtime.compiler.plan import Parameter, Plan
from microflow_runtime.compiler.presence import THERE, Known
from microflow_runtime.compiler.sensitive import SensitiveReads
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.feel.patterns import PatternFault, check_pattern
from microflow_runtime.model.business_object import BusinessObject, Field
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
        self._classes: dict[str, BoClass] = {}
        self._check()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything found, in the order it was found."""
        return tuple(self._faults.faults)

    def _check(self) -> None:
        flow, library = self._flow, self._library
        if not self._check_declarations() or not self._build_classes():
            check_graph(flow.nodes, ("nodes",), library.node_types, self._faults)
            return
        variables = {**flow.inputs, **flow.outputs, **flow.variables}
        for name in variables:
            self._layout.slot(name)
        self._shared = Shared(library, self._faults, self._closure, self._classes, self._layout)
        kinds = {name: self._shared.types.of(ref) for name, ref in variables.items()}
        given = {name: THERE for name, ref in flow.inputs.items() if not ref.is_optional}
        at_start = Known(self._shared.presences, kinds, given, frozenset(flow.inputs))
        self._block = CheckedBlock(self._shared, flow.nodes, ("nodes",), Names(variables, {}), at_start, "flow")
        check_tests(flow, self._closure, self._classes, self._faults)

    def _check_declarations(self) -> bool:
        good = True
        for section in ("inputs", "outputs", "variables"):
            refs: Mapping[str, TypeRef] = getattr(self._flow, section)
            for name, ref in refs.items():
                good = self._check_type(ref, (section, name)) and good
        for node, here in _nodes_with_variables(self._flow.nodes, ("nodes",)):
            for name, ref in node.variables.items():
                good = self._check_type(ref, (*here, "variables", name)) and good
        for definition in self._closure.values():
            for field in definition.fields:
                if not field.type.is_simple and field.type.name not in self._library.business_objects:
                    good = False  # told once, where the Business Object is checked
        return good

    def _check_type(self, ref: TypeRef, path: Path) -> bool:
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

    def build(self) -> Plan:
        """Make the plan. Raises DefinitionFaults when the flow has errors."""
        if self._faults.has_errors:
            raise DefinitionFaults([fault for fault in self._faults.faults if fault.is_error])
        flow = self._flow
        slots = self._layout.slots
        told = (context.told for context in self._shared.contexts)
        sensitive = self._shared.sensitive = SensitiveReads(told, self._classes, slots)
        block = self._block.build()
        inputs, outputs = self._parameters(flow.inputs), self._parameters(flow.outputs)
        sources: set[str] = set()
        for context in self._shared.contexts:
            sources |= context.sources
        return Plan(
            name=flow.name,
            id=flow.id,
            app=self._library.app.name,
            time_zone=self._library.app.time_zone,
            nodes=block.nodes,
            steps=block.steps,
            waits=block.waits,
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
            reads_caller=self._shared.reads_caller(),
            untyped=frozenset(self._shared.untyped),
            derived=frozenset(sensitive.paths),
            types={**self._shared.inner_types, **flow.inputs, **flow.outputs, **flow.variables},
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


def _nodes_with_variables(nodes: Mapping[str, Node], here: Path) -> Iterator[tuple[Node, Path]]:
    for name, node in nodes.items():
        if node.variables:
            yield node, (*here, name)
        for body, inner in node.bodies.items():
            where = ("branches", body) if body else ("nodes",)
            yield from _nodes_with_variables(inner, (*here, name, *where))


def _reader(parameter: Parameter) -> tuple[str, int, Any, bool]:
    ref = parameter.shape.type
    return parameter.name, parameter.slot, parameter.shape.read, not (ref.is_optional or ref.is_list)


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
    _check_requires_itself(definition, definitions, faults)
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


def _check_requires_itself(
    definition: BusinessObject, definitions: Mapping[str, BusinessObject], faults: FaultList
) -> None:
    """Report a Business Object of which no value can be: each needs another one of it, at once or inside of others."""
    for field in definition.fields:
        way = _required_way(field, definition.name, definitions)
        if way:
            ring = " → ".join((definition.name, *way))
            message = f"{definition.name} requires itself: {ring}. There can be no value of it."
            help_text = f"let a field on the way be missing, as `{field.name}: {field.type.name}?`, or make it a list"
            faults.add("MF-D066", message, ("fields", field.name), help=help_text)


def _required_way(first: Field, wanted: str, definitions: Mapping[str, BusinessObject]) -> tuple[str, ...]:
    """Give the names that a field leads to, by fields that must have a value, until the wanted one; nothing where it does not."""
    came_from: dict[str, str] = {}
    waiting = [(first, "")]
    while waiting:
        field, source = waiting.pop()
        ref = field.type
        if ref.is_simple or ref.is_list or ref.is_optional or field.default is not UNSET or ref.name in came_from:
            continue
        came_from[ref.name] = source
        if ref.name == wanted:
            way = [wanted]
            while came_from[way[-1]]:
                way.append(came_from[way[-1]])
            return tuple(reversed(way))
        inner = definitions.get(ref.name)
        waiting += [(each, ref.name) for each in inner.fields] if inner is not None else []
    return ()


def _check_pattern(pattern: str, path: Path, faults: FaultList) -> None:
    try:
        check_pattern(pattern)
    except PatternFault as error:
        sentence = str(error)
        faults.add("MF-F014", f"{sentence[:1].upper()}{sentence[1:]}.", path)
