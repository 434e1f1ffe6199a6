"""Bringing a database to the present tables."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from microflow_runtime.errors import StoreError
from microflow_runtime.store import open_store
from microflow_runtime.store.sql.migrate import HEAD, _upgrade
from microflow_runtime.store.sql.tables import tables


def close(home: Path) -> None:
    """Open a home and close it again."""
    asyncio.run(open_store(home).close())


def test_the_newest_migration_is_the_head() -> None:
    """The constant that spares loading Alembic names the last file."""
    config = Config()
    config.set_main_option("script_location", "microflow_runtime:store/migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    """What the migrations make is what the statements are built for."""
    _upgrade(tmp_path / "store.sqlite3")
    engine = create_engine(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables) == []
    engine.dispose()


def test_a_new_store_is_what_the_migrations_make(tmp_path: Path) -> None:
    """Tables, indexes, triggers and version are the same, whether made at once or migration by migration."""
    migrated, home = tmp_path / "migrated.sqlite3", tmp_path / "home"
    _upgrade(migrated)
    close(home)
    made = _contents(home / "store.sqlite3")
    assert made == _contents(migrated)
    assert any(line.startswith("CREATE TRIGGER") for line in made)


def _contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
        version = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return [" ".join(sql.split()) for (sql,) in made] + [str(version)]


def test_only_the_owner_can_look_inside(tmp_path: Path) -> None:
    """The home and the file of the store are closed to others."""
    home = tmp_path / "deep" / "home"
    close(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "store.sqlite3").stat().st_mode) == 0o600


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    """A server does not touch what a newer version made, and names no path."""
    close(tmp_path)
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version") as caught:
        open_store(tmp_path)
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize("content", [b"this is no database, " * 100, b"\x00" * 4096])
def test_a_file_that_is_no_database_is_told(tmp_path: Path, content: bytes) -> None:
    """Anything else in the place of the store is an error, not overwritten."""
    (tmp_path / "store.sqlite3").write_bytes(content)
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path)
    assert str(tmp_path) not in caught.value.message
    assert (tmp_path / "store.sqlite3").read_bytes() == content


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file in the way of the folder ends in one sentence without a path."""
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path / "home")
    assert str(tmp_path) not in caught.value.message


def test_processes_that_start_at_once_take_turns(tmp_path: Path) -> None:
    """Three processes open a fresh home together, and all of them can."""
    code = (
        "import asyncio, sys, pathlib; from microflow_runtime.store import open_store;"
        "asyncio.run(open_store(pathlib.Path(sys.argv[1])).close())"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "home")]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
