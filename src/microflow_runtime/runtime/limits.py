"""The server's limits of executions, from its settings."""

from microflow_runtime.engine import RunLimits
from microflow_runtime.settings import Settings


def limits_of(settings: Settings) -> RunLimits:
    """Give the limits that every execution begins with; a flow may tighten them."""
    return RunLimits(
        execution_ns=int(settings.execution_seconds * 1e9),
        steps=settings.steps,
        total_steps=settings.total_steps,
        loop_turns=settings.loop_turns,
        depth=settings.depth,
        rows=settings.rows,
        reply_bytes=settings.reply_bytes,
    )
