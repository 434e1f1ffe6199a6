"""Emits calls and functions."""

import ast
from collections.abc import Callable, Sequence
from decimal import Decimal

from microflow_runtime.feel import operations, syntax
from microflow_runtime.feel.check.calls import Resolved
from microflow_runtime.feel.conformance import converted
from microflow_runtime.feel.emit.access import define, source_of
from microflow_runtime.feel.emit.emitter import LOAD, Emitter
from microflow_runtime.feel.emit.fold import NOT_CONSTANT, constant_of
from microflow_runtime.feel.emit.operators import kind_of
from microflow_runtime.feel.functions.dispatch import dispatcher
from microflow_runtime.feel.functions.numeric import ROUNDINGS, rounder
from microflow_runtime.feel.functions.signature import BuiltIn, Signature
from microflow_runtime.feel.numbers import MAXIMUM_SCALE, MINIMUM_SCALE, is_whole
from microflow_runtime.feel.types import ANY_FUNCTION, BOOLEAN, NUMBER, FunctionType, Type, required
from microflow_runtime.feel.values import FunctionValue, Value


def call(emitter: Emitter, node: syntax.Call) -> ast.expr:
    """`callee(arguments)`."""
    resolved = node.resolved
    if isinstance(resolved, Resolved):
        if emitter.guard is None:
            value = constant_of(node)
            if value is not NOT_CONSTANT:
                return emitter.constant(value, emitter.at(node))
        if resolved.signature is not None and emitter.guard is None:
            return _known(emitter, node, resolved.function, resolved.signature, resolved.arguments)
        emitter.counts = True
        arguments = [source_of(emitter, argument) for argument in resolved.arguments]
        return emitter.call(dispatcher(resolved.function, resolved.names), arguments, node)
    return _call_value(emitter, node)


def _call_value(emitter: Emitter, node: syntax.Call) -> ast.expr:
    place = emitter.at(node)
    emitter.counts = True
    callee = emitter.emit(node.callee)
    arguments = ast.List([emitter.emit(argument) for argument in node.arguments], LOAD, **place)
    if node.names is None:
        return emitter.call(operations.invoke, [callee, arguments], node)
    names = emitter.slot(node.names, place)
    return emitter.call(operations.invoke_by_name, [callee, names, arguments], node)


def _known(
    emitter: Emitter, node: syntax.Call, function: BuiltIn, signature: Signature, nodes: Sequence[syntax.Node]
) -> ast.expr:
    place = emitter.at(node)
    values = [source_of(emitter, argument) for argument in nodes]
    special = _special(emitter, node, function, nodes, values)
    if special is not None:
        return special
    emitter.counts = True
    last = len(signature.parameters) - 1
    operands: list[tuple[ast.expr, Type]] = []
    for index, value in enumerate(values):
        parameter = signature.parameters[min(index, last)]
        kind = kind_of(nodes[index])
        operands.append((value, NUMBER if parameter.takes_null else kind))  # any type that is never null

    def build(ready: list[ast.expr]) -> ast.expr:
        if signature.variadic:
            ready = [*ready[:last], ast.List(ready[last:], LOAD, **place)]
        return emitter.call(signature.call, ready, node)

    return emitter.unless_null(node, operands, build)


def _special(
    emitter: Emitter, node: syntax.Call, function: BuiltIn, nodes: Sequence[syntax.Node], values: list[ast.expr]
) -> ast.expr | None:
    """Emit shorter forms: `not` of a condition, rounding to a scale known beforehand."""
    if function.name == "not" and kind_of(nodes[0]) is BOOLEAN:
        return ast.UnaryOp(ast.Not(), values[0], **emitter.at(node))
    if function.name in ROUNDINGS and required(kind_of(nodes[0])) is NUMBER:
        scale = constant_of(nodes[1]) if len(nodes) > 1 else Decimal(0)
        if isinstance(scale, Decimal) and is_whole(scale) and MINIMUM_SCALE <= scale <= MAXIMUM_SCALE:
            round_it = rounder(int(scale), ROUNDINGS[function.name])
            return emitter.unless_null(
                node, ((values[0], kind_of(nodes[0])),), lambda ready: emitter.call(round_it, ready, node)
            )
    return None


def function(emitter: Emitter, node: syntax.Function) -> ast.expr:
    """`function(a, b) body`.

    Inside a loop the function is made by another one that takes every name in sight, so that each turn's function
    keeps that turn's values.
    """
    place = emitter.at(node)
    visible = list(emitter.bound)
    itself = emitter.declare(node.itself) if node.itself is not None else None
    if itself is not None:
        emitter.bound.pop()
    parameters = [emitter.declare(parameter.binding) for parameter in node.parameters]
    code, value = emitter.temp(), itself or emitter.temp()
    outer_loops, emitter.loops = emitter.loops, 0
    with emitter.block() as body:
        for parameter, name in zip(node.parameters, parameters, strict=True):
            if parameter.type is not None:
                emitter.assign(
                    name, emitter.call(_converter(parameter.resolved), [ast.Name(name, LOAD, **place)], node), place
                )
        emitter.statements.append(ast.Return(emitter.emit(node.body), **place))
    emitter.loops = outer_loops
    emitter.bound = list(visible)
    kind = node.type if isinstance(node.type, FunctionType) else ANY_FUNCTION
    wrap = emitter.slot(_wrapper(tuple(parameter.name for parameter in node.parameters), kind), place)
    statements = [define(code, parameters, body, place)]
    with emitter.block() as assigned:
        emitter.assign(value, ast.Call(wrap, [ast.Name(code, LOAD, **place)], [], **place), place)
    statements.extend(assigned)
    if not emitter.loops:
        emitter.statements.extend(statements)
        return ast.Name(value, LOAD, **place)
    maker = emitter.temp()
    statements.append(ast.Return(ast.Name(value, LOAD, **place), **place))
    emitter.statements.append(define(maker, visible, statements, place))
    return ast.Call(ast.Name(maker, LOAD, **place), [ast.Name(name, LOAD, **place) for name in visible], [], **place)


def _converter(kind: Type | None) -> Callable[[Value], Value]:
    def convert(value: Value) -> Value:
        return converted(value, kind)

    return convert


def _wrapper(names: tuple[str, ...], kind: FunctionType) -> Callable[[Callable[..., Value]], FunctionValue]:
    def wrap(code: Callable[..., Value]) -> FunctionValue:
        return FunctionValue(names, code, kind)

    return wrap
