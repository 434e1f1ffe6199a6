"""`microflow migrate`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from microflow_runtime.cli.main import app
from microflow_runtime.store import SCHEMA


def test_a_store_is_made_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command brings the store up, says what it is, and removes only when asked to."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["migrate", "--home", str(tmp_path / "home")], catch_exceptions=False)
    assert result.exit_code == 0
    assert f"schema {SCHEMA}" in result.stdout
    assert result.stdout.startswith("SQLite")
    assert (tmp_path / "home" / "store.sqlite3").exists()
    result = CliRunner().invoke(app, ["migrate", "--post", "--home", str(tmp_path / "home")], catch_exceptions=False)
    assert "nothing to remove" in result.stdout


def test_a_store_that_cannot_be_used_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 3 and one sentence."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "store.sqlite3").write_text("no database" * 100, encoding="utf-8")
    result = CliRunner().invoke(app, ["migrate", "--home", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 3
    assert "MF-S002" in result.stderr
