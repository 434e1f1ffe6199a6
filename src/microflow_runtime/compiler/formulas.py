"""Formulas and literals of a definition: checked against the scope now, bound to the frame later."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from microflow_runtime.compiler.business_objects import Misfit, Notes, ValueShape
from microflow_runtime.compiler.exact import is_narrower
from microflow_runtime.compiler.faults import FaultList, Path
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.compiler.presence import Known
from microflow_runtime.feel import ANY, ContextType, Formula, FormulaFaults, Type, check, paths_computed_with

Evaluate = Callable[[Frame], Any]


class Computed(msgspec.Struct, frozen=True):
    """A setting's value: a checked formula, or a literal. `type` is what it gives; `text` is the formula's, or ""."""

    type: Type
    formula: Formula | None
    literal: Any = None

    def bind(self, layout: Mapping[str, int]) -> Evaluate:
        """Give the function that computes the value from a frame."""
        if self.formula is not None:
            return self.formula.bind(layout)
        literal = self.literal
        return lambda _frame: literal

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the scope that the formula reads."""
        return tuple(self.formula.names) if self.formula else ()

    @property
    def text(self) -> str:
        """The formula's text; empty for a literal."""
        return self.formula.text if self.formula else ""


def check_formula(
    text: str,
    scope: Mapping[str, Type],
    path: Path,
    faults: FaultList,
    *,
    expected: Type | None = None,
    known: Known | None = None,
) -> Computed | None:
    """Check a formula; None when it has faults, which are then in the list.

    With `known`, what the formula computes with and nothing has written is told as a warning.
    """
    try:
        formula = check(text, scope, expected=expected)
    except FormulaFaults as found:
        for fault in found.faults:
            span = (fault.start, max(fault.end, fault.start + 1))
            faults.add(
                fault.code,
                fault.message,
                path,
                span=span,
                expected=fault.expected,
                found=fault.found,
                help=fault.help,
                replacement=fault.replacement,
                is_error=fault.is_error,
            )
        return None
    if known is not None:
        _tell_unwritten(formula, known, path, faults)
    return Computed(formula.type, formula)


def _tell_unwritten(formula: Formula, known: Known, path: Path, faults: FaultList) -> None:
    for read, start, end in paths_computed_with(formula):
        if known.is_unwritten(read):
            name = ".".join(read)
            faults.add(
                "MF-F011", f"Nothing has written `{name}` when this is computed first: it is missing, and so is the result.",
                path, span=(start, end), help=f"write `{name}` before, or say what holds then: `if {name} = null then …`",
                is_error=False,
            )  # fmt: skip


def check_literal(value: Any, shape: ValueShape | None, path: Path, faults: FaultList) -> Computed | None:
    """Take a literal as a value of the declared shape (None: as text, number, boolean, list or context as it stands)."""
    if shape is None or value is None:
        return literal_of(value)
    try:
        return Computed(ANY, None, shape.read(value, Notes()))
    except Misfit as misfit:
        faults.add(
            "MF-D061",
            f"The value does not fit: {misfit.sentence()}.",
            path,
            expected=misfit.expected,
            found=misfit.found,
        )
        return None


def literal_of(value: Any) -> Computed:
    """Take what stands in a file as a value of formulas: every number a Decimal."""
    return Computed(ANY, None, _with_decimals(value))


def _with_decimals(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_decimals(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_decimals(item) for item in value]
    return Decimal(value) if type(value) is int else value


def is_plain_path_of(text: str, scope: Mapping[str, Type], wanted: Type) -> bool:
    """Tell whether the formula is nothing but a path to a value declared exactly as `wanted`, which need not be checked again."""
    root, *parts = (part.strip() for part in text.strip().split("."))
    kind = scope.get(root)
    for part in parts:
        if not isinstance(kind, ContextType) or kind.optional:
            return False
        kind = kind.index.get(part)
    return kind is not None and is_narrower(kind, wanted)
