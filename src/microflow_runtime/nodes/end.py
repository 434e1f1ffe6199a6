"""`end`: where an execution ends well. A flow has one or more; an `out` mapping may fill outputs at the last moment.

Source: ONEWEB, End (output BOs).
"""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame


class EndSettings(msgspec.Struct, frozen=True):
    """An end has no settings of its own."""


class EndNode:
    """Carries out its mapping and ends the execution."""

    name: ClassVar[str] = "end"
    settings: ClassVar[type[msgspec.Struct]] = EndSettings
    exits: ClassVar[str] = "none"
    waits: ClassVar[bool] = False

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check the mapping."""
        if context.node.inputs:
            context.fault("MF-D070", "An end node takes no `in`.", "in", at_key=True)
        outputs = context.outputs({})

        def build() -> Action:
            assign = context.bind_outputs(outputs, {})

            def run(frame: Frame, _run: Any) -> int:
                if assign is not None:
                    assign(frame)
                return 0

            return Action(run)

        return build
