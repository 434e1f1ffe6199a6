"""Which rules of a table hold for the values of a frame.

Each input is computed once and looked up in its column, which gives the rules that take it as bits; only cells that are
more than comparisons with constants are computed rule by rule.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.decisions import SUBJECT, CheckedInput, CheckedTable, Column, OrderedAxis, TextAxis
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.errors import FeelError, NodeError
from microflow_runtime.feel import Date, FeelLimitError, Value

Lookup = Callable[[Value], int]
"""Gives the rules that may take a value; -1 for one that is not allowed."""


class Matcher:
    """The rules of one table, bound to a frame that has a place for the value under test."""

    def __init__(self, table: CheckedTable, layout: Mapping[str, int], title: str) -> None:
        self._title = title
        self._subject = layout[SUBJECT]
        self._labels = tuple(each.label for each in table.inputs)
        self._steps = tuple(
            (self._value_of(at, each, layout), _lookup(each.column)) for at, each in enumerate(table.inputs)
        )
        self._all = (1 << len(table.rules)) - 1
        self._is_first = table.hit == "first"
        self._open: dict[int, tuple[tuple[int, Evaluate], ...]] = {
            rule: tuple((column, formula.bind(layout)) for column, formula in checked.tests)
            for rule, checked in enumerate(table.rules)
            if checked.tests
        }

    def rules(self, frame: Frame) -> list[int]:
        """Give the rules that hold by their index from 0, in order; of a table that takes the first, that one alone.

        Raises NodeError of kind `formula` or `decision.input`.
        """
        mask = self._all
        values: list[Value] = []
        try:
            for evaluate, find in self._steps:
                value = evaluate(frame)
                taken = find(value)
                if taken < 0:
                    raise self._refused(len(values))
                mask &= taken
                values.append(value)
        except FeelError as error:
            raise failure(f'{self._title}the input "{self._labels[len(values)]}"', error) from error
        found: list[int] = []
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            rule = lowest.bit_length() - 1
            if rule in self._open and not self._holds(rule, frame, values):
                continue
            found.append(rule)
            if self._is_first:
                break
        return found

    def _value_of(self, at: int, checked: CheckedInput, layout: Mapping[str, int]) -> Evaluate:
        """Make what computes an input, and looks at its declared type and allowed values where the column does not."""
        evaluate = checked.expression.bind(layout)
        adopt = checked.adopt
        allowed = checked.allowed.bind(layout) if checked.allowed is not None else None
        if adopt is None and allowed is None:
            return evaluate

        def value_of(frame: Frame) -> Value:
            value = evaluate(frame)
            if value is None:
                return None
            if adopt is not None:
                try:
                    value = adopt(value)
                except Misfit as misfit:
                    message = f'{self._title}the input "{checked.label}" does not fit: {misfit.sentence()}.'
                    raise NodeError(message, kind="decision.input", data={"input": checked.label}) from misfit
            if allowed is not None:
                frame[self._subject] = value
                if allowed(frame) is not True:
                    raise self._refused(at)
            return value

        return value_of

    def _refused(self, at: int) -> NodeError:
        label = self._labels[at]
        message = f'{self._title}the value of the input "{label}" is none of those allowed.'
        return NodeError(message, kind="decision.input", data={"input": label})

    def _holds(self, rule: int, frame: Frame, values: list[Value]) -> bool:
        column = 0
        try:
            for column, evaluate in self._open[rule]:
                frame[self._subject] = values[column]
                if evaluate(frame) is not True:
                    return False
        except FeelError as error:
            what = f'{self._title}the test of the input "{self._labels[column]}" in rule {rule + 1}'
            raise failure(what, error) from error
        return True


def failure(what: str, error: FeelError) -> Exception:
    """Give the error of a formula that failed, with what it was; that the time is over stays what it is."""
    if isinstance(error, FeelLimitError) and error.is_deadline:
        return error
    text = f" (in `{error.text.strip()}`, {error.where})" if error.text else ""
    return NodeError(f"{what} failed: {error.message}{text}", kind="formula")


def _lookup(column: Column) -> Lookup:
    """Make the function that finds the rules for a value of a column."""
    axis = column.axis
    masks = [-1 if piece in column.refused else mask for piece, mask in enumerate(column.may)]
    missing = masks[axis.missing]
    if isinstance(axis, OrderedAxis):
        return _by_day(axis.constants, masks, missing) if axis.dates else _ordered(axis.constants, masks, missing)
    if isinstance(axis, TextAxis):
        known: dict[Any, int] = {value: masks[rank] for value, rank in axis.ranks.items()}
        known[None] = missing
        other, find = masks[len(axis.constants)], known.get
        return lambda value: find(value, other)
    if axis.is_blind:
        return lambda _value: missing
    no, yes = masks[0], masks[1]
    return lambda value: yes if value is True else no if value is False else missing


def _ordered(constants: list[Any], masks: list[int], missing: int) -> Lookup:
    last = len(constants)

    def find(value: Value) -> int:
        if value is None:
            return missing
        index = bisect_left(constants, value)
        return masks[2 * index + 1 if index < last and constants[index] == value else 2 * index]

    return find


def _by_day(constants: list[Date], masks: list[int], missing: int) -> Lookup:
    """Look up days by year, month and day, which Python compares at once."""
    find = _ordered([(day.year, day.month, day.day) for day in constants], masks, missing)
    return lambda value: missing if value is None else find((value.year, value.month, value.day))
