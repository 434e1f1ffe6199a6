"""Mappings out of a node: formulas that fill variables and outputs, all computed before any is assigned."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from microflow_runtime.compiler.business_objects import BoClass, Misfit, ValueShape, shape_of
from microflow_runtime.compiler.exact import NARROWER, Exactness
from microflow_runtime.compiler.faults import FaultList, Path, did_you_mean
from microflow_runtime.compiler.feel_types import FeelTypes
from microflow_runtime.compiler.formulas import Computed, check_formula, check_literal, is_plain_path_of
from microflow_runtime.compiler.plan import Assign, Frame
from microflow_runtime.compiler.presence import Known
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import ANY, Type, note_taken, optional, required
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.type_ref import TypeRef

Adopt = Callable[[Any], Any]


class Target(msgspec.Struct, frozen=True):
    """A resolved left side: a variable, or a field of one. `adopt` takes the value over and raises Misfit."""

    text: str
    root: str
    fields: tuple[str, ...]
    type: Type
    shape: ValueShape
    adopt: Adopt | None
    blanks: tuple[Callable[[], dict[str, Any]], ...]
    """Makes the parent at each level, from the variable down, where it is missing."""
    has_check: bool = False
    exactness: Exactness | None = None


class Assignment(msgspec.Struct, frozen=True):
    """One line of a mapping."""

    target: Target
    value: Computed


class Targets:
    """Resolves left sides against the declared variables of a flow."""

    def __init__(
        self,
        variables: Mapping[str, TypeRef],
        definitions: Mapping[str, BusinessObject],
        classes: Mapping[str, BoClass],
        types: FeelTypes,
        items: Collection[str] = (),
    ) -> None:
        """Take what may be written; `items` are names that can only be read."""
        self._items = items
        self._variables = variables
        self._definitions = definitions
        self._classes = classes
        self._types = types
        with_checks = (name for name, each in classes.items() if each.has_checks)
        self._exactness = Exactness(definitions, types, frozenset(with_checks))

    def find(self, text: str, path: Path, faults: FaultList) -> Target | None:
        """Resolve `Var`, `Var.field`, `Var.a.b`; None when it has a fault."""
        root, *fields = text.split(".")
        ref = self._variables.get(root)
        if ref is None:
            message = (
                f'"{root}" cannot be written.'
                if root in {"caller", "error"} or root in self._items
                else f'There is no variable or output "{root}".'
            )
            faults.add("MF-D062", message, path, at_key=True, help=did_you_mean(root, self._variables))
            return None
        blanks = []
        adopt: Adopt | None = None
        has_check = False
        kind = self._types.of(ref)
        for name in fields:
            definition = None if ref.is_list else self._definitions.get(ref.name)
            field = next((field for field in definition.fields if field.name == name), None) if definition else None
            if definition is None or field is None:
                self._no_field(text, name, ref, definition, path, faults)
                return None
            bo_class = self._classes[ref.name]
            blanks.append(bo_class.blank)
            adopt = bo_class.adopt_field(name)
            has_check = bo_class.has_check(name)
            ref = field.type
            has_default = field.default is not msgspec.UNSET
            kind = self._types.of(ref)
            if has_default or ref.is_list:
                kind = optional(kind)
        shape = shape_of(ref, self._classes)
        if not fields:
            adopt = shape.adopt
            kind = optional(kind) if ref.is_list or ref.is_optional else kind
        return Target(text, root, tuple(fields), kind, shape, adopt, tuple(blanks), has_check, self._exactness)

    @staticmethod
    def _no_field(
        text: str, name: str, ref: TypeRef, definition: BusinessObject | None, path: Path, faults: FaultList
    ) -> None:
        if definition is None:
            faults.add(
                "MF-D063", f'"{text}" reaches into a value of type {ref}, which has no fields.', path, at_key=True
            )
            return
        names = [field.name for field in definition.fields]
        help_text = did_you_mean(name, names) or f"its fields are {', '.join(names)}"
        faults.add("MF-D063", f'{definition.name} has no field "{name}".', path, at_key=True, help=help_text)


def check_mapping(
    mapping: Mapping[str, Any],
    scope: Mapping[str, Type],
    targets: Targets,
    path: Path,
    faults: FaultList,
    known: Known | None = None,
) -> list[Assignment]:
    """Check every line of a mapping against its target's type."""
    assignments = []
    for text, value in mapping.items():
        here = (*path, text)
        target = targets.find(text, here, faults)
        if target is None:
            continue
        text_of_formula = formula_of(value)
        computed = (
            check_formula(text_of_formula, scope, here, faults, expected=target.type, known=known)
            if text_of_formula is not None
            else check_literal(value, target.shape, here, faults)
        )
        if computed is not None:
            note_taken(computed.type, target.type)
            assignments.append(Assignment(target, computed))
    _check_overlaps(mapping, path, faults)
    return assignments


def lines_of(mapping: Mapping[str, Any], assignments: list[Assignment], known: Known) -> dict[str, bool]:
    """Tell of each target of a mapping whether what it gets is surely there; one with a fault, which is told, counts as there."""
    lines = dict.fromkeys(mapping, True)
    for assignment in assignments:
        value, text = assignment.value, assignment.target.text
        is_there = not value.type.optional if value.formula is not None else value.literal is not None
        lines[text] = is_there or known.fits_only_what_is_there(text)
    return lines


def _check_overlaps(mapping: Mapping[str, Any], path: Path, faults: FaultList) -> None:
    for text in mapping:
        parent = text.rpartition(".")[0]
        while parent:
            if parent in mapping:
                faults.add(
                    "MF-D064",
                    f'The mapping writes both "{parent}" and "{text}".',
                    (*path, text),
                    at_key=True,
                    help="keep one of them",
                )
                break
            parent = parent.rpartition(".")[0]


def needs_adopting(assignment: Assignment, scope: Mapping[str, Type]) -> bool:
    """Tell whether the value must still be checked when it is assigned: types alone do not settle it."""
    value, target = assignment.value, assignment.target
    if value.formula is None:
        return value.literal is None or target.has_check
    if target.shape.type.name in NARROWER or target.has_check or value.type is ANY:
        return True
    if target.shape.type.is_simple and not target.shape.type.is_list:
        return value.type.optional
    if value.type.optional:
        return True
    ref = target.shape.type
    is_exact = target.exactness is not None and target.exactness.holds(value.type, ref)
    return not is_exact and not is_plain_path_of(value.text, scope, required(target.type))


def bind_mapping(
    assignments: list[Assignment],
    scope: Mapping[str, Type],
    layout: Mapping[str, int],
    given: Mapping[str, int] = MappingProxyType({}),
) -> Assign | None:
    """Make the one function that computes all values and then assigns them; None for an empty mapping.

    `scope` are the flow's own variables, `given` the places of what the node gives, which its formulas see first.
    """
    scope = {name: kind for name, kind in scope.items() if name not in given}
    places = {**layout, **given}
    if not assignments:
        return None
    lines = []
    for assignment in assignments:
        target = assignment.target
        adopting = needs_adopting(assignment, scope)
        evaluate = assignment.value.bind(places)
        if adopting and target.adopt is not None:
            evaluate = _adopting(evaluate, target.adopt, target)
        lines.append((evaluate, layout[target.root], target))
    if len(lines) == 1 and not lines[0][2].fields:
        return _assign_variable(*lines[0][:2])
    if all(len(target.fields) == 1 for _, _, target in lines) and len({slot for _, slot, _ in lines}) == 1:
        return _assign_fields(lines)
    return _assign_all(lines)


def _adopting(evaluate: Callable[[Frame], Any], adopt: Adopt, target: Target) -> Callable[[Frame], Any]:
    is_field = bool(target.fields)
    ref = target.shape.type

    def compute(frame: Frame) -> Any:
        value = evaluate(frame)
        try:
            if value is not None or is_field:
                return adopt(value)
            if ref.is_list:
                return []
            if ref.is_optional:
                return None
            raise Misfit("a value", "nothing")
        except Misfit as misfit:
            raise misfit_error(misfit, target.text) from misfit

    return compute


def misfit_error(misfit: Misfit, root: str) -> NodeError:
    """Give the error of a node whose value does not fit where it is to go."""
    misfit.under(root)
    return NodeError(misfit.sentence() + ".", kind="mapping")


Line = tuple[Callable[[Frame], Any], int, Target]


def _assign_variable(evaluate: Callable[[Frame], Any], slot: int) -> Assign:
    def assign(frame: Frame) -> None:
        frame[slot] = evaluate(frame)

    return assign


def _assign_fields(lines: list[Line]) -> Assign:
    """Several fields of one variable: one copy of it."""
    slot = lines[0][1]
    blank = lines[0][2].blanks[0]
    pairs = tuple((target.fields[0], evaluate) for evaluate, _, target in lines)

    def assign(frame: Frame) -> None:
        base = frame[slot]
        value = blank() if base is None else base.copy()
        for name, evaluate in pairs:
            value[name] = evaluate(frame)
        frame[slot] = value

    return assign


def _assign_all(lines: list[Line]) -> Assign:
    evaluators = [evaluate for evaluate, _, _ in lines]

    def assign(frame: Frame) -> None:
        values = [evaluate(frame) for evaluate in evaluators]
        for (_, slot, target), value in zip(lines, values, strict=True):
            frame[slot] = _put(frame[slot], target.fields, target.blanks, value)

    return assign


def _put(base: Any, fields: tuple[str, ...], blanks: tuple[Callable[[], dict[str, Any]], ...], value: Any) -> Any:
    """Give a copy of `base` with the value at the path, making what is missing on the way."""
    if not fields:
        return value
    result = blanks[0]() if base is None else base.copy()
    result[fields[0]] = _put(result[fields[0]], fields[1:], blanks[1:], value)
    return result
