"""One run of a plan, as it is kept: its steps, times and outcome."""

from typing import Any

import msgspec


class ConditionPart(msgspec.Struct, frozen=True):
    """A part of a condition and the value it had; `error` says why it had none."""

    text: str
    value: Any
    error: str = ""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """A condition that a gateway tried, with what it saw: its parts from left to right, each before those inside it.

    `link` is the label or target of its link. `value` is true, false, or null, which counts as false.
    """

    link: str
    text: str
    value: Any
    error: str = ""
    parts: tuple[ConditionPart, ...] = ()


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One walk through the nodes inside a node: a turn of a loop by its number, or a branch by its name."""

    name: str
    steps: "tuple[Step, ...]"
    error: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One visit to a node. `started_ns` counts from the execution's start, times in nanoseconds.

    `link` is the label or target of the link it left by, `""` when it ended or failed there. `tries` is 1 unless the
    node was retried. `inputs` and `outputs` are there only when capture is on, sensitive fields masked;
    so are `conditions`, those that a gateway tried in their order. Of a loop `turns` are the first, the last and the
    failing ones; `left_out_turns` counts the others.
    """

    node: str
    type: str
    link: str
    tries: int
    started_ns: int
    took_ns: int
    error: str = ""
    inputs: Any = None
    outputs: Any = None
    conditions: tuple[Condition, ...] = ()
    child: "Execution | None" = None
    turns: tuple[Turn, ...] = ()
    left_out_turns: int = 0


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """A finished run. `started_at` is an ISO 8601 UTC text, `status` is `SUCCESS` or `ERROR`."""

    id: str
    flow: str
    flow_id: str
    app: str
    snapshot: str
    epoch: int
    username: str
    started_at: str
    took_ns: int
    status: str
    exception: str
    steps: tuple[Step, ...]
    unknown_fields: int = 0
    left_out_steps: int = 0
