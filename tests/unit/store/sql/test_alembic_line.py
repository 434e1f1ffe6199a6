"""The two lines of migrations: what adds comes at start, what removes when it is asked for."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, create_engine, inspect
from tests.servers.postgres import fresh_postgres, running_postgres

from microflow_runtime.errors import StoreError
from microflow_runtime.settings import Settings
from microflow_runtime.store import migrate_store, open_store
from microflow_runtime.store.sql import alembic_line, postgresql_schema
from microflow_runtime.store.sql.alembic_line import configured, upgrade
from microflow_runtime.store.sql.schema import HEAD, Found
from microflow_runtime.store.sql.tables import tables

__all__ = ["fresh_postgres"]
SAMPLE = Path(__file__).parents[3] / "data" / "store" / "migrations"


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Give the settings of a store with all its tables."""
    if request.param == "sqlite":
        made = Settings(home=tmp_path / "home")
        close(made)
        yield made
        return
    server = running_postgres()
    name = server.make()
    made = Settings(home=tmp_path / "home", store=server.url(name))
    close(made)
    yield made
    server.drop(name)


def close(settings: Settings) -> None:
    """Open the store and close it again."""
    asyncio.run(open_store(settings).close())


def engine_of(settings: Settings) -> Engine:
    """Connect to the database of a store directly."""
    if settings.store == "sqlite":
        return create_engine(f"sqlite:///{settings.home / 'store.sqlite3'}", poolclass=NullPool)
    return create_engine(settings.store.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)


def test_every_step_is_in_one_line_with_one_end() -> None:
    """The line that adds ends at the schema of this code, and each removal tells the floor that it raises."""
    adds = ScriptDirectory.from_config(configured("pre"))
    assert adds.get_heads() == [HEAD]
    assert [step.revision for step in adds.walk_revisions()] == sorted(
        (step.revision for step in adds.walk_revisions()), reverse=True
    )
    for step in ScriptDirectory.from_config(configured("post")).walk_revisions():
        assert step.module.floor <= HEAD


def test_migrations_make_exactly_the_tables(settings: Settings) -> None:
    """What the migrations make is what the statements are built for, in both databases, and one index more."""
    with engine_of(settings).connect() as connection:
        ((difference, index),) = compare_metadata(MigrationContext.configure(connection), tables)
    assert (difference, index.name) == ("remove_index", "ix_execution_failed")


def test_what_only_postgresql_needs_is_not_loaded() -> None:
    """A server on SQLite starts without it, and without Alembic."""
    heavy = ("psycopg", "alembic", "sqlalchemy.dialects.postgresql")
    code = f"import sys, microflow_runtime.store; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout == b"[]\n"


def test_nothing_is_applied_twice(settings: Settings) -> None:
    """Neither line has anything to do on a store that is up to date."""
    assert migrate_store(settings) == []
    assert migrate_store(settings, removals=True) == []
    with engine_of(settings).begin() as connection:
        assert upgrade(connection, "pre") == []


def test_a_removal_raises_the_floor(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that knows the schema of the floor goes on; once the floor is above it, it refuses the store."""
    monkeypatch.setattr(alembic_line, "STEPS", SAMPLE)
    assert migrate_store(settings, removals=True) == ["post_0001", "post_0002"]
    with engine_of(settings).begin() as connection:
        assert "cached_value" not in inspect(connection).get_table_names()
    with pytest.raises(StoreError, match="newer version"):
        open_store(settings)
    with pytest.raises(StoreError, match="newer version"):
        migrate_store(settings, removals=True)


def test_a_removal_leaves_the_present_release_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Removing what the present schema does without is done once, through the command's way, and the store opens."""
    only_first = tmp_path / "migrations" / "post"
    only_first.mkdir(parents=True)
    source = SAMPLE / "post" / "post_0001_no_logins.py"
    (only_first / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(alembic_line, "STEPS", only_first.parent)
    assert migrate_store(settings) == []
    assert migrate_store(settings, removals=True) == ["post_0001"]
    assert migrate_store(settings, removals=True) == []
    with engine_of(settings).connect() as connection:
        assert "login_attempt" not in inspect(connection).get_table_names()
    close(settings)


def test_removals_wait_for_older_releases(fresh_postgres: str) -> None:
    """While one that knows an older schema is connected to the database nothing is removed."""
    settings = Settings(store=fresh_postgres)
    older = psycopg.connect(fresh_postgres, application_name="microflow schema 0001")
    with older, pytest.raises(StoreError, match="schema 0001"):
        migrate_store(settings, removals=True)
    with psycopg.connect(fresh_postgres, application_name=f"microflow schema {HEAD}"):
        assert migrate_store(settings, removals=True) == []


def test_a_server_beside_a_newer_schema_goes_on(settings: Settings) -> None:
    """A release that is behind opens a store that only has more, and changes nothing of its schema."""
    with engine_of(settings).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("ALTER TABLE meta ADD COLUMN more INTEGER")
    close(settings)
    with engine_of(settings).connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"


def test_a_migration_of_another_machine_is_not_repeated(fresh_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who found an old schema and then waited for the lock looks again, and does not begin what is done."""
    settings = Settings(store=fresh_postgres)
    close(settings)
    monkeypatch.setattr(postgresql_schema, "find_postgresql_schema", lambda _: ("15", Found(None)))
    monkeypatch.setattr(alembic_line, "upgrade", lambda *_: pytest.fail("it was done already"))
    close(settings)
