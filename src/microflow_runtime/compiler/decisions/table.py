"""A decision table as it is written, in a node or in a DMN file, and as it is when all of it has been checked."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from microflow_runtime.compiler.decisions.grid import Column
from microflow_runtime.compiler.faults import FaultList, Path
from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.feel import ANY, Formula, Type, Value

HitPolicy = Literal["unique", "first", "any", "priority", "rule order", "output order", "collect"]
Aggregate = Literal["sum", "min", "max", "count"]

MOST_RULES = 1_000
MOST_COLUMNS = 64
MOST_CELLS = 20_000

Adopt = Callable[[Value], Value]
"""Takes a value over into a declared type. Raises Misfit."""


class Entry(msgspec.Struct, frozen=True):
    """Something written at a place: the text of a formula or of unary tests, or with no text a value."""

    path: Path
    text: str | None = None
    value: Any = None


class WrittenInput(msgspec.Struct, frozen=True, kw_only=True):
    """An input: what it is called, the formula that gives it, and what is said of its values.

    `type` is that which the formula has to fit; `adopt` takes a value over whose type nobody knows, or every one where the
    declared type `narrows` that of formulas. `allowed` are unary tests, or a list of values.
    """

    path: Path
    label: str
    expression: Entry
    type: Type = ANY
    whole: bool = False
    narrows: bool = False
    adopt: Adopt | None = None
    allowed: Entry | tuple[Value, ...] | None = None


class WrittenOutput(msgspec.Struct, frozen=True, kw_only=True):
    """An output: its name and type, `adopt` as of an input, its allowed values in their order, the best first.

    `is_needed` tells that it is an error when no rule holds; where that is fine it is `missing`. `read` makes a value of the type of a literal; None where everything
    written is a formula.
    """

    path: Path
    name: str
    type: Type
    is_needed: bool
    missing: Value = None
    adopt: Adopt | None = None
    read: Callable[[Entry, FaultList], Computed | None] | None = None
    allowed: Entry | tuple[Value, ...] | None = None
    default: Entry | None = None


class WrittenRule(msgspec.Struct, frozen=True):
    """A rule: a cell for each input (None takes everything) and for each output (None gives nothing)."""

    path: Path
    tests: tuple[Entry | None, ...]
    entries: tuple[Entry | None, ...]


class WrittenTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table whose form is right. `hit_path` is where its hit policy is written."""

    path: Path
    hit_path: Path
    hit: HitPolicy
    aggregate: Aggregate | None
    inputs: tuple[WrittenInput, ...]
    outputs: tuple[WrittenOutput, ...]
    rules: tuple[WrittenRule, ...]


class CheckedInput(msgspec.Struct, frozen=True):
    """An input with its checked formula. `allowed` are the tests that its column cannot answer."""

    label: str
    expression: Computed
    adopt: Adopt | None
    column: Column
    allowed: Formula | None


class CheckedOutput(msgspec.Struct, frozen=True):
    """An output: `ranks` are its allowed values with their priority, `allowed` tests for those that are no list of values.

    `given` is the type of what the table gives under its name.
    """

    name: str
    type: Type
    adopt: Adopt | None
    is_needed: bool
    missing: Value
    ranks: Mapping[Value, int] | None
    allowed: Formula | None
    default: Computed | None
    given: Type


class CheckedRule(msgspec.Struct, frozen=True):
    """A rule: `tests` are the cells by the index of their input that its columns cannot answer."""

    tests: tuple[tuple[int, Formula], ...]
    entries: tuple[Computed | None, ...]


class CheckedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table without errors."""

    hit: HitPolicy
    aggregate: Aggregate | None
    inputs: tuple[CheckedInput, ...]
    outputs: tuple[CheckedOutput, ...]
    rules: tuple[CheckedRule, ...]

    @property
    def gives_list(self) -> bool:
        """Whether it gives the outputs of all rules that hold."""
        return gives_list(self.hit, self.aggregate)


def gives_list(hit: HitPolicy, aggregate: Aggregate | None) -> bool:
    """Tell whether a table of this hit policy gives the outputs of all rules that hold."""
    return hit in {"rule order", "output order"} or (hit == "collect" and aggregate is None)
