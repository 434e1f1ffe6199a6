"""Which paths a formula computes with, so that it gives null where one of them is null, and does not ask whether it is."""

from collections.abc import Iterable, Iterator

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.narrowing import path_of
from microflow_runtime.feel.types import Type

Operand = tuple[tuple[str, ...], int, int]
"""A path of the scope, with its offsets in the formula."""


def paths_computed_with(tree: syntax.Node) -> Iterator[Operand]:
    """Give the operands of a checked formula that may be null and that no part of it compares with anything for being equal."""
    asked: set[tuple[str, ...]] = set()
    found: list[Operand] = []
    waiting: list[object] = [tree]
    while waiting:
        part = waiting.pop()
        for operand in _operands(part):
            kind: Type = operand.type  # type: ignore[attr-defined]
            path = path_of(operand)
            if path is not None and kind.optional:
                found.append((path, operand.start, operand.end))
        if isinstance(part, syntax.Comparison) and part.operator in {"=", "!="}:
            asked.update(path for side in (part.left, part.right) if (path := path_of(side)) is not None)
        elif isinstance(part, syntax.InstanceOf):
            asked.add(path_of(part.value) or ())
        waiting.extend(syntax.parts_of(part))
    for path, start, end in sorted(found, key=lambda each: each[1]):
        if not any(path[: len(each)] == each for each in asked):
            yield path, start, end


def _operands(part: object) -> Iterable[syntax.Node]:
    if isinstance(part, syntax.Binary) or (isinstance(part, syntax.Comparison) and part.operator not in {"=", "!="}):
        return (part.left, part.right)
    if isinstance(part, syntax.Negate):
        return (part.operand,)
    if isinstance(part, syntax.Between):
        return (part.value, part.low, part.high)
    if isinstance(part, syntax.Call) and part.resolved is not None and part.resolved.signature is not None:
        parameters = part.resolved.signature.parameters
        last = len(parameters) - 1
        return [each for at, each in enumerate(part.resolved.arguments) if not parameters[min(at, last)].takes_null]
    return ()
