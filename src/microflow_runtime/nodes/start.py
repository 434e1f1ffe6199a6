"""`start`: where an execution begins. A flow has exactly one.

Source: ONEWEB, Start (input BOs). The inputs are declared once, at the flow.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame


class StartSettings(msgspec.Struct, frozen=True):
    """A start has no settings of its own."""


class StartNode:
    """Leaves by its `next`, doing nothing."""

    name: ClassVar[str] = "start"
    settings: ClassVar[type[msgspec.Struct]] = StartSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = False

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check that no mapping is attached."""
        for key in ("in", "out"):
            if context.node.inputs if key == "in" else context.node.outputs:
                context.fault("MF-D070", f"A start node takes no `{key}`.", key, at_key=True, help="use a mapping node")
        return lambda: Action(_run)


def _run(_frame: Frame, _run_state: Any) -> int:
    return 0
