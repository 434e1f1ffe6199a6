"""Checks calls of built-in functions and of functions held in names, and functions written in the formula."""

from collections.abc import Sequence
from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.bindings import FunctionName
from microflow_runtime.feel.check.checker import Checker, did_you_mean
from microflow_runtime.feel.check.constants import check_constants
from microflow_runtime.feel.check.named_types import resolve_type
from microflow_runtime.feel.faults import UNKNOWN_FUNCTION, WRONG_ARGUMENT
from microflow_runtime.feel.functions.dispatch import arrange, usage
from microflow_runtime.feel.functions.signature import BuiltIn, Parameter, Signature
from microflow_runtime.feel.functions.table import BUILT_INS, SPELLINGS
from microflow_runtime.feel.types import (
    ANY,
    DAYS_DURATION,
    DURATION,
    MONTHS_DURATION,
    NULL,
    FunctionType,
    ListType,
    Type,
    is_assignable,
    may_equal,
    optional,
    required,
)


class Resolved:
    """A call of a built-in whose signature is known. `arguments` stand in the order of its parameters."""

    __slots__ = ("arguments", "function", "names", "signature")

    def __init__(
        self,
        function: BuiltIn,
        signature: Signature | None,
        arguments: Sequence[syntax.Node],
        names: tuple[str, ...] | None,
    ) -> None:
        self.function = function
        self.signature = signature
        self.arguments = arguments
        self.names = names


def call(checker: Checker, node: syntax.Call) -> Type:
    """`callee(arguments)`."""
    function = _built_in(checker, node.callee)
    if function is not None:
        return _call_built_in(checker, node, function)
    if isinstance(node.callee, syntax.Name) and checker.find(node.callee.name) is None:
        elsewhere = SPELLINGS.get(node.callee.name.lower())
        help_text = (
            f"it is called `{elsewhere}` here"
            if elsewhere
            else did_you_mean(node.callee.name, [*BUILT_INS, *checker.visible()])
        )
        checker.fault(
            UNKNOWN_FUNCTION,
            node.callee,
            f"there is no function `{node.callee.name}`",
            found=node.callee.name,
            help=help_text,
        )
        for argument in node.arguments:
            checker.of(argument)
        return ANY
    return _call_value(checker, node)


def _built_in(checker: Checker, callee: syntax.Node) -> BuiltIn | None:
    """Give the built-in a callee names; a name in scope that is no function does not hide it."""
    if not isinstance(callee, syntax.Name):
        return None
    found = checker.find(callee.name)
    if found is not None and isinstance(found[0], FunctionName):
        callee.binding = found[0]
        return found[0].function
    if found is None or isinstance(required(found[1]), FunctionType) or required(found[1]) is ANY:
        return None
    return BUILT_INS.get(callee.name)


def _call_value(checker: Checker, node: syntax.Call) -> Type:
    kind = checker.of(node.callee)
    given = [checker.of(argument) for argument in node.arguments]
    plain = required(kind)
    if plain is ANY or checker.lenient:
        return ANY
    if not isinstance(plain, FunctionType):
        checker.fault(UNKNOWN_FUNCTION, node.callee, f"{kind} cannot be called: it is no function", found=str(kind))
        return ANY
    if plain.parameters is None:
        return plain.result
    if node.names is not None and plain.names is not None:
        if set(node.names) != set(plain.names):
            message = f"the function takes {', '.join(plain.names)}, not {', '.join(node.names)}"
            checker.fault(WRONG_ARGUMENT, node, message, expected=", ".join(plain.names), found=", ".join(node.names))
            return plain.result
        order = [node.names.index(name) for name in plain.names]
        node.arguments = tuple(node.arguments[index] for index in order)
        given = [given[index] for index in order]
        node.names = None
    if len(given) != len(plain.parameters):
        count = len(plain.parameters)
        checker.fault(
            WRONG_ARGUMENT,
            node,
            f"the function takes {count} arguments, not {len(given)}",
            expected=str(count),
            found=str(len(given)),
        )
        return plain.result
    for argument, have, wanted in zip(node.arguments, given, plain.parameters, strict=True):
        if not is_assignable(have, optional(wanted)):
            checker.fault(
                WRONG_ARGUMENT,
                argument,
                f"the function takes {wanted} here, not {have}",
                expected=str(wanted),
                found=str(have),
            )
    return plain.result


_DURATIONS: Final = frozenset({DAYS_DURATION, MONTHS_DURATION, optional(DAYS_DURATION), optional(MONTHS_DURATION)})
_ITEM_FUNCTIONS: Final = {"sort": 1, "list replace": 1}


def _call_built_in(checker: Checker, node: syntax.Call, function: BuiltIn) -> Type:
    kinds = [_argument(checker, function, node, index) for index in range(len(node.arguments))]
    types = {id(argument): kind for argument, kind in zip(node.arguments, kinds, strict=True)}
    node.resolved = Resolved(function, None, node.arguments, node.names)
    if checker.lenient:
        return ANY
    problems: list[tuple[syntax.Node, Parameter, Type]] = []
    fits_some = False
    for signature in function.signatures:
        ordered = arrange(signature, node.names, node.arguments)
        if ordered is None:
            continue
        fits_some = True
        problem = _misfit(signature, ordered, types)
        if problem is None:
            told = check_constants(checker, function, signature, ordered)
            result = _result(node, function, signature, ordered, [types[id(argument)] for argument in ordered])
            return result if told is None else told
        problems.append(problem)
    if not fits_some:
        _wrong_count(checker, node, function)
        return ANY
    argument, parameter, kind = problems[0]
    _wrong_type(checker, function, argument, parameter, kind)
    return ANY


def _argument(checker: Checker, function: BuiltIn, node: syntax.Call, index: int) -> Type:
    argument = node.arguments[index]
    if isinstance(argument, syntax.Function) and function.name in _ITEM_FUNCTIONS and not checker.lenient:
        for other in node.arguments:
            kind = required(getattr(other, "type", ANY))
            if type(kind) is ListType:
                return function_literal(checker, argument, (kind.item,) * len(argument.parameters))
    return checker.of(argument)


def _misfit(
    signature: Signature, arguments: Sequence[syntax.Node], types: dict[int, Type]
) -> tuple[syntax.Node, Parameter, Type] | None:
    last = len(signature.parameters) - 1
    first: Type | None = None
    for index, argument in enumerate(arguments):
        parameter = signature.parameters[min(index, last)]
        kind = types[id(argument)]
        if kind is ANY or kind is NULL:
            continue
        plain = required(kind)
        if plain is DURATION and not _DURATIONS.isdisjoint(parameter.accepts):
            continue
        if not any(is_assignable(plain, accepted) for accepted in parameter.accepts):
            return argument, parameter, kind
        first = first or plain
        if signature.alike and not may_equal(first, plain):
            return argument, Parameter(parameter.name, (first,)), kind
    return None


def _result(
    node: syntax.Call, function: BuiltIn, signature: Signature, arguments: Sequence[syntax.Node], kinds: list[Type]
) -> Type:
    last = len(signature.parameters) - 1
    known = all(kind is not ANY and required(kind) is not DURATION for kind in kinds)
    missing = False
    for index, kind in enumerate(kinds):
        parameter = signature.parameters[min(index, last)]
        if kind.optional and not parameter.takes_null:
            missing = True
    node.resolved = Resolved(
        function, signature if known else None, arguments if known else node.arguments, None if known else node.names
    )
    result = signature.result_of(kinds)
    return optional(result) if missing else result


def _wrong_count(checker: Checker, node: syntax.Call, function: BuiltIn) -> None:
    forms = " or ".join(usage(function, signature) for signature in function.signatures)
    if node.names:
        allowed = [parameter.name for signature in function.signatures for parameter in signature.parameters]
        unknown = [name for name in node.names if name not in allowed]
        if unknown:
            checker.fault(
                WRONG_ARGUMENT, node, f"`{function.name}` has no parameter `{unknown[0]}`", expected=", ".join(dict.fromkeys(allowed)),
                found=unknown[0], help=did_you_mean(unknown[0], allowed),
            )  # fmt: skip
            return
    count = len(node.arguments)
    given = f"{count} argument" + ("" if count == 1 else "s")
    checker.fault(
        WRONG_ARGUMENT, node, f"`{function.name}` is called {forms}, not with {given}", expected=forms, found=given
    )


def _wrong_type(checker: Checker, function: BuiltIn, argument: syntax.Node, parameter: Parameter, kind: Type) -> None:
    help_text = ""
    plain = required(kind)
    if type(plain) is ListType and any(is_assignable(plain.item, optional(accepted)) for accepted in parameter.accepts):
        help_text = "take one item of the list, as in `list[1]`, or go over it with `for`"
    elif any(type(accepted) is ListType for accepted in parameter.accepts):
        help_text = "put square brackets around a single item: `[item]`"
    checker.fault(
        WRONG_ARGUMENT, argument, f"`{parameter.name}` of `{function.name}` has to be {parameter.words()}, not {kind}",
        expected=parameter.words(), found=str(kind), help=help_text,
    )  # fmt: skip


def function_literal(checker: Checker, node: syntax.Function, hints: Sequence[Type] = ()) -> Type:
    """`function(a, b: number) body`."""
    kinds: list[Type] = []
    locals_: dict[str, object] = {}
    checker.function_depth += 1
    for index, parameter in enumerate(node.parameters):
        if parameter.type is not None:
            parameter.resolved = resolve_type(checker, parameter.type)
        kind = parameter.resolved if parameter.resolved is not None else hints[index] if index < len(hints) else ANY
        kinds.append(kind)
        parameter.binding = checker.local(parameter.name, kind)
        locals_[parameter.name] = parameter.binding
    with checker.frame(locals_):  # type: ignore[arg-type]
        result = checker.of(node.body)
    checker.function_depth -= 1
    names = tuple(parameter.name for parameter in node.parameters)
    node.type = FunctionType(tuple(kinds), result, names=names)
    return node.type
