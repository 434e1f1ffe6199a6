"""The page of threats: each promise names a test, and that test exists."""

import re
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[2]
_PAGE: Final = (_ROOT / "docs" / "explanation" / "threats.md").read_text("utf-8")
_ROWS: Final = re.findall(r"^\| (?!holds|who|-|\*\*)(.+?) \| (.+?) \|$", _PAGE, re.MULTILINE)
_PROMISES: Final = [
    (line, test) for line, test in _ROWS if "**" not in line and not line.startswith(("a **", "the **"))
]


@pytest.mark.parametrize(("line", "test"), _PROMISES)
def test_each_promise_names_a_test_that_exists(line: str, test: str) -> None:
    """By file, or by file and function."""
    named = re.fullmatch(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", test)
    assert named is not None, line
    text = (_ROOT / named[1]).read_text("utf-8")
    assert named[2] is None or re.search(rf"^(async )?def {named[2]}\(", text, re.MULTILINE), line


def test_there_are_promises_for_each_kind_of_people() -> None:
    """A page without rows would hold nothing."""
    assert len(_PROMISES) > 25
    for heading in ("The caller", "The author and the deployer", "The neighbour", "What answers us"):
        assert f"## {heading}\n\n| holds | test |" in _PAGE
