"""The header `traceparent`."""

import re

import pytest

from microflow_runtime.engine.trace_context import trace_context

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_a_trace_that_came_goes_on() -> None:
    """Trace and flags stay, the span is a new one for each call."""
    made = {trace_context("f" * 32, f"00-{TRACE}-b7ad6b7169203331-00", "a=1") for _ in range(3)}
    assert len(made) == 3
    assert all(re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-00", parent) and state == "a=1" for parent, state in made)


@pytest.mark.parametrize(
    "came", ["", "nonsense", f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-{TRACE}-b7ad6b7169203331-01\r\nX: 1"]
)
def test_without_one_the_execution_is_the_trace(came: str) -> None:
    """What is no trace context counts as none, and the execution's id is the trace."""
    parent, state = trace_context(TRACE, came, "a=1")
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", parent)
    assert state == ""


def test_an_id_that_cannot_be_a_trace() -> None:
    """An execution whose id has another form gets a trace of its own."""
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace_context("1", "", "")[0])
    assert "0" * 32 not in trace_context("0" * 32, "", "")[0]
