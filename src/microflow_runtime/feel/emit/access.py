"""Emits constants, names, paths and filters."""

import ast
from collections.abc import Callable
from typing import Any

from microflow_runtime.feel import access, limits, syntax
from microflow_runtime.feel.check.bindings import FunctionName, ItemField, Local, PerhapsItemField, ScopeName
from microflow_runtime.feel.emit.emitter import LOAD, STORE, Emitter, Place, is_null
from microflow_runtime.feel.emit.operators import kind_of, truth
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.dispatch import dispatcher
from microflow_runtime.feel.functions.signature import BuiltIn
from microflow_runtime.feel.types import (
    ANY,
    ANY_FUNCTION,
    BOOLEAN,
    NUMBER,
    ContextType,
    ListType,
    Type,
    is_declared_list,
    required,
)
from microflow_runtime.feel.values import FunctionValue, Value


def literal(emitter: Emitter, node: syntax.Literal) -> ast.expr:
    """Emit a constant."""
    return emitter.constant(node.value, emitter.at(node))


def name(emitter: Emitter, node: syntax.Name) -> ast.expr:
    """Emit a name."""
    return read(emitter, node, node.binding, node.name)


def read(emitter: Emitter, node: syntax.Node, binding: Any, spelled: str) -> ast.expr:
    """Read what a name is bound to."""
    place = emitter.at(node)
    if isinstance(binding, ScopeName):
        position = ast.Constant(emitter.layout[binding.name], **place)
        return ast.Subscript(ast.Name("frame", LOAD, **place), position, LOAD, **place)
    if isinstance(binding, Local):
        found = ast.Name(emitter.locals[binding], LOAD, **place)
        return emitter.call(copied, [found], node) if binding.name == "partial" else found
    if isinstance(binding, ItemField):
        return field(
            emitter, node, ast.Name(emitter.locals[binding.item], LOAD, **place), binding.item.type, binding.name
        )
    if isinstance(binding, PerhapsItemField):
        item = ast.Name(emitter.locals[binding.item], LOAD, **place)
        otherwise = (
            ast.Constant(None, **place)
            if binding.otherwise is None
            else read(emitter, node, binding.otherwise, spelled)
        )
        return emitter.call(access.item_name, [item, ast.Constant(binding.name, **place), otherwise], node)
    if isinstance(binding, FunctionName):
        return emitter.slot(_as_value(binding.function), place)
    return emitter.call(unknown_name, [ast.Constant(spelled, **place)], node)


def unknown_name(name: str) -> None:
    """Fail: nothing is known under this name."""
    raise Failure(f"there is no `{name}` here")


def copied(items: list[Any]) -> list[Any]:
    """Give a copy of the results so far, which go on growing."""
    limits.spend(len(items))
    return items[:]


def _as_value(function: BuiltIn) -> FunctionValue:
    names = tuple(parameter.name for parameter in function.signatures[0].parameters)
    return FunctionValue(names, dispatcher(function), ANY_FUNCTION)


def path(emitter: Emitter, node: syntax.Path) -> ast.expr:
    """`source.name`."""
    return field(emitter, node, emitter.emit(node.source), kind_of(node.source), node.name)


def field(emitter: Emitter, node: syntax.Node, source: ast.expr, kind: Type, name: str) -> ast.expr:
    """Read a field of a value of a known type."""
    place = emitter.at(node)
    plain = required(kind)
    key = ast.Constant(name, **place)
    if emitter.guard is None:
        if isinstance(plain, ContextType) and not plain.open and name in plain.index:
            return emitter.unless_null(
                node,
                ((source, kind),),
                lambda ready: ast.Subscript(ready[0], key, LOAD, **place),
                is_empty=is_declared_list(plain, plain.index[name]),
            )
        if type(plain) is ListType and not kind.optional:
            item = required(plain.item)
            if isinstance(item, ContextType) and not item.open and name in item.index:
                emitter.counts = True
                is_list = plain.item.optional and is_declared_list(item, item.index[name])
                return emitter.call(access.list_of_each if is_list else access.member_of_each, [source, key], node)
        parts = access.properties_of(plain)
        if parts is not None and name in parts:
            pick: Callable[[Any], Any] = parts[name][0]
            return emitter.unless_null(node, ((source, kind),), lambda ready: emitter.call(pick, ready, node))
    emitter.counts = True
    return emitter.call(access.member, [source, key], node)


def source_of(emitter: Emitter, node: syntax.Node) -> ast.expr:
    """Emit a list that is only looked at: `partial` needs no copy then."""
    if isinstance(node, syntax.Name) and isinstance(node.binding, Local) and node.binding.name == "partial":
        return ast.Name(emitter.locals[node.binding], LOAD, **emitter.at(node))
    return emitter.emit(node)


def filter_(emitter: Emitter, node: syntax.Filter) -> ast.expr:
    """`source[condition]`."""
    emitter.counts = True
    source_kind = kind_of(node.source)
    wanted = kind_of(node.condition)
    is_list = type(required(source_kind)) is ListType
    if emitter.guard is not None:
        return _filter_call(emitter, node, access.filtered)
    if is_list and required(wanted) is NUMBER and not node.item.used:
        source = source_of(emitter, node.source)
        position = emitter.emit(node.condition)
        operands = ((source, source_kind), (position, wanted))
        return emitter.unless_null(node, operands, lambda ready: emitter.call(access.item_at, list(ready), node))
    if is_list and required(wanted) is BOOLEAN:
        return _filter_loop(emitter, node)
    is_position = required(wanted) is NUMBER and required(source_kind) is not ANY
    return _filter_call(emitter, node, access.positioned if is_position else access.filtered)


def _filter_loop(emitter: Emitter, node: syntax.Filter) -> ast.expr:
    place = emitter.at(node)
    source_kind = kind_of(node.source)
    source = emitter.keep(source_of(emitter, node.source), place)
    result = emitter.temp()
    item = emitter.declare(node.item)
    emitter.loops += 1
    with emitter.block() as body:
        test = truth(emitter, node.condition)
        keep = append(emitter, result, ast.Name(item, LOAD, **place), place)
        emitter.statements.append(ast.If(test, [keep], [], **place))
    emitter.loops -= 1
    with emitter.block() as statements:
        emitter.assign(result, ast.List([], LOAD, **place), place)
        emitter.statements.append(loop_over(emitter, source, item, body, node))
    guarded(emitter, source, source_kind, result, statements)
    return ast.Name(result, LOAD, **place)


def guarded(emitter: Emitter, source: ast.expr, kind: Type, result: str, statements: list[ast.stmt]) -> None:
    """Run statements unless the source is null; then the result is null."""
    if not kind.optional:
        emitter.statements.extend(statements)
        return
    place = {name: getattr(source, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    nothing = ast.Assign([ast.Name(result, STORE, **place)], ast.Constant(None, **place), **place)
    emitter.statements.append(ast.If(is_null(source, place), [nothing], statements, **place))


def append(emitter: Emitter, result: str, value: ast.expr, place: Place) -> ast.stmt:
    """`append(result, value)`, with Python's own method as the slot."""
    return ast.Expr(
        ast.Call(emitter.slot(list.append, place), [ast.Name(result, LOAD, **place), value], [], **place), **place
    )


def loop_over(
    emitter: Emitter,
    source: ast.expr,
    item: str,
    body: list[ast.stmt],
    node: syntax.Node,
    *,
    after: list[ast.stmt] | None = None,
    weight: int = 1,
) -> ast.stmt:
    """Loop over a list in slices, so that limits are looked at once a slice. `after` runs after each slice."""
    place = emitter.at(node)
    part = emitter.temp()
    inner = ast.For(ast.Name(item, STORE, **place), ast.Name(part, LOAD, **place), body, [], **place)
    arguments = [source] if weight == 1 else [source, ast.Constant(weight, **place)]
    slices = ast.Call(emitter.slot(limits.turns, place), arguments, [], **place)
    return ast.For(ast.Name(part, STORE, **place), slices, [inner, *(after or [])], [], **place)


def _filter_call(emitter: Emitter, node: syntax.Filter, operation: Callable[..., Value]) -> ast.expr:
    place = emitter.at(node)
    source = source_of(emitter, node.source)
    item = emitter.declare(node.item)
    function = emitter.temp()
    with emitter.block() as body:
        value = emitter.emit(node.condition)
        emitter.statements.append(ast.Return(value, **place))
    emitter.statements.append(define(function, [item], body, place))
    return emitter.call(operation, [source, ast.Name(function, LOAD, **place)], node)


def define(name: str, parameters: list[str], body: list[ast.stmt], place: Place) -> ast.stmt:
    """`def name(parameters): body`."""
    arguments = ast.arguments([], [ast.arg(parameter, **place) for parameter in parameters], None, [], [], None, [])
    return ast.FunctionDef(name, arguments, body, [], **place)
