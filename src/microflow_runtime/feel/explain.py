"""Tells the value of every part of a formula for given values: why a gateway took the link it took."""

import decimal
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from microflow_runtime.errors import FeelError
from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.bindings import PerhapsItemField, ScopeName
from microflow_runtime.feel.check.free import outside_locals
from microflow_runtime.feel.emit import HANDLERS, Emitter, build, compile_function
from microflow_runtime.feel.formula import Bound, Formula
from microflow_runtime.feel.numbers import NUMBER_CONTEXT
from microflow_runtime.feel.translate import translator
from microflow_runtime.feel.values import Value

_MOST_PARTS: Final = 200


class Part(msgspec.Struct, frozen=True):
    """One part of a formula: its text, its offsets, its value. `error` is the sentence of a part that failed.

    `paths` are the paths of the scope that its value comes from, each from its name on; where a loop, a filter or a
    function looks further into what a path leads to, that is not told. `is_path` says that the part is nothing but one
    path, or items of it by their position.
    """

    text: str
    start: int
    end: int
    value: Any
    error: str = ""
    paths: tuple[tuple[str, ...], ...] = ()
    is_path: bool = False


class Origin(msgspec.Struct, frozen=True):
    """Where the value of a formula comes from: `paths` and `is_path` as of a `Part`."""

    paths: tuple[tuple[str, ...], ...]
    is_path: bool


def origin_of(formula: Formula) -> Origin:
    """Tell where the value of a formula comes from."""
    return Origin(tuple(dict.fromkeys(paths_of(formula.tree))), _path(formula.tree) is not None)


class _Compiled(msgspec.Struct, frozen=True):
    """What of a part does not depend on values. The function takes the formula's names in their order."""

    node: syntax.Node
    function: Bound
    paths: tuple[tuple[str, ...], ...]
    is_path: bool


def explain(formula: Formula, values: Mapping[str, Value]) -> list[Part]:
    """Give each part with its value, the whole formula first, then its parts from left to right.

    Parts that have no value of their own are left out: constants, and what is computed anew in each turn of a loop or
    filter. At most 200 parts are told. A part that passes a limit fails as any other.
    """
    if not formula.explained:
        formula.explained[:] = _compile(formula)
    frame = [values.get(name) for name in formula.names]
    with decimal.localcontext(NUMBER_CONTEXT):
        return [_value(formula.text, part, frame) for part in formula.explained]


def _compile(formula: Formula) -> list[_Compiled]:
    layout = {name: index for index, name in enumerate(formula.names)}
    found = []
    for node in islice(_parts(formula.tree), _MOST_PARTS):
        emitter = Emitter(HANDLERS, layout)
        function = compile_function(emitter, build(emitter, node, translator(formula.text, formula.tree)))
        paths = tuple(dict.fromkeys(paths_of(node)))
        found.append(_Compiled(node, function, paths, _path(node) is not None))
    return found


def _value(formula: str, part: _Compiled, frame: Sequence[Value]) -> Part:
    value, message = None, ""
    try:
        value = part.function(frame)
    except FeelError as error:
        message = error.message
    start, end = part.node.start, part.node.end
    return Part(formula[start:end], start, end, value, message, part.paths, part.is_path)


def paths_of(part: object) -> Iterator[tuple[str, ...]]:
    """Give the paths of the scope that a checked part reads."""
    path = _path(part)
    if path is not None:
        yield path
        while isinstance(part, syntax.Path | syntax.Filter):
            if isinstance(part, syntax.Filter):
                yield from paths_of(part.condition)
            part = part.source
        return
    if isinstance(part, syntax.Name):
        binding = part.binding
        while isinstance(binding, PerhapsItemField):
            binding = binding.otherwise
        if isinstance(binding, ScopeName):
            yield (binding.name,)
    for inner in syntax.parts_of(part):
        yield from paths_of(inner)


def _path(part: object) -> tuple[str, ...] | None:
    """Give the path of a part that is nothing but one: a name of the scope, fields, and positions in lists."""
    if isinstance(part, syntax.Name):
        return (part.binding.name,) if isinstance(part.binding, ScopeName) else None
    if isinstance(part, syntax.Filter):
        return None if outside_locals(part.condition) else _path(part.source)
    if isinstance(part, syntax.Path):
        source = _path(part.source)
        return None if source is None else (*source, part.name)
    return None


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
