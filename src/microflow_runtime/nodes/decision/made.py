"""The decisions of a DMN file at work: made one after the other in a frame that holds nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from microflow_runtime.compiler.decisions import SUBJECT
from microflow_runtime.compiler.decisions.dmn import EACH
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.errors import FeelError, NodeError
from microflow_runtime.feel import Formula, FunctionType, FunctionValue, Type, Value
from microflow_runtime.nodes.decision.boxed import Boxed, Slots
from microflow_runtime.nodes.decision.deciding import BoundTable, Decided, value_of
from microflow_runtime.nodes.decision.matching import failure

Step = Callable[[Frame], tuple[Value, Decided | None]]
"""Makes one decision of a frame: its value, and what its table gave where it is one."""


class CheckedTests(msgspec.Struct, frozen=True):
    """Checked unary tests of the values at a path of component names, `[]` for each item of a list."""

    path: tuple[str, ...]
    formula: Formula


class CheckedStep(msgspec.Struct, frozen=True):
    """A checked decision or knowledge model: its logic, or the decisions of a service; the tests that its result passes."""

    name: str
    logic: "Boxed | CheckedService"
    allowed: tuple[CheckedTests, ...]


class CheckedDecisions(msgspec.Struct, frozen=True):
    """Checked decisions, each after those that it requires.

    `inputs` are the names that are given, in their order, with the tests that values pass. `aliases` has for further names
    those of decisions. `asked` are the decisions whose results are given: of one the result itself, of several a context.
    """

    inputs: tuple[tuple[str, tuple[CheckedTests, ...]], ...]
    steps: tuple[CheckedStep, ...]
    aliases: Mapping[str, str]
    asked: tuple[str, ...]
    type: Type


class CheckedService(msgspec.Struct, frozen=True):
    """A decision service as a function of its inputs; `fits` checks each argument whose type is declared."""

    decisions: CheckedDecisions
    type: FunctionType
    fits: tuple[Callable[[Value], Value] | None, ...]


class Decisions:
    """Makes decisions, one after the other."""

    def __init__(self, checked: CheckedDecisions) -> None:
        names = [*(name for name, _ in checked.inputs), *(step.name for step in checked.steps), SUBJECT]
        slots = self._slots = Slots.over(names).also(checked.aliases)
        self._subject = slots.names[SUBJECT]
        self._inputs = tuple((slots.names[name], self._tests(tests), name) for name, tests in checked.inputs)
        self._steps = tuple(
            (slots.names[step.name], self._step(step), self._tests(step.allowed), step.name) for step in checked.steps
        )
        self._asked = {name: slots.names[name] for name in checked.asked}

    def __call__(self, given: Sequence[Value]) -> tuple[Value, Decided | None]:
        """Decide on the values of the inputs: return the result as a value, and as the last table gave it.

        Raises NodeError of the kinds of a table.
        """
        own: Frame = [None] * self._slots.size
        for (slot, tests, name), value in zip(self._inputs, given, strict=True):
            own[slot] = value
            if tests:
                self._check(tests, own, value, f'the value of "{name}"', "decision.input")
        value, decided = None, None
        for slot, step, tests, name in self._steps:
            value, decided = step(own)
            own[slot] = value
            if tests:
                self._check(tests, own, value, f'the result of the decision "{name}"', "decision.output")
        if len(self._asked) == 1:
            return value, decided
        return {name: own[slot] for name, slot in self._asked.items()}, None

    def _tests(self, allowed: tuple[CheckedTests, ...]) -> tuple[tuple[tuple[str, ...], Evaluate], ...]:
        return tuple((each.path, each.formula.bind(self._slots.names)) for each in allowed)

    def _step(self, step: CheckedStep) -> Step:
        logic = step.logic
        if isinstance(logic, CheckedService):
            function = _function(logic)
            return lambda _own: (function, None)
        if logic.table is not None:
            bound, value = (
                BoundTable(logic.table, self._slots.names, f'decision "{step.name}": '),
                value_of(logic.table),
            )

            def decide(own: Frame) -> tuple[Value, Decided]:
                decided = bound.decide(own)
                return value(decided), decided

            return decide
        evaluate = logic.bind(self._slots)
        return lambda own: (evaluate(own), None)

    def _check(
        self, allowed: tuple[tuple[tuple[str, ...], Evaluate], ...], own: Frame, value: Value, what: str, kind: str
    ) -> None:
        for path, tests in allowed:
            for part in _parts(value, path):
                own[self._subject] = part
                try:
                    good = tests(own) is True
                except FeelError as error:
                    raise failure(f"the test of {what}", error) from error
                if not good:
                    where = "".join(f" {name}" for name in path if name != EACH)
                    raise NodeError(f"{what} is none of those allowed{where and ':'}{where}.", kind=kind)


def _parts(value: Value, path: tuple[str, ...]) -> Iterator[Value]:
    """Return the values at a path that are there."""
    if value is None:
        return
    if not path:
        yield value
    elif path[0] == EACH:
        for item in value if isinstance(value, list) else ():
            yield from _parts(item, path[1:])
    elif isinstance(value, dict):
        yield from _parts(value.get(path[0]), path[1:])


def _function(service: CheckedService) -> FunctionValue:
    decide = Decisions(service.decisions)
    names = service.type.names
    assert names is not None

    def call(*arguments: Value) -> Value:
        fitted = [
            argument if fit is None else fit(argument) for fit, argument in zip(service.fits, arguments, strict=True)
        ]
        return decide(fitted)[0]

    return FunctionValue(names, call, service.type)
