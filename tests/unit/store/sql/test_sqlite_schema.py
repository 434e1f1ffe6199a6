"""Bringing a SQLite file to the present tables."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from microflow_runtime.errors import StoreError
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, User, open_store
from microflow_runtime.store.sql.alembic_line import configured
from microflow_runtime.store.sql.schema import FLOOR_KEY, HEAD
from microflow_runtime.store.sql.sqlite_schema import apply_to_sqlite

OLD = Path(__file__).parents[3] / "data" / "store" / "schema_0001.sql"
T = datetime(2026, 1, 1, tzinfo=UTC)


def close(home: Path) -> None:
    """Open a home and close it again."""
    asyncio.run(open_store(Settings(home=home)).close())


def test_the_newest_migration_is_the_head() -> None:
    """The constant that spares loading Alembic names the last file."""
    assert ScriptDirectory.from_config(configured("pre")).get_current_head() == HEAD


def test_a_new_store_is_what_the_migrations_make(tmp_path: Path) -> None:
    """Tables, indexes, triggers and version are the same, whether made at once or migration by migration."""
    migrated, home = tmp_path / "migrated.sqlite3", tmp_path / "home"
    apply_to_sqlite(migrated, "pre")
    close(home)
    made = _contents(home / "store.sqlite3")
    assert made == _contents(migrated)
    assert any(line.startswith("CREATE TRIGGER") for line in made)


def _contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
        version = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return [" ".join(sql.split()) for (sql,) in made] + [str(version)]


async def test_a_store_of_the_first_schema_is_brought_up(tmp_path: Path) -> None:
    """What it held is still there, what came later works, and the tables are those of a new store."""
    home = tmp_path / "home"
    home.mkdir()
    with closing(sqlite3.connect(home / "store.sqlite3")) as connection, connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
        connection.execute(
            "INSERT INTO user_account VALUES ('สุดา', 1767225600000000, NULL, 0, 1, '', '', '', '', '', '')"
        )
        connection.execute("INSERT INTO catalog VALUES (7, x'6d', 1767225600000000)")
    store = open_store(Settings(home=home))
    assert await store.list_users() == [User(username="สุดา", created_at=T, service_account=True)]
    await store.put_catalog(8, b"m", T, AuditEntry(at=T, actor="a", action="b"))
    assert await store.list_snapshots() == await store.list_executions() == []
    await store.close()
    await asyncio.to_thread(close, tmp_path / "new")
    assert sorted(_contents(home / "store.sqlite3")) == sorted(_contents(tmp_path / "new" / "store.sqlite3"))


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The file stays at the schema it had, tables included, and can be used again when the cause is gone."""
    path = tmp_path / "store.sqlite3"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
        connection.execute("CREATE TABLE cached_value (in_the_way INTEGER)")
    before = _contents(path)
    with pytest.raises(StoreError):
        close(tmp_path)
    assert _contents(path) == before
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE cached_value")
    close(tmp_path)


def test_only_the_owner_can_look_inside(tmp_path: Path) -> None:
    """The home and the file of the store are closed to others."""
    home = tmp_path / "deep" / "home"
    close(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "store.sqlite3").stat().st_mode) == 0o600


def _set(home: Path, schema: str, floor: str) -> None:
    """Make a store look as a later version has left it."""
    close(home)
    with closing(sqlite3.connect(home / "store.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (schema,))
        connection.execute("INSERT INTO meta VALUES (?, ?)", (FLOOR_KEY, floor))


def test_a_store_with_what_is_needed_taken_away_is_left_alone(tmp_path: Path) -> None:
    """A server does not touch what only a newer version can use, and names no path."""
    _set(tmp_path, "9999", "9998")
    before = _contents(tmp_path / "store.sqlite3")
    with pytest.raises(StoreError, match="newer version") as caught:
        open_store(Settings(home=tmp_path))
    assert str(tmp_path) not in caught.value.message
    assert _contents(tmp_path / "store.sqlite3") == before


async def test_a_newer_store_that_only_has_more_is_used(tmp_path: Path) -> None:
    """A release that is behind goes on working beside the next one, and leaves its schema as it is."""
    await asyncio.to_thread(_set, tmp_path, "9999", HEAD)
    store = open_store(Settings(home=tmp_path))
    await store.put_meta("k", "1")
    assert await store.find_meta("k") == "1"
    await store.close()
    assert _contents(tmp_path / "store.sqlite3")[-1] == "[('9999',)]"


@pytest.mark.parametrize("content", [b"this is no database, " * 100, b"\x00" * 4096])
def test_a_file_that_is_no_database_is_told(tmp_path: Path, content: bytes) -> None:
    """Anything else in the place of the store is an error, not overwritten."""
    (tmp_path / "store.sqlite3").write_bytes(content)
    with pytest.raises(StoreError) as caught:
        open_store(Settings(home=tmp_path))
    assert str(tmp_path) not in caught.value.message
    assert (tmp_path / "store.sqlite3").read_bytes() == content


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file in the way of the folder ends in one sentence without a path."""
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        open_store(Settings(home=tmp_path / "home"))
    assert str(tmp_path) not in caught.value.message


def test_processes_that_start_at_once_take_turns(tmp_path: Path) -> None:
    """Three processes open a fresh home together, and all of them can."""
    code = (
        "import asyncio, sys, pathlib; from microflow_runtime.settings import Settings; from microflow_runtime.store import open_store;"
        "asyncio.run(open_store(Settings(home=pathlib.Path(sys.argv[1]))).close())"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "home")]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
