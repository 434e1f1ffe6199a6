"""The pieces of the values of an input: which value lies where, and an example of each."""

from decimal import Decimal

import pytest

from microflow_runtime.compiler.decisions import Facts
from microflow_runtime.compiler.decisions.axes import NO_FACTS, NO_VALUE, Axis, axis_of, shown
from microflow_runtime.feel import ANY, BOOLEAN, DATE, NUMBER, STRING, Date, Type, parse_number

_N = parse_number


@pytest.mark.parametrize(
    ("kind", "constants"),
    [
        (NUMBER, [_N("1"), _N("2.5"), _N("-3")]),
        (NUMBER, [_N("1e6144"), _N("-1e6144"), _N("1e-6143"), _N("2e-6143")]),
        (NUMBER, []),
        (DATE, [Date(2026, 1, 1), Date(2026, 1, 2), Date(2026, 3, 1)]),
        (DATE, [Date(-999_999_999, 1, 1), Date(999_999_999, 12, 31)]),
        (STRING, ["a", "other", "other1"]),
        (BOOLEAN, []),
    ],
)
def test_an_example_lies_in_its_piece(kind: Type, constants: list[object]) -> None:
    """Of every piece that holds a value, the largest and closest numbers and the first and last days included."""
    axis = axis_of(kind, constants)
    for piece in range(axis.pieces):
        example = axis.example(piece, NO_FACTS)
        assert example is NO_VALUE or axis.piece_of(example) == piece


def test_days_that_follow_each_other_have_nothing_between() -> None:
    """And no day comes before the first or behind the last."""
    axis = axis_of(DATE, [Date(2026, 1, 1), Date(2026, 1, 2), Date(2026, 1, 4)])
    assert axis.possible(NO_FACTS, may_be_missing=False) == [0, 1, 3, 4, 5, 6]
    ends = axis_of(DATE, [Date(-999_999_999, 1, 1), Date(999_999_999, 12, 31)])
    assert ends.possible(NO_FACTS, may_be_missing=False) == [1, 2, 3]


def test_whole_numbers() -> None:
    """Have nothing between neighbours, and are no fractions."""
    axis = axis_of(NUMBER, [_N("1"), _N("2"), _N("2.5"), _N("4")])
    assert axis.possible(Facts(whole=True), may_be_missing=True) == [0, 1, 3, 6, 7, 8, axis.missing]
    assert axis.example(6, Facts(whole=True)) == 3


def test_bounds_belong_to_the_values() -> None:
    """Everything beyond them does not."""
    axis = axis_of(NUMBER, [_N("0"), _N("5"), _N("10")])
    assert axis.possible(Facts(least=Decimal(0), most=Decimal(5)), may_be_missing=False) == [1, 2, 3]


def test_texts_that_are_all_known() -> None:
    """There is no other one."""
    axis = axis_of(STRING, ["a", "b", "c"])
    assert axis.possible(Facts(only=("a", "c")), may_be_missing=True) == [0, 2, axis.missing]
    assert axis.possible(NO_FACTS, may_be_missing=False) == [0, 1, 2, 3]
    assert axis.words(3, NO_FACTS) == "any other text"
    assert axis.words(0, NO_FACTS) == '"a"'
    assert axis.words(axis.missing, NO_FACTS) == "missing"


def test_other_types_have_one_piece() -> None:
    """Nothing is known of it."""
    axis = axis_of(ANY, [])
    assert type(axis) is Axis
    assert axis.is_blind
    assert axis.pieces == 1
    assert axis.words(0, NO_FACTS) == "any value"


def test_values_are_shown_in_short() -> None:
    """As FEEL writes them, long ones cut."""
    assert [shown(value) for value in (_N("1E+2"), "a", True, Date(2026, 1, 2))] == ["100", '"a"', "true", "2026-01-02"]
    assert len(shown("x" * 500)) == 61
