"""What a node sends, as its author writes it: formulas and literals, in mappings and lists where the WSDL has such.

Where the WSDL is known it is checked here what goes where; all of it is checked again when it is written.
"""

from collections.abc import Mapping
from typing import Any

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Computed, Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.feel import ContextType, ListType, Type, required
from microflow_runtime.nodes.soap.shapes import ComplexShape, Field, Part, field_type
from microflow_runtime.nodes.soap.writing import fits

Template = Computed | dict[str, Any] | list[Any]
"""What was checked: a formula or literal, or a mapping or list of these. None stands for a part with a fault."""


def check_names(
    context: NodeContext, values: Mapping[str, Any], shape: ComplexShape | None, *key: str | int
) -> dict[str, Template | None]:
    """Check a mapping of names to values against a type; None where the type is not known yet."""
    if shape is not None and not shape.is_open:
        for name in values:
            if name not in shape.fields:
                near = did_you_mean(str(name), shape.fields)
                known = f"its names are {', '.join(list(shape.fields)[:20])}" if shape.fields else "it takes nothing"
                message = f'The WSDL has no "{name}" here.'
                context.fault("MF-D172", message, *key, name, at_key=True, help=near or known)
    if shape is not None:
        for name, field in shape.fields.items():
            if field.is_required and not field.is_list and name not in values:
                message = f'The WSDL requires "{name}".'
                context.fault("MF-D173", message, *key, at_key=bool(key), help=f"add `{name}: = …`")
    fields = shape.fields if shape is not None else {}
    return {name: _check(context, value, fields.get(name), *key, name) for name, value in values.items()}


def _check(context: NodeContext, value: Any, field: Field | None, *key: str | int) -> Template | None:
    if formula_of(value) is not None:
        expected = field_type(field, is_reply=False) if field is not None else None
        computed = context.setting(value, *key, expected=expected)
        if computed is not None and expected is not None:
            _check_fields(context, computed.type, expected, *key)
        return computed
    if isinstance(value, list) and (field is None or field.is_list):
        item = None if field is None else Field(field.shape)
        return [_check(context, each, item, *key, index) for index, each in enumerate(value)]
    if isinstance(value, dict) and (field is None or isinstance(field.shape, ComplexShape)):
        shape = field.shape if field is not None and isinstance(field.shape, ComplexShape) else None
        if field is None or not field.is_list:
            return dict(check_names(context, value, shape, *key))
    computed = context.setting(value, *key)
    if computed is not None and field is not None:
        _check_literal(context, computed.literal, field, *key)
    return computed


def _check_fields(context: NodeContext, given: Type, wanted: Type, *key: str | int) -> None:
    """Tell the fields of a value, as of a Business Object, that the WSDL does not have there."""
    waiting = [(given, wanted)]
    seen: set[tuple[Type, Type]] = set()
    while waiting:
        source, target = waiting.pop(0)
        while isinstance(source, ListType) and isinstance(target, ListType):
            source, target = source.item, target.item
        if not isinstance(source, ContextType) or not isinstance(target, ContextType) or target.open:
            continue
        pair = (required(source), required(target))
        if pair in seen:
            continue  # types that hold themselves
        seen.add(pair)
        for name, kind in source.fields:
            inner = target.index.get(name)
            if inner is not None:
                waiting.append((kind, inner))
                continue
            near = did_you_mean(name, target.index)
            message = f'The value has the field "{name}", which the WSDL does not have here.'
            context.fault("MF-D172", message, *key, help=near or f"its names are {', '.join([*target.index][:20])}")


def _check_literal(context: NodeContext, value: Any, field: Field, *key: str | int) -> None:
    part = Part("value", "", field.shape, 0 if not field.is_required else 1, None if field.is_list else 1)
    try:
        if value is not None or not field.is_nillable:
            fits(part, value)
    except Misfit as misfit:
        misfit.path = misfit.path[1:]
        message = f"The value does not fit: {misfit.sentence()}."
        context.fault("MF-D174", message, *key)


def bind(context: NodeContext, template: Template) -> Evaluate:
    """Make what computes the value from a frame. What the formulas give is put in its place and not looked at again."""
    if isinstance(template, dict):
        entries = [(name, bind(context, item)) for name, item in template.items()]

        def mapping(frame: Frame) -> dict[str, Any]:
            return {name: evaluate(frame) for name, evaluate in entries}

        return mapping
    if isinstance(template, list):
        items = [bind(context, item) for item in template]

        def sequence(frame: Frame) -> list[Any]:
            return [evaluate(frame) for evaluate in items]

        return sequence
    return context.bind(template)
