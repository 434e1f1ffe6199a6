"""Tests of reading an app's folder."""

import os
import time
from pathlib import Path

import pytest

from microflow_runtime.compiler.reading import folder
from microflow_runtime.compiler.reading.folder import AppSource, read_folder, source_of_files


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Make a small app on disk, old enough for its times to be trusted."""
    root = tmp_path / "Demo"
    for path, text in {
        "app.yaml": "app: Demo\nversion: v1\n",
        "business_objects/B.yaml": "business_object: B\nfields: {}\n",
        "microflows/Get it.yaml": "microflow: Get it\n",
        "files/deep/a.sql": "select 1;\n",
        "README.md": "Not read.\n",
        "business_objects/.B.yaml.swp": "Not read.\n",
    }.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


def paths(source: AppSource) -> dict[str, str]:
    """Give the kinds of the files by path."""
    return {file.path: file.kind for file in source.files}


def test_files_are_found_by_their_place(app: Path) -> None:
    """A definition is known by its folder; other files are left alone."""
    source = read_folder(app)
    assert source.faults == ()
    assert paths(source) == {
        "app.yaml": "app",
        "business_objects/B.yaml": "business_object",
        "files/deep/a.sql": "file",
        "microflows/Get it.yaml": "microflow",
    }
    assert source.find_file("files/deep/a.sql").content == b"select 1;\n"
    assert source.find_file("README.md") is None


def test_the_version_follows_the_content(app: Path) -> None:
    """Changing, renaming or adding a file changes the snapshot's digits; reading again does not."""
    first = read_folder(app)
    assert read_folder(app).snapshot_version("v1") == first.snapshot_version("v1") == f"v1+{first.fingerprint[:8]}"
    (app / "files/deep/a.sql").rename(app / "files/deep/b.sql")
    renamed = read_folder(app)
    (app / "files/deep/b.sql").write_text("select 2;\n")
    changed = read_folder(app)
    assert len({first.fingerprint, renamed.fingerprint, changed.fingerprint}) == 3


def test_an_unchanged_file_is_not_read_again(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second scan looks at times and sizes only."""
    time.sleep(0.03)
    first = read_folder(app)
    monkeypatch.setattr(folder, "_bytes_of", lambda path, _limit: pytest.fail(f"{path} was read again"))
    again = read_folder(app, previous=first)
    assert all(old is new for old, new in zip(first.files, again.files, strict=True))


def test_a_change_within_a_tick_of_the_clock_is_seen(app: Path) -> None:
    """A file that was written just before the first scan may change without its time or size changing."""
    path = app / "business_objects/B.yaml"
    path.write_text("business_object: C\nfields: {}\n")
    status = path.stat()
    first = read_folder(app)
    path.write_text("business_object: D\nfields: {}\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert read_folder(app, previous=first).fingerprint != first.fingerprint


def test_a_link_out_of_the_folder_is_not_followed(app: Path, tmp_path: Path) -> None:
    """What lies outside is never read, be it a file, a folder or a link to a link."""
    secret = tmp_path / "secret.yaml"
    secret.write_text("business_object: S\n")
    (app / "business_objects/S.yaml").symlink_to(secret)
    (app / "files/outside").symlink_to(tmp_path)
    (app / "files/hop").symlink_to(app / "files/outside/secret.yaml")
    source = read_folder(app)
    assert [fault.code for fault in source.faults] == ["MF-D031"] * 3
    assert "business_objects/S.yaml" not in paths(source)


def test_a_link_inside_the_folder_is_followed(app: Path) -> None:
    """Mounted volumes are made of links within one folder."""
    (app / "microflows/Other.yaml").symlink_to(app / "microflows/Get it.yaml")
    source = read_folder(app)
    assert source.faults == ()
    assert "microflows/Other.yaml" in paths(source)


def test_a_link_to_its_own_parent_ends(app: Path) -> None:
    """A circle of links is walked once and named."""
    for name in ("a", "b", "c"):
        (app / "files" / name).symlink_to(app / "files")
    source = read_folder(app)
    assert {fault.code for fault in source.faults} == {"MF-D031"}
    assert len(source.files) < 10


def test_what_is_no_file_is_a_fault(app: Path) -> None:
    """A pipe in the folder does not make the reader wait."""
    os.mkfifo(app / "files/pipe")
    assert [fault.code for fault in read_folder(app).faults] == ["MF-D031"]


def test_sizes_are_bounded(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file over its limit is left out and named."""
    monkeypatch.setattr(folder, "MAX_FILE_BYTES", 5)
    source = read_folder(app)
    assert [fault.code for fault in source.faults] == ["MF-D003"]
    assert "files/deep/a.sql" not in paths(source)


@pytest.mark.parametrize(
    "path",
    [
        "business_objects/B.yml",
        "business_objects/B.json",
        "business_objects/notes.txt",
        "microflows/deep/er/F.yml",
        "F.yaml",
        "App.yaml",
        "app.yml",
        "notes.sql",
        "Microflows/F.yaml",
        "microflow/F.yaml",
        "scripts/run.sh",
    ],
)
def test_what_is_not_read_is_named(app: Path, path: str) -> None:
    """It would be missed silently otherwise: files with another ending or place, and folders, each once."""
    (app / path).parent.mkdir(parents=True, exist_ok=True)
    (app / path).write_text("x")
    before = paths(read_folder(app))
    (fault,) = read_folder(app).faults
    assert (fault.code, fault.is_error) == ("MF-D032", False)
    named = (
        path if path.split("/", maxsplit=1)[0] in ("business_objects", "microflows") else path.split("/", maxsplit=1)[0]
    )
    assert fault.message.startswith(f"`{named}` is not read: ")
    assert path not in before


@pytest.mark.parametrize("path", ["README.md", "LICENSE", ".git/config", ".env", "app.yaml~", "microflows/.F.yaml.swp"])
def test_what_is_there_for_people_and_tools_is_left_alone(app: Path, path: str) -> None:
    """Texts beside app.yaml, hidden files, and what editors leave behind are nobody's mistake."""
    (app / path).parent.mkdir(parents=True, exist_ok=True)
    (app / path).write_text("x")
    assert read_folder(app).faults == ()


def test_definitions_lie_in_folders_below(app: Path) -> None:
    """As deep as shared files may; they count for the version, and too deep is a fault."""
    (app / "microflows/orders/new").mkdir(parents=True)
    (app / "microflows/orders/new/Take.yaml").write_text("microflow: Take\n")
    (app / "business_objects/orders").mkdir()
    (app / "business_objects/orders/Order.yaml").write_text("business_object: Order\nfields: {}\n")
    source = read_folder(app)
    assert source.faults == ()
    found = paths(source)
    assert found["microflows/orders/new/Take.yaml"] == "microflow"
    assert found["business_objects/orders/Order.yaml"] == "business_object"
    deep = app.joinpath("microflows", *"abcdefghijk")
    deep.mkdir(parents=True)
    (deep / "F.yaml").write_text("microflow: F\n")
    assert [fault.code for fault in read_folder(app).faults] == ["MF-D031"]


def test_a_folder_that_is_no_app_is_a_fault(tmp_path: Path) -> None:
    """Neither an empty folder nor a missing one is an app."""
    assert [fault.code for fault in read_folder(tmp_path).faults] == ["MF-D030"]
    assert [fault.code for fault in read_folder(tmp_path / "none").faults] == ["MF-D030", "MF-D031"]


def test_files_in_memory_make_the_same_source(app: Path) -> None:
    """A package of the same files has the same content."""
    on_disk = read_folder(app, label="Demo")
    in_memory = source_of_files("Demo", {file.path: file.content for file in on_disk.files})
    assert in_memory.fingerprint == on_disk.fingerprint
    assert paths(in_memory) == paths(on_disk)


def test_a_thousand_files_are_scanned_quickly(tmp_path: Path) -> None:
    """A refresh looks through a large folder in a few hundredths of a second."""
    (tmp_path / "app.yaml").write_text("app: A\nversion: v1\n")
    (tmp_path / "microflows").mkdir()
    for number in range(1000):
        (tmp_path / f"microflows/F{number}.yaml").write_text(f"microflow: F{number}\n")
    time.sleep(0.03)
    first = read_folder(tmp_path)
    begun = time.perf_counter()
    read_folder(tmp_path, previous=first)
    assert time.perf_counter() - begun < 0.5
