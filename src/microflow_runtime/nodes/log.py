"""`log`: writes a line to the server's log, with the execution's id and values of the author's choice.

The caller sees nothing of it. A field that is declared `sensitive` is shown as `***`. The vendor has no such node.
"""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec

from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame, Plan
from microflow_runtime.engine.masking import mask_value
from microflow_runtime.engine.run import Run
from microflow_runtime.feel import STRING, origin_of
from microflow_runtime.telemetry import get_log

MOST_CHARACTERS: Final = 2_000
_log: Final = get_log("flow")
_encode: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=str).encode


class LogSettings(msgspec.Struct, frozen=True):
    """What is said, and how loudly."""

    message: Annotated[Any, msgspec.Meta(description="What is said: a text, or a formula that gives one.")]
    level: Annotated[Literal["debug", "info", "warning", "error"], msgspec.Meta(description="How important it is.")] = (
        "info"
    )


class LogNode:
    """Writes the line."""

    name: ClassVar[str] = "log"
    settings: ClassVar[type[msgspec.Struct]] = LogSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = False

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check the message and the values."""
        settings: LogSettings = context.settings
        if context.node.outputs:
            context.fault("MF-D070", "A log node takes no `out`.", "out", at_key=True)
        message = context.setting(settings.message, "message", expected=STRING)
        values = context.inputs()

        def build() -> Action:
            assert message is not None
            say = getattr(_log, settings.level)
            shown = tuple((name, _Shown(context, computed)) for name, computed in values.items())
            told = _Shown(context, message)

            def run(frame: Frame, run: Run) -> int:
                given = {f"value.{name}": value.of(frame, run.plan) for name, value in shown}
                say(
                    told.of(frame, run.plan),
                    app=run.plan.app,
                    flow=run.plan.name,
                    execution=run.execution_id,
                    username=run.principal.username,
                    **given,
                )
                return 0

            return Action(run)

        return build


class _Shown:
    """A value as the log may show it: what is sensitive masked, what is long cut."""

    def __init__(self, context: NodeContext, computed: Computed) -> None:
        self._evaluate = context.bind(computed)
        self._origin = origin_of(computed.formula) if computed.formula is not None else None

    def of(self, frame: Frame, plan: Plan) -> Any:
        """Give the value."""
        value = self._evaluate(frame)
        if self._origin is not None:
            value = mask_value(value, self._origin, plan)
        return _cut(value)


def _cut(value: Any) -> Any:
    """Give a text of bounded length, which says so when it was longer; numbers and truth values stay what they are."""
    if value is None or isinstance(value, bool):
        return value
    text = value if isinstance(value, str) else _encode(value).decode()
    if len(text) > MOST_CHARACTERS:
        return f"{text[:MOST_CHARACTERS]}… ({len(text)} characters)"
    return text
