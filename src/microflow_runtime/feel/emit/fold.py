"""Computes the constant parts of a formula once, when it is emitted."""

from collections.abc import Sequence
from decimal import localcontext
from typing import Any, Final

from microflow_runtime.feel import operations, syntax
from microflow_runtime.feel.check.calls import Resolved
from microflow_runtime.feel.faults import Failure, LimitFailure
from microflow_runtime.feel.numbers import NUMBER_CONTEXT
from microflow_runtime.feel.temporal import DateTime

NOT_CONSTANT: Final = object()


def constant_of(node: syntax.Node) -> Any:
    """Give the value of a part that is the same at every run, or `NOT_CONSTANT`.

    A part that would fail is not constant: it fails where and when it is reached.
    """
    if type(node) is syntax.Literal:
        return node.value
    try:
        if type(node) is syntax.Negate:
            value = constant_of(node.operand)
            return NOT_CONSTANT if value is NOT_CONSTANT else operations.negate(value)
        if type(node) is syntax.Binary:
            return _binary(node)
        if type(node) is syntax.Call:
            return _call(node)
    except (Failure, LimitFailure, ArithmeticError):
        return NOT_CONSTANT
    return NOT_CONSTANT


def _binary(node: syntax.Binary) -> Any:
    left = constant_of(node.left)
    if left is NOT_CONSTANT:
        return NOT_CONSTANT
    right = constant_of(node.right)
    if right is NOT_CONSTANT:
        return NOT_CONSTANT
    if _needs_zone((left, right)):
        return NOT_CONSTANT
    with localcontext(NUMBER_CONTEXT):
        return operations.ARITHMETIC[node.operator](left, right)


def _needs_zone(values: Sequence[Any]) -> bool:
    """Whether the app's zone decides: a date and time without offset meets one that has an offset."""
    return len({value.offset is None for value in values if type(value) is DateTime}) > 1


def _call(node: syntax.Call) -> Any:
    resolved = node.resolved
    if (
        not isinstance(resolved, Resolved)
        or resolved.signature is None
        or not resolved.function.constant
        or resolved.signature.variadic
    ):
        return NOT_CONSTANT
    values = [constant_of(argument) for argument in resolved.arguments]
    if any(value is NOT_CONSTANT or value is None or isinstance(value, list | dict) for value in values):
        return NOT_CONSTANT
    if _needs_zone(values):
        return NOT_CONSTANT
    with localcontext(NUMBER_CONTEXT):
        value = resolved.signature.call(*values)
    return NOT_CONSTANT if isinstance(value, list | dict) else value
