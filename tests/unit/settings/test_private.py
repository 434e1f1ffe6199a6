"""Who may read what lies under a home."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from microflow_runtime.settings.private import OWN_PLACES, close_home, make_private_file, make_private_folder


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Set a umask for the test: none, the usual one, a strict one."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    """Give the rights on a file or folder."""
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("umask")
def test_what_is_made_is_for_its_owner(tmp_path: Path) -> None:
    """Folders above that were missing are, too; what is there stays as it is, and may be asked for again."""
    tmp_path.chmod(0o755)
    file = tmp_path / "home" / "data" / "Shop" / "orders.db"
    for _ in range(2):
        make_private_folder(file.parent)
        make_private_file(file)
    assert mode(file) == 0o600
    assert {mode(folder) for folder in (file.parent, *list(file.parents)[1:3])} == {0o700}
    assert mode(tmp_path) == 0o755


@pytest.mark.usefixtures("umask")
def test_files_beside_a_database_have_its_rights(tmp_path: Path) -> None:
    """SQLite makes -wal and -shm as closed as the file that we made."""
    path = tmp_path / "store.sqlite3"
    make_private_file(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (a)")
        connection.commit()
        assert {each.name: mode(each) for each in tmp_path.glob("store*")} == dict.fromkeys(
            ("store.sqlite3", "store.sqlite3-wal", "store.sqlite3-shm"), 0o600
        )


def test_a_home_that_stood_open_is_closed(tmp_path: Path) -> None:
    """All that is the server's, however deep; neither other things that lie there nor what a link leads to."""
    home, outside = tmp_path / "home", tmp_path / "outside.txt"
    own = [home / "store.sqlite3", home / "store.sqlite3-wal", home / "store.lock"]
    own += [home / place / "a" / "b.txt" for place in OWN_PLACES]
    others = [home / "apps" / "Shop" / "app.yaml", home / "run.sh", outside]
    for file in (*own, *others):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    for path in (home, outside, *home.rglob("*")):
        path.chmod(0o777 if path.is_dir() or path.suffix == ".sh" else 0o664)
    (home / "secrets" / "link").symlink_to(outside)
    assert close_home(home) == []
    assert {mode(file) for file in own} == {0o600}
    folders = [home, *(home / place for place in OWN_PLACES), *(home / place / "a" for place in OWN_PLACES)]
    assert {mode(folder) for folder in folders} == {0o700}
    assert [mode(file) for file in others] == [0o664, 0o777, 0o664]


def test_what_cannot_be_closed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of somebody else, as a mounted secret, does not keep a server from starting."""
    secret = tmp_path / "secrets" / "key"
    secret.parent.mkdir()
    secret.write_text("x")
    secret.chmod(0o644)

    def refuse(_path: Path, _mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    assert secret in close_home(tmp_path)


def test_a_home_that_is_not_there(tmp_path: Path) -> None:
    """There is nothing to close."""
    assert close_home(tmp_path / "home") == []
