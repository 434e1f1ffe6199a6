"""Whether a value conforms to a type: `instance of`, typed parameters of functions, declared results."""

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.types import (
    ANY,
    DURATION,
    NULL,
    ContextType,
    FunctionType,
    ListType,
    RangeType,
    Type,
    is_assignable,
    required,
)
from microflow_runtime.feel.values import FunctionValue, RangeValue, Value, type_of, type_word


def conforms(value: Value, kind: Type) -> bool:
    """Tell whether a value is of a type, all the way down. Null is of every type inside lists and contexts."""
    limits.tick()
    if value is None or kind is ANY:
        return True
    plain = required(kind)
    if isinstance(plain, RangeType):
        return type(value) is RangeValue and conforms(value.low, plain.item) and conforms(value.high, plain.item)
    if isinstance(plain, ListType):
        return type(value) is list and all(conforms(item, plain.item) for item in value)
    if isinstance(plain, ContextType):
        return type(value) is dict and all(
            name in value and conforms(value[name], field) for name, field in plain.fields
        )
    if isinstance(plain, FunctionType):
        return type(value) is FunctionValue and is_assignable(value.type, plain)
    if plain is DURATION:
        return is_assignable(type_of(value), DURATION)
    return type(value) not in {list, dict, RangeValue, FunctionValue} and type_of(value) is plain


def is_instance(value: Value, kind: Type | None) -> bool | None:
    """`value instance of type`; null is an instance of `Null` alone."""
    if kind is None:
        raise Failure("there is no such type")
    if value is None:
        return kind is NULL
    return kind is not NULL and conforms(value, kind)


def converted(value: Value, kind: Type | None) -> Value:
    """Give a value for a declared type: itself, the one item of its list, or a list of it.

    Raises Failure when it is of another type.
    """
    if kind is None:
        raise Failure("there is no such type")
    if value is None or conforms(value, kind):
        return value
    if type(value) is list and len(value) == 1 and conforms(value[0], kind):
        return value[0]
    if type(required(kind)) is ListType and conforms([value], kind):
        return [value]
    raise Failure(f"the value has to be {kind}, not {type_word(value)}")
