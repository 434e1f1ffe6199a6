"""The reference page."""

from pathlib import Path

import pytest

from microflow_runtime.feel.__main__ import main
from microflow_runtime.feel.functions.table import BUILT_INS
from microflow_runtime.feel.reference import render

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "feel.md"


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """The page in the docs is what the declarations give now."""
    assert main(["--reference"]) == 0
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8"), (
        "run `python -m microflow_runtime.feel --reference`"
    )


def test_every_function_has_a_section() -> None:
    """No built-in function is missing from the page."""
    page = render()
    assert [name for name in BUILT_INS if f"\n### {name}\n" not in page] == []
