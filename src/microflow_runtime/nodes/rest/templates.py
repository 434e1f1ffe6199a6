"""A body as the author writes it: a formula or literal, or a mapping or list with formulas and literals inside."""

from typing import Any

from microflow_runtime.compiler.formulas import Computed, Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Frame

Template = Computed | dict[str, Any] | list[Any]
"""What was checked: a formula or literal, or a mapping or list of these. None stands for a part with a fault."""


def check_template(context: NodeContext, value: Any, *key: str | int) -> Template | None:
    """Check every formula in a value; None when the value is a formula with faults."""
    if isinstance(value, dict):
        return {name: check_template(context, item, *key, name) for name, item in value.items()}
    if isinstance(value, list):
        return [check_template(context, item, *key, index) for index, item in enumerate(value)]
    return context.setting(value, *key)


def bind_template(context: NodeContext, template: Template) -> Evaluate:
    """Make what computes the value from a frame. What the formulas give is put in its place and not looked at again."""
    if isinstance(template, dict):
        entries = [(name, bind_template(context, item)) for name, item in template.items()]

        def mapping(frame: Frame) -> dict[str, Any]:
            return {name: evaluate(frame) for name, evaluate in entries}

        return mapping
    if isinstance(template, list):
        items = [bind_template(context, item) for item in template]

        def sequence(frame: Frame) -> list[Any]:
            return [evaluate(frame) for evaluate in items]

        return sequence
    return context.bind(template)
