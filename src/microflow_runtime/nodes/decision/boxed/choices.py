"""Boxed conditionals: if, then, else."""

from microflow_runtime.compiler.decisions.dmn import Element
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import BOOLEAN, Value, is_assignable, optional
from microflow_runtime.feel.types import join
from microflow_runtime.nodes.decision.boxed.checker import Boxed, BoxedChecker, BoxedScope
from microflow_runtime.nodes.decision.boxed.slots import Slots


def conditional(checker: BoxedChecker, element: Element, scope: BoxedScope, name: str) -> Boxed | None:
    """Check an if with its two ways; a condition that is null takes the second."""
    condition, then, otherwise = (checker.check_part(element, part, scope, name) for part in ("if", "then", "else"))
    if condition is None or then is None or otherwise is None:
        return None
    check_condition(checker, condition, element, "The condition")

    def bind(slots: Slots) -> Evaluate:
        test, first, second = condition.bind(slots), then.bind(slots), otherwise.bind(slots)
        return lambda frame: first(frame) if is_true(test(frame), name) else second(frame)

    return Boxed(join(then.type, otherwise.type), bind)


def check_condition(checker: BoxedChecker, condition: Boxed, element: Element, what: str) -> None:
    """Tell a condition that cannot be one."""
    if not is_assignable(condition.type, optional(BOOLEAN)):
        checker.faults.add("MF-D187", f"{what} gives {condition.type}, not boolean.", element.path)


def is_true(value: Value, name: str) -> bool:
    """Whether a condition of the decision `name` holds; raise NodeError for a value that is neither boolean nor null."""
    if value is None or type(value) is bool:
        return value is True
    raise NodeError(f'decision "{name}": a condition gives what is neither true nor false.', kind="formula")
