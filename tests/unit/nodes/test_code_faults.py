"""What is wrong with a code node is told when it is compiled, without running or importing anything."""

import sys
from pathlib import Path

import pytest
from tests.unit.nodes.code_app import ALL, FUNCTIONS, TEXT, flow
from tests.unit.small_apps import told

GOOD = """
    function: give_back
    takes: {value: Text, note: string?}
    returns: Text
    in: {value: = In}
    out: {Out: = result}
"""


@pytest.fixture(autouse=True)
def functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the test functions."""
    monkeypatch.syspath_prepend(str(FUNCTIONS))


def test_a_good_one_has_no_fault() -> None:
    """And its module has not been imported."""
    assert told(ALL, TEXT, flow("F", GOOD)) == "No faults.\n"
    assert "trial_functions" not in sys.modules


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("give_back", "give_bakc", 'MF-D200 No installed distribution declares the function "give_bakc".'),
        ("give_back", "give_bakc", 'did you mean "give_back"?'),
        ("note: string?", "note: strnig", "MF-D106"),
        ("note: string?", "call: string?", 'MF-D202 No parameter of a function can be given by the name "call".'),
        ("note: string?", "a b: string?", "MF-D202"),
        ("note: string?", "note: string", 'MF-D203 The parameter "note" has no value.'),
        ("in: {value: = In}", "in: {value: = In, note: = 5}", "MF-F"),
        ("in: {value: = In}", "in: {value: = In, nope: x}", 'MF-D065 The function takes no "nope".'),
        ("in: {value: = In}", "in: {value: = In, note: 5}", "MF-D061"),
        ("returns: Text", "returns: Txet", "MF-D106"),
        ("    returns: Text\n", "", "MF-F"),
    ],
)
def test_a_fault(old: str, new: str, wanted: str) -> None:
    """Each has its code."""
    assert wanted in told(ALL, TEXT, flow("F", GOOD.replace(old, new)))


def test_a_name_that_two_distributions_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows which is meant."""
    place = tmp_path / "other-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n", encoding="utf-8")
    (place / "entry_points.txt").write_text("[microflow_runtime.code]\ngive_back = o:x\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert 'MF-D201 The function "give_back" is declared more than once' in told(ALL, TEXT, flow("F", GOOD))
