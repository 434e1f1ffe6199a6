"""What a table gives: the outputs of the rules that hold, by its hit policy."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.compiler.decisions import SUBJECT, CheckedOutput, CheckedTable
from microflow_runtime.compiler.formulas import Computed, Evaluate
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.errors import FeelError, NodeError
from microflow_runtime.feel import Value
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.operations import add, deep_equal, greater, less
from microflow_runtime.nodes.decision.matching import Matcher, failure

Row = list[Value]


class Decided(msgspec.Struct):
    """What a table gave: `rules` counts from 1; `rows` the outputs of each rule that counts, in the order they are given.

    A table that gives no list has one row.
    """

    rules: list[int]
    rows: list[Row]


def value_of(table: CheckedTable) -> Callable[[Decided], Value]:
    """Return what makes the one value of what a table gave, as DMN has it: of one output the value itself, of several a context."""
    names = tuple(output.name for output in table.outputs)

    def of_row(row: Row) -> Value:
        return row[0] if len(names) == 1 else dict(zip(names, row, strict=True))

    if table.gives_list:
        return lambda decided: [of_row(row) for row in decided.rows]
    return lambda decided: of_row(decided.rows[0])


class BoundTable:
    """A checked table bound to a frame. `title` comes before the messages of its errors."""

    def __init__(self, table: CheckedTable, layout: Mapping[str, int], title: str = "") -> None:
        self.table = table
        self._title = title
        self._matcher = Matcher(table, layout, title)
        self._outputs = tuple(_Output(output, layout, title) for output in table.outputs)
        bound = [[None if each is None else each.bind(layout) for each in rule.entries] for rule in table.rules]
        self._entries = [tuple(zip(self._outputs, row, strict=True)) for row in bound]
        looks = any(output.allowed is not None for output in table.outputs)
        self._constant = [None if looks else self._constant_row(rule.entries) for rule in table.rules]

    def decide(self, frame: Frame) -> Decided:
        """Decide on the values of a frame.

        Raises NodeError of kind `decision.none`, `decision.overlap`, `decision.input`, `decision.output` or `formula`.
        """
        rules = self._matcher.rules(frame)
        numbers = [rule + 1 for rule in rules]
        if self.table.aggregate is not None:
            return Decided(numbers, [self._collected(rules, frame)])
        if not rules:
            return Decided([], self._without_rule(frame))
        match self.table.hit:
            case "unique" if len(rules) > 1:
                raise self._overlap(numbers, "hold at once, and the table takes one at most")
            case "any":
                return Decided(numbers, [self._agreed(rules, frame)])
            case "priority" | "output order":
                rows = sorted(
                    ((self._rank(row := self._row(rule, frame)), row, rule + 1) for rule in rules), key=_first
                )
                rows = rows if self.table.gives_list else rows[:1]
                return Decided([number for _, _, number in rows], [row for _, row, _ in rows])
        return Decided(numbers, [self._row(rule, frame) for rule in rules])

    def _row(self, rule: int, frame: Frame) -> Row:
        constant = self._constant[rule]
        if constant is not None:
            return constant
        return [output.give(evaluate, frame, rule) for output, evaluate in self._entries[rule]]

    def _constant_row(self, entries: tuple[Computed | None, ...]) -> Row | None:
        """Give the outputs of a rule that are all literals, which were looked at when the flow was compiled."""
        if any(each is not None and each.formula is not None for each in entries):
            return None
        pairs = zip(self._outputs, entries, strict=True)
        return [output.missing if each is None or each.literal is None else each.literal for output, each in pairs]

    def _without_rule(self, frame: Frame) -> list[Row]:
        outputs = self._outputs
        if self.table.gives_list:
            return [[each.default_in(frame) for each in outputs]] if any(each.has_default for each in outputs) else []
        if any(each.is_needed and not each.has_default for each in outputs):
            raise NodeError(f"{self._title}no rule holds, and there is no default.", kind="decision.none")
        return [[each.default_in(frame) for each in outputs]]

    def _agreed(self, rules: list[int], frame: Frame) -> Row:
        row = self._row(rules[0], frame)
        for rule in rules[1:]:
            if not deep_equal(self._row(rule, frame), row):
                raise self._overlap([rules[0] + 1, rule + 1], "hold at once and give different outputs")
        return row

    def _overlap(self, numbers: list[int], what: str) -> NodeError:
        told = ", ".join(map(str, numbers[:-1]))
        message = f"{self._title}the rules {told} and {numbers[-1]} {what}."
        return NodeError(message, kind="decision.overlap", data={"rules": [Decimal(number) for number in numbers]})

    def _rank(self, row: Row) -> tuple[int, ...]:
        return tuple(output.rank(value) for output, value in zip(self._outputs, row, strict=True))

    def _collected(self, rules: list[int], frame: Frame) -> Row:
        """Give the one value that the outputs of the rules make up; missing ones are left out."""
        aggregate = self.table.aggregate
        if aggregate == "count":
            return [Decimal(len(rules))]
        (output,) = self._outputs
        values = [value for rule in rules if (value := self._row(rule, frame)[0]) is not None]
        if not values:
            return self._without_rule(frame)[0]
        try:
            result = values[0]
            for value in values[1:]:
                if aggregate == "sum":
                    result = add(result, value)
                elif (less if aggregate == "min" else greater)(value, result):
                    result = value
        except (Failure, ArithmeticError) as error:
            message = f'{self._title}the {aggregate} of "{output.name}" cannot be computed: {error}'
            raise NodeError(message, kind="formula") from error
        return [output.fitted(result, None)]


def _first(row: tuple[Any, ...]) -> Any:
    return row[0]


class _Output:
    """An output bound to a frame."""

    def __init__(self, checked: CheckedOutput, layout: Mapping[str, int], title: str) -> None:
        self.name = checked.name
        self.is_needed = checked.is_needed
        self.missing = checked.missing
        self._may_be_missing = checked.type.optional
        self.has_default = checked.default is not None
        self._title = title
        self._adopt: Callable[[Value], Value] | None = checked.adopt
        self._ranks = checked.ranks
        self._allowed = checked.allowed.bind(layout) if checked.allowed is not None else None
        self._default = checked.default.bind(layout) if checked.default is not None else None
        self._subject = layout[SUBJECT]

    def give(self, evaluate: Evaluate | None, frame: Frame, rule: int) -> Value:
        """Compute the output of a rule."""
        if evaluate is None:
            return self.missing
        try:
            value = evaluate(frame)
            self._check_allowed(value, frame, rule)
        except FeelError as error:
            raise failure(f'{self._title}the output "{self.name}" of rule {rule + 1}', error) from error
        return self.fitted(value, rule)

    def default_in(self, frame: Frame) -> Value:
        """Compute what stands in where no rule gives anything."""
        if self._default is None:
            return self.missing
        try:
            return self.fitted(self._default(frame), None)
        except FeelError as error:
            raise failure(f'{self._title}the default of "{self.name}"', error) from error

    def fitted(self, value: Value, rule: int | None) -> Value:
        """Take a value over into the declared type."""
        if value is None and self._may_be_missing:
            return self.missing
        try:
            if value is None:
                raise Misfit("a value", "nothing")
            return value if self._adopt is None else self._adopt(value)
        except Misfit as misfit:
            of_rule = "" if rule is None else f" of rule {rule + 1}"
            message = f'{self._title}the output "{self.name}"{of_rule} does not fit: {misfit.sentence()}.'
            raise NodeError(message, kind="decision.output", data={"output": self.name}) from misfit

    def rank(self, value: Value) -> int:
        """Give the priority of a value, 0 for the best; what has none comes last, and so does everything without a list."""
        if self._ranks is None:
            return 0
        return len(self._ranks) if value is None else self._ranks.get(value, len(self._ranks))

    def _check_allowed(self, value: Value, frame: Frame, rule: int) -> None:
        if value is None or (self._ranks is None and self._allowed is None):
            return
        if self._allowed is not None:
            frame[self._subject] = value
            good = self._allowed(frame) is True
        else:
            good = self._ranks is not None and not isinstance(value, list | dict) and value in self._ranks
        if not good:
            message = f'{self._title}the output "{self.name}" of rule {rule + 1} is none of its allowed values.'
            raise NodeError(message, kind="decision.output", data={"output": self.name})
