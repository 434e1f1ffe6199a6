"""Emits `if`, loops, lists, contexts and `instance of`."""

import ast
from collections.abc import Callable

from microflow_runtime.feel import access, limits, syntax
from microflow_runtime.feel.conformance import is_instance
from microflow_runtime.feel.emit.access import append, loop_over, source_of
from microflow_runtime.feel.emit.emitter import LOAD, STORE, Emitter, Place, is_constant, is_null
from microflow_runtime.feel.emit.operators import kind_of, truth
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.types import BOOLEAN, ListType, Type, required
from microflow_runtime.feel.values import Value


def if_(emitter: Emitter, node: syntax.If) -> ast.expr:
    """`if … then … else …`."""
    place = emitter.at(node)
    test = truth(emitter, node.condition)
    with emitter.block() as then_statements:
        then = emitter.emit(node.then)
    with emitter.block() as else_statements:
        otherwise = emitter.emit(node.otherwise)
    if not then_statements and not else_statements:
        return ast.IfExp(test, then, otherwise, **place)
    result = emitter.temp()
    then_statements.append(ast.Assign([ast.Name(result, STORE, **place)], then, **place))
    else_statements.append(ast.Assign([ast.Name(result, STORE, **place)], otherwise, **place))
    emitter.statements.append(ast.If(test, then_statements, else_statements, **place))
    return ast.Name(result, LOAD, **place)


def _source(emitter: Emitter, iterator: syntax.Iterator) -> tuple[ast.expr, bool]:
    """Emit the list a loop goes over; tell whether it may be null."""
    if iterator.until is not None:
        first, last = emitter.emit(iterator.source), emitter.emit(iterator.until)
        node = syntax.Node(iterator.source.start, iterator.until.end)
        return emitter.call(access.span, [first, last], node), True
    kind = kind_of(iterator.source)
    source = source_of(emitter, iterator.source)
    if type(required(kind)) is ListType:
        return source, kind.optional
    return emitter.call(access.iterate, [source], iterator.source), True


def _loops(
    emitter: Emitter, node: syntax.For | syntax.Quantified, body: Callable[[], None], stop: ast.stmt | None, result: str
) -> None:
    """Emit the nested loops of the iterators around a body. `stop` follows each inner loop that may end early."""

    def level(index: int) -> None:
        if index == len(node.iterators):
            body()
            return
        iterator = node.iterators[index]
        place = emitter.at(iterator)
        found, may_be_null = _source(emitter, iterator)
        source = emitter.keep(found, place)
        item = emitter.declare(iterator.binding)
        with emitter.block() as statements:
            level(index + 1)
            if stop is not None and index + 1 < len(node.iterators):
                emitter.statements.append(stop)
        after = [stop] if stop is not None else []
        weight = weight_of(node) if index + 1 == len(node.iterators) else 1
        loop = loop_over(
            emitter, source, item, statements, syntax.Node(iterator.start, iterator.end), after=after, weight=weight
        )
        if not may_be_null:
            emitter.statements.append(loop)
        elif index == 0:
            nothing = ast.Assign([ast.Name(result, STORE, **place)], ast.Constant(None, **place), **place)
            emitter.statements.append(ast.If(is_null(source, place), [nothing], [loop], **place))
        else:
            emitter.statements.append(ast.If(is_constant(source, None, place, negated=True), [loop], [], **place))

    emitter.loops += 1
    level(0)
    emitter.loops -= 1


def weight_of(node: syntax.For | syntax.Quantified) -> int:
    """Tell how many turns one turn counts for: more where its body makes contexts, lists or functions."""
    weight = 1
    waiting: list[object] = [node.body if isinstance(node, syntax.For) else node.condition]
    while waiting:
        part = waiting.pop()
        if isinstance(part, syntax.Context):
            weight += 2 + len(part.entries) // 5
        elif isinstance(part, syntax.Function):
            weight += 2
        elif isinstance(part, syntax.List):
            weight += 1 + len(part.items) // 16
        waiting.extend(syntax.parts_of(part))
    return weight


def for_(emitter: Emitter, node: syntax.For) -> ast.expr:
    """`for … return …`."""
    place = emitter.at(node)
    emitter.counts = True
    result = emitter.temp()
    emitter.assign(result, ast.List([], LOAD, **place), place)
    emitter.locals[node.partial] = result

    def body() -> None:
        value = emitter.emit(node.body)
        emitter.statements.append(append(emitter, result, value, place))

    _loops(emitter, node, body, None, result)
    if len(node.iterators) > 1:
        emitter.statements.append(
            ast.Expr(ast.Call(emitter.slot(check_size, place), [ast.Name(result, LOAD, **place)], [], **place), **place)
        )
    return ast.Name(result, LOAD, **place)


def check_size(items: list[Value] | None) -> None:
    """Stop when nested loops made too long a list."""
    if items is not None and len(items) > limits.MAXIMUM_ITEMS:
        limits.spend(len(items))


def quantified(emitter: Emitter, node: syntax.Quantified) -> ast.expr:
    """Emit `some` and `every`: it ends with the first item that decides; else null if one was null."""
    place = emitter.at(node)
    emitter.counts = True
    result = emitter.temp()
    emitter.assign(result, ast.Constant(node.every, **place), place)
    decides = not node.every
    decided = is_constant(ast.Name(result, LOAD, **place), constant=decides, place=place)
    stop = ast.If(decided, [ast.Break(**place)], [], **place)

    def body() -> None:
        if kind_of(node.condition) is BOOLEAN:
            value = emitter.emit(node.condition)
            test: ast.expr = ast.UnaryOp(ast.Not(), value, **place) if node.every else value
            emitter.statements.append(ast.If(test, [_set(result, decides, place), ast.Break(**place)], [], **place))
            return
        kept = emitter.keep(emitter.call(_condition, [emitter.emit(node.condition)], node.condition), place)
        end = [_set(result, decides, place), ast.Break(**place)]
        unknown = ast.If(is_null(kept, place), [_set(result, None, place)], [], **place)
        emitter.statements.append(ast.If(is_constant(kept, constant=decides, place=place), end, [unknown], **place))

    _loops(emitter, node, body, stop, result)
    return ast.Name(result, LOAD, **place)


def _set(name: str, value: bool | None, place: Place) -> ast.stmt:  # noqa: FBT001
    return ast.Assign([ast.Name(name, STORE, **place)], ast.Constant(value, **place), **place)


def _condition(value: Value) -> bool | None:
    if value is None or type(value) is bool:
        return value
    raise Failure("a condition after `satisfies` has to be boolean")


def list_(emitter: Emitter, node: syntax.List) -> ast.expr:
    """Emit `[a, b]`."""
    return ast.List([emitter.emit(item) for item in node.items], LOAD, **emitter.at(node))


def context(emitter: Emitter, node: syntax.Context) -> ast.expr:
    """Emit `{a: 1, b: a + 1}`."""
    place = emitter.at(node)
    seen = {entry.name for entry in node.entries}
    if len(seen) < len(node.entries):
        return emitter.call(_duplicate, [], node)
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    before = len(emitter.bound)
    for entry in node.entries:
        value = emitter.emit(entry.value)
        if entry.binding is not None and entry.binding.used:
            kept = emitter.keep(value, place)
            emitter.locals[entry.binding] = kept.id
            emitter.bound.append(kept.id)
            value = ast.Name(kept.id, LOAD, **place)
        keys.append(ast.Constant(entry.name, **place))
        values.append(value)
    del emitter.bound[before:]
    return ast.Dict(keys, values, **place)


def _duplicate() -> None:
    raise Failure("the context has two entries of one name")


def instance_of(emitter: Emitter, node: syntax.InstanceOf) -> ast.expr:
    """`value instance of type`."""
    value = emitter.emit(node.value)
    return emitter.call(_instance_test(node.resolved), [value], node)


def _instance_test(kind: Type | None) -> Callable[[Value], bool | None]:
    def test(value: Value) -> bool | None:
        return is_instance(value, kind)

    return test
