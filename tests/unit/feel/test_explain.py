"""Explaining a formula."""

from decimal import Decimal

from microflow_runtime.feel import NUMBER, STRING, ContextType, ListType, check, explain, optional

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
