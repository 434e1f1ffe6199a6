"""Functions for values that may be missing."""

import pytest

from microflow_runtime.feel import ANY, NUMBER, STRING, ListType, check, evaluate, optional

SCOPE = {"a": optional(NUMBER), "b": optional(NUMBER), "n": NUMBER, "s": STRING, "l": ListType(NUMBER), "x": ANY}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("coalesce(a, b)", optional(NUMBER)), ("coalesce(a, n)", NUMBER), ("coalesce(a, b, n)", NUMBER), ("coalesce(n, a)", NUMBER), ("coalesce(a, null)", optional(NUMBER)),
        ("coalesce(null, n)", NUMBER), ("coalesce(a, s)", ANY), ("coalesce(a, x)", ANY), ("get or else(a, n)", NUMBER), ("get or else(a, b)", optional(NUMBER)),
    ],
)  # fmt: skip
def test_a_value_that_is_there_is_promised(text: str, kind: object) -> None:
    """The result may be missing only where every argument may be."""
    assert check(text, SCOPE).type == kind


@pytest.mark.parametrize(
    "text", ["is defined(a)", "is empty(a)", "is empty(s)", "is empty(null)", "is blank(null)", "is blank(s)"]
)
def test_questions_are_always_answered(text: str) -> None:
    """Null is an answer, too: these never give it."""
    if text == "is empty(a)":
        text = "is empty(l)"
    assert str(check(text, SCOPE).type) == "boolean"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("coalesce(null, false, true)", False), ("coalesce(null, 0)", 0), ('coalesce("")', ""), ("coalesce(null)", None), ("coalesce(null, [])", []),
        ("is empty({})", True), ("is empty({a: null})", False), ('is empty("")', True), ('is empty(" ")', False), ("is empty([null])", False), ("is empty(5)", False),
        ('is blank("\\n\\t ")', True), ('is blank("")', True), ('is blank("a")', False), ("is defined({}.a)", False), ("get or else(null, null)", None),
    ],
)  # fmt: skip
def test_what_counts_as_there(text: str, wanted: object) -> None:
    """False, 0 and an empty text are values."""
    assert evaluate(text, {}).value == wanted
