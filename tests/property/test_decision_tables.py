"""What is found out about a table without running it, against all that happens when it is run."""

import decimal
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microflow_runtime.compiler.decisions import Column, Facts, analyse, column_of, common_point, simple_tests
from microflow_runtime.feel import (
    BOOLEAN,
    DATE,
    NUMBER,
    NUMBER_CONTEXT,
    STRING,
    Date,
    Formula,
    Type,
    check,
    optional,
)

_NUMBERS = ("-1", "0", "1", "1.5", "2")
_NUMBER_VALUES = tuple(map(Decimal, ("-7", "-1", "-0.5", "0", "0.5", "1", "1.2", "1.5", "1.7", "2", "9")))
_DAYS = ("2026-01-01", "2026-01-02", "2026-01-05")
_DAY_VALUES = tuple(
    Date(*day) for day in ((2025, 6, 1), (2026, 1, 1), (2026, 1, 2), (2026, 1, 3), (2026, 1, 5), (2027, 1, 1))
)
_TEXTS = ('"a"', '"b"', '"c"')
_TEXT_VALUES = ("a", "b", "c", "something else")
_OPERATORS = st.sampled_from(("<", "<=", ">", ">=", "=", "!="))


@pytest.fixture(autouse=True)
def _numbers() -> Iterator[None]:
    with decimal.localcontext(NUMBER_CONTEXT):
        yield


def _ordered(constants: tuple[str, ...]) -> st.SearchStrategy[str]:
    constant = st.sampled_from(constants)
    ends = st.tuples(st.sampled_from("[(]"), constant, constant, st.sampled_from("])["))
    ranges = ends.map(lambda each: f"{each[0]}{each[1]}..{each[2]}{each[3]}")
    compared = st.tuples(_OPERATORS, constant).map(" ".join)
    one = st.one_of(constant, ranges, compared, st.just("null"))
    turned = st.tuples(constant, _OPERATORS).map(lambda each: f"{each[0]} {each[1]} ?")
    both = st.tuples(compared, st.sampled_from(("and", "or")), compared).map(
        lambda each: f"? {each[0]} {each[1]} ? {each[2]}"
    )
    between = st.tuples(constant, constant).map(lambda each: f"? between {each[0]} and {each[1]}")
    within = st.lists(one, min_size=1, max_size=2).map(lambda each: f"? in ({', '.join(each)})")
    listed = st.lists(constant, min_size=1, max_size=3).map(lambda each: f"[{', '.join(each)}]")
    return _cells(st.one_of(one, turned, both, between, within, listed))


def _cells(one: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(one, min_size=1, max_size=3).map(", ".join)
    return st.one_of(st.just("-"), several, several.map(lambda text: f"not({text})"))


_text_tests = st.one_of(
    st.sampled_from(_TEXTS), st.just("null"), st.sampled_from(_TEXTS).map(lambda text: f"!= {text}"),
    st.sampled_from(_TEXTS).map(lambda text: f"? = {text}"), st.just('["a", "b"]'),
)  # fmt: skip
_CELLS = {
    NUMBER: _ordered(_NUMBERS),
    DATE: _ordered(tuple(f'@"{day}"' for day in _DAYS)),
    STRING: _cells(_text_tests),
    BOOLEAN: _cells(st.sampled_from(("true", "false", "?", "? = true", "!= false", "null"))),
}
_OPEN = {
    NUMBER: "? * 2 > 2",
    DATE: '? + duration("P1D") > @"2026-01-02"',
    STRING: "string length(?) > 1",
    BOOLEAN: 'string(?) = "true"',
}
_VALUES: dict[Type, tuple[Any, ...]] = {
    NUMBER: _NUMBER_VALUES,
    DATE: _DAY_VALUES,
    STRING: _TEXT_VALUES,
    BOOLEAN: (False, True),
}


class _Input:
    """A column with the formulas of its cells, and the values that can come: at least one of each piece."""

    def __init__(self, kind: Type, cells: list[str], facts: Facts) -> None:
        checked = {text: check(text, {"?": kind}, unary=True) for text in cells}
        read = {text: simple_tests(formula.tree, kind) for text, formula in checked.items()}
        self.formulas: list[Formula] = [checked[text] for text in cells]
        self.functions = [formula.bind({"?": 0}) for formula in self.formulas]
        self.column: Column = column_of("x", kind, [read[text] for text in cells], facts)
        plain = kind.as_optional(optional=False)
        self.values = [value for value in _VALUES[plain] if _fits(value, facts)] + ([None] if kind.optional else [])

    def takes(self, rule: int, value: Any) -> bool:
        return self.functions[rule]([value]) is True

    def example(self, piece: int) -> Any:
        return self.column.axis.example(piece, self.column.facts)


def _fits(value: Any, facts: Facts) -> bool:
    return (
        (not facts.whole or value == value.to_integral_value())
        and (facts.least is None or value >= facts.least)
        and (facts.most is None or value <= facts.most)
        and (facts.only is None or value in facts.only)
    )


@st.composite
def _inputs(draw: st.DrawFn, *, opened: bool) -> list[_Input]:
    rules = draw(st.integers(1, 5))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        plain = draw(st.sampled_from((NUMBER, DATE, STRING, BOOLEAN)))
        kind = optional(plain) if draw(st.booleans()) else plain
        cell = st.one_of(_CELLS[plain], st.just(_OPEN[plain])) if opened else _CELLS[plain]
        facts = Facts()
        if plain is NUMBER:
            least = draw(st.sampled_from((None, Decimal(0))))
            facts = Facts(whole=draw(st.booleans()), least=least, most=draw(st.sampled_from((None, Decimal(2)))))
        elif plain is STRING:
            facts = Facts(only=draw(st.sampled_from((None, ("a", "b"), ("a", "b", "c")))))
        found.append(_Input(kind, draw(st.lists(cell, min_size=rules, max_size=rules)), facts))
    return found


def _holding(inputs: list[_Input], point: tuple[Any, ...]) -> list[int]:
    rules = range(len(inputs[0].functions))
    return [rule for rule in rules if all(each.takes(rule, value) for each, value in zip(inputs, point, strict=True))]


@given(_inputs(opened=False))
def test_the_index_answers_as_the_formulas_do(inputs: list[_Input]) -> None:
    """Each rule is found for a value exactly when the compiled cell holds for it."""
    for each in inputs:
        for value in each.values:
            mask = each.column.may[each.column.axis.piece_of(value)]
            assert [bool(mask >> rule & 1) for rule in range(len(each.functions))] == [
                each.takes(rule, value) for rule in range(len(each.functions))
            ]


@given(_inputs(opened=False))
@settings(max_examples=150)
def test_what_is_found_is_all_there_is(inputs: list[_Input]) -> None:
    """Of cells that are comparisons: the overlaps, the gap, the rules that never hold, no more and no less."""
    columns = [each.column for each in inputs]
    rules = len(inputs[0].functions)
    found = analyse(columns, rules, overlaps=lambda _first, _second: True, gap=True, in_turn=True)
    assert found.knows_overlaps
    assert found.knows_gap
    assert not found.given_up
    hits = [_holding(inputs, point) for point in product(*(each.values for each in inputs))]
    pairs = {(a, b) for each in hits for a in each for b in each if a < b}
    assert set(found.overlaps) == pairs
    assert (found.gap is not None) == any(not each for each in hits)
    assert set(found.empty) == set(range(rules)) - {rule for each in hits for rule in each}
    assert {*found.empty, *found.shadowed} == set(range(rules)) - {each[0] for each in hits if each}


@given(_inputs(opened=True))
@settings(max_examples=150)
def test_examples_are_right_and_silence_is_meant(inputs: list[_Input]) -> None:
    """Whatever the cells ask: an example is one, and where it is said that there is no more, there is none."""
    columns = [each.column for each in inputs]
    found = analyse(columns, len(inputs[0].functions), overlaps=lambda _first, _second: True, gap=True, in_turn=True)
    for first, second in found.overlaps:
        point = common_point(columns, first, second)
        holding = _holding(inputs, tuple(each.example(piece) for each, piece in zip(inputs, point, strict=True)))
        assert {first, second} <= set(holding)
    if found.gap is not None:
        point = tuple(each.example(piece) for each, piece in zip(inputs, found.gap, strict=True))
        assert _holding(inputs, point) == []
    for point in product(*(each.values for each in inputs)):
        hits = _holding(inputs, point)
        if found.knows_overlaps:
            assert all((a, b) in found.overlaps for a in hits for b in hits if a < b)
        if found.knows_gap and found.gap is None:
            assert hits
        assert not set(hits) & set(found.empty)
        assert not hits or hits[0] not in found.shadowed
