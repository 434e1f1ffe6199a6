"""The values of the language beside Python's own: ranges and functions; and the type of any value."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from microflow_runtime.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
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
    ContextType,
    FunctionType,
    ListType,
    RangeType,
    Type,
    join_all,
)

Value = Any
"""None, bool, Decimal, str, list, dict, the five temporal classes, RangeValue or FunctionValue."""


class RangeValue:
    """A range. `low` or `high` None is no bound; `operator` is set for one written `(< 10)`."""

    __slots__ = ("high", "high_included", "low", "low_included", "operator")

    def __init__(self, low: Value, high: Value, low_included: bool, high_included: bool, operator: str = "") -> None:  # noqa: FBT001
        self.low = low
        self.high = high
        self.low_included = low_included
        self.high_included = high_included
        self.operator = operator

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeValue) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return (self.low, self.high, self.low_included, self.high_included, self.operator)

    def __repr__(self) -> str:
        return f"{'[' if self.low_included else '('}{self.low}..{self.high}{']' if self.high_included else ')'}"


class FunctionValue:
    """A function as a value. `call` takes the arguments in the order of `names`."""

    __slots__ = ("call", "names", "type")

    def __init__(self, names: tuple[str, ...], call: Callable[..., Value], kind: FunctionType) -> None:
        self.names = names
        self.call = call
        self.type = kind

    def __repr__(self) -> str:
        return f"function({', '.join(self.names)})"


_SIMPLE: Final[dict[type, Type]] = {
    type(None): NULL,
    bool: BOOLEAN,
    Decimal: NUMBER,
    str: STRING,
    Date: DATE,
    Time: TIME,
    DateTime: DATE_TIME,
    DaysDuration: DAYS_DURATION,
    MonthsDuration: MONTHS_DURATION,
}


def type_of(value: Value) -> Type:
    """Give the narrowest type of a value."""
    simple = _SIMPLE.get(type(value))
    if simple is not None:
        return simple
    if isinstance(value, list):
        return ListType(join_all(type_of(item) for item in value[:100]))
    if isinstance(value, dict):
        return ContextType("", tuple((name, type_of(item)) for name, item in value.items()))
    if isinstance(value, RangeValue):
        return RangeType(type_of(value.low if value.low is not None else value.high))
    if isinstance(value, FunctionValue):
        return value.type
    return ANY


def type_word(value: Value) -> str:
    """Name the kind of a value in a message, without the parts of lists and contexts."""
    simple = _SIMPLE.get(type(value))
    if simple is not None:
        return str(simple)
    for kind, word in ((list, "list"), (dict, "context"), (RangeValue, "range"), (FunctionValue, "function")):
        if isinstance(value, kind):
            return word
    return type(value).__name__
