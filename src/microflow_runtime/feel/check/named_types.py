"""Turns the name of a type, as after `instance of`, into the type."""

from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.checker import Checker, did_you_mean
from microflow_runtime.feel.faults import UNKNOWN_TYPE
from microflow_runtime.feel.types import (
    ANY,
    ANY_CONTEXT,
    ANY_FUNCTION,
    ANY_LIST,
    ANY_RANGE,
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
)

_NAMED: Final = {
    "Any": ANY,
    "Null": NULL,
    "number": NUMBER,
    "string": STRING,
    "boolean": BOOLEAN,
    "date": DATE,
    "time": TIME,
    "date and time": DATE_TIME,
    "days and time duration": DAYS_DURATION,
    "years and months duration": MONTHS_DURATION,
    "list": ANY_LIST,
    "context": ANY_CONTEXT,
    "range": ANY_RANGE,
    "function": ANY_FUNCTION,
}


def resolve_type(checker: Checker, node: syntax.TypeName) -> Type | None:
    """Give the type of a name, or None (with a fault) when there is none."""
    if node.parts:
        return _composed(checker, node)
    found = _NAMED.get(node.name) or checker.types.get(node.name)
    if found is None:
        help_text = did_you_mean(node.name, [*_NAMED, *checker.types])
        checker.fault(UNKNOWN_TYPE, node, f"there is no type `{node.name}`", found=node.name, help=help_text)
    return found


def _composed(checker: Checker, node: syntax.TypeName) -> Type | None:
    parts = [resolve_type(checker, part) for part in node.parts]
    if any(part is None for part in parts):
        return None
    kinds = [part for part in parts if part is not None]
    if node.name == "list":
        return ListType(kinds[0])
    if node.name == "range":
        return RangeType(kinds[0])
    if node.name == "context":
        return ContextType("", tuple(zip(node.keys, kinds, strict=True)), open=True)
    return FunctionType(tuple(kinds[:-1]), kinds[-1])
