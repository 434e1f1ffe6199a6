"""Runs a file of cases: expressions with the value that the standard's kit expects of each.

The file is a list of `{id, expression, type, context, expected, error}`; values are tagged as `{"type": "decimal",
"value": "1.5"}`, lists, `{"context": {…}}` or null. A case may declare the types of its inputs, `inputs: {name: type}`, and
types of its own, `types: {name: type}`, by the words of the kit (`dateTime`) or those of `instance of` (`list<number>`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from microflow_runtime.feel import syntax
from microflow_runtime.feel.conformance import converted
from microflow_runtime.feel.evaluate import evaluate
from microflow_runtime.feel.faults import Failure, FeelLimitError, FormulaFaults
from microflow_runtime.feel.formula import check
from microflow_runtime.feel.numbers import parse_number
from microflow_runtime.feel.operations import deep_equal
from microflow_runtime.feel.rendering import literal
from microflow_runtime.feel.temporal_parse import parse_date, parse_date_time, parse_duration, parse_time
from microflow_runtime.feel.types import (
    ANY,
    ANY_LIST,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    MONTHS_DURATION,
    NUMBER,
    STRING,
    TIME,
    ContextType,
    ListType,
    Type,
)
from microflow_runtime.feel.values import Value
from microflow_runtime.text import BrokenText, decode

_TOLERANCE: Final = Decimal("1e-8")
"""How far a number may lie from the expected one: the kit writes roots and logarithms with nine digits."""

_DECLARED: Final[Mapping[str, Type]] = {
    "number": NUMBER,
    "string": STRING,
    "boolean": BOOLEAN,
    "date": DATE,
    "time": TIME,
    "dateTime": DATE_TIME,
    "dayTimeDuration": DAYS_DURATION,
    "yearMonthDuration": MONTHS_DURATION,
}

KIT_TYPES: Final[Mapping[str, Type]] = {
    "tNumberList": ListType(NUMBER),
    "tAnyList": ANY_LIST,
    "t255": NUMBER,
    "t_context_013": ContextType("", (("a", STRING), ("b", STRING)), open=True),
}
"""Item definitions of the kit's models that its stand-alone expressions name."""

_KIT_INPUTS: Final[Mapping[str, Type]] = {"decisionService_002_input_1": STRING}
"""Declared types of the kit's inputs that the file leaves out and that convert the value."""


class Case(msgspec.Struct, frozen=True):
    """One expression, and what it should give. `declared` is the name of its result type, if it has one."""

    id: str
    expression: str
    declared: str | None
    context: dict[str, Any]
    expected: Any
    error: bool
    types: Mapping[str, Type]

    @property
    def has_value(self) -> bool:
        """Tell whether a value is expected; an evaluator that always fails gets the others right."""
        return self.expected is not None


class Outcome(msgspec.Struct, frozen=True):
    """What became of a case; `got` is the value as text."""

    case: Case
    passed: bool
    got: str

    @property
    def expected(self) -> str:
        """The expected value as text."""
        return literal(self.case.expected)


def read_cases(path: Path) -> list[Case]:
    """Read a file of cases.

    Raises ValueError when it is none, OSError when it cannot be read.
    """
    rows = json.loads(_text(path))
    if not isinstance(rows, list):
        raise ValueError(f"{path} holds no list of cases")  # noqa: TRY004 - the file is wrong, not the argument
    return [_case(row) for row in rows]


def _text(path: Path) -> str:
    try:
        return decode(path.read_bytes())
    except BrokenText as error:
        raise ValueError(f"{path} {error.reason}") from error


def _case(row: Any) -> Case:
    try:
        types = dict(KIT_TYPES)
        for name, text in (row.get("types") or {}).items():
            types[name] = _type(text, types)
        kinds = {**_KIT_INPUTS, **{name: _type(text, types) for name, text in (row.get("inputs") or {}).items()}}
        given = (row.get("context") or {}).items()
        context = {name: _input(tagged, kinds.get(name, ANY)) for name, tagged in given}
        return Case(
            row["id"],
            row["expression"],
            row.get("type"),
            context,
            _value(row["expected"]),
            bool(row.get("error")),
            types,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a case: {str(row)[:80]}") from error


def _type(text: str, types: Mapping[str, Type]) -> Type:
    """Give the type of a name. Raises ValueError when there is none."""
    name = text.removeprefix("feel:")
    found = _DECLARED.get(name) or types.get(name)
    if found is not None:
        return found
    try:
        tree = check(f"null instance of {name}", {}, types=types).tree
    except FormulaFaults as error:
        raise ValueError(f"{text!r} is not the name of a type: {error.faults[0].message}") from error
    kind = tree.resolved if isinstance(tree, syntax.InstanceOf) else None
    if not isinstance(kind, Type):
        raise ValueError(f"{text!r} is not the name of a type")  # noqa: TRY004 - the file is wrong, not the argument
    return kind


def _input(tagged: Any, kind: Type) -> Value:
    """Give the value of an input as a decision gets it: null where it does not fit its type."""
    try:
        return converted(_value(tagged), kind)
    except (Failure, ValueError):
        return None


def _value(tagged: Any) -> Value:
    if tagged is None:
        return None
    if isinstance(tagged, list):
        return [_value(item) for item in tagged]
    if "context" in tagged:
        return {name: _value(value) for name, value in tagged["context"].items()}
    return _READERS[tagged["type"]](tagged["value"])


_READERS: Final[Mapping[str, Callable[[str], Value]]] = {
    "decimal": parse_number,
    "string": str,
    "boolean": lambda text: text == "true",
    "date": parse_date,
    "time": parse_time,
    "dateTime": parse_date_time,
    "duration": parse_duration,
}


def run(cases: list[Case]) -> Iterator[Outcome]:
    """Evaluate each case."""
    for case in cases:
        try:
            value = _as_declared(evaluate(case.expression, case.context, types=case.types).value, case)
        except FeelLimitError as error:
            yield Outcome(case, passed=False, got=f"{type(error).__name__}: {error.message}")
            continue
        yield Outcome(case, passed=alike(value, case.expected), got=literal(value))


def _as_declared(value: Value, case: Case) -> Value:
    """Convert a result to its declared type as a decision does; a misfit gives null."""
    name = (case.declared or "").removeprefix("feel:")
    kind = _DECLARED.get(name) or case.types.get(name, ANY)
    try:
        return converted(value, kind)
    except Failure:
        return None


def alike(got: Value, expected: Value) -> bool:
    """Compare as the kit does: numbers to eight digits after the point, the rest exactly."""
    if type(got) is Decimal and type(expected) is Decimal:
        return abs(got - expected) < _TOLERANCE
    if type(got) is list and type(expected) is list:
        return len(got) == len(expected) and all(map(alike, got, expected))
    if type(got) is dict and type(expected) is dict:
        return got.keys() == expected.keys() and all(alike(got[name], expected[name]) for name in got)
    return deep_equal(got, expected)
