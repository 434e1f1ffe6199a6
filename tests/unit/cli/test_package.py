"""`microflow package`: which packages it writes, under which names, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
from tests.app_folder import write_app, write_flow
from typer.testing import CliRunner

from microflow_runtime.cli.main import app
from microflow_runtime.runtime.packages import Package, kept_name, read_package

_APP = "app: Shop\nversion: v.1.0.0\n"
_FLOW = """
inputs: {In: Note}
outputs: {Out: Note}
nodes:
  Start: {type: start, next: End}
  End: {type: end, out: {Out: = In}}
"""
_CALLING = _FLOW.replace("next: End}", "next: Call}\n  Call: {type: sub flow, flow: Leaf, in: {In: = In}, next: End}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of an app with three flows, in a folder without settings to stand in."""
    monkeypatch.chdir(tmp_path)
    flows = {"Leaf": _FLOW, "Top": _CALLING, "Other": _FLOW}
    return write_app(tmp_path / "Shop", _APP, {"Note": "text: string?"}, flows, {"a.sql": "select 1;"})


def _run(*words: str) -> Any:
    return CliRunner().invoke(app, ["package", "--app", "Shop", "--out", "out", *words], catch_exceptions=False)


def _read(name: str) -> Package:
    return read_package(name, (Path("out") / kept_name(name)).read_bytes())


def _flows(package: Package) -> list[str]:
    return [file.path[11:-5] for file in package.source.files if file.kind == "microflow"]


def test_a_package_of_each_flow(folder: Path) -> None:
    """The names are printed in the order of the flows; nothing else is written."""
    result = _run("Top", "Other")
    names = ["id-of-Top.Shop.Top.v.1.0.0.jar", "id-of-Other.Shop.Other.v.1.0.0.jar"]
    assert (result.exit_code, result.stdout, result.stderr) == (0, "\n".join([*names, ""]), "")
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(names)
    assert [_flows(_read(name)) for name in names] == [["Leaf", "Top"], ["Other"]]


@pytest.mark.parametrize(
    ("words", "kind", "flows", "files"),
    [
        ([], "full", ["Leaf", "Other", "Top"], 1),
        (["--together"], "full", ["Leaf", "Other", "Top"], 1),
        (["--together", "Other", "Leaf"], "flows", ["Leaf", "Other"], 1),
        (["--no-files"], "full", ["Leaf", "Other", "Top"], 0),
        (["--base", "v.0.9.0", "Other"], "patch", ["Other"], 1),
        (["--base", "v.0.9.0", "Other", "--no-files"], "patch", ["Other"], 0),
    ],
)
def test_one_package(folder: Path, words: list[str], kind: str, flows: list[str], files: int) -> None:
    """The whole app, chosen flows together and a patch are one package of the app's name."""
    result = _run(*words)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Shop.v.1.0.0.jar\n", "")
    package = _read("Shop.v.1.0.0.jar")
    assert (package.kind, _flows(package)) == (kind, flows)
    assert sum(file.kind == "file" for file in package.source.files) == files


def test_a_patch_that_removes(folder: Path) -> None:
    """What it removes stands in it; only a patch removes."""
    words = ["--removed", "microflows/Old.yaml", "--removed", "files/old.sql"]
    assert _run("--base", "v.0.9.0", "Other", *words).exit_code == 0
    package = _read("Shop.v.1.0.0.jar")
    assert (package.base, package.removed) == ("v.0.9.0", ("files/old.sql", "microflows/Old.yaml"))
    result = _run("Other", *words)
    assert (result.exit_code, "name its base" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--base", "v.1.0.0"], "as that of its base"),
        (["--base", "../v.1"], "is not a version"),
        (["--base", "v.0.9.0", "--removed", "app.yaml"], "`app.yaml` is no file of an app"),
        (["--base", "v.0.9.0", "--removed", "microflows/Top.yaml"], "removes: `microflows/Top.yaml`"),
        (["Nothing", "Othr"], 'The app has no flow "Nothing", "Othr" (did you mean "Other"?).'),
    ],
)
def test_what_is_no_package_is_not_written(folder: Path, words: list[str], told: str) -> None:
    """The reason goes to standard error and nothing is left behind."""
    result = _run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert not Path("out").exists()


def test_all_faults_of_the_app_are_told(folder: Path) -> None:
    """Also those of flows that are not packaged: nothing of a broken app leaves the house."""
    write_flow(folder, "Other", _FLOW.replace("= In", "= Inn"))
    write_flow(folder, "Top", _FLOW.replace("next: End", "next: Nowhere"))
    result = _run("Leaf")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Other.yaml" in result.stderr
    assert "Top.yaml" in result.stderr
    assert "2 faults." in result.stderr


def test_a_file_that_no_package_may_hold(folder: Path) -> None:
    """Whoever would have to refuse the package is spared it."""
    (folder / "files" / "run.py").write_text("print()")
    result = _run()
    assert (result.exit_code, "holds code; packages are data only: `files/run.py`" in result.stderr) == (1, True)
    assert _run("--no-files").exit_code == 0


def test_a_package_without_files_that_it_needs(folder: Path) -> None:
    """That is told when it is built, unless it is a patch, whose base has the files."""
    source = 'data_sources: {d: {url: "sqlite:///d.db", create_from: files/a.sql}}\n'
    (folder / "app.yaml").write_text(_APP + source)
    for words in ([], ["Leaf"]):
        result = _run("--no-files", *words)
        assert (result.exit_code, "MF-D033" in result.stderr, "--base" in result.stderr) == (1, True, True)
    assert _run("--no-files", "--base", "v.0.9.0").exit_code == 0
    assert _run().exit_code == 0


def test_an_environment_that_lacks_a_variable_is_warned_of(folder: Path) -> None:
    """The package is written all the same: its operator may give the value."""
    text = 'data_sources: {d: {url: "{url}"}}\nenvironments: {DEV: {variables: {url: "sqlite:///d.db"}}, PROD: {}}\n'
    (folder / "app.yaml").write_text(_APP + text)
    result = _run()
    assert (result.exit_code, result.stdout) == (0, "Shop.v.1.0.0.jar\n")
    assert "MF-D034 warning: The environment `PROD` has no variable `url`" in result.stderr


def test_names_that_no_file_can_have(folder: Path) -> None:
    """The composed name is printed, because callers use it; the file is bounded and the names are told apart."""
    long, dots = "ก" * 200, "i..d"
    write_flow(folder, "Long", f"id: {long}\n{_FLOW}")
    write_flow(folder, "Dots", f"id: {dots}\n{_FLOW}")
    result = _run("Long", "Dots")
    names = [f"{long}.Shop.Long.v.1.0.0.jar", f"{dots}.Shop.Dots.v.1.0.0.jar"]
    assert (result.exit_code, result.stdout.splitlines()) == (0, names)
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(map(kept_name, names))
    assert [_flows(_read(name)) for name in names] == [["Long"], ["Dots"]]
    assert "is kept as ~" in result.stderr


def test_the_same_app_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Whenever and wherever it is built."""
    _run()
    first = (tmp_path / "out" / "Shop.v.1.0.0.jar").read_bytes()
    for path in folder.rglob("*.yaml"):
        path.touch()
    folder.rename(tmp_path / "elsewhere")
    (tmp_path / "Shop").symlink_to(tmp_path / "elsewhere")
    assert _run().exit_code == 0
    assert (tmp_path / "out" / "Shop.v.1.0.0.jar").read_bytes() == first


def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    """A file in its place ends with 2 and says so."""
    Path("out").write_text("")
    result = _run()
    assert (result.exit_code, "cannot be written to out: " in result.stderr) == (2, True)


def test_a_full_folder_leaves_nothing_half_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there stays as it was."""
    assert _run().exit_code == 0
    before = Path("out/Shop.v.1.0.0.jar").read_bytes()

    def fill(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill)
    result = _run("--no-files")
    assert (result.exit_code, "No space left on device" in result.stderr) == (2, True)
    assert [path.name for path in Path("out").iterdir()] == ["Shop.v.1.0.0.jar"]
    assert Path("out/Shop.v.1.0.0.jar").read_bytes() == before
