"""Checks what can be known of a call before it runs: dates that do not exist, patterns that are none."""

from collections.abc import Callable, Sequence
from decimal import localcontext
from typing import Final

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.checker import Checker
from microflow_runtime.feel.date_format import read_date_format
from microflow_runtime.feel.faults import PATTERN, WRONG_LITERAL, Failure, LimitFailure
from microflow_runtime.feel.functions.encodings import check_algorithm
from microflow_runtime.feel.functions.signature import BuiltIn, Signature
from microflow_runtime.feel.number_format import read_format
from microflow_runtime.feel.numbers import NUMBER_CONTEXT
from microflow_runtime.feel.patterns import check_pattern
from microflow_runtime.feel.types import Type
from microflow_runtime.feel.values import type_of

_READERS: Final = frozenset({"date", "time", "date and time", "duration", "number", "range"})
_PATTERNS: Final = {"matches": (1, 2), "replace": (1, 3), "split": (1, None)}
"""Where pattern and flags stand among the arguments."""
_WORDS: Final[dict[str, tuple[int, Callable[[str], object]]]] = {
    "format number": (1, read_format),
    "format date": (1, read_date_format),
    "format time": (1, read_date_format),
    "hash": (1, check_algorithm),
    "hmac": (2, check_algorithm),
}
"""Where a text stands that has to be one of few, or of a form, and what raises Failure when it is not."""


def check_constants(
    checker: Checker, function: BuiltIn, signature: Signature, arguments: Sequence[syntax.Node]
) -> Type | None:
    """Note a fault when constant arguments can only fail; give the type of the result where constants tell it."""
    places = _PATTERNS.get(function.name)
    if places is not None:
        _check_pattern(checker, arguments, *places)
        return None
    if function.name in _WORDS:
        _check_word(checker, arguments, *_WORDS[function.name])
        return None
    if function.name in _READERS and all(_is_constant(argument) for argument in arguments):
        values = [argument.value for argument in arguments if isinstance(argument, syntax.Literal)]
        try:
            with localcontext(NUMBER_CONTEXT):
                return type_of(signature.call(*values))
        except (Failure, LimitFailure) as failure:
            checker.fault(WRONG_LITERAL, syntax.Node(arguments[0].start, arguments[-1].end), str(failure))
    return None


def _check_word(checker: Checker, arguments: Sequence[syntax.Node], at: int, check: Callable[[str], object]) -> None:
    given = arguments[at] if at < len(arguments) else None
    if not isinstance(given, syntax.Literal) or type(given.value) is not str:
        return
    try:
        check(given.value)
    except Failure as failure:
        checker.fault(WRONG_LITERAL, given, str(failure))


def _is_constant(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Literal) and node.value is not None


def _check_pattern(checker: Checker, arguments: Sequence[syntax.Node], pattern_at: int, flags_at: int | None) -> None:
    pattern = arguments[pattern_at]
    if not isinstance(pattern, syntax.Literal) or type(pattern.value) is not str:
        return
    flags = ""
    if flags_at is not None and flags_at < len(arguments):
        given = arguments[flags_at]
        if not isinstance(given, syntax.Literal):
            return
        flags = given.value or ""
    try:
        check_pattern(pattern.value, flags)
    except Failure as failure:
        checker.fault(PATTERN, pattern, str(failure))
