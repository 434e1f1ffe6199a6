"""Evaluates a formula as the standard says: whatever cannot be computed is null, and the reason is recorded."""

import decimal
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from microflow_runtime.feel import limits, syntax
from microflow_runtime.feel.check import HANDLERS as CHECKS
from microflow_runtime.feel.check import Checker
from microflow_runtime.feel.emit import HANDLERS as EMITTERS
from microflow_runtime.feel.emit import Emitter, build, compile_function
from microflow_runtime.feel.faults import Failure, FeelLimitError, LimitFailure
from microflow_runtime.feel.formula import patterns_of
from microflow_runtime.feel.home_zone import set_home_zone
from microflow_runtime.feel.lexer import SyntaxFault
from microflow_runtime.feel.numbers import NUMBER_CONTEXT
from microflow_runtime.feel.parse import parse
from microflow_runtime.feel.translate import place_of, sentence
from microflow_runtime.feel.types import ANY, Type
from microflow_runtime.feel.values import Value

_NO_TYPES: Final[Mapping[str, Type]] = {}
_HIDDEN: Final = (ArithmeticError, TypeError, LookupError, ValueError, AttributeError)


class HiddenError(msgspec.Struct, frozen=True):
    """What became null: where in the formula (offsets in characters), and why."""

    message: str
    start: int
    end: int


class Evaluation(msgspec.Struct, frozen=True):
    """A value, and every error that null hides in it."""

    value: Any
    errors: tuple[HiddenError, ...]


def evaluate(
    text: str, context: Mapping[str, Value], *, types: Mapping[str, Type] = _NO_TYPES, unary: bool = False
) -> Evaluation:
    """Evaluate a formula over values, with the null semantics of the standard.

    Raises FeelLimitError when a limit is passed; nothing else.
    """
    errors: list[HiddenError] = []
    try:
        tree, _faults = parse(text, patterns_of(frozenset(_specials(context.items()))), unary=unary)
    except SyntaxFault as stop:
        return Evaluation(None, (HiddenError(stop.fault.message, stop.fault.start, stop.fault.end),))
    try:
        return Evaluation(_run(tree, context, types, errors), tuple(errors))
    except LimitFailure as failure:
        start, end = place_of(failure) or (0, len(text))
        raise FeelLimitError(
            str(failure), text=text, start=start, end=end, is_deadline=failure.is_deadline
        ) from failure
    except (RecursionError, MemoryError) as error:
        raise FeelLimitError(
            "the formula nests too deeply or takes too much memory", text=text, end=len(text)
        ) from error


def _run(
    tree: syntax.Node, context: Mapping[str, Value], types: Mapping[str, Type], errors: list[HiddenError]
) -> Value:
    Checker(dict.fromkeys(context, ANY), types, CHECKS, lenient=True).of(tree)
    layout = {name: index for index, name in enumerate(context)}
    emitter = Emitter(EMITTERS, layout, guard=_guard(errors))
    function = compile_function(emitter, build(emitter, tree, None))
    home = set_home_zone(None)
    try:
        with decimal.localcontext(NUMBER_CONTEXT):
            limits.start()
            return function(list(context.values()))
    finally:
        set_home_zone(home)


def _guard(errors: list[HiddenError]) -> Callable[[Callable[..., Any], syntax.Node], Callable[..., Any]]:
    def guard(function: Callable[..., Any], node: syntax.Node) -> Callable[..., Any]:
        def guarded(*arguments: Value) -> Value:
            try:
                return function(*arguments)
            except RecursionError:
                raise
            except (Failure, *_HIDDEN) as error:
                errors.append(HiddenError(sentence(error, node), node.start, node.end))
                return None

        return guarded

    return guard


def _specials(entries: Iterable[tuple[str, Value]], depth: int = 0) -> set[str]:
    """Collect the names of several words among values, also inside contexts and lists."""
    found: set[str] = set()
    for name, value in entries:
        if not name.isidentifier():
            found.add(name)
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict) and depth < 8:
            found |= _specials(inner.items(), depth + 1)
    return found
