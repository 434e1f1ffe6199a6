"""What a gateway saw: each condition it tried, computed once more part by part over the captured values."""

import math
import time
from typing import Final

from microflow_runtime.compiler.plan import Frame, Plan, PlanCondition, PlanNode
from microflow_runtime.engine.masking import mask_part
from microflow_runtime.feel import Part, explain, set_clock, set_deadline
from microflow_runtime.model.execution import Condition, ConditionPart

SECONDS: Final = 1.0
"""What computing the conditions of one step once more may take; those it is not enough for say so as their error."""


def explain_conditions(plan: Plan, node: PlanNode, leaves_by: int, frame: Frame, at_ns: int) -> tuple[Condition, ...]:
    """Give the conditions that a visit tried: up to that of the link it left by, or up to the one that failed, or all.

    `frame` holds the values it saw. `at_ns` is when, in nanoseconds since 1970, for conditions that read the clock.
    """
    if not node.action.conditions:
        return ()
    tried = []
    set_deadline(time.monotonic() + SECONDS)
    set_clock(lambda: at_ns, plan.time_zone)
    try:
        for condition in node.action.conditions:
            parts = _parts(plan, condition, frame)
            tried.append(_recorded(plan, condition, parts))
            has_failed = bool(parts[0].error) or not (parts[0].value is None or isinstance(parts[0].value, bool))
            if condition.exit == leaves_by or (leaves_by < 0 and has_failed):
                break
    finally:
        set_deadline(math.inf)
    return tuple(tried)


def _parts(plan: Plan, condition: PlanCondition, frame: Frame) -> list[Part]:
    """Give the parts with their values, the whole condition first; a constant has itself as its only one."""
    formula = condition.formula
    parts = explain(formula, {name: frame[plan.slots[name]] for name in formula.names})
    return parts or [Part(formula.text, 0, len(formula.text), formula.bind({})([]))]


def _recorded(plan: Plan, condition: PlanCondition, parts: list[Part]) -> Condition:
    """Make the record. Whether the condition held is always told: the link that was taken tells it, too."""
    whole, *inner = parts
    value, error = mask_part(whole, plan)
    return Condition(
        link=condition.label,
        text=condition.formula.text.strip(),
        value=whole.value if whole.value is None or isinstance(whole.value, bool) else value,
        error=error,
        parts=tuple(ConditionPart(part.text, *mask_part(part, plan)) for part in inner),
    )
