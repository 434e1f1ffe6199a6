"""The W3C trace context of a call: the caller's trace goes on, one of our own begins where the caller sent none."""

import os
import re
from typing import Final

_PARENT: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
_RECORDED: Final = "01"


def trace_context(execution_id: str, came: str, state: str) -> tuple[str, str]:
    """Give `traceparent` and `tracestate` of one call: a new span in the trace that came in, or in that of the execution.

    The state goes on only with its trace. Source: W3C Trace Context, sections 3.2 and 4.3.
    """
    found = _PARENT.fullmatch(came)
    if found:
        return f"00-{found[1]}-{_span()}-{found[2]}", state
    trace = execution_id if _ID.fullmatch(execution_id) else os.urandom(16).hex()
    return f"00-{trace}-{_span()}-{_RECORDED}", ""


def _span() -> str:
    span = os.urandom(8)
    return span.hex() if any(span) else "0000000000000001"
