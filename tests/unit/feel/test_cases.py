"""The standard's kit: every case of the file, and the runner that a person uses."""

import decimal
import json
from pathlib import Path

import pytest

from microflow_runtime.feel import NUMBER_CONTEXT, FormulaFaults, check, type_of
from microflow_runtime.feel.__main__ import main
from microflow_runtime.feel.cases import KIT_TYPES, Case, alike, read_cases, run

FILE = Path(__file__).parents[2] / "data" / "feel" / "feel-cases.json"
CASES = read_cases(FILE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_of_the_kit_gives_the_expected_value(case: Case) -> None:
    """The expression gives the value that the kit expects."""
    (outcome,) = run([case])
    assert outcome.passed, f"{case.expression} gave {outcome.got}, expected {outcome.expected}"


REFUSED = {
    "a condition that is none": (
        "false and 123",
        "123 and false",
        '"true" and false',
        'true or "true"',
        "123 or true",
        '"true" or true',
    ),
    "one value where a list is wanted": (
        'string join("a", "X")',
        'context({key: "a", value: null})',
        'context({key: "", value: 1})',
        'context merge({"a": 1})',
    ),
    "a field that does not exist": ("[ { x: 1 } ].y",),
    "an argument left out": ('is(value1: @"2021-02-13")',),
}
"""The kit's expressions with a value that the type checker refuses, by reason."""


def test_strict_evaluation_agrees_with_the_kit() -> None:
    """Checked and bound, an expression of the kit gives its value, unless the checker refuses it for a stated reason."""
    refused = []
    with decimal.localcontext(NUMBER_CONTEXT):
        for case in CASES:
            if not case.has_value:
                continue
            scope = {name: type_of(value) for name, value in case.context.items()}
            try:
                formula = check(case.expression, scope, types=KIT_TYPES)
            except FormulaFaults:
                refused.append(" ".join(case.expression.split()))
                continue
            value = formula.bind({name: index for index, name in enumerate(scope)})(list(case.context.values()))
            assert alike(value, case.expected), case.expression
            assert formula.type.optional or value is not None
    assert sorted(refused) == sorted(text for reason in REFUSED.values() for text in reason)


def test_the_file_is_whole() -> None:
    """No case was lost on the way into the test data."""
    assert len(CASES) == 1557
    assert sum(case.has_value for case in CASES) == 870


def test_the_runner_counts_and_names_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The runner prints each failing case with expected and got, and the counts last."""
    file = tmp_path / "cases.json"
    good = {
        "id": "good",
        "expression": "1 + 1",
        "type": None,
        "context": {},
        "expected": {"type": "decimal", "value": "2"},
        "error": False,
    }
    bad = {**good, "id": "bad", "expression": "1 + 2"}
    empty = {**good, "id": "empty", "expression": "1 + null", "expected": None}
    file.write_text(json.dumps([good, bad, empty]))
    assert main(["--cases", str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "FAILED bad", "  expected 2", "  got      3",
        "of the cases with a value: 1 passed, 1 failed", "2 passed, 1 failed",
    ]  # fmt: skip


def test_the_runner_tells_of_a_file_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read ends with 2 and a sentence."""
    assert main(["--cases", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_kinds_are_told_apart() -> None:
    """A wrong kind never counts as right, whatever Python's equality says."""
    assert not alike(True, CASES[0].expected)
    assert not alike([None], [])
    assert not alike("1", CASES[0].expected)
