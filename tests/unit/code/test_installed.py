"""Functions are found by what distributions declare, and nothing is imported for it."""

import sys
from pathlib import Path

import pytest

from microflow_runtime.code import installed_functions


def _declare(folder: Path, distribution: str, text: str) -> None:
    place = folder / f"{distribution}-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", encoding="utf-8")
    (place / "entry_points.txt").write_text(f"[microflow_runtime.code]\n{text}\n", encoding="utf-8")


def test_what_is_declared_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution that comes later is found as well; a name that two claim has two places."""
    before = dict(installed_functions())
    _declare(tmp_path, "one", "score = nowhere_at_all:score")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert dict(installed_functions()) == before | {"score": ("nowhere_at_all:score",)}
    assert "nowhere_at_all" not in sys.modules
    _declare(tmp_path, "two", "score = elsewhere:score\nother = elsewhere:other")
    assert installed_functions()["score"] in {
        ("nowhere_at_all:score", "elsewhere:score"),
        ("elsewhere:score", "nowhere_at_all:score"),
    }
    assert installed_functions()["other"] == ("elsewhere:other",)
