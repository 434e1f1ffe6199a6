"""The standard's kit: every case of the file, and the runner that a person uses."""

import json
from pathlib import Path

import pytest

from microflow_runtime.feel.__main__ import main
from microflow_runtime.feel.cases import Case, alike, read_cases, run

FILE = Path(__file__).parents[2] / "data" / "feel" / "feel-cases.json"
CASES = read_cases(FILE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_of_the_kit_gives_the_expected_value(case: Case) -> None:
    """The expression gives the value that the kit expects."""
    (outcome,) = run([case])
    assert outcome.passed, f"{case.expression} gave {outcome.got}, expected {outcome.expected}"


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
