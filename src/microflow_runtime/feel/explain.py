"""Tells the value of every part of a formula for given values: why a gateway took the link it took."""

import decimal
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from microflow_runtime.errors import FeelError
from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.free import outside_locals
from microflow_runtime.feel.emit import HANDLERS, Emitter, build, compile_function
from microflow_runtime.feel.formula import Formula
from microflow_runtime.feel.numbers import NUMBER_CONTEXT
from microflow_runtime.feel.translate import translator
from microflow_runtime.feel.values import Value

_MOST_PARTS: Final = 200


class Part(msgspec.Struct, frozen=True):
    """One part of a formula: its text, its offsets, its value. `error` is the sentence of a part that failed."""

    text: str
    start: int
    end: int
    value: Any
    error: str = ""


def explain(formula: Formula, values: Mapping[str, Value]) -> list[Part]:
    """Give each part with its value, the whole formula first, then its parts from left to right.

    Parts that have no value of their own are left out: constants, and what is computed anew in each turn of a loop or
    filter. At most 200 parts are told. Raises FeelLimitError when a limit is passed.
    """
    names = formula.names
    layout = {name: index for index, name in enumerate(names)}
    frame = [values.get(name) for name in names]
    found: list[Part] = []
    with decimal.localcontext(NUMBER_CONTEXT):
        for node in _parts(formula.tree):
            if len(found) == _MOST_PARTS:
                break
            found.append(_value(formula, node, layout, frame))
    return found


def _value(formula: Formula, node: syntax.Node, layout: Mapping[str, int], frame: Sequence[Value]) -> Part:
    text = formula.text[node.start : node.end]
    emitter = Emitter(HANDLERS, layout)
    function = compile_function(emitter, build(emitter, node, translator(formula.text, formula.tree)))
    try:
        return Part(text, node.start, node.end, function(frame))
    except FeelError as error:
        return Part(text, node.start, node.end, None, error.message)


def _parts(node: syntax.Node) -> Iterator[syntax.Node]:
    """Go over the parts that can be computed on their own."""
    if not outside_locals(node) and not isinstance(node, syntax.Literal | syntax.Test | syntax.Function):
        yield node
    for part in children(node):
        yield from _parts(part)


def children(node: syntax.Node) -> Iterator[syntax.Node]:
    """Give the parts that are computed wherever the node is, once: not the bodies of loops, filters and functions."""
    match node:
        case syntax.For() | syntax.Quantified():
            yield node.iterators[0].source
            if node.iterators[0].until is not None:
                yield node.iterators[0].until
        case syntax.Filter():
            yield node.source
        case syntax.Call():
            yield from node.arguments
        case syntax.Function():
            return
        case syntax.Context():
            yield from (entry.value for entry in node.entries)
        case _:
            for field in node.__struct_fields__:
                value = getattr(node, field)
                if isinstance(value, syntax.Node) and not isinstance(value, syntax.TypeName):
                    yield value
                elif isinstance(value, tuple):
                    yield from (
                        item
                        for item in value
                        if isinstance(item, syntax.Node) and not isinstance(item, syntax.TypeName)
                    )
