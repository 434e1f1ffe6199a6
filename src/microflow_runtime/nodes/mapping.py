"""`mapping`: formulas that fill Business Objects. All are computed before any is assigned, so their order does not matter.

Source: ONEWEB, Mapping Parameter and Formula Editor.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame


class MappingSettings(msgspec.Struct, frozen=True):
    """A mapping is all in its `out`."""


class MappingNode:
    """Computes and assigns."""

    name: ClassVar[str] = "mapping"
    settings: ClassVar[type[msgspec.Struct]] = MappingSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = False

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check every line against the type of its target."""
        if context.node.inputs:
            context.fault(
                "MF-D070", "A mapping node takes no `in`; its formulas see every variable.", "in", at_key=True
            )
        if not context.node.outputs:
            context.fault(
                "MF-D071", f'The mapping "{context.node.name}" maps nothing.', help="add `out:` with at least one line"
            )
        outputs = context.outputs({})

        def build() -> Action:
            assign = context.bind_outputs(outputs, {})
            assert assign is not None

            def run(frame: Frame, _run: Any) -> int:
                assign(frame)
                return 0

            return Action(run)

        return build
