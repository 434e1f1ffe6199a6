"""A flow tightens limits and never widens them."""

from microflow_runtime.engine import RunLimits
from microflow_runtime.model.microflow import Limits

SERVER = RunLimits(execution_ns=1_000_000_000, steps=100, depth=4, rows=50, reply_bytes=1000)


def test_lower_limits_of_a_flow_count() -> None:
    """Each limit that the flow makes lower is the one that holds."""
    flow = Limits(execution_seconds=0.5, steps=10, depth=2, rows=5, reply_bytes=100)
    assert SERVER.tightened(flow) == RunLimits(execution_ns=500_000_000, steps=10, depth=2, rows=5, reply_bytes=100)


def test_higher_limits_of_a_flow_change_nothing() -> None:
    """A flow cannot allow itself more than the server does, and what it does not say stays."""
    assert SERVER.tightened(Limits(execution_seconds=60, steps=1000, depth=64, rows=500, reply_bytes=10**9)) == SERVER
    assert SERVER.tightened(Limits()) == SERVER
