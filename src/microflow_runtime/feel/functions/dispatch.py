"""Calls a built-in function with values whose types are not known beforehand: finds the signature, checks, converts."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import BuiltIn, Parameter, Signature
from microflow_runtime.feel.types import ANY, ContextType, FunctionType, ListType, RangeType, Type, is_assignable
from microflow_runtime.feel.values import FunctionValue, RangeValue, Value, type_of, type_word


class Mismatch(Exception):
    """An argument does not fit a signature; another may still fit."""


@lru_cache(maxsize=512)
def dispatcher(function: BuiltIn, names: tuple[str, ...] | None = None) -> Callable[..., Value]:
    """Give the function that takes the arguments of one call, by position or in the order of `names`."""

    def call(*arguments: Value) -> Value:
        problem = ""
        for signature in function.signatures:
            ordered = arrange(signature, names, arguments, null_fills=True)
            if ordered is None:
                continue
            try:
                prepared = _prepare(function, signature, ordered)
            except Mismatch as mismatch:
                problem = problem or str(mismatch)
                continue
            return None if prepared is None else signature.call(*prepared)
        raise Failure(problem or wrong_arguments(function, names, len(arguments)))

    return call


def wrong_arguments(function: BuiltIn, names: tuple[str, ...] | None, count: int) -> str:
    """Say which arguments the function takes."""
    forms = " or ".join(usage(function, signature) for signature in function.signatures)
    given = f"the names {', '.join(names)}" if names else f"{count} argument" + ("" if count == 1 else "s")
    return f"`{function.name}` is called {forms}, not with {given}"


def usage(function: BuiltIn, signature: Signature) -> str:
    """Write how a function is called: `substring(string, start position, [length])`."""
    parts = [parameter.name if parameter.required else f"[{parameter.name}]" for parameter in signature.parameters]
    return f"`{function.name}({', '.join(parts)}{', …' if signature.variadic else ''})`"


def arrange(
    signature: Signature, names: tuple[str, ...] | None, arguments: Sequence[Value], *, null_fills: bool = False
) -> list[Value] | None:
    """Put arguments into the order of the parameters; None where they are too few, too many or of other names.

    `null_fills` lets a call by name leave out what may be null, as the standard does.
    """
    if names is None:
        return list(arguments) if signature.takes(len(arguments)) else None
    if signature.variadic and len(signature.parameters) > 1:
        return None
    given = dict(zip(names, arguments, strict=True))
    ordered: list[Value] = []
    for parameter in signature.parameters:
        if parameter.name not in given:
            if not parameter.required:
                break
            if not null_fills or not parameter.takes_null:
                return None
            ordered.append(None)
            continue
        ordered.append(given.pop(parameter.name))
    return None if given or len(names) != len(set(names)) else ordered


def _prepare(function: BuiltIn, signature: Signature, arguments: list[Value]) -> list[Value] | None:
    """Check and convert the arguments. None means that one is null where the result then is null."""
    parameters = signature.parameters
    missing = False
    ready: list[Value] = []
    for index, value in enumerate(arguments):
        parameter = parameters[min(index, len(parameters) - 1)]
        if value is None and not parameter.takes_null:
            missing = True
            continue
        ready.append(_convert(function, parameter, value))
    if missing:
        return None
    if signature.variadic:
        fixed = len(parameters) - 1
        return [*ready[:fixed], ready[fixed:]]
    return ready


def _convert(function: BuiltIn, parameter: Parameter, value: Value) -> Value:
    if any(accepts_value(kind, value) for kind in parameter.accepts):
        return value
    if type(value) is list and len(value) == 1 and any(accepts_value(kind, value[0]) for kind in parameter.accepts):
        return value[0]
    if type(value) is not list and any(
        type(kind) is ListType and accepts_value(kind, [value]) for kind in parameter.accepts
    ):
        return [value]
    raise Mismatch(f"`{parameter.name}` of `{function.name}` has to be {parameter.words()}, not {type_word(value)}")


def accepts_value(kind: Type, value: Value) -> bool:
    """Tell whether a value fits the type of a parameter; what a list holds is left to the function."""
    if kind is ANY:
        return True
    if type(kind) is ListType:
        return type(value) is list
    if isinstance(kind, RangeType):
        return type(value) is RangeValue
    if isinstance(kind, FunctionType):
        return type(value) is FunctionValue
    if isinstance(kind, ContextType):
        return type(value) is dict
    if isinstance(value, list | dict | RangeValue | FunctionValue):
        return False
    return is_assignable(type_of(value), kind)
