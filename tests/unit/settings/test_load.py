"""Reading settings: which place wins, and what is refused."""

from pathlib import Path

import pytest

from microflow_runtime.errors import SettingsError
from microflow_runtime.settings import Secret, load_settings


def write(folder: Path, text: str) -> None:
    """Write a settings file."""
    (folder / "microflow.toml").write_text(text, encoding="utf-8")


def test_nothing_set_gives_the_defaults(tmp_path: Path) -> None:
    """Without file and variables every value is its default and says so."""
    settings = load_settings(environ={}, folder=tmp_path)
    assert (settings.port, settings.home) == (8080, Path(".microflow"))
    assert settings.origin_of("port") == "default"


def test_option_beats_environment_beats_file(tmp_path: Path) -> None:
    """Each value comes from the strongest place that sets it, and remembers which."""
    write(tmp_path, 'port = 1\nworkers = 2\nhost = "::1"\n')
    environ = {"MICROFLOW_PORT": "3", "MICROFLOW_WORKERS": "4", "PATH": "/bin"}
    settings = load_settings(options={"port": 5, "host": None}, environ=environ, folder=tmp_path)
    assert (settings.port, settings.workers, settings.host) == (5, 4, "::1")
    assert settings.origins == {
        "port": "option --port",
        "workers": "environment MICROFLOW_WORKERS",
        "host": "microflow.toml host",
    }


def test_folders_of_the_file_lie_beside_it(tmp_path: Path) -> None:
    """A relative folder in the file is read from where the file lies, an absolute one as it is."""
    write(tmp_path, 'home = "state"\napps = ["apps/Demo", "/srv/Other"]\n')
    settings = load_settings(environ={}, folder=tmp_path)
    assert settings.home == tmp_path / "state"
    assert settings.apps == (tmp_path / "apps/Demo", Path("/srv/Other"))
    assert settings.packages_folder == tmp_path / "state" / "packages"


@pytest.mark.parametrize(
    ("environ", "suggestion"),
    [
        ({"MICROFLOW_PROT": "1"}, "MICROFLOW_PORT"),
        ({"MICROFLOW_ADMIN_PASSWORD_FIEL": "x"}, "MICROFLOW_ADMIN_PASSWORD_FILE"),
        ({"MICROFLOW_TOKN": "x"}, "MICROFLOW_TOKEN"),
    ],
)
def test_an_unknown_variable_names_the_nearest(tmp_path: Path, environ: dict[str, str], suggestion: str) -> None:
    """A misspelt variable is an error with the right spelling, those of the command line included."""
    with pytest.raises(SettingsError, match=suggestion):
        load_settings(environ=environ, folder=tmp_path, known_elsewhere=["MICROFLOW_TOKEN"])


def test_variables_of_the_command_line_are_let_be(tmp_path: Path) -> None:
    """A variable that is known elsewhere is no setting and no error."""
    load_settings(environ={"MICROFLOW_TOKEN": "x"}, folder=tmp_path, known_elsewhere=["MICROFLOW_TOKEN"])


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    """A misspelt key of the file is an error with the right spelling."""
    write(tmp_path, "wrokers = 2\n")
    with pytest.raises(SettingsError, match=r"microflow\.toml wrokers.*workers"):
        load_settings(environ={}, folder=tmp_path)


def test_an_empty_variable_counts_as_absent(tmp_path: Path) -> None:
    """An empty value of a number leaves the default."""
    assert load_settings(environ={"MICROFLOW_PORT": ""}, folder=tmp_path).port == 8080


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    """A secret is read from the file that its variable names, without the last line break, and never shown."""
    (tmp_path / "secret").write_text("p4ss\n", encoding="utf-8")
    settings = load_settings(environ={"MICROFLOW_ADMIN_PASSWORD_FILE": str(tmp_path / "secret")}, folder=tmp_path)
    assert settings.admin_password == Secret("p4ss")
    assert "p4ss" not in repr(settings)


def test_a_secret_in_two_places_is_an_error(tmp_path: Path) -> None:
    """Which of the two would hold is not guessed."""
    environ = {"MICROFLOW_ADMIN_PASSWORD": "a", "MICROFLOW_ADMIN_PASSWORD_FILE": "/b"}
    with pytest.raises(SettingsError, match="both set"):
        load_settings(environ=environ, folder=tmp_path)


def test_only_secrets_come_from_files(tmp_path: Path) -> None:
    """A plain setting has no file variable."""
    with pytest.raises(SettingsError, match="MICROFLOW_PORT_FILE"):
        load_settings(environ={"MICROFLOW_PORT_FILE": "/x"}, folder=tmp_path)


@pytest.mark.parametrize("content", [b"port = ", b"\xff", b"port = 1\nport = 2\n", b"[" * 20_000])
def test_a_broken_file_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    """Bad TOML, bad UTF-8, a key given twice and deep nesting all end in a SettingsError."""
    (tmp_path / "microflow.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"microflow\.toml"):
        load_settings(environ={}, folder=tmp_path)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_file_with_a_mark(tmp_path: Path, codec: str) -> None:
    """As the editors and shells of Windows write it."""
    (tmp_path / "microflow.toml").write_bytes("port = 8123\n".encode(codec))
    assert load_settings(environ={}, folder=tmp_path).port == 8123


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    """The default file may be absent, one that is named must not."""
    with pytest.raises(SettingsError, match=r"gone\.toml"):
        load_settings(environ={"MICROFLOW_CONFIG": str(tmp_path / "gone.toml")}, folder=tmp_path)


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    """A file beyond a megabyte is refused."""
    write(tmp_path, "#" * (1024 * 1024 + 1))
    with pytest.raises(SettingsError, match="larger"):
        load_settings(environ={}, folder=tmp_path)
