"""What the server tells about itself: structured logs and figures, with tokens and secrets masked.

Others use: `configure_logs` and `get_log` for log lines, `Metrics` for figures, `mask_tokens` before a path is shown.
"""

from microflow_runtime.telemetry.figures import FlowRecorder
from microflow_runtime.telemetry.logs import configure_logs, get_log
from microflow_runtime.telemetry.masking import escape_controls, mask_tokens
from microflow_runtime.telemetry.metrics import Metrics

__all__ = ["FlowRecorder", "Metrics", "configure_logs", "escape_controls", "get_log", "mask_tokens"]
