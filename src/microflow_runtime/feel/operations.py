"""The operators on values whose types are not known beforehand: they look, compute, or raise `Failure`.

A null operand gives null. Where the checker knows the types, the emitted code uses Python's operators instead, and
these functions are not called.
"""

import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from microflow_runtime.feel.values import FunctionValue, RangeValue, Value, type_word

_POINTS: Final = (Date, DateTime)
_ADD: Final = frozenset(
    {(Decimal, Decimal), (MonthsDuration, MonthsDuration), (DaysDuration, DaysDuration)}
    | {(point, duration) for point in _POINTS for duration in (MonthsDuration, DaysDuration)}
    | {(duration, point) for point in _POINTS for duration in (MonthsDuration, DaysDuration)}
    | {(Time, DaysDuration), (DaysDuration, Time)}
)
_SUBTRACT: Final = frozenset(
    {
        (Decimal, Decimal),
        (MonthsDuration, MonthsDuration),
        (DaysDuration, DaysDuration),
        (Time, Time),
        (Time, DaysDuration),
    }
    | {(point, duration) for point in _POINTS for duration in (MonthsDuration, DaysDuration)}
    | {(first, second) for first in _POINTS for second in _POINTS}
)
_MULTIPLY: Final = frozenset(
    {(Decimal, Decimal)}
    | {(Decimal, duration) for duration in (MonthsDuration, DaysDuration)}
    | {(duration, Decimal) for duration in (MonthsDuration, DaysDuration)}
)
_DIVIDE: Final = frozenset(
    {(Decimal, Decimal)}
    | {(duration, other) for duration in (MonthsDuration, DaysDuration) for other in (duration, Decimal)}
)
_ORDERED: Final = frozenset({Decimal, str, Date, Time, DateTime, DaysDuration, MonthsDuration})


def wrong_operands(symbol: str, left: Value, right: Value) -> Failure:
    """Make the failure of an operator that takes no such operands."""
    return Failure(f"`{symbol}` cannot take {type_word(left)} and {type_word(right)}")


def add(left: Value, right: Value) -> Value:
    """`left + right`."""
    if left is None or right is None:
        return None
    if type(left) is str and type(right) is str:
        return join_text(left, right)
    if (type(left), type(right)) in _ADD:
        return left + right
    raise wrong_operands("+", left, right)


def join_text(left: str, right: str) -> str:
    """Put two texts together, within the limits."""
    limits.spend_text(len(left) + len(right))
    return left + right


def subtract(left: Value, right: Value) -> Value:
    """`left - right`."""
    if left is None or right is None:
        return None
    if (type(left), type(right)) in _SUBTRACT:
        return left - right
    raise wrong_operands("-", left, right)


def multiply(left: Value, right: Value) -> Value:
    """`left * right`."""
    if left is None or right is None:
        return None
    if (type(left), type(right)) in _MULTIPLY:
        return left * right
    raise wrong_operands("*", left, right)


def divide(left: Value, right: Value) -> Value:
    """`left / right`."""
    if left is None or right is None:
        return None
    if (type(left), type(right)) not in _DIVIDE:
        raise wrong_operands("/", left, right)
    try:
        return left / right
    except (ZeroDivisionError, InvalidOperation) as error:
        raise Failure(f"division by zero: {type_word(left)} / {type_word(right)}") from error


def power(left: Value, right: Value) -> Value:
    """`left ** right`."""
    if left is None or right is None:
        return None
    if type(left) is not Decimal or type(right) is not Decimal:
        raise wrong_operands("**", left, right)
    return raise_power(left, right)


def raise_power(left: Decimal, right: Decimal) -> Decimal:
    """Raise a number to a power."""
    try:
        return Decimal(1) if right.is_zero() else left**right
    except (InvalidOperation, ZeroDivisionError) as error:
        raise Failure(f"{left:g} ** {right:g} is no number") from error


def negate(value: Value) -> Value:
    """`-value`."""
    if value is None:
        return None
    if type(value) in {Decimal, DaysDuration, MonthsDuration}:
        return -value
    raise Failure(f"`-` cannot take {type_word(value)}")


def equal(left: Value, right: Value) -> bool:
    """`left = right`; two nulls are equal, null and anything else are not."""
    if left is None or right is None:
        return left is right
    kind = type(left)
    if kind is not type(right):
        raise wrong_operands("=", left, right)
    if kind is list or kind is dict:
        return deep_equal(left, right)
    return bool(left == right)


def not_equal(left: Value, right: Value) -> bool:
    """`left != right`."""
    return not equal(left, right)


def deep_equal(left: Value, right: Value) -> bool:
    """Tell whether two values are equal all the way down; values of two kinds are not."""
    limits.tick()
    kind = type(left)
    if kind is not type(right):
        return False
    if kind is list:
        return len(left) == len(right) and all(map(deep_equal, left, right))
    if kind is dict:
        return left.keys() == right.keys() and all(deep_equal(value, right[name]) for name, value in left.items())
    return bool(left == right)


def _ordering(symbol: str, compare: Callable[[Value, Value], bool]) -> Callable[[Value, Value], bool | None]:
    def ordered(left: Value, right: Value) -> bool | None:
        if left is None or right is None:
            return None
        kind = type(left)
        if kind is type(right) and kind in _ORDERED:
            return compare(left, right)
        raise wrong_operands(symbol, left, right)

    return ordered


less: Final = _ordering("<", operator.lt)
less_or_equal: Final = _ordering("<=", operator.le)
greater: Final = _ordering(">", operator.gt)
greater_or_equal: Final = _ordering(">=", operator.ge)

ARITHMETIC: Final[dict[str, Callable[[Value, Value], Value]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}
COMPARISONS: Final[dict[str, Callable[[Value, Value], bool | None]]] = {
    "=": equal,
    "!=": not_equal,
    "<": less,
    "<=": less_or_equal,
    ">": greater,
    ">=": greater_or_equal,
}


def both(left: Value, right: Value) -> bool | None:
    """`left and right`, for operands that may be null."""
    for value in (left, right):
        if value is not None and type(value) is not bool:
            if left is False or right is False:
                return False
            raise wrong_operands("and", left, right)
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: Value, right: Value) -> bool | None:
    """`left or right`, for operands that may be null."""
    for value in (left, right):
        if value is not None and type(value) is not bool:
            if left is True or right is True:
                return True
            raise wrong_operands("or", left, right)
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def truth(value: Value) -> bool:
    """Tell whether a condition holds; null does not."""
    if value is None or type(value) is bool:
        return value is True
    raise Failure(f"a condition has to be boolean, not {type_word(value)}")


def between(value: Value, low: Value, high: Value) -> bool | None:
    """`value between low and high`, both ends included."""
    return both(greater_or_equal(value, low), less_or_equal(value, high))


def make_range(low: Value, high: Value, low_included: bool, high_included: bool) -> RangeValue:  # noqa: FBT001
    """`[low..high]`; the ends have to be of one ordered kind, or null for no bound."""
    for end in (low, high):
        if end is not None and type(end) not in _ORDERED:
            raise Failure(f"a range cannot begin or end with {type_word(end)}")
    if low is not None and high is not None and type(low) is not type(high):
        raise Failure(f"a range cannot go from {type_word(low)} to {type_word(high)}")
    return RangeValue(low, high, low_included, high_included)


def half_range(symbol: str, end: Value) -> RangeValue | None:
    """`(< 10)`: a range of one end."""
    if end is None:
        return None
    if type(end) not in _ORDERED:
        raise Failure(f"a range cannot begin or end with {type_word(end)}")
    if symbol == "=":
        return RangeValue(end, end, True, True, symbol)  # noqa: FBT003
    included = symbol in {"<=", ">="}
    if symbol in {"<", "<="}:
        return RangeValue(None, end, False, included, symbol)  # noqa: FBT003
    return RangeValue(end, None, included, False, symbol)  # noqa: FBT003


def in_range(value: Value, span: RangeValue) -> bool | None:
    """Tell whether a range holds a value."""
    if span.operator == "!=":
        return not_equal(value, span.low)
    if span.operator:
        above = below = True
    else:
        above = below = False
    result: bool | None = True
    if span.low is not None or not above:
        compare = greater_or_equal if span.low_included else greater
        result = both(result, compare(value, span.low))
    if span.high is not None or not below:
        compare = less_or_equal if span.high_included else less
        result = both(result, compare(value, span.high))
    return result


def matches_test(value: Value, test: Value) -> bool | None:
    """Tell whether `value in test` holds for one test: a range, a list, or a value to be equal to."""
    kind = type(test)
    if kind is RangeValue:
        return value if value is None else in_range(value, test)
    if kind is list:
        limits.spend(len(test))
        return any(_item_matches(value, item) for item in test) or (type(value) is list and deep_equal(value, test))
    if kind is FunctionValue:
        return truth(invoke(test, [value]))
    return equal(value, test)


def _item_matches(value: Value, item: Value) -> bool:
    if type(item) is RangeValue and type(value) is not RangeValue:
        end = item.low if item.low is not None else item.high
        return type(end) is type(value) and in_range(value, item) is True
    return deep_equal(value, item)


def invoke(function: Value, arguments: list[Value]) -> Value:
    """Call a function value with arguments in order."""
    if function is None:
        raise Failure("there is no function to call")
    if type(function) is not FunctionValue:
        raise Failure(f"{type_word(function)} cannot be called: it is no function")
    if len(arguments) != len(function.names):
        raise Failure(f"the function takes {len(function.names)} arguments, not {len(arguments)}")
    limits.enter()
    try:
        return function.call(*arguments)
    finally:
        limits.leave()


def invoke_by_name(function: Value, names: tuple[str, ...], arguments: list[Value]) -> Value:
    """Call a function value with arguments by parameter name."""
    if type(function) is not FunctionValue:
        raise Failure(f"{type_word(function)} cannot be called: it is no function")
    given = dict(zip(names, arguments, strict=True))
    if set(given) != set(function.names):
        raise Failure(f"the function takes {', '.join(function.names) or 'no arguments'}, not {', '.join(names)}")
    return invoke(function, [given[name] for name in function.names])
