"""`gateway`: takes the first link whose condition is true, else the one marked `otherwise`.

A condition that is null counts as false. None true and no otherwise is an error of kind `gateway`.
Source: ONEWEB, Exclusive gateway; what happens when no link is true is not documented there.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame, PlanCondition
from microflow_runtime.errors import FeelError, NodeError
from microflow_runtime.feel import FeelLimitError


class GatewaySettings(msgspec.Struct, frozen=True):
    """A gateway is all in its links."""


class GatewayNode:
    """Exclusive choice."""

    name: ClassVar[str] = "gateway"
    settings: ClassVar[type[msgspec.Struct]] = GatewaySettings
    exits: ClassVar[str] = "links"
    waits: ClassVar[bool] = False

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check the conditions."""
        for key in ("in", "out"):
            if context.node.inputs if key == "in" else context.node.outputs:
                context.fault(
                    "MF-D070",
                    f"A gateway takes no `{key}`.",
                    key,
                    at_key=True,
                    help="use a mapping node before or after",
                )
        conditions: list[tuple[int, str, Computed]] = []
        otherwise = -1
        for index, link in enumerate(context.node.links):
            if link.otherwise:
                otherwise = index
            elif link.when is not None:  # a link with neither is told where the definition is read
                computed = context.condition(link.when, "links", index, "when", leaves_by=index)
                if computed is not None:
                    conditions.append((index, link.label or link.to, computed))
        return lambda: _build(context, conditions, otherwise)


def _build(context: NodeContext, conditions: list[tuple[int, str, Computed]], otherwise: int) -> Action:
    bound = tuple((index, context.bind(computed)) for index, _, computed in conditions)
    told = {index: (label, computed.text.strip()) for index, label, computed in conditions}

    def run(frame: Frame, _run: Any) -> int:
        index = otherwise
        try:
            for index, condition in bound:
                value = condition(frame)
                if value is True:
                    return index
                if value is not False and value is not None:
                    raise _not_boolean(*told[index], value)
        except FeelError as error:
            if isinstance(error, FeelLimitError) and error.is_deadline:
                raise  # the time of the execution is over, which is not this condition's failure
            label, text = told[index]
            raise NodeError(
                f'the condition of the link "{label}" failed: {error.message} (in `{text}`, {error.where})',
                kind="formula",
            ) from error
        if otherwise >= 0:
            return otherwise
        raise NodeError("no condition is true and no link is marked `otherwise`.", kind="gateway")

    shown = (PlanCondition(index, label, computed.formula) for index, label, computed in conditions if computed.formula)
    return Action(run, conditions=tuple(shown))


def _not_boolean(label: str, text: str, value: object) -> NodeError:
    kind = type(value).__name__
    return NodeError(
        f'the condition of the link "{label}" gave a {kind}, not true or false (`{text}`).', kind="formula"
    )
