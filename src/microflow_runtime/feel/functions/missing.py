"""Functions for values that may be missing, or be there with nothing in them. None is of the standard."""

from collections.abc import Sequence
from typing import Final

from microflow_runtime.feel.functions.signature import CAMUNDA, OURS, BuiltIn, Signature, takes
from microflow_runtime.feel.types import ANY, ANY_CONTEXT, ANY_LIST, BOOLEAN, STRING, Type, join_all, optional, required
from microflow_runtime.feel.values import Value


def first_given(values: list[Value]) -> Value:
    """Give the first value that is not null."""
    return next((value for value in values if value is not None), None)


def or_else(value: Value, default: Value) -> Value:
    """Give a value, or another where it is null."""
    return default if value is None else value


def is_defined(value: Value) -> bool:
    """Tell whether a value is there."""
    return value is not None


def is_empty(value: Value) -> bool:
    """Tell whether nothing is there: null, or a text, list or context without content."""
    return not value


def is_blank(text: str | None) -> bool:
    """Tell whether there is no text, or one of blanks alone."""
    return text is None or not text.strip()


def _given(kinds: Sequence[Type]) -> Type:
    """Give the type of the first that is there: it may be missing only where each of them may be."""
    kind = join_all(iter(kinds))
    return kind if all(each.optional for each in kinds) else required(kind)


_VALUE: Final = takes("value", ANY)

MISSING: Final = (
    BuiltIn(
        "coalesce", "Gives the first value that is not null; null where all are. All of them are computed.",
        (Signature((_VALUE,), _given, first_given, variadic=True),), (('coalesce(null, "b", "c")', '"b"'), ("coalesce(null, null)", "null")),
        extension=OURS,
    ),
    BuiltIn(
        "get or else", "Gives the value, or the default where it is null.",
        (Signature((_VALUE, takes("default", ANY)), _given, or_else),), (('get or else(null, "none")', '"none"'), ("get or else(1, 2)", "1")),
        extension=CAMUNDA,
    ),
    BuiltIn(
        "is defined", "Tells whether the value is not null.",
        (Signature((_VALUE,), BOOLEAN, is_defined),), (("is defined(1)", "true"), ("is defined(null)", "false")), extension=CAMUNDA,
    ),
    BuiltIn(
        "is empty", "Tells whether a list, text or context has nothing in it; null has not either. In Camunda it takes lists alone, and null stays null.",
        (Signature((takes("list", optional(ANY_LIST), optional(STRING), optional(ANY_CONTEXT)),), BOOLEAN, is_empty),),
        (("is empty([])", "true"), ('is empty("a")', "false"), ("is empty(null)", "true")), extension=CAMUNDA,
    ),
    BuiltIn(
        "is blank", "Tells whether a text has nothing but blanks in it; null has not either. In Camunda null stays null.",
        (Signature((takes("string", optional(STRING)),), BOOLEAN, is_blank),), (('is blank(" ")', "true"), ('is blank("a ")', "false")), extension=CAMUNDA,
    ),
)  # fmt: skip
