"""Writes any value as text, as `string()` does."""

from decimal import Decimal

from microflow_runtime.feel import limits
from microflow_runtime.feel.numbers import format_number
from microflow_runtime.feel.temporal import Temporal
from microflow_runtime.feel.values import RangeValue, Value


def to_text(value: Value) -> Value:
    """Write a value; null stays null, and a text is itself."""
    if value is None or type(value) is str:
        return value
    text = _plain(value)
    limits.spend_text(len(text))
    return text


def _plain(value: Value) -> str:
    if type(value) is str:
        return value
    return literal(value)


def literal(value: Value) -> str:
    """Write a value as the formula that gives it, but dates, times and durations without their quotes."""
    limits.tick()
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is Decimal:
        return format_number(value)
    if type(value) is str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Temporal):
        return str(value)
    if isinstance(value, list):
        return _within("[" + ", ".join(map(literal, value)) + "]")
    if isinstance(value, dict):
        return _within("{" + ", ".join(f"{_key(name)}: {literal(item)}" for name, item in value.items()) + "}")
    if isinstance(value, RangeValue):
        return _range(value)
    return repr(value)


def _within(text: str) -> str:
    limits.spend_text(len(text))
    return text


def _key(name: str) -> str:
    return name if name.replace(" ", "_").isidentifier() else literal(name)


def _range(value: RangeValue) -> str:
    if value.operator:
        return f"({value.operator} {literal(value.high if value.low is None else value.low)})"
    opened, closed = "[" if value.low_included else "(", "]" if value.high_included else ")"
    return f"{opened}{literal(value.low)}..{literal(value.high)}{closed}"
