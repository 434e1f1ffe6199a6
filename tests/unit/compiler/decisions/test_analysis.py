"""Overlaps, gaps and rules that never hold, of tables large and small; tests/property compares many with brute force."""

import time

from microflow_runtime.compiler.decisions import (
    NO_FACTS,
    Column,
    Facts,
    Findings,
    analyse,
    column_of,
    common_point,
    simple_tests,
)
from microflow_runtime.compiler.decisions.overlaps import MOST_PAIRS
from microflow_runtime.feel import NUMBER, Type, check


def _columns(*columns: list[str], kind: Type = NUMBER, facts: Facts = NO_FACTS) -> list[Column]:
    def read(cell: str) -> object:
        return simple_tests(check(cell, {"?": kind}, unary=True).tree, kind)

    return [column_of("x", kind, [read(cell) for cell in cells], facts) for cells in columns]  # type: ignore[misc]


def _analysed(columns: list[Column], *, in_turn: bool = False, budget: int = 100_000) -> Findings:
    rules = len(columns[0].cells)
    return analyse(columns, rules, overlaps=lambda _one, _other: True, gap=True, in_turn=in_turn, budget=budget)


def test_a_complete_table() -> None:
    """Has neither, and that is known."""
    found = _analysed(_columns(["< 0", "[0..10)", ">= 10"]))
    assert found == Findings(knows_overlaps=True, knows_gap=True)


def test_two_columns_have_to_meet_both() -> None:
    """Rules that meet in one column alone do not overlap."""
    columns = _columns(["< 5", "< 5", ">= 5"], ["< 5", ">= 5", "-"])
    assert _analysed(columns).overlaps == ()
    columns = _columns(["< 5", "<= 5", ">= 5"], ["< 5", ">= 5", "-"])
    assert _analysed(columns).overlaps == ((1, 2),)
    point = common_point(columns, 1, 2)
    assert [column.axis.example(piece, NO_FACTS) for column, piece in zip(columns, point, strict=True)] == [5, 5]


def test_a_cell_that_is_not_known_leaves_things_open() -> None:
    """Nothing is claimed: no overlap, no gap, and not that there is none."""
    found = _analysed(_columns(["< 0", "? * ? > 4"]))
    assert (found.overlaps, found.knows_overlaps) == ((), False)
    assert (found.gap, found.knows_gap) == (None, False)


def test_what_is_certain_all_the_same() -> None:
    """Beside a cell that is not known: an overlap in the rules that are, a gap that it cannot fill."""
    found = _analysed(_columns(["< 0", "< 1", "? * ? > 4"], ["-", "-", "> 0"]))
    assert found.overlaps == ((0, 1),)
    assert not found.knows_overlaps
    assert found.gap is not None
    assert found.knows_gap


def test_rules_that_never_hold() -> None:
    """By themselves, by what the input may be, or behind others."""
    columns = _columns(["< 0", "[5..1]", "> 3 ", "-", "7"])
    found = _analysed(columns, in_turn=True)
    assert found.empty == (1,)
    assert found.shadowed == (4,)
    assert _analysed(_columns(["< 0", ">= 0"], facts=Facts(least=check("0", {}).bind({})([])))).empty == (0,)


def test_too_much_is_given_up_and_said() -> None:
    """A table of many columns that is hard to look through ends soon, whatever is in it."""
    cells = [["-"] * 30 for _ in range(30)]
    for index, column in enumerate(cells):
        for rule in range(30):
            column[rule] = f"[{rule % 7}..{rule % 7 + index % 5}]" if (rule * 7 + index * 3) % 5 else "-"
    columns = _columns(*cells)
    began = time.perf_counter()
    found = _analysed(columns, in_turn=True, budget=2_000)
    assert time.perf_counter() - began < 5
    assert found.given_up
    assert not found.knows_gap or found.gap is not None


def test_a_thousand_rules_are_looked_through() -> None:
    """Within the budget that a flow is given."""
    columns = _columns([f"[{n}..{n + 1})" for n in range(1000)], ["-"] * 1000)
    found = analyse(columns, 1000, overlaps=lambda _one, _other: True, gap=True, in_turn=True)
    assert found.given_up == ()
    assert (found.overlaps, found.knows_overlaps) == ((), True)
    assert found.gap is not None


def test_so_many_pairs_are_enough() -> None:
    """Nobody reads more, and that there are more is known."""
    found = _analysed(_columns(["-"] * 40))
    assert len(found.overlaps) == MOST_PAIRS
    assert not found.knows_overlaps
