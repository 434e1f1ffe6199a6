"""The decisions of a DMN file at work: made one after the other in a frame that holds nothing else."""

from collections.abc import Callable, Mapping

import msgspec

from microflow_runtime.compiler.decisions import SUBJECT, CheckedTable
from microflow_runtime.compiler.formulas import Computed, Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.errors import FeelError, NodeError
from microflow_runtime.feel import Formula, Value
from microflow_runtime.nodes.decision.deciding import BoundTable, Decided
from microflow_runtime.nodes.decision.matching import failure


class Made(msgspec.Struct, frozen=True):
    """A checked decision: the logic, one of the two; what it sees; the tests that its result passes."""

    name: str
    table: CheckedTable | None
    expression: Computed | None
    allowed: Formula | None


class Decide:
    """Makes the decisions, one after the other."""

    def __init__(
        self,
        made: list[Made],
        given: Mapping[str, Computed],
        allowed: Mapping[str, Formula | None],
        context: NodeContext,
    ) -> None:
        names = [*given, *(each.name for each in made), SUBJECT]
        self._layout = {name: place for place, name in enumerate(names)}
        self._inputs = tuple(
            (self._layout[name], context.bind(computed), self._tests(allowed[name]), name)
            for name, computed in given.items()
        )
        self._steps = tuple(
            (self._layout[each.name], self._step(each), self._tests(each.allowed), each.name) for each in made
        )

    def __call__(self, frame: Frame) -> tuple[Value, Decided | None]:
        """Decide on the values of a flow's frame: give the result as a value, and as the last table gave it.

        Raises NodeError of the kinds of a table.
        """
        own: Frame = [None] * len(self._layout)
        for place, evaluate, tests, name in self._inputs:
            own[place] = value = evaluate(frame)
            if tests is not None and value is not None:
                self._check(tests, own, value, f'the value of "{name}"', "decision.input")
        value, decided = None, None
        for place, step, tests, name in self._steps:
            value, decided = step(own)
            own[place] = value
            if tests is not None and value is not None:
                self._check(tests, own, value, f'the result of the decision "{name}"', "decision.output")
        return value, decided

    def _tests(self, formula: Formula | None) -> Evaluate | None:
        return None if formula is None else formula.bind(self._layout)

    def _step(self, made: Made) -> Callable[[Frame], tuple[Value, Decided | None]]:
        title = f'decision "{made.name}": '
        if made.table is not None:
            return _table_step(BoundTable(made.table, self._layout, title), made.table)
        assert made.expression is not None
        evaluate = made.expression.bind(self._layout)

        def compute(own: Frame) -> tuple[Value, None]:
            try:
                return evaluate(own), None
            except FeelError as error:
                raise failure(f"{title}the formula", error) from error

        return compute

    def _check(self, tests: Evaluate, own: Frame, value: Value, what: str, kind: str) -> None:
        own[self._layout[SUBJECT]] = value
        try:
            good = tests(own) is True
        except FeelError as error:
            raise failure(f"the test of {what}", error) from error
        if not good:
            raise NodeError(f"{what} is none of those allowed.", kind=kind)


def _table_step(bound: BoundTable, table: CheckedTable) -> Callable[[Frame], tuple[Value, Decided]]:
    names = tuple(output.name for output in table.outputs)

    def value_of(row: list[Value]) -> Value:
        return row[0] if len(names) == 1 else dict(zip(names, row, strict=True))

    def decide(own: Frame) -> tuple[Value, Decided]:
        decided = bound.decide(own)
        if table.gives_list:
            return [value_of(row) for row in decided.rows], decided
        return value_of(decided.rows[0]), decided

    return decide
