"""The compiled form of a microflow: immutable, with everything looked up and every formula bound."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from microflow_runtime.compiler.business_objects import BoClass, ValueShape
from microflow_runtime.feel import Formula
from microflow_runtime.model.microflow import Limits, Retry
from microflow_runtime.model.type_ref import TypeRef

Frame = list[Any]
Assign = Callable[[Frame], None]

ENDS: int = -1
"""The target of a link that leads out of the flow."""


class PlanCondition(msgspec.Struct, frozen=True):
    """The condition of an exit, for the trace: the index of the exit, what the trace calls it, the formula."""

    exit: int
    label: str
    formula: Formula


class Action(msgspec.Struct, frozen=True):
    """What a node does. `run(frame, run)` returns the index of the exit it leaves by; it is a coroutine function when `waits`.

    `keeps_deadline` tells that what it waits for meets the execution's deadline by itself and says where the time went,
    as the steps of a sub flow do. `writes` tells that it may have written to data sources when it fails, or those inside it
    may have. `repeats` tells that it may run again when nobody knows what a try has done that ran out
    of time; `retry` is its rule where the node has none. `conditions` are those that decide on the exit, in the order they are tried.
    """

    run: Callable[[Frame, Any], Any]
    waits: bool = False
    keeps_deadline: bool = False
    writes: bool = False
    repeats: bool = True
    retry: Retry | None = None
    conditions: tuple[PlanCondition, ...] = ()


class Sensitive(msgspec.Struct, frozen=True):
    """What is sensitive of a node: the formulas that read it, bound, and the texts of those of its formulas that do not."""

    evaluates: tuple[Callable[[Frame], Any], ...]
    plain: frozenset[str]


class PlanCatch(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled way out on an error. `kinds` is empty for a time catch; `assign` runs with the error's data in `error_slot`."""

    kinds: frozenset[str]
    after_seconds: float | None
    assign: Assign | None
    error_slot: int
    target: int
    label: str

    def takes(self, kind: str) -> bool:
        """Tell whether the catch names the kind, a kind above it (`a` takes `a.b`), or `any`."""
        kinds = self.kinds
        while kind not in kinds:
            kind, dot, _ = kind.rpartition(".")
            if not dot:
                return "any" in kinds
        return True


class PlanNode(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled node. `targets[i]` is the index of the node that exit i leads to, `labels[i]` what the trace calls it.

    `is_guarded` tells that it has catches or a retry, so that the flow may go on when it has failed.
    """

    name: str
    type: str
    action: Action
    targets: tuple[int, ...]
    labels: tuple[str, ...]
    catches: tuple[PlanCatch, ...] = ()
    timeout_seconds: float | None = None
    retry: Retry | None = None
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    sensitive: Sensitive | None = None
    is_guarded: bool = False


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """What the executor walks: the nodes of a flow, or those inside a loop or a branch.

    `steps` are `(run, waits, targets)` a node, in the order of `nodes`; the first is the start. `waits` tells whether any
    node may wait for something outside.
    """

    nodes: tuple[PlanNode, ...]
    steps: tuple[tuple[Callable[[Frame, Any], Any], bool, tuple[int, ...]], ...]
    waits: bool


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """An input or output: its name on the wire, its place in the frame, how its values come in and go out."""

    name: str
    slot: int
    shape: ValueShape


class Plan(Block, frozen=True, kw_only=True):
    """A compiled microflow: the block of its nodes and what surrounds it. `frame` is copied for each execution; slot 0 holds the caller.

    `readers` are `(name, slot, read, needs a value)` of the inputs, `writers` `(name, slot, write, is a list)` of the
    outputs, for the hot path. `types` are the declared types of the variables, `untyped` the items of loops that have none.
    `derived` are the paths of variables that hold what formulas made of sensitive values, where no type tells it.
    `tightens` tells whether `limits` holds anything, `reads_caller` whether slot 0 must be filled.
    """

    name: str
    id: str
    app: str
    time_zone: str
    frame: tuple[Any, ...]
    slots: Mapping[str, int]
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    readers: tuple[tuple[str, int, Any, bool], ...]
    writers: tuple[tuple[str, int, Any, bool], ...]
    classes: Mapping[str, BoClass]
    sources: tuple[str, ...] = ()
    limits: Limits = Limits()
    anonymous_as: str | None = None
    runs_as: str | None = None
    tightens: bool = False
    reads_caller: bool = False
    types: Mapping[str, TypeRef] = {}
    untyped: frozenset[str] = frozenset()
    derived: frozenset[tuple[str, ...]] = frozenset()
