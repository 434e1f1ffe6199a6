"""Which cells are looked into, and which are too much."""

import pytest

from microflow_runtime.compiler.decisions import simple_tests
from microflow_runtime.compiler.decisions.simple_tests import listed_values, one_of
from microflow_runtime.feel import ANY, BOOLEAN, DATE, NUMBER, STRING, TIME, Type, check, optional


def _read(text: str, kind: Type) -> object:
    return simple_tests(check(text, {"?": kind, "x": kind, "flag": BOOLEAN}, unary=True).tree, kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-", ANY), ("1", NUMBER), ("-1", NUMBER), ("1 + 1", NUMBER), ("> 1, < 0", NUMBER), ("not([1..2))", NUMBER), ("]1..2[", NUMBER),
        ("[1, 2]", NUMBER), ("? > 1 and 3 >= ?", NUMBER), ("? between 1 and 2", NUMBER), ("? in (1, > 3)", NUMBER), ("null", optional(NUMBER)),
        ('date("2026-01-01")', DATE), ('< @"2026-01-01"', DATE), ('"a", "b"', STRING), ('!= "a"', STRING), ("?", BOOLEAN), ("false", BOOLEAN),
    ],
)  # fmt: skip
def test_comparisons_with_constants_are_looked_into(text: str, kind: Type) -> None:
    """Values, ranges, lists, what is computed of constants, and conditions of these."""
    assert _read(text, kind) is not None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1", ANY), ("> x", NUMBER), ("[0..x]", NUMBER), ("? * 2 > 1", NUMBER), ("? > 1 and flag", NUMBER), ("1 < 2 and ? > 1", NUMBER),
        ("? > 0 and not(? = 1)", NUMBER), ('< "b"', STRING), ('["a".."c"]', STRING), ('@"10:00:00"', TIME),
        ("some y in [1, 2] satisfies y = ?", NUMBER), ("if ? > 1 then true else false", NUMBER),
    ],
)  # fmt: skip
def test_anything_more_is_not(text: str, kind: Type) -> None:
    """Other names, arithmetic with the value, ordered texts, types without an axis."""
    assert _read(text, kind) is None


def test_constants_are_told() -> None:
    """They are where the values are cut; null is none."""
    found = simple_tests(check("1, [2..3], null", {"?": optional(NUMBER)}, unary=True).tree, NUMBER)
    assert found is not None
    assert found.constants == {1, 2, 3}
    assert not found.always


def test_values_of_a_list() -> None:
    """In their order, whatever their types; none where something else is asked."""
    assert listed_values(check('"b", "a"', {"?": ANY}, unary=True).tree) == ("b", "a")
    assert listed_values(check("2, -1", {"?": ANY}, unary=True).tree) == (2, -1)
    for text in ("-", "not(1)", "1, > 2", "[1..2]", "1, null"):
        assert listed_values(check(text, {"?": ANY}, unary=True).tree) is None, text


def test_tests_of_given_values() -> None:
    """Hold for these alone."""
    tests = one_of(("a", "b"))
    ranks = {"a": 0, "b": 1}
    assert [tests.holds(rank, ranks) for rank in (0, 1, 2, None)] == [True, True, False, False]
