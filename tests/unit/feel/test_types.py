"""Types: their words, which fits where, what two have in common."""

import pytest

from microflow_runtime.feel.types import (
    ANY,
    ANY_CONTEXT,
    BOOLEAN,
    DATE,
    DAYS_DURATION,
    DURATION,
    MONTHS_DURATION,
    NULL,
    NUMBER,
    STRING,
    ContextType,
    FunctionType,
    ListType,
    RangeType,
    Type,
    is_assignable,
    join,
    may_equal,
    optional,
    required,
)  # fmt: skip

LINE = ContextType("OrderLine", (("sku", STRING), ("price", optional(NUMBER))))


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (NUMBER, "number"), (optional(STRING), "string?"), (ListType(LINE), "[OrderLine]"), (optional(ListType(optional(NUMBER))), "[number?]?"), (ANY, "Any"), (NULL, "null"),
        (RangeType(DATE), "range<date>"), (FunctionType((NUMBER,), STRING), "function<number>->string"), (ContextType("", (("a", NUMBER),)), "context<a: number>"),
    ],
)  # fmt: skip
def test_a_type_reads_well(kind: Type, word: str) -> None:
    """The text of a type is what a message shows."""
    assert str(kind) == word


@pytest.mark.parametrize(
    ("source", "target", "fits"),
    [
        (NUMBER, NUMBER, True), (NUMBER, optional(NUMBER), True), (optional(NUMBER), NUMBER, False), (NULL, optional(NUMBER), True), (NULL, NUMBER, False), (ANY, NUMBER, True),
        (NUMBER, ANY, True), (DAYS_DURATION, DURATION, True), (DURATION, DAYS_DURATION, False), (ListType(NUMBER), ListType(optional(NUMBER)), True),
        (ListType(optional(NUMBER)), ListType(NUMBER), False), (ListType(NUMBER), NUMBER, False), (RangeType(NUMBER), ListType(NUMBER), False),
        (ContextType("", (("sku", STRING),)), LINE, True), (ContextType("", (("price", NUMBER),)), LINE, False), (LINE, ANY_CONTEXT, True), (ANY_CONTEXT, LINE, True),
        (ContextType("Other", (("sku", NUMBER),)), LINE, False), (FunctionType((NUMBER,), STRING), FunctionType(None, ANY), True),
        (FunctionType((NUMBER,), STRING), FunctionType((STRING,), STRING), False),
    ],
)  # fmt: skip
def test_what_fits_where(source: Type, target: Type, fits: bool) -> None:
    """A value fits where its type promises all that is wanted."""
    assert is_assignable(source, target) is fits


def test_what_two_types_have_in_common() -> None:
    """Null makes optional, lists join their items, unlike things are anything."""
    assert join(NUMBER, NULL) == optional(NUMBER)
    assert join(ListType(NUMBER), ListType(NULL)) == ListType(optional(NUMBER))
    assert join(DAYS_DURATION, MONTHS_DURATION) is DURATION
    assert join(NUMBER, STRING) is ANY
    assert join(LINE, LINE) == LINE


def test_what_can_never_be_equal() -> None:
    """Values of two kinds are never equal; anything may equal anything."""
    assert not may_equal(NUMBER, STRING)
    assert not may_equal(DAYS_DURATION, MONTHS_DURATION)
    assert may_equal(optional(NUMBER), NUMBER)
    assert may_equal(ANY, BOOLEAN)
    assert not may_equal(ListType(NUMBER), ListType(STRING))


def test_equal_types_are_equal_and_serve_as_keys() -> None:
    """Two types made apart are one key; optional and required lead to each other."""
    again = ContextType("OrderLine", (("sku", STRING), ("price", optional(NUMBER))))
    assert {LINE: 1}[again] == 1
    assert ContextType("OrderLine", (("sku", NUMBER), ("price", optional(NUMBER)))) != LINE
    assert required(optional(LINE)) is LINE
    assert optional(ANY) is ANY
