"""Checks operators: arithmetic, comparison, logic, `between`, `in`, unary tests."""

from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.bindings import Local
from microflow_runtime.feel.check.checker import Checker
from microflow_runtime.feel.check.narrowing import implied, implied_unless_false, value_of
from microflow_runtime.feel.faults import NEVER_TRUE, NOT_BOOLEAN, WRONG_OPERAND
from microflow_runtime.feel.types import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    DURATION,
    DURATIONS,
    MONTHS_DURATION,
    NULL,
    NUMBER,
    STRING,
    TIME,
    ListType,
    RangeType,
    Type,
    join,
    may_equal,
    optional,
    required,
)

_ORDERED: Final = frozenset({NUMBER, STRING, DATE, TIME, DATE_TIME, DAYS_DURATION, MONTHS_DURATION, DURATION})


def _table() -> dict[tuple[str, Type, Type], Type]:
    table: dict[tuple[str, Type, Type], Type] = {
        (operator, NUMBER, NUMBER): NUMBER for operator in ("+", "-", "*", "/", "**")
    }
    table["+", STRING, STRING] = STRING
    for duration in (DAYS_DURATION, MONTHS_DURATION):
        for operator in ("+", "-"):
            table[operator, duration, duration] = duration
            table[operator, duration, DURATION] = table[operator, DURATION, duration] = duration
        for operator in ("*", "/"):
            table[operator, duration, NUMBER] = duration
        table["*", NUMBER, duration] = duration
        table["/", duration, duration] = NUMBER
    for operator in ("+", "-"):
        table[operator, DURATION, DURATION] = DURATION
    table["*", NUMBER, DURATION] = table["*", DURATION, NUMBER] = table["/", DURATION, NUMBER] = DURATION
    table["/", DURATION, DURATION] = NUMBER
    for point in (DATE, DATE_TIME):
        for duration in DURATIONS:
            table["+", point, duration] = table["+", duration, point] = table["-", point, duration] = point
        for other in (DATE, DATE_TIME):
            table["-", point, other] = DAYS_DURATION
    for duration in (DAYS_DURATION, DURATION):
        table["+", TIME, duration] = table["+", duration, TIME] = table["-", TIME, duration] = TIME
    table["-", TIME, TIME] = DAYS_DURATION
    return table


ARITHMETIC: Final = _table()
"""The type of `left operator right` for every pair of types that an operator takes."""


def binary(checker: Checker, node: syntax.Binary) -> Type:
    """`+ - * / **`."""
    left, right = checker.of(node.left), checker.of(node.right)
    if left is NUMBER and right is NUMBER:
        return NUMBER
    a, b = required(left), required(right)
    if a is NULL or b is NULL:
        return NULL
    if a is ANY or b is ANY:
        return ANY
    result = ARITHMETIC.get((node.operator, a, b))
    if result is None:
        checker.fault(
            WRONG_OPERAND, node, f"`{node.operator}` cannot take {a} and {b}",
            expected=_wanted(node.operator, a), found=f"{left} and {right}", help=_arithmetic_help(node.operator, a, b),
        )  # fmt: skip
        return ANY
    return optional(result) if left.optional or right.optional else result


def _wanted(operator: str, left: Type) -> str:
    others = sorted({str(pair[2]) for pair in ARITHMETIC if pair[0] == operator and pair[1] == left})
    return f"{left} {operator} {' or '.join(others)}" if others else "two numbers"


def _arithmetic_help(operator: str, left: Type, right: Type) -> str:
    if operator == "+" and STRING in {left, right}:
        return "write `string(…)` around the part that is no text"
    for kind in (left, right):
        if type(kind) is ListType:
            return "take one item of the list, as in `list[1]`, or go over it with `for`"
    if STRING in {left, right}:
        return "write `number(…)` around the text"
    return ""


def negate(checker: Checker, node: syntax.Negate) -> Type:
    """`-operand`."""
    kind = checker.of(node.operand)
    if required(kind) in {NUMBER, DAYS_DURATION, MONTHS_DURATION, DURATION, ANY, NULL}:
        return kind
    checker.fault(WRONG_OPERAND, node, f"`-` cannot take {kind}", expected="number or duration", found=str(kind))
    return ANY


def comparison(checker: Checker, node: syntax.Comparison) -> Type:
    """`= != < <= > >=`."""
    kind = compared(checker, node, node.operator, checker.of(node.left), checker.of(node.right))
    if not checker.lenient and node.operator in _ITSELF:
        _check_itself(checker, node)
    return kind


_ITSELF: Final = {
    "=": "always true",
    "!=": "never true",
    "<=": "true of every value",
    ">=": "true of every value",
    "<": "never true",
    ">": "never true",
}
"""What the comparison of a value with itself comes to."""


def _check_itself(checker: Checker, node: syntax.Comparison) -> None:
    """Note a comparison of a path with itself: an error where the author must have meant a name that the item's field hides."""
    path = value_of(node.left)
    if path is None or path != value_of(node.right):
        return
    text = checker.text[node.left.start : node.left.end]
    name = node.left.name if isinstance(node.left, syntax.Name) else ""
    other = node.right.name if isinstance(node.right, syntax.Name) else ""
    item = next((each for each in (name, other) if each and checker.is_hidden(each)), "")
    help_text = (
        f"give the other one a name that no field has: `{{wanted: {item}, found: list[{item} = wanted]}}.found`"
        if item
        else ""
    )
    told = f"`{item}` is the field of the item here, on both sides" if item else f"both sides are `{text}`"
    checker.fault(
        NEVER_TRUE, node, f"the comparison is {_ITSELF[node.operator]}: {told}", help=help_text, is_error=bool(item)
    )


def compared(checker: Checker, node: syntax.Node, operator: str, left: Type, right: Type) -> Type:
    """Check a comparison of two types, however it is written."""
    if operator in {"=", "!="}:
        _check_equal(checker, node, operator, left, right)
        return BOOLEAN
    a, b = required(left), required(right)
    if a is not b or a not in _ORDERED:
        _check_order(checker, node, operator, a, b)
    return optional(BOOLEAN) if left.optional or right.optional else BOOLEAN


def _check_equal(checker: Checker, node: syntax.Node, operator: str, left: Type, right: Type) -> None:
    if not may_equal(left, right):
        result = "true" if operator == "=" else "false"
        checker.fault(
            NEVER_TRUE, node, f"`{operator}` of {left} and {right} can never be {result}", expected=str(left), found=str(right),
            help=_text_help(required(left), required(right)),
        )  # fmt: skip
    elif NULL in {left, right}:
        other = right if left is NULL else left
        if not other.optional:
            told = "never true" if operator == "=" else "always true"
            checker.fault(
                NEVER_TRUE, node, f"the comparison with null is {told}: the value is never missing", expected=f"{other}?",
                found=str(other), is_error=False,
            )  # fmt: skip


def _check_order(checker: Checker, node: syntax.Node, operator: str, left: Type, right: Type) -> None:
    if NULL in {left, right}:
        checker.fault(
            NEVER_TRUE, node, f"`{operator}` with null can never be true", help="test for a missing value with `= null`"
        )
        return
    pair = {left, right}
    if pair <= {ANY} | _ORDERED and (ANY in pair or (pair <= set(DURATIONS) and DURATION in pair)):
        return
    checker.fault(
        WRONG_OPERAND, node, f"`{operator}` cannot compare {left} with {right}", expected=f"two values of one ordered type, as two of type {left}",
        found=f"{left} and {right}", help=_text_help(left, right),
    )  # fmt: skip


_FROM_TEXT: Final = {
    DATE: "date",
    TIME: "time",
    DATE_TIME: "date and time",
    NUMBER: "number",
    DAYS_DURATION: "duration",
    MONTHS_DURATION: "duration",
}


def _text_help(left: Type, right: Type) -> str:
    if {left, right} == {DATE, DATE_TIME}:
        return "take the day with `date(…)`"
    for text, other in ((left, right), (right, left)):
        if text is STRING and other in _FROM_TEXT:
            return f"write `{_FROM_TEXT[other]}(…)` around the text"
        if type(other) is ListType and not isinstance(text, ListType):
            return "write `list contains(list, value)`, or `value in list`"
    return ""


def logic(checker: Checker, node: syntax.Logic) -> Type:
    """`and`, `or`; the right side may rely on what the left side tells about nulls."""
    left = condition(checker, node.left, f"`{node.operator}`")
    is_and = node.operator == "and"
    known = implied_unless_false(node.left, checker.text) if is_and else implied(node.left, checker.text, holds=False)
    with checker.narrow({} if checker.lenient else known):
        right = condition(checker, node.right, f"`{node.operator}`")
    return optional(BOOLEAN) if left.optional or right.optional else BOOLEAN


def condition(checker: Checker, node: syntax.Node, where: str) -> Type:
    """Check a part that has to be boolean."""
    kind = checker.of(node)
    if required(kind) not in {BOOLEAN, ANY, NULL}:
        checker.fault(
            NOT_BOOLEAN, node, f"{where} takes a condition, not {kind}", expected="boolean", found=str(kind),
            help="compare the value with something" if not isinstance(kind, ListType) else "write `count(…) > 0`",
        )  # fmt: skip
    return kind


def between(checker: Checker, node: syntax.Between) -> Type:
    """`value between low and high`."""
    value = checker.of(node.value)
    first = compared(checker, node, ">=", value, checker.of(node.low))
    second = compared(checker, node, "<=", value, checker.of(node.high))
    return optional(BOOLEAN) if first.optional or second.optional else BOOLEAN


def within(checker: Checker, node: syntax.In) -> Type:
    """`value in tests`."""
    value = checker.of(node.value)
    node.subject = checker.local("?", value)
    with checker.frame({"?": node.subject}):
        kinds = [_test(checker, test, value, node.subject) for test in node.tests]
    return optional(BOOLEAN) if any(kind.optional for kind in kinds) else BOOLEAN


def tests(checker: Checker, node: syntax.Tests) -> Type:
    """A cell of unary tests; `?` is in scope."""
    found = checker.find("?")
    value = found[1] if found else ANY
    if not node.tests:
        return BOOLEAN
    node.subject = checker.local("?", value)
    with checker.frame({"?": node.subject}):
        kinds = [_test(checker, test, value, node.subject) for test in node.tests]
    return optional(BOOLEAN) if any(kind.optional for kind in kinds) else BOOLEAN


def _test(checker: Checker, node: syntax.Node, value: Type, subject: Local) -> Type:
    if isinstance(node, syntax.Test):
        kind = compared(checker, node, node.operator, value, checker.of(node.operand))
        node.type = ANY if checker.lenient else kind
        return kind
    used_before, subject.used = subject.used, False
    kind = checker.of(node)
    uses, subject.used = subject.used, used_before or subject.used
    if uses:
        condition_kind = required(kind)
        if condition_kind not in {BOOLEAN, ANY, NULL}:
            checker.fault(
                NOT_BOOLEAN,
                node,
                f"a test with `?` has to be a condition, not {kind}",
                expected="boolean",
                found=str(kind),
            )
        return kind
    plain = required(kind)
    if isinstance(plain, RangeType):
        return compared(checker, node, "<", value, plain.item)
    if type(plain) is ListType:
        items = required(plain.item)
        inner = items.item if isinstance(items, RangeType) else items
        if not may_equal(value, inner) and not may_equal(value, plain):
            checker.fault(
                NEVER_TRUE,
                node,
                f"a list of {items} never holds {value}",
                expected=f"[{required(value)}]",
                found=str(plain),
            )
        return BOOLEAN
    return compared(checker, node, "=", value, kind)


def half_range(checker: Checker, node: syntax.Test) -> Type:
    """`(< 10)`: a range of one end."""
    kind = checker.of(node.operand)
    if required(kind) not in _ORDERED | {ANY}:
        checker.fault(
            WRONG_OPERAND,
            node,
            f"a range cannot begin or end with {kind}",
            expected="a value of an ordered type",
            found=str(kind),
        )
    if node.operator == "!=":
        checker.fault(WRONG_OPERAND, node, "`!=` stands in a test only, not alone", help="write it after `in`")
    ranged = RangeType(required(kind))
    return optional(ranged) if kind.optional else ranged


def span(checker: Checker, node: syntax.Range) -> Type:
    """`[low..high]`."""
    low, high = checker.of(node.low), checker.of(node.high)
    a, b = required(low), required(high)
    joined = join(low, high)
    if not checker.lenient and required(joined) not in _ORDERED and not (ANY in {a, b} or joined is NULL):
        checker.fault(
            WRONG_OPERAND,
            node,
            f"a range cannot go from {low} to {high}",
            expected="two values of one ordered type",
            found=f"{low} and {high}",
        )
        return RangeType(ANY)
    return RangeType(joined)
