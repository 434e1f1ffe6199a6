"""What of a call's values may be recorded: what a definition calls sensitive is replaced by `***`."""

from collections.abc import Mapping
from typing import Any, Final

from microflow_runtime.compiler.business_objects import MASK, BoClass
from microflow_runtime.compiler.plan import Plan
from microflow_runtime.feel import Origin, Part
from microflow_runtime.model.type_ref import TypeRef


def mask(value: Any, ref: TypeRef | None, classes: Mapping[str, BoClass]) -> Any:
    """Give the value as it may be recorded."""
    if value is None or ref is None or ref.is_simple:
        return value
    if isinstance(value, list):
        single = TypeRef(ref.name)
        return [mask(item, single, classes) for item in value]
    bo_class = classes.get(ref.name)
    if bo_class is None or not isinstance(value, dict):
        return value
    return {
        field.name: MASK if field.sensitive else mask(value.get(field.name), field.type, classes)
        for field in bo_class.definition.fields
    }


def mask_variable(name: str, value: Any, plan: Plan) -> Any:
    """Give the value of a variable as it may be recorded, with what formulas made of sensitive values masked, too."""
    shown = mask(value, plan.types[name], plan.classes)
    for _, *fields in (path for path in plan.derived if path[0] == name):
        shown = _without(shown, fields)
    return shown


def _without(value: Any, fields: list[str]) -> Any:
    """Give a copy in which what stands at a path is masked."""
    if value is None or value == [] or not fields:
        return value if value is None or value == [] else MASK
    if isinstance(value, list):
        return [_without(item, fields) for item in value]
    if not isinstance(value, dict) or fields[0] not in value:
        return value
    return {**value, fields[0]: _without(value[fields[0]], fields[1:])}


def mask_part(part: Part, plan: Plan) -> tuple[Any, str]:
    """Give value and error of a formula's part as they may be recorded.

    A part that is a path is masked field by field. Any other is masked as a whole as soon as it comes from anything
    sensitive: what a formula makes of a secret may tell it.
    """
    ends = [_end_of(path, plan) for path in part.paths]
    if part.error and any(end is None or _holds_secrets(end, plan.classes) for end in ends):
        return None, MASK
    return mask_value(part.value, Origin(part.paths, part.is_path), plan), part.error


def mask_value(value: Any, origin: Origin, plan: Plan) -> Any:
    """Give a formula's value as it may be recorded, by the rules of `mask_part`."""
    ends = [_end_of(path, plan) for path in origin.paths]
    if origin.is_path and ends[0] is not None and None not in ends:
        return mask(value, ends[0], plan.classes)
    if any(end is None or _holds_secrets(end, plan.classes) for end in ends):
        return MASK
    return value


_CALLER: Final = TypeRef("string")
"""Stands for what has no Business Object, as the caller: nothing in it is sensitive."""


def _end_of(path: tuple[str, ...], plan: Plan) -> TypeRef | None:
    """Give the type of what a path leads to; None when it leads to or through a sensitive field, or nobody can tell."""
    if path[0] in plan.untyped or any(path[: len(each)] == each for each in plan.derived):
        return None
    ref = plan.types.get(path[0], _CALLER)
    for name in path[1:]:
        bo_class = plan.classes.get(ref.name)
        if bo_class is None:
            return ref
        field = next((field for field in bo_class.definition.fields if field.name == name), None)
        if field is None or field.sensitive:
            return None
        ref = field.type
    return ref


def _holds_secrets(ref: TypeRef, classes: Mapping[str, BoClass]) -> bool:
    """Tell whether a Business Object has a sensitive field, or one inside it has."""
    return ref.name in classes and classes[ref.name].is_holder
