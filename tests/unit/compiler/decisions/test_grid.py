"""The rules over the pieces of an input."""

from microflow_runtime.compiler.decisions import NO_FACTS, Column, Facts, column_of, simple_tests
from microflow_runtime.compiler.decisions.simple_tests import one_of
from microflow_runtime.feel import ANY, NUMBER, STRING, Type, check, optional


def _column(kind: Type, *cells: str, facts: Facts = NO_FACTS) -> Column:
    read = [simple_tests(check(cell, {"?": kind}, unary=True).tree, kind) for cell in cells]
    return column_of("x", kind, read, facts)


def test_masks() -> None:
    """Below 1, 1, from 1 to 5, 5, above, missing."""
    column = _column(optional(NUMBER), "< 1", "[1..5]", "null", "-")
    assert column.surely == (0b1001, 0b1010, 0b1010, 0b1010, 0b1000, 0b1100)
    assert column.may is column.surely
    assert column.is_known


def test_a_cell_that_may_take_anything() -> None:
    """Counts where it may, and not where it surely does."""
    column = _column(NUMBER, "> 0", "? * ? > 4")
    assert column.surely == (0b00, 0b00, 0b01, 0b00)
    assert column.may == (0b10, 0b10, 0b11, 0b10)
    assert not column.is_known


def test_a_type_that_is_not_looked_into() -> None:
    """Cells that take everything are known, the others are not."""
    column = _column(ANY, "-", "1")
    assert column.cells == (((0, 1),), None)
    assert (column.surely, column.may) == ((0b01,), (0b11,))


def test_values_that_are_not_allowed() -> None:
    """Are refused, and cannot come; a missing one is a matter of the type."""
    cells = [one_of(("a",)), one_of(("b",))]
    column = column_of("x", optional(STRING), cells, NO_FACTS, one_of(("a", "c")))
    assert column.refused == {1, 3}
    assert column.possible == (0, 2, 4)
