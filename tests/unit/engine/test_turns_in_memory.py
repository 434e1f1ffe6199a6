"""A loop does not keep what it has seen (KNOWN_TRAPS, 9)."""

import gc
from pathlib import Path

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import record_execution
from microflow_runtime.errors import NodeError

_TURNS = 100_000
_A_FEW_BYTES = 6_000_000
COUNT = """
business_object: Count
fields:
  most: integer
  fails_at: integer
  done: integer?
  made: string?
"""
LOOP = """
microflow: Loop
inputs: {In: Count}
outputs: {Out: Count}
variables: {Seen: Count}
nodes:
  Start: {type: start, next: First}
  First: {type: mapping, out: {Seen.done: 0, Seen.most: = In.most, Seen.fails_at: 0}, next: Turns}
  Turns:
    type: loop
    while: = Seen.done < In.most
    number: n
    nodes:
      Start: {type: start, next: Fails?}
      Fails?:
        type: gateway
        links:
          - {when: = n = In.fails_at, to: Fail}
          - {otherwise: true, to: Make}
      Make: {type: mapping, out: {Seen.made: '= string(n) + "KILOBYTE"', Seen.done: = Seen.done + 1}, next: End}
      Fail: {type: throw, message: now}
      End: {type: end}
    next: End
  End: {type: end, out: {Out: = Seen}}
""".replace("KILOBYTE", "x" * 1024)


def _resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


async def test_memory_after_the_fourth_loop_is_that_after_the_first() -> None:
    """100,000 turns with 1 KB made in each, four times: the process does not grow after the first."""
    app = SmallApp(COUNT, LOOP)
    after = []
    for _ in range(4):
        out = (await app.call("Loop", {"In": {"most": _TURNS, "fails_at": 0}}))["Out"]
        assert out["done"] == _TURNS
        after.append(_resident_bytes())
    assert max(after[1:]) - after[0] < _A_FEW_BYTES, after


async def test_the_trace_of_a_long_loop_that_fails_holds_first_last_and_failing_turns() -> None:
    """Failing at turn 99,999: the trace has the first and the last turns and the failing one, and counts the rest."""
    app = SmallApp(COUNT, LOOP)
    with pytest.raises(NodeError, match=r"turn 99999, throw \"Fail\": now"):
        await app.call("Loop", {"In": {"most": _TURNS, "fails_at": _TURNS - 1}})
    assert app.run is not None
    step = record_execution(app.run, snapshot="", epoch=1).steps[-1]
    numbers = [int(turn.name) for turn in step.turns]
    assert numbers[:5] == [1, 2, 3, 4, 5]
    assert numbers[-1] == _TURNS - 1
    assert step.turns[-1].error.endswith('throw "Fail": now')
    assert step.left_out_turns == _TURNS - 1 - len(numbers)
