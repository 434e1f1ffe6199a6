"""A decision of a DMN file of the app: checked with all that it requires, then made in a frame of its own.

It sees nothing of the flow but what `in` gives to its input data.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from microflow_runtime.compiler.decisions import (
    NO_FACTS,
    SUBJECT,
    CheckedTable,
    Facts,
    Paths,
    Surroundings,
    check_table,
    check_tests,
    facts_of_path,
    simple_values,
    tell_findings,
)
from microflow_runtime.compiler.decisions.dmn import (
    BrokenFileError,
    DmnDecision,
    DmnDocument,
    ItemType,
    ItemTypes,
    Needed,
    Variable,
    needed_for,
    read_dmn_table,
    read_document,
)
from microflow_runtime.compiler.faults import FaultList
from microflow_runtime.compiler.formulas import Computed, check_formula
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.errors import Fault, Place
from microflow_runtime.feel import (
    ANY,
    ContextType,
    Formula,
    ListType,
    Type,
    is_assignable,
    optional,
    origin_of,
    type_of,
)
from microflow_runtime.nodes.decision.giving import Give, given_by, giver, never, used_slots
from microflow_runtime.nodes.decision.made import Decide, Made
from microflow_runtime.nodes.decision.settings import DecisionSettings


def prepare_imported(context: NodeContext) -> Callable[[], Action]:
    """Check the decision that a node names, its inputs and everything that it requires."""
    settings: DecisionSettings = context.settings
    document = _document(context, settings.file)
    if document is None:
        return never
    faults, before = FaultList(document), len(context.faults.faults)
    here = (*context.path, "decision")
    needed = needed_for(document, settings.decision, here, context.faults, faults)
    check = _Check(context, document, needed, faults) if needed is not None else None
    made = check.made() if check is not None else []
    context.faults.faults += [_in_file(fault) for fault in faults.faults]
    if check is None or any(fault.is_error for fault in context.faults.faults[before:]):
        return never
    last = made[-1]
    given = _given_by(last.table, check.kinds[last.name])
    outputs = context.outputs(given)

    def build() -> Action:
        decide = Decide(made, check.given, check.allowed, context)
        assign = context.bind_outputs(outputs, given)
        slots = used_slots(context, outputs, given)
        result_slot = slots.get("result", -1)
        give = _giver(last.table, slots)

        def run(frame: Frame, _run: Any) -> int:
            value, decided = decide(frame)
            if decided is not None:
                give(frame, decided)
            if result_slot >= 0:
                frame[result_slot] = value
            if assign is not None:
                assign(frame)
            return 0

        return Action(run)

    return build


def _document(context: NodeContext, file: str) -> DmnDocument | None:
    if not file.startswith("files/"):
        context.fault("MF-D180", "A file of the app stands in `files/`.", "file", help="write files/name.dmn")
        return None
    content = context.library.find_file(file)
    if content is None:
        context.fault("MF-D180", f"The app has no file `{file}`.", "file")
        return None
    place = context.faults.places.place_of(context.path)
    path = f"{place.file.rpartition('microflows/')[0]}{file}" if place is not None else file
    try:
        return read_document(path, content)
    except BrokenFileError as error:
        where = Place(path, error.line, error.column, error.column + 1)
        context.faults.faults.append(Fault(code="MF-D181", message=f"The file {error.reason}.", place=where))
        return None


def _in_file(fault: Fault) -> Fault:
    """Give a fault of a DMN file as it is told: nothing is rewritten there."""
    return fault if fault.replacement is None else msgspec.structs.replace(fault, replacement=None)


class _Check:
    """Checks what is needed, one decision after the other, each against the names that it requires."""

    def __init__(self, context: NodeContext, document: DmnDocument, needed: Needed, faults: FaultList) -> None:
        self._context = context
        self._needed = needed
        self._faults = faults
        self._types = ItemTypes(document.root, faults)
        self._item_types = {each.name: self._type_of(each) for each in needed.inputs.values()}
        self.given = self._check_inputs()
        self.kinds: dict[str, Type] = {name: self._kind_of(name) for name in self._item_types}
        self.allowed = {name: self._allowed(each) for name, each in self._item_types.items()}
        self._facts: dict[str, Facts] = {}

    def made(self) -> list[Made]:
        """Check all decisions, the one asked for last."""
        return [self._made(each) for each in self._needed.decisions.values()]

    def _type_of(self, variable: Variable) -> ItemType:
        return self._types.of(variable.type_ref, variable.path)

    def _check_inputs(self) -> dict[str, Computed]:
        """Check what `in` gives: all that is required, nothing else, of types that fit."""
        context = self._context
        expected = {name: optional(each.type) for name, each in self._item_types.items()}
        given = context.inputs(expected)
        for name, wanted in expected.items():
            if name not in context.node.inputs:
                context.fault("MF-D186", f'The decision needs "{name}".', "in", help=f'add "{name}" to `in`')
            elif name in given and given[name].formula is None:
                found = type_of(given[name].literal)
                if not is_assignable(found, wanted):
                    message = "The value does not fit."
                    context.faults.add(
                        "MF-D061", message, (*context.path, "in", name), expected=str(wanted), found=str(found)
                    )
        return given

    def _kind_of(self, name: str) -> Type:
        """Give the type that decisions see: that of what is given, which fits the declared one, where it is known."""
        computed = self.given.get(name)
        if computed is not None and computed.formula is None:
            return type_of(computed.literal)
        known = computed is not None and computed.type is not ANY
        return computed.type if known and computed is not None else optional(self._item_types[name].type)

    def _allowed(self, declared: ItemType) -> Formula | None:
        """Check the tests that the values of a name pass."""
        if declared.allowed is None:
            return None
        return check_tests(declared.allowed, {SUBJECT: optional(declared.type)}, self._around({}))

    def _around(self, scope: Mapping[str, Type]) -> Surroundings:
        return Surroundings(scope=scope, faults=self._faults, shift=0, facts_of=self._facts_of, paths_of=self._paths_of)

    def _made(self, decision: DmnDecision) -> Made:
        needed, name = self._needed, decision.variable.name
        seen = [needed.inputs[each].name for each in decision.inputs]
        seen += [needed.decisions[each].variable.name for each in decision.decisions]
        around = self._around({each: self.kinds[each] for each in seen})
        declared = self._type_of(decision.variable)
        allowed = self._allowed(declared)
        self._item_types[name] = declared
        if decision.logic.name == "decisionTable":
            table = self._table(decision, around)
            self.kinds[name] = _kind_of_table(table) if table is not None else ANY
            self._facts[name] = _facts_of_table(table) if table is not None else NO_FACTS
            if not is_assignable(self.kinds[name], optional(declared.type)):
                message = f'The table gives {self.kinds[name]}, and "{name}" is declared as {declared.type}.'
                self._faults.add("MF-D187", message, decision.variable.path)
            return Made(name, table, None, allowed)
        text = decision.logic.find("text")
        if text is None or not text.text.strip():
            self._faults.add("MF-D184", f'The decision "{name}" has no formula.', decision.logic.path)
            self.kinds[name] = ANY
            return Made(name, None, None, allowed)
        expected = None if declared.type is ANY else optional(declared.type)
        computed = check_formula(text.text, around.scope, text.path, self._faults, expected=expected)
        kind = computed.type if computed is not None else ANY
        self.kinds[name] = optional(declared.type) if kind is ANY and declared.type is not ANY else kind
        return Made(name, None, computed, allowed)

    def _table(self, decision: DmnDecision, around: Surroundings) -> CheckedTable | None:
        name = decision.variable.name
        written = read_dmn_table(decision.logic, name, self._types, self._allowed_of, self._faults)
        table = check_table(written, around) if written is not None else None
        if table is not None and written is not None:
            tell_findings(table, written, around)
        return table

    def _allowed_of(self, name: str) -> Any:
        found = self._item_types.get(name)
        return found.allowed if found is not None else None

    def _facts_of(self, formula: Formula) -> Facts:
        origin = origin_of(formula)
        if not origin.is_path:
            return NO_FACTS
        (name, *rest) = origin.paths[0]
        if name in self._facts:
            return NO_FACTS if rest else self._facts[name]
        outside = self._origin_outside(name)
        if outside is None or len(outside) != 1:
            return NO_FACTS
        context = self._context
        return facts_of_path((*outside[0], *rest), context.scope, context.library.business_objects)

    def _paths_of(self, formula: Formula) -> Paths | None:
        """Tell the paths in the flow; None when a decision is read, whose result depends on who knows what."""
        paths: list[tuple[str, ...]] = []
        for name, *rest in origin_of(formula).paths:
            if name not in self._needed_names:
                return None
            outside = self._origin_outside(name)
            if outside is not None:
                paths += [(*path, *rest) for path in outside]
            else:
                computed = self.given.get(name)
                formula_outside = computed.formula if computed is not None else None
                paths += [] if formula_outside is None else origin_of(formula_outside).paths
        return tuple(paths)

    @property
    def _needed_names(self) -> set[str]:
        return {each.name for each in self._needed.inputs.values()}

    def _origin_outside(self, name: str) -> Paths | None:
        """Give the path in the flow that an input is, None when it is more than a path."""
        computed = self.given.get(name)
        if computed is None or computed.formula is None:
            return None
        origin = origin_of(computed.formula)
        return origin.paths if origin.is_path else None


def _kind_of_table(table: CheckedTable) -> Type:
    """Give the type of what a table gives as a value: of one output the value itself, of several a context."""
    kinds = tuple((output.name, output.given) for output in table.outputs)
    kind = kinds[0][1] if len(kinds) == 1 else ContextType("", kinds)
    return ListType(kind) if table.gives_list else kind


def _facts_of_table(table: CheckedTable) -> Facts:
    """Tell all values that a table of one output gives, when they are constants."""
    if len(table.outputs) > 1 or table.gives_list or table.aggregate is not None:
        return NO_FACTS
    output = table.outputs[0]
    entries = [rule.entries[0] for rule in table.rules] + ([] if output.default is None else [output.default])
    constants = [each.literal for each in entries if each is not None and each.formula is None]
    if len(constants) < len([each for each in entries if each is not None]):
        return NO_FACTS
    values = simple_values(tuple(value for value in constants if value is not None), output.given)
    return NO_FACTS if values is None else Facts(only=values)


def _given_by(table: CheckedTable | None, kind: Type) -> dict[str, Type]:
    """Give the types of what the node gives: `result` is what the decision gives as DMN has it."""
    if table is None:
        return {"result": kind}
    return {**{name: each for name, each in given_by(table).items() if "." not in name}, "result": kind}


def _giver(table: CheckedTable | None, slots: Mapping[str, int]) -> Give:
    if table is None:
        return lambda _frame, _decided: None
    return giver(table, slots)
