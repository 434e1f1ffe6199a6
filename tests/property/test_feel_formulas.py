"""Random formulas: the compiled ones against a second, slow, plain evaluator that shares only the parser with them."""

import ast
import decimal
import os
from decimal import Decimal
from functools import cache
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from microflow_runtime.feel import (
    BOOLEAN,
    NUMBER,
    NUMBER_CONTEXT,
    STRING,
    ContextType,
    FeelError,
    Formula,
    FormulaFaults,
    ListType,
    check,
    evaluate,
    optional,
    required,
)
from microflow_runtime.feel import syntax as s
from microflow_runtime.feel.conformance import conforms
from microflow_runtime.feel.emit import ALLOWED, HANDLERS, Emitter, build
from microflow_runtime.feel.formula import patterns_of
from microflow_runtime.feel.parse import parse

ROW = ContextType("Row", (("k", STRING), ("n", NUMBER), ("m", optional(NUMBER))))
SCOPE = {
    "a": NUMBER, "b": optional(NUMBER), "text": STRING, "note": optional(STRING), "yes": BOOLEAN, "maybe": optional(BOOLEAN),
    "xs": ListType(NUMBER), "ys": ListType(optional(NUMBER)), "rows": ListType(ROW), "row": ROW, "gone": optional(ROW),
}  # fmt: skip
LAYOUT = {name: index for index, name in enumerate(SCOPE)}


class Wrong(Exception):
    """The plain evaluator's error, which FEEL hides as null."""


def hidden(node: s.Node, names: dict[str, Any]) -> Any:
    """Evaluate, with every error hidden as null where it occurs."""
    try:
        return plain(node, names)
    except (Wrong, ArithmeticError):
        return None


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are of one kind and equal."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(same(x, y) for x, y in zip(left, right, strict=True))
    if isinstance(left, dict):
        return set(left) == set(right) and all(same(left[key], right[key]) for key in left)
    return left == right


def relate(operator: str, left: Any, right: Any) -> Any:
    """Compare two values by the book."""
    if operator in {"=", "!="}:
        if left is None or right is None:
            result = left is None and right is None
        elif type(left) is not type(right):
            raise Wrong
        else:
            result = same(left, right)
        return result if operator == "=" else not result
    if left is None or right is None:
        return None
    if type(left) is not type(right) or not isinstance(left, Decimal | str):
        raise Wrong
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def combine(operator: str, left: Any, right: Any) -> Any:
    """Three-valued logic."""
    decides = operator == "or"
    if left is decides or right is decides:
        return decides
    if not all(value is None or isinstance(value, bool) for value in (left, right)):
        raise Wrong
    return None if None in (left, right) else not decides


def compute(operator: str, left: Any, right: Any) -> Any:
    """Arithmetic by the book."""
    if left is None or right is None:
        return None
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        raise Wrong
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    return left * right if operator == "*" else left / right


def fetch(source: Any, name: str) -> Any:
    """`source.name`."""
    if source is None:
        return None
    if isinstance(source, list):
        return [fetch(item, name) for item in source]
    if not isinstance(source, dict):
        raise Wrong
    return source.get(name)


def pick(node: s.Filter, names: dict[str, Any]) -> Any:
    """`source[condition]`."""
    source = hidden(node.source, names)
    if source is None:
        return None
    items = source if isinstance(source, list) else [source]
    if not items and isinstance(hidden(node.condition, {**names, "item": None}), Decimal):
        return None
    found = []
    for item in items:
        inner = {**names, "item": item, **(item if isinstance(item, dict) else {})}
        verdict = hidden(node.condition, inner)
        if isinstance(verdict, Decimal):
            place = int(verdict)
            return items[place - 1] if 0 < place <= len(items) else items[place] if -len(items) <= place < 0 else None
        if verdict is True:
            found.append(item)
        elif verdict is not False and verdict is not None:
            raise Wrong
    return found


def turns(iterators: tuple[s.Iterator, ...], names: dict[str, Any]) -> Any:
    """Give the names of each turn of a loop; None in place of them when there is no list."""
    if not iterators:
        yield names
        return
    source = hidden(iterators[0].source, names)
    if iterators[0].until is not None:
        last = hidden(iterators[0].until, names)
        if (
            not isinstance(source, Decimal)
            or not isinstance(last, Decimal)
            or source != int(source)
            or last != int(last)
        ):
            yield None
            return
        step = 1 if last >= source else -1
        source = [Decimal(number) for number in range(int(source), int(last) + step, step)]
    if source is None:
        yield None
        return
    for item in source if isinstance(source, list) else [source]:
        yield from turns(iterators[1:], {**names, iterators[0].name: item})


def call(name: str, values: list[Any]) -> Any:
    """Call one of a few built-in functions, by the book."""
    if name == "not":
        if values[0] is None:
            return None
        if not isinstance(values[0], bool):
            raise Wrong
        return not values[0]
    if name in {"count", "sum"}:
        items = values[0]
        if items is None:
            return None
        items = items if isinstance(items, list) else [items]
        if name == "count":
            return Decimal(len(items))
        if not all(item is None or isinstance(item, Decimal) for item in items):
            raise Wrong
        return None if not items or None in items else sum(items[1:], items[0])
    value = values[0][0] if isinstance(values[0], list) and len(values[0]) == 1 else values[0]
    if value is None:
        return None
    if not isinstance(value, Decimal if name == "abs" else str):
        raise Wrong
    return {"abs": abs, "string length": lambda text: Decimal(len(text)), "upper case": lambda text: text.upper()}[
        name
    ](value)


def plain(node: s.Node, names: dict[str, Any]) -> Any:
    """Evaluate a tree the slow and obvious way."""
    match node:
        case s.Literal():
            return node.value
        case s.Name():
            return names.get(node.name)
        case s.Path():
            return fetch(hidden(node.source, names), node.name)
        case s.Filter():
            return pick(node, names)
        case s.Negate():
            value = hidden(node.operand, names)
            if value is not None and not isinstance(value, Decimal):
                raise Wrong
            return None if value is None else -value
        case s.Binary():
            return compute(node.operator, hidden(node.left, names), hidden(node.right, names))
        case s.Comparison():
            return relate(node.operator, hidden(node.left, names), hidden(node.right, names))
        case s.Logic():
            return combine(node.operator, hidden(node.left, names), hidden(node.right, names))
        case s.Between():
            value = hidden(node.value, names)
            return combine(
                "and", relate(">=", value, hidden(node.low, names)), relate("<=", value, hidden(node.high, names))
            )
        case s.If():
            return hidden(node.then if hidden(node.condition, names) is True else node.otherwise, names)
        case s.List():
            return [hidden(item, names) for item in node.items]
        case s.Context():
            made: dict[str, Any] = {}
            for entry in node.entries:
                made[entry.name] = hidden(entry.value, {**names, **made})
            return made
        case s.For():
            results = []
            for inner in turns(node.iterators, names):
                if inner is None:
                    return None
                results.append(hidden(node.body, inner))
            return results
        case s.Quantified():
            result: Any = node.every
            for inner in turns(node.iterators, names):
                if inner is None:
                    return None
                verdict = hidden(node.condition, inner)
                if verdict is (not node.every):
                    return verdict
                result = result if verdict is node.every else None
            return result
        case s.Call(callee=s.Name(name=name)):
            return call(name, [hidden(argument, names) for argument in node.arguments])
    raise NotImplementedError(type(node))


def binary(parts: st.SearchStrategy[str], *operators: str) -> st.SearchStrategy[str]:
    """Give two parts with an operator between them, in parentheses."""
    return st.tuples(parts, st.sampled_from(operators), parts).map(lambda row: f"({row[0]} {row[1]} {row[2]})")


@cache
def formulas(depth: int, kind: str, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """Give formulas of a kind: number, text, truth, numbers (a list)."""
    number_leaf = st.sampled_from(["0", "1", "2", "3.5", "-4", "a", "b", "row.n", "gone.m", "null", *names])
    leaves = {
        "number": number_leaf,
        "text": st.sampled_from(['""', '"x"', '"Grüße"', "text", "note", "row.k", "gone.k"]),
        "truth": st.sampled_from(["true", "false", "yes", "maybe", "null"]),
        "numbers": st.sampled_from(
            ["xs", "ys", "[]", "[1, 2, 3]", "rows.n", "rows.m", "xs[item > 1]", "rows[m > 1].n"]
        ),
    }
    if depth == 0:
        return leaves[kind]

    def deeper(of: str, *more: str) -> st.SearchStrategy[str]:
        seen = tuple(sorted({*names, *more}))
        return st.deferred(lambda: formulas(depth - 1, of, seen))

    number, text, truth, numbers = deeper("number"), deeper("text"), deeper("truth"), deeper("numbers")
    anything = st.one_of(number, text, truth, numbers)
    choice = st.tuples(truth, anything if kind == "any" else deeper(kind), deeper(kind)).map(
        lambda row: f"(if {row[0]} then {row[1]} else {row[2]})"
    )
    branches = {
        "number": [
            binary(number, "+", "-", "*", "/"), number.map(lambda part: f"(-{part})"), number.map(lambda part: f"abs({part})"),
            numbers.map(lambda part: f"count({part})"), numbers.map(lambda part: f"sum({part})"),
            text.map(lambda part: f"string length({part})"), st.tuples(numbers, number).map(lambda row: f"{row[0]}[{row[1]}]"),
            binary(anything, "+", "-"), number.map(lambda part: f"{{k: {part}, j: k}}.j"),
        ],
        "text": [binary(text, "+"), text.map(lambda part: f"upper case({part})")],
        "truth": [
            binary(truth, "and", "or"), binary(number, "<", "<=", ">", ">=", "=", "!="), binary(text, "=", "<", "!="),
            truth.map(lambda part: f"not({part})"), st.tuples(number, number, number).map(lambda row: f"({row[0]} between {row[1]} and {row[2]})"),
            st.tuples(st.sampled_from(["some", "every"]), numbers, deeper("truth", "i")).map(lambda row: f"({row[0]} i in {row[1]} satisfies {row[2]})"),
            binary(anything, "and", "or", "=", "<"), binary(numbers, "=", "!="),
        ],
        "numbers": [
            st.tuples(numbers, deeper("number", "i")).map(lambda row: f"(for i in {row[0]} return {row[1]})"),
            st.tuples(numbers, numbers, deeper("number", "i", "j")).map(lambda row: f"(for i in {row[0]}, j in {row[1]} return {row[2]})"),
            st.tuples(numbers, deeper("truth", "item")).map(lambda row: f"{row[0]}[{row[1]}]"),
            st.lists(number, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
            deeper("number", "i").map(lambda part: f"(for i in 1..3 return {part})"),
            deeper("truth", "n").map(lambda part: f"rows[{part}].n"),
        ],
    }  # fmt: skip
    return st.one_of(leaves[kind], choice, *branches[kind])


FORMULAS = st.sampled_from(["number", "text", "truth", "numbers"]).flatmap(lambda kind: formulas(3, kind))
NUMBERS = st.sampled_from([Decimal(0), Decimal(1), Decimal(-2), Decimal("2.50"), Decimal("1E+20")])
TEXTS = st.sampled_from(["", "x", "สวัสดี", "x'\"\\"])
ROWS = st.fixed_dictionaries({"k": TEXTS, "n": NUMBERS, "m": st.none() | NUMBERS})
VALUES = st.fixed_dictionaries(
    {
        "a": NUMBERS, "b": st.none() | NUMBERS, "text": TEXTS, "note": st.none() | TEXTS, "yes": st.booleans(),
        "maybe": st.none() | st.booleans(), "xs": st.lists(NUMBERS, max_size=4), "ys": st.lists(st.none() | NUMBERS, max_size=4),
        "rows": st.lists(ROWS, max_size=3), "row": ROWS, "gone": st.none() | ROWS,
    }
)  # fmt: skip
MANY = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "150")), deadline=None, suppress_health_check=list(HealthCheck)
)


def _check_places(text: str, places: list[tuple[int, int]]) -> None:
    """Every fault and error lies inside the formula."""
    assert places
    assert all(0 <= start <= end <= len(text) for start, end in places)


def checked(text: str) -> Formula | None:
    """Check a formula; None where it has faults."""
    try:
        return check(text, SCOPE)
    except FormulaFaults as faults:
        _check_places(text, [(fault.start, fault.end) for fault in faults.faults])
        return None


@MANY
@given(FORMULAS, VALUES)
def test_lenient_evaluation_agrees_with_the_plain_evaluator(text: str, values: dict[str, Any]) -> None:
    """A formula evaluated by the standard's rules gives what a plain walk over its tree gives."""
    tree, _ = parse(text, patterns_of(frozenset()))
    with decimal.localcontext(NUMBER_CONTEXT):
        expected = hidden(tree, values)
    assert same(evaluate(text, values).value, expected), text


@MANY
@given(FORMULAS, VALUES)
def test_a_checked_formula_gives_the_same_value_or_an_error(text: str, values: dict[str, Any]) -> None:
    """Strict evaluation never gives another value than the standard; it raises only where an error was hidden."""
    formula = checked(text)
    if formula is None:
        return
    lenient = evaluate(text, values)
    try:
        with decimal.localcontext(NUMBER_CONTEXT):
            value = formula.bind(LAYOUT)([values[name] for name in SCOPE])
    except FeelError as error:
        _check_places(text, [(error.start, error.end), *((hidden.start, hidden.end) for hidden in lenient.errors)])
        failed = True
        value = None
    else:
        failed = False
    if failed:
        assert lenient.errors, text
        return
    assert conforms(value, formula.type), text
    if not formula.type.optional:
        assert value is not None, text
    if not may_lack_a_position(formula.tree):
        assert same(value, lenient.value), text


def may_lack_a_position(part: Any) -> bool:
    """Tell whether a filter's condition is a number that may be missing.

    A flow gives null for it, as for any missing value; the standard takes null for a condition that holds for no item.
    """
    if isinstance(part, s.Filter):
        condition = part.condition.type
        if required(condition) is NUMBER and (condition.optional or part.item.used):
            return True
    return any(map(may_lack_a_position, s.parts_of(part)))


@MANY
@given(FORMULAS)
def test_emitted_code_stays_inside_the_allow_list(text: str) -> None:
    """No formula makes the emitter write a kind of node that is not allowed, an attribute least of all."""
    formula = checked(text)
    if formula is None:
        return
    module = build(Emitter(HANDLERS, LAYOUT), formula.tree, lambda error: ValueError(str(error)))
    assert {type(node) for node in ast.walk(module)} <= ALLOWED
