"""Tests of how faults are told."""

from decimal import Decimal
from typing import Any

import pytest

from microflow_runtime.compiler.reading.findings import (
    MAX_FAULTS,
    Findings,
    KeyPath,
    described,
    key_words,
    nearest,
    shown,
)
from microflow_runtime.errors import Place


def findings() -> Findings:
    """Make a collector whose places are made up."""
    return Findings(
        lambda path: Place("value", len(path), 1, 2),
        lambda path: Place("key", len(path), 1, 2),
        lambda line: f"line {line}",
    )


def test_a_fault_stands_at_the_value_or_at_the_key() -> None:
    """The caller chooses which of the two is meant, and where the other declaration is."""
    found = findings()
    found.add("MF-D012", "m", ("a",))
    found.add("MF-D012", "m", ("a", "b"), at_key=True, declared=("c",))
    assert [fault.place.file for fault in found.faults if fault.place] == ["value", "key"]
    assert found.faults[1].source_line == "line 2"
    assert found.faults[1].declared == Place("key", 1, 1, 2)


def test_an_unknown_key_suggests_the_nearest() -> None:
    """A near word is offered as a replacement; without one the known keys are listed."""
    found = findings()
    found.unknown_key(("versoin",), ["app", "version"])
    found.unknown_key(("zzz",), ["app", "version"])
    assert found.faults[0].help == "did you mean `version`?"
    assert found.faults[0].replacement == "version"
    assert found.faults[1].help == "its keys are app, version"
    assert found.faults[1].replacement is None


def test_faults_are_bounded() -> None:
    """A hostile file does not make faults without end."""
    found = findings()
    for _ in range(MAX_FAULTS + 5):
        found.add("MF-D012", "m", ())
    assert len(found.faults) == MAX_FAULTS


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (True, "true"),
        (5, "the number 5"),
        (Decimal("1.50"), "the number 1.50"),
        ("x", 'the text "x"'),
        ([], "a list"),
        ({}, "a mapping"),
    ],
)
def test_values_are_described(value: Any, words: str) -> None:
    """A value is named by its kind, numbers and texts with what they are."""
    assert described(value) == words


def test_what_is_shown_is_short_and_printable() -> None:
    """A text of a file never brings control characters or pages into a message."""
    assert shown("a\x1b[31m") == "a\\x1b[31m"
    assert len(shown("x" * 1000)) == 60


@pytest.mark.parametrize(
    ("path", "words"), [((), "The file"), (("nodes", "A", "links", 0, "to"), "`nodes.A.links[1].to`")]
)
def test_a_path_is_named_by_its_keys(path: KeyPath, words: str) -> None:
    """List positions count from one for people."""
    assert key_words(path) == words


def test_nearest_ignores_capitals_and_refuses_strangers() -> None:
    """A word in other letters is near, an unrelated one is not."""
    assert nearest("TIMEOUT", ["timeout", "retry"]) == "timeout"
    assert nearest("banana", ["timeout", "retry"]) is None
