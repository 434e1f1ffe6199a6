"""Finding the operator's secrets by name."""

from pathlib import Path

import pytest

from microflow_runtime.errors import SettingsError
from microflow_runtime.settings import Secrets, load_settings


def test_the_environment_wins_over_files(tmp_path: Path) -> None:
    """A secret is looked for as a variable first, then as a file; an empty one counts as none."""
    (tmp_path / "fx.key-1").write_text("from file\n")
    (tmp_path / "empty").write_text("\n")
    secrets = Secrets(tmp_path, {"MICROFLOW_SECRET_BOTH": "from environment", "MICROFLOW_SECRET_FX_KEY_1": ""})
    (tmp_path / "both").write_text("from file")
    assert secrets.get("both").reveal() == "from environment"
    assert secrets.get("fx.key-1").reveal() == "from file"
    with pytest.raises(SettingsError, match="MICROFLOW_SECRET_EMPTY"):
        secrets.get("empty")


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a..b", ".hidden", "a\x00", "a b", "ü", "x" * 101])
def test_a_name_does_not_leave_the_folder(tmp_path: Path, name: str) -> None:
    """Only plain names are looked for, whatever lies beside the folder."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (tmp_path / "x").write_text("c4n4ry")
    with pytest.raises(SettingsError, match="cannot be the name"):
        Secrets(folder, {}).get(name)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 70_000])
def test_a_file_that_is_no_secret(tmp_path: Path, content: bytes) -> None:
    """A file that is too large or no text is told by its name alone."""
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(SettingsError, match='secret "s"') as caught:
        Secrets(tmp_path, {}).get("s")
    assert "xxx" not in caught.value.message


def test_variables_of_secrets_are_no_settings(tmp_path: Path) -> None:
    """The settings leave the variables of secrets alone, under whatever name."""
    settings = load_settings(environ={"MICROFLOW_SECRET_ANYTHING": "x"}, folder=tmp_path)
    assert settings.secrets_folder == settings.home / "secrets"
