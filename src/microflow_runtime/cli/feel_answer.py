"""What the command line answers to a formula: its value as JSON, and everything wrong with it as faults with a place."""

import decimal
import math
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from microflow_runtime.errors import Fault, FeelError, Place
from microflow_runtime.feel import (
    ANY,
    NUMBER_CONTEXT,
    ContextType,
    Formula,
    FormulaFaults,
    ListType,
    Part,
    Type,
    check,
    evaluate,
    explain,
    format_number,
    set_deadline,
)
from microflow_runtime.feel.faults import SYNTAX, TOO_LARGE, VENDOR_SPELLING

SECONDS: Final = 30
"""What the evaluation of one formula may take."""

_NO_FORMULA: Final = frozenset({SYNTAX, TOO_LARGE, VENDOR_SPELLING})
"""Faults of a text that is no formula at all; the standard's null is for formulas."""

_FILE: Final = "formula"


class Answer(msgspec.Struct, frozen=True):
    """What is printed for a formula. `failed` says that there is no value, not even null."""

    shown: str
    faults: tuple[Fault, ...] = ()
    failed: bool = False


def answer(text: str, values: Mapping[str, Any], *, strict: bool = False, explain: bool = False) -> Answer:
    """Evaluate a formula over values: as the standard says, or as flows do (`strict`), or part by part (`explain`)."""
    set_deadline(time.monotonic() + SECONDS)
    try:
        return _answered(text, values, strict=strict, explain=explain)
    finally:
        set_deadline(math.inf)  # the thread goes on to other things


def _answered(text: str, values: Mapping[str, Any], *, strict: bool, explain: bool) -> Answer:
    scope = {name: kind_of(value) for name, value in values.items()}
    try:
        formula = check(text, scope)
    except FormulaFaults as found:
        if strict or explain or any(fault.code in _NO_FORMULA for fault in found.faults):
            faults = (fault.as_fault(*placed(text, fault.start, fault.end)) for fault in found.faults)
            return Answer("", tuple(faults), failed=True)
    else:
        if explain:
            return _explained(formula, values)
        if strict:
            return _strictly(formula, values)
    return _leniently(text, values)


def _leniently(text: str, values: Mapping[str, Any]) -> Answer:
    try:
        found = evaluate(text, values)
    except FeelError as error:
        return Answer("", (_fault_of(error),), failed=True)
    hidden = (_fault(FeelError.code, error.message, text, error.start, error.end) for error in found.errors)
    return Answer(as_json(found.value, indent=2), tuple(hidden))


def _strictly(formula: Formula, values: Mapping[str, Any]) -> Answer:
    warnings = tuple(fault.as_fault(*placed(formula.text, fault.start, fault.end)) for fault in formula.warnings)
    try:
        with decimal.localcontext(NUMBER_CONTEXT):
            value = formula.bind({name: index for index, name in enumerate(values)})(list(values.values()))
    except FeelError as error:
        return Answer("", (*warnings, _fault_of(error)), failed=True)
    return Answer(as_json(value, indent=2), warnings)


def _explained(formula: Formula, values: Mapping[str, Any]) -> Answer:
    """Give a line for each part, those inside another indented below it."""
    whole = _strictly(formula, values)
    try:
        parts = explain(formula, values)
    except FeelError as error:
        return Answer("", (*whole.faults, _fault_of(error)), failed=True)
    if not parts:  # the formula is a constant
        return Answer(f"{_one_line(formula.text)}  →  {whole.shown}", whole.faults, failed=whole.failed)
    return Answer("\n".join(_told(parts)), whole.faults, failed=whole.failed)


def _told(parts: Sequence[Part]) -> list[str]:
    around: list[Part] = []
    lines = []
    for part in parts:
        while around and not (around[-1].start <= part.start and part.end <= around[-1].end):
            around.pop()
        value = f"({part.error})" if part.error else as_json(part.value)
        lines.append(f"{'  ' * len(around)}{_one_line(part.text)}  →  {value}")
        around.append(part)
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split())


def kind_of(value: Any) -> Type:
    """Give the type that a value of JSON has as far as names are concerned: which fields there are, not of which kind.

    So a formula is read with the fields' names of several words, and what JSON does not declare is found when it runs.
    """
    if isinstance(value, dict):
        return ContextType("", tuple((name, kind_of(item)) for name, item in value.items()), open=True)
    if isinstance(value, list):
        shared = set.intersection(*(set(item) for item in value)) if _are_contexts(value) else None
        if shared is not None:
            return ListType(ContextType("", tuple((name, ANY) for name in value[0] if name in shared), open=True))
        return ListType(ANY)
    return ANY


def _are_contexts(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, dict) for item in items)


def placed(text: str, start: int, end: int) -> tuple[Place, str]:
    """Give the place of the characters `start:end` of a formula, which ends with its first line, and that line."""
    first = text.rfind("\n", 0, start) + 1
    line = text[first:].split("\n", 1)[0].rstrip("\r")
    column = start - first + 1
    stop = min(max(end - first, column), max(len(line), column))
    return Place(_FILE, text.count("\n", 0, start) + 1, column, stop + 1), line


def _fault(code: str, message: str, text: str, start: int, end: int, *, is_error: bool = False) -> Fault:
    place, line = placed(text, start, end)
    return Fault(code=code, message=message, place=place, source_line=line, is_error=is_error)


def _fault_of(error: FeelError) -> Fault:
    return _fault(error.code, error.message, error.text, error.start, error.end, is_error=True)


def as_json(value: Any, *, indent: int = -1) -> str:
    """Write a value as JSON: numbers plain with all their digits, dates and the like as the text that FEEL reads."""
    compact = msgspec.json.encode(_plain(value))
    return msgspec.json.format(compact, indent=indent).decode() if indent > 0 else compact.decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return msgspec.Raw(format_number(value).encode())
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value if value is None or isinstance(value, bool | str) else str(value)
