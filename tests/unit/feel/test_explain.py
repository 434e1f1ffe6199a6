"""Explaining a formula."""

from decimal import Decimal

import pytest

from microflow_runtime.feel import ANY, NUMBER, STRING, ContextType, ListType, check, explain, optional

LINE = ContextType("Line", (("sku", STRING), ("quantity", NUMBER)))


def told(text: str, scope, values) -> list[tuple[str, object]]:
    """Give the parts and their values, a failed part's sentence in place of its value."""
    return [(part.text, part.error or part.value) for part in explain(check(text, scope), values)]


def test_each_part_is_told_with_its_value() -> None:
    """The whole comes first, then its parts from left to right; constants are left out."""
    found = told(
        "a > b * 2 and not(c)",
        {"a": NUMBER, "b": NUMBER, "c": check("true", {}).type},
        {"a": Decimal(7), "b": Decimal(3), "c": False},
    )
    assert found == [
        ("a > b * 2 and not(c)", True), ("a > b * 2", True), ("a", 7), ("b * 2", 6), ("b", 3), ("not(c)", True), ("c", False),
    ]  # fmt: skip


def test_what_is_computed_anew_in_each_turn_is_left_out() -> None:
    """Bodies of loops and conditions of filters have no one value."""
    lines = [{"sku": "a", "quantity": Decimal(2)}, {"sku": "b", "quantity": Decimal(0)}]
    text = "count(for l in lines[quantity > 0] return l.quantity)"
    parts = [part for part, _ in told(text, {"lines": ListType(LINE)}, {"lines": lines})]
    assert parts == [text, "for l in lines[quantity > 0] return l.quantity", "lines[quantity > 0]", "lines"]


def test_a_part_that_fails_tells_why() -> None:
    """The other parts keep their values."""
    found = told("a + 1 / (a - 1)", {"a": NUMBER}, {"a": Decimal(1)})
    assert found[0] == ("a + 1 / (a - 1)", "division by zero: number / number")
    assert ("(a - 1)", 0) in found


def test_a_missing_value_is_null() -> None:
    """A name without a value counts as missing."""
    assert told("a.sku = null", {"a": optional(LINE)}, {}) == [("a.sku = null", True), ("a.sku", None), ("a", None)]


CARD = ContextType("Card", (("number", STRING), ("holder", STRING)))
PAID = ContextType("Paid", (("card", CARD), ("cards", ListType(CARD)), ("index", NUMBER)))
PAYMENT = {
    "card": {"number": "1", "holder": "h"},
    "cards": [{"number": "1", "holder": "h"}],
    "index": Decimal(1),
}


@pytest.mark.parametrize(
    ("text", "paths", "is_path"),
    [
        ("pay.card.holder", ["pay.card.holder"], True),
        ("pay.cards[pay.index].holder", ["pay.cards.holder", "pay.index"], True),
        ("pay.cards.number", ["pay.cards.number"], True),
        ('pay.card.number = "1" and pay.index > 0', ["pay.card.number", "pay.index"], False),
        ('pay.cards[number = "1"].holder', ["pay.cards"], False),
        ("pay.cards[item.number = number]", ["pay.cards"], False),
        ("some c in pay.cards satisfies c.number = other", ["pay.cards", "other"], False),
        ("(function(x) x.number)(pay.card)", ["pay.card"], False),
        ("{a: pay.card}.a", ["pay.card"], False),
        ("count([other, other])", ["other"], False),
    ],
)
def test_a_part_tells_the_paths_it_reads(text: str, paths: list[str], is_path: bool) -> None:
    """Positions in lists are looked through; what loops, filters and functions do is not followed."""
    whole = explain(check(text, {"pay": PAID, "other": STRING}), {"pay": PAYMENT, "other": "1"})[0]
    assert (sorted(".".join(path) for path in whole.paths), whole.is_path) == (sorted(paths), is_path)


def test_a_name_that_may_mean_a_field_counts_as_itself() -> None:
    """Inside a filter over items of unknown fields the name may be the scope's."""
    scope = {"xs": ListType(ANY), "other": STRING}
    whole = explain(check("xs[a = other]", scope), {"xs": [], "other": "1"})[0]
    assert ("other",) in whole.paths


def test_explaining_again_gives_the_values_of_then() -> None:
    """What was compiled is kept with the formula, values are not."""
    formula = check("a > 1", {"a": NUMBER})
    assert [part.value for part in explain(formula, {"a": Decimal(2)})] == [True, 2]
    assert [part.value for part in explain(formula, {"a": Decimal(1)})] == [False, 1]
