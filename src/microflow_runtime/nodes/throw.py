"""`throw`: ends the execution with an error of the author's own kind and message; a catch of a calling flow may take it."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, NoReturn

import msgspec

from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.errors import Thrown
from microflow_runtime.feel import STRING


class ThrowSettings(msgspec.Struct, frozen=True):
    """What is thrown."""

    message: Annotated[str, msgspec.Meta(description="The message for the caller: text, or a formula that gives text.")]
    error: Annotated[str, msgspec.Meta(description="The kind of error, as a catch names it.")] = "thrown"


class ThrowNode:
    """Raises the error."""

    name: ClassVar[str] = "throw"
    settings: ClassVar[type[msgspec.Struct]] = ThrowSettings
    exits: ClassVar[str] = "none"
    waits: ClassVar[bool] = False

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check the message."""
        for key in ("in", "out"):
            if context.node.inputs if key == "in" else context.node.outputs:
                context.fault("MF-D070", f"A throw node takes no `{key}`.", key, at_key=True)
        message = context.setting(context.settings.message, "message", expected=STRING)
        kind = context.settings.error

        def build() -> Action:
            assert message is not None
            evaluate = context.bind(message)

            def run(frame: Frame, _run: Any) -> NoReturn:
                raise Thrown(str(evaluate(frame)), kind=kind)

            return Action(run)

        return build
