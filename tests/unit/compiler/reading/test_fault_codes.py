"""Tests of the codes of definition faults."""

import re
from pathlib import Path

from microflow_runtime.compiler.reading import fault_codes

ROOT = Path(__file__).parents[4]


def test_codes_are_distinct_and_titled() -> None:
    """Each code is used for one thing, in the range that belongs to reading."""
    codes = [value for name, value in vars(fault_codes).items() if name.isupper() and isinstance(value, str)]
    assert len(codes) == len(set(codes))
    assert set(codes) == set(fault_codes.TITLES)
    assert all(re.fullmatch(r"MF-D0[0-4][0-9]", code) for code in codes)


def test_every_code_has_a_section() -> None:
    """A code that is not explained in the reference is not finished; its heading is the anchor that faults point to."""
    page = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    for code, title in fault_codes.TITLES.items():
        assert re.search(rf"^### {code}\n\n\*\*{re.escape(title)}\.\*\*", page, re.MULTILINE), code
