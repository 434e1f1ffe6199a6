"""The bounds of an execution: the server's, tightened by the flow, never widened."""

import msgspec

from microflow_runtime.model.microflow import Limits


class RunLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one execution. Time in nanoseconds, `reply_bytes` in bytes, the rest counts."""

    execution_ns: int = 30_000_000_000
    steps: int = 10_000
    total_steps: int = 1_000_000
    loop_turns: int = 100_000
    depth: int = 16
    rows: int = 50_000
    reply_bytes: int = 32 * 1024 * 1024

    def tightened(self, limits: Limits) -> "RunLimits":
        """Give these limits with whatever a flow makes tighter."""
        seconds = limits.execution_seconds
        return RunLimits(
            execution_ns=self.execution_ns if seconds is None else min(self.execution_ns, int(seconds * 1e9)),
            steps=_lower(self.steps, limits.steps),
            total_steps=_lower(self.total_steps, limits.total_steps),
            loop_turns=_lower(self.loop_turns, limits.loop_turns),
            depth=_lower(self.depth, limits.depth),
            rows=_lower(self.rows, limits.rows),
            reply_bytes=_lower(self.reply_bytes, limits.reply_bytes),
        )


def _lower(server: int, flow: int | None) -> int:
    return server if flow is None else min(server, flow)
