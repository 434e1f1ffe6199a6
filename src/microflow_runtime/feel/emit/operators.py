"""Emits operators: Python's own where the types are known, the functions of `operations` where they are not."""

import ast
from typing import Final

from microflow_runtime.feel import operations, syntax
from microflow_runtime.feel.emit.emitter import LOAD, STORE, Emitter, is_constant, is_null
from microflow_runtime.feel.emit.fold import NOT_CONSTANT, constant_of
from microflow_runtime.feel.types import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    MONTHS_DURATION,
    NULL,
    NUMBER,
    STRING,
    TIME,
    ListType,
    RangeType,
    Type,
    required,
)

_NATIVE: Final = frozenset({NUMBER, DATE, TIME, DATE_TIME, DAYS_DURATION, MONTHS_DURATION})
_SCALARS: Final = _NATIVE | {STRING, BOOLEAN}
_ARITHMETIC: Final[dict[str, type[ast.operator]]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}
_COMPARE: Final[dict[str, type[ast.cmpop]]] = {
    "=": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}


def kind_of(node: syntax.Node) -> Type:
    """Give the type the checker found."""
    return node.type  # type: ignore[attr-defined, no-any-return]


def binary(emitter: Emitter, node: syntax.Binary) -> ast.expr:
    """`+ - * / **`."""
    if emitter.guard is None:
        value = constant_of(node)
        if value is not NOT_CONSTANT:
            return emitter.constant(value, emitter.at(node))
    left, right = emitter.emit(node.left), emitter.emit(node.right)
    left_kind, right_kind = kind_of(node.left), kind_of(node.right)
    a, b = required(left_kind), required(right_kind)
    operator = node.operator
    if operator in _ARITHMETIC and a in _NATIVE and b in _NATIVE:
        symbol = _ARITHMETIC[operator]()
        place = emitter.at(node)
        operands = ((left, left_kind), (right, right_kind))
        return emitter.unless_null(node, operands, lambda ready: ast.BinOp(ready[0], symbol, ready[1], **place))
    if not left_kind.optional and not right_kind.optional and a is b:
        if operator == "**":
            return emitter.call(operations.raise_power, [left, right], node)
        if a is STRING:
            emitter.counts = True
            return emitter.call(operations.join_text, [left, right], node)
    emitter.counts = emitter.counts or operator == "+"
    return emitter.call(operations.ARITHMETIC[operator], [left, right], node)


def negate(emitter: Emitter, node: syntax.Negate) -> ast.expr:
    """`-operand`."""
    if emitter.guard is None:
        value = constant_of(node)
        if value is not NOT_CONSTANT:
            return emitter.constant(value, emitter.at(node))
    operand = emitter.emit(node.operand)
    if kind_of(node.operand) in _NATIVE:
        return ast.UnaryOp(ast.USub(), operand, **emitter.at(node))
    return emitter.call(operations.negate, [operand], node)


def comparison(emitter: Emitter, node: syntax.Comparison) -> ast.expr:
    """`= != < <= > >=`."""
    left, right = emitter.emit(node.left), emitter.emit(node.right)
    return compare(emitter, node, node.operator, (left, kind_of(node.left)), (right, kind_of(node.right)))


def compare(
    emitter: Emitter, node: syntax.Node, operator: str, left: tuple[ast.expr, Type], right: tuple[ast.expr, Type]
) -> ast.expr:
    """Compare two values of known types."""
    place = emitter.at(node)
    a, b = required(left[1]), required(right[1])
    if operator in {"=", "!="}:
        if NULL in {a, b}:
            value = right[0] if a is NULL else left[0]
            return is_constant(value, None, place, negated=operator == "!=")
        if a is b and a in _SCALARS:
            return ast.Compare(left[0], [_COMPARE[operator]()], [right[0]], **place)
    elif a is b and a in _SCALARS:
        symbol = _COMPARE[operator]()
        return emitter.unless_null(
            node, (left, right), lambda ready: ast.Compare(ready[0], [symbol], [ready[1]], **place)
        )
    emitter.counts = emitter.counts or operator in {"=", "!="}  # lists and contexts are gone through
    return emitter.call(operations.COMPARISONS[operator], [left[0], right[0]], node)


def truth(emitter: Emitter, node: syntax.Node) -> ast.expr:
    """Give a Python condition that holds exactly when the part is true, not when it is false or null."""
    kind = kind_of(node)
    place = emitter.at(node)
    if isinstance(node, syntax.Logic) and emitter.guard is None:
        left = truth(emitter, node.left)
        with emitter.block() as statements:
            right = truth(emitter, node.right)
        operator: ast.boolop = ast.And() if node.operator == "and" else ast.Or()
        if not statements:
            return ast.BoolOp(operator, [left, right], **place)
        name = emitter.temp()
        emitter.assign(name, left, place)
        kept = ast.Name(name, LOAD, **place)
        statements.append(ast.Assign([ast.Name(name, STORE, **place)], right, **place))
        test: ast.expr = kept if node.operator == "and" else ast.UnaryOp(ast.Not(), kept, **place)
        emitter.statements.append(ast.If(test, statements, [], **place))
        return kept
    value = emitter.emit(node)
    if kind is BOOLEAN:
        return value
    if required(kind) is BOOLEAN:
        return is_constant(value, constant=True, place=place)
    return emitter.call(operations.truth, [value], node)


def logic(emitter: Emitter, node: syntax.Logic) -> ast.expr:
    """`and`, `or`: the right side is computed only when the left side does not decide."""
    place = emitter.at(node)
    left = emitter.emit(node.left)
    with emitter.block() as statements:
        right = emitter.emit(node.right)
    is_and = node.operator == "and"
    known = kind_of(node.left) is BOOLEAN and kind_of(node.right) is BOOLEAN
    if known and not statements:
        operator: ast.boolop = ast.And() if is_and else ast.Or()
        return ast.BoolOp(operator, [left, right], **place)
    kept = emitter.keep(left, place)
    combined = emitter.call(operations.both if is_and else operations.either, [kept, right], node)
    undecided = is_constant(kept, constant=not is_and, place=place, negated=True)
    if not statements:
        return ast.IfExp(undecided, combined, kept, **place)
    result = emitter.temp()
    emitter.assign(result, kept, place)
    statements.append(ast.Assign([ast.Name(result, STORE, **place)], combined, **place))
    emitter.statements.append(ast.If(undecided, statements, [], **place))
    return ast.Name(result, LOAD, **place)


def between(emitter: Emitter, node: syntax.Between) -> ast.expr:
    """`value between low and high`."""
    value, low, high = emitter.emit(node.value), emitter.emit(node.low), emitter.emit(node.high)
    kinds = [kind_of(node.value), kind_of(node.low), kind_of(node.high)]
    if all(kind is kinds[0] and kind in _SCALARS for kind in kinds):
        return ast.Compare(low, [ast.LtE(), ast.LtE()], [value, high], **emitter.at(node))
    return emitter.call(operations.between, [value, low, high], node)


def within(emitter: Emitter, node: syntax.In) -> ast.expr:
    """`value in tests`."""
    place = emitter.at(node)
    name = emitter.declare(node.subject)
    emitter.assign(name, emitter.emit(node.value), place)
    return any_test(emitter, node, node.tests, name, kind_of(node.value))


def tests(emitter: Emitter, node: syntax.Tests) -> ast.expr:
    """A cell of unary tests."""
    place = emitter.at(node)
    if not node.tests:
        return ast.Constant(True, **place)  # noqa: FBT003
    name = emitter.declare(node.subject)
    position = emitter.layout.get("?")
    frame = ast.Name("frame", LOAD, **place)
    value = (
        ast.Constant(None, **place)
        if position is None
        else ast.Subscript(frame, ast.Constant(position, **place), LOAD, **place)
    )
    emitter.assign(name, value, place)
    found = any_test(emitter, node, node.tests, name, node.subject.type)
    if not node.negated:
        return found
    kept = emitter.keep(found, place)
    return ast.IfExp(is_null(kept, place), kept, ast.UnaryOp(ast.Not(), kept, **place), **place)


def any_test(emitter: Emitter, node: syntax.Node, parts: tuple[syntax.Node, ...], name: str, kind: Type) -> ast.expr:
    """Tell whether one of the tests holds for the value kept under a name."""
    place = emitter.at(node)
    result: ast.expr | None = None
    for part in parts:
        value = ast.Name(name, LOAD, **place)
        found = _one_test(emitter, part, value, kind, node.subject)  # type: ignore[attr-defined]
        result = found if result is None else emitter.call(operations.either, [result, found], node)
    assert result is not None
    return result


def _one_test(emitter: Emitter, node: syntax.Node, value: ast.expr, kind: Type, subject: object) -> ast.expr:
    if isinstance(node, syntax.Test):
        return compare(emitter, node, node.operator, (value, kind), (emitter.emit(node.operand), kind_of(node.operand)))
    found = emitter.emit(node)
    if mentions(node, subject):
        return found
    plain = required(kind_of(node))
    if plain is not ANY and not isinstance(plain, ListType | RangeType) and plain is required(kind):
        return compare(emitter, node, "=", (value, kind), (found, kind_of(node)))
    emitter.counts = True
    return emitter.call(operations.matches_test, [value, found], node)


def mentions(node: object, subject: object) -> bool:
    """Tell whether a part reads a name that the formula declares."""
    if isinstance(node, syntax.Name):
        return node.binding is subject
    return any(mentions(part, subject) for part in syntax.parts_of(node))


def half_range(emitter: Emitter, node: syntax.Test) -> ast.expr:
    """`(< 10)`."""
    place = emitter.at(node)
    operand = emitter.emit(node.operand)
    return emitter.call(operations.half_range, [ast.Constant(node.operator, **place), operand], node)


def span(emitter: Emitter, node: syntax.Range) -> ast.expr:
    """`[low..high]`."""
    place = emitter.at(node)
    low, high = emitter.emit(node.low), emitter.emit(node.high)
    ends = [ast.Constant(node.low_included, **place), ast.Constant(node.high_included, **place)]
    return emitter.call(operations.make_range, [low, high, *ends], node)
