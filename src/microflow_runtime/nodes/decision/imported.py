"""A decision of a DMN file of the app: checked with all that it requires, then made in a frame of its own.

It sees nothing of the flow but what `in` gives: its input data, and under further names what no input data declares.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from microflow_runtime.compiler.decisions import CheckedTable, facts_of_path
from microflow_runtime.compiler.decisions.dmn import (
    BrokenFileError,
    DmnDocument,
    ItemTypes,
    Needed,
    needed_for,
    read_document,
)
from microflow_runtime.compiler.faults import FaultList, did_you_mean
from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.errors import Fault, Place
from microflow_runtime.feel import ANY, Origin, Type, is_assignable, optional, origin_of, type_of
from microflow_runtime.nodes.decision.checked_file import FileCheck, Given, undeclared_types
from microflow_runtime.nodes.decision.giving import Give, given_by, giver, never, used_slots
from microflow_runtime.nodes.decision.made import CheckedDecisions, CheckedService, Decisions
from microflow_runtime.nodes.decision.settings import DecisionSettings

_UNKNOWN_NAME: Final = "MF-F002"
_CONSTANT: Final = Origin(paths=(), is_path=False)


def prepare_imported(context: NodeContext) -> Callable[[], Action]:
    """Check the decision that a node names, its inputs and everything that it requires."""
    settings: DecisionSettings = context.settings
    document = _document(context, settings.file)
    if document is None:
        return never
    faults, before = FaultList(document), len(context.faults.faults)
    here = (*context.path, "decision")
    needed = needed_for(document, settings.decision, here, context.faults, faults)
    inputs = (
        _Inputs(context, needed, FileCheck(ItemTypes(document.root, faults), faults)) if needed is not None else None
    )
    checked = inputs.check() if inputs is not None else None
    context.faults.faults += [_in_file(fault) for fault in faults.faults]
    if inputs is None or checked is None or any(fault.is_error for fault in context.faults.faults[before:]):
        return never
    table = _table_of(checked)
    given = _given_by(table, checked.type)
    outputs = context.outputs(given)

    def build() -> Action:
        decide = Decisions(checked)
        evaluate = [context.bind(inputs.given[name]) for name, _ in checked.inputs]
        assign = context.bind_outputs(outputs, given)
        slots = used_slots(context, outputs, given)
        result_slot = slots.get("result", -1)
        give = _giver(table, slots)

        def run(frame: Frame, _run: object) -> int:
            value, decided = decide([each(frame) for each in evaluate])
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
    """Return a fault of a DMN file as it is told: nothing is rewritten there, and names come from outside."""
    if fault.code == _UNKNOWN_NAME and not fault.help:
        help_text = "give it in `in`, or draw what it is and that the decision requires it"
        return msgspec.structs.replace(fault, replacement=None, help=help_text)
    return fault if fault.replacement is None else msgspec.structs.replace(fault, replacement=None)


class _Inputs:
    """What `in` gives to the decisions of a file."""

    def __init__(self, context: NodeContext, needed: Needed, file: FileCheck) -> None:
        self._context = context
        self._needed = needed
        self._file = file
        self.given: dict[str, Computed] = {}

    def check(self) -> CheckedDecisions | None:
        """Check what is given, and the decisions against it; None after a fault."""
        context, needed = self._context, self._needed
        declared = {each.name: optional(self._file.type_of(each).type) for each in needed.inputs.values()}
        further = [name for name in context.node.inputs if name not in declared]
        undeclared = undeclared_types(needed, further, self._file.types)
        expected = {**declared, **undeclared}
        self.given = context.inputs(expected)
        self._check_literals(expected)
        for name in declared:
            if name not in context.node.inputs:
                context.fault("MF-D186", f'The decision needs "{name}".', "in", help=f'add "{name}" to `in`')
        types = {name: self._kind_of(name, wanted) for name, wanted in expected.items()}
        library, scope = context.library.business_objects, context.scope
        given = Given(types, self._origin, lambda path: facts_of_path(path, scope, library))
        checked = self._file.decisions(needed, given)
        if checked is not None:
            self._check_reads(undeclared, declared)
        return checked

    def _check_literals(self, expected: Mapping[str, Type]) -> None:
        for name, computed in self.given.items():
            if computed.formula is None and not is_assignable(found := type_of(computed.literal), expected[name]):
                message, path = "The value does not fit.", (*self._context.path, "in", name)
                self._context.faults.add("MF-D061", message, path, expected=str(expected[name]), found=str(found))

    def _check_reads(self, undeclared: Mapping[str, Type], declared: Mapping[str, Type]) -> None:
        """Tell what is given, and neither declared nor read."""
        for name in undeclared:
            if name not in self._file.read:
                help_text = did_you_mean(name, {*declared, *self._file.read} - set(undeclared))
                message = f'The decision reads no "{name}".'
                self._context.fault("MF-D186", message, "in", name, at_key=True, help=help_text)

    def _kind_of(self, name: str, declared: Type) -> Type:
        """Return the type that decisions see: that of what is given, which fits the declared one, where it is known."""
        computed = self.given.get(name)
        if computed is None:
            return declared
        if computed.formula is None:
            return type_of(computed.literal)
        return declared if computed.type is ANY else computed.type

    def _origin(self, name: str) -> Origin | None:
        """Return what an input reads of the flow."""
        computed = self.given.get(name)
        return origin_of(computed.formula) if computed is not None and computed.formula is not None else _CONSTANT


def _table_of(checked: CheckedDecisions) -> CheckedTable | None:
    """Return the table that decides, where one decision is asked for and is one."""
    logic = checked.steps[-1].logic
    return logic.table if len(checked.asked) == 1 and not isinstance(logic, CheckedService) else None


def _given_by(table: CheckedTable | None, kind: Type) -> dict[str, Type]:
    """Give the types of what the node gives: `result` is what the decision gives as DMN has it."""
    if table is None:
        return {"result": kind}
    return {**{name: each for name, each in given_by(table).items() if "." not in name}, "result": kind}


def _giver(table: CheckedTable | None, slots: Mapping[str, int]) -> Give:
    if table is None:
        return lambda _frame, _decided: None
    return giver(table, slots)
