"""`microflow check`, `run`, `package` and `schema` on app folders: outputs and exit codes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.unit.small_apps import files_of
from typer.testing import CliRunner

from microflow_runtime.cli.main import app
from microflow_runtime.runtime.packages import read_package

NAME = "business_object: Name\nfields: {text: string}\n"
FLOW = """
microflow: Greet
inputs: {In: Name}
outputs: {Out: Name}
nodes:
  Start: {type: start, next: Who?}
  Who?:
    type: gateway
    links:
      - {label: nobody, when: '= In.text = ""', to: Refuse}
      - {label: somebody, otherwise: true, to: End}
  Refuse: {type: throw, error: nobody, message: Nobody is there.}
  End: {type: end, out: {Out.text: '= "hello " + In.text'}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an app's folder, in a folder without settings to stand in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MICROFLOW_HOME", str(tmp_path / "home"))
    for path, content in files_of(NAME, FLOW).items():
        (tmp_path / "Shop" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "Shop" / path).write_bytes(content)
    return tmp_path / "Shop"


def _run(*arguments: str, text: str | None = None) -> Any:
    return CliRunner().invoke(app, list(arguments), input=text, catch_exceptions=False)


def test_a_sound_app_is_checked_well(folder: Path) -> None:
    """No faults: exit code 0."""
    result = _run("check", "--app", str(folder))
    assert (result.exit_code, result.stdout) == (0, "No faults.\n")


def test_faults_are_told_and_end_with_1(folder: Path) -> None:
    """Faults go to standard output in the wanted form."""
    path = folder / "microflows" / "Greet.yaml"
    path.write_text(path.read_text().replace("In.text'", "In.txt'"))
    result = _run("check", "--app", "Shop", "--output", "concise")
    assert result.exit_code == 1
    assert result.stdout == (
        "Shop/microflows/Greet.yaml:12:53: MF-F003 Name has no field `txt` (did you mean `text`?)\n"
    )
    assert json.loads(_run("check", "--app", "Shop", "--output", "json").stdout)


@pytest.mark.parametrize(
    "arguments",
    [("check",), ("run", "Greet"), ("package", "Greet"), ("check", "--output", "nothing"), ("run",), ("nothing",)],
)
def test_a_wrong_command_line_ends_with_2(folder: Path, arguments: tuple[str, ...]) -> None:
    """Without app, with an unknown word or without a name nothing is done."""
    assert _run(*arguments).exit_code == 2


def test_a_flow_runs_from_disk(folder: Path, tmp_path: Path) -> None:
    """Inputs come as text, from a file or from standard input; the outputs go to standard output as JSON."""
    given = '{"In": {"text": "you"}}'
    (tmp_path / "given.json").write_text(given)
    for data, text in ((given, None), ("@given.json", None), ("-", given)):
        result = _run("run", "Greet", "--app", str(folder), "-d", data, text=text)
        assert (result.exit_code, json.loads(result.stdout)) == (0, {"Out": {"text": "hello you"}})


def test_a_flow_that_fails_ends_with_1(folder: Path) -> None:
    """The reason goes to standard error, nothing to standard output."""
    result = _run("run", "Greet", "--app", str(folder), "-d", '{"In": {"text": ""}}')
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == 'error MF-E010: Greet, throw "Refuse": Nobody is there.\n'


def test_a_run_tells_the_code_of_its_failure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a server's log does: that of a limit is another one than a node's."""
    monkeypatch.setenv("MICROFLOW_STEPS", "2")
    result = _run("run", "Greet", "--app", str(folder), "-d", '{"In": {"text": ""}}', "--trace")
    assert result.stderr.splitlines()[-1].startswith("error MF-E021: ")


@pytest.mark.parametrize("command", [("check",), ("run", "Greet")])
def test_two_folders_of_one_app_are_refused(folder: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Also the same folder twice; the fault names both."""
    copy = shutil.copytree(folder, tmp_path / "Copy")
    for other in (copy, folder):
        result = _run(*command, "--app", str(folder), "--app", str(other))
        assert (result.exit_code, "MF-D020" in result.output, "hello" in result.output) == (1, True, False)
        assert "The app `Shop` stands in two folders" in result.output
        assert f"{other}/app.yaml" in result.output


@pytest.mark.parametrize(("name", "data"), [("Nothing", "{}"), ("Greet", "{}"), ("Greet", "[]"), ("Greet", "{")])
def test_what_cannot_run_ends_with_1(folder: Path, name: str, data: str) -> None:
    """An unknown flow and inputs that do not fit are told on standard error."""
    result = _run("run", name, "--app", str(folder), "-d", data)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error MF-")


def test_a_file_that_is_not_there_ends_with_2(folder: Path) -> None:
    """Inputs from a file that cannot be read are a wrong command line."""
    result = _run("run", "Greet", "--app", str(folder), "-d", "@nothing.json")
    assert result.exit_code == 2
    assert "nothing.json cannot be read" in result.stderr


def test_a_package_is_written_under_its_full_name(folder: Path, tmp_path: Path) -> None:
    """The name is printed, and the file holds the flow and what it needs."""
    result = _run("package", "Greet", "--app", str(folder), "--out", str(tmp_path / "out"))
    (path,) = (tmp_path / "out").iterdir()
    assert result.stdout == f"{path.name}\n"
    assert path.name.endswith(".Shop.Greet.v.1.0.0.jar")
    source = read_package(path.name, path.read_bytes()).source
    assert [file.path for file in source.files] == ["app.yaml", "business_objects/Name.yaml", "microflows/Greet.yaml"]
    assert _run("package", "Nothing", "--app", str(folder)).exit_code == 1


def test_schemas_are_written(tmp_path: Path) -> None:
    """One JSON Schema for each kind of file."""
    result = _run("schema", "--out", str(tmp_path / "schemas"))
    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "schemas").iterdir()) == [
        "app.schema.json",
        "business_object.schema.json",
        "microflow.schema.json",
    ]
