"""Names of several words."""

from microflow_runtime.feel.lexer import tokenize
from microflow_runtime.feel.names import Patterns, add_names, field_names, find_name
from microflow_runtime.feel.types import NUMBER, ContextType, ListType


def found(text: str, *names: str) -> str | None:
    """Give the known name a text begins with."""
    patterns: Patterns = {}
    add_names(patterns, names)
    result = find_name(patterns, tokenize(text), 0)
    return result[0] if result else None


def test_the_longest_name_wins() -> None:
    """Of several names that fit, the one of most words is meant."""
    assert found("date and time of order", "date and time", "date and time of order") == "date and time of order"
    assert found("Monthly  Salary * 2", "Monthly Salary") == "Monthly Salary"
    assert found("Monthly", "Monthly Salary") is None


def test_operators_in_names_are_as_close_as_they_were_written() -> None:
    """`a+b` and `a + b` are two things."""
    assert found("a+b", "a+b") == "a+b"
    assert found("a + b", "a+b") is None
    assert found("a + b", "a + b") == "a + b"


def test_names_of_one_word_need_no_entry() -> None:
    """Only what the parser could not read by itself is kept."""
    patterns: Patterns = {}
    add_names(patterns, ("plain", "ราคา", "🐎", "for", ""))
    assert set(patterns) == {"for"}


def test_fields_are_found_at_any_depth() -> None:
    """Fields of lists and of objects that hold themselves are found, too."""
    node = ContextType("Node", lambda: (("unit price", NUMBER), ("children", ListType(node))))
    assert field_names(ListType(node)) == {"unit price"}
