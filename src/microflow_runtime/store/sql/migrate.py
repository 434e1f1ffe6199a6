"""Brings a database to the present tables. Alembic is loaded only when there is an older one to migrate."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from microflow_runtime.errors import StoreError
from microflow_runtime.store.sql.failures import translated

HEAD = "0002"
"""The newest migration; a test holds it to the files in `migrations/versions`."""
FRESH = Path(__file__).with_name("fresh.sql")
"""What the migrations make, for a store that is new; a test holds it to them."""


def migrate_sqlite(path: Path) -> None:
    """Apply what is missing. Processes that start at once take turns; the second finds nothing to do.

    Raises StoreError when the file cannot be used, or when a newer version of the server made it.
    """
    with translated():
        if _read_version(path) == HEAD:
            return
        with _locked(path.with_suffix(".lock")):
            version = _read_version(path)
            if version == HEAD:
                return
            if version is not None and version > HEAD:
                raise StoreError(f"The store has schema {version}, made by a newer version; this one knows {HEAD}.")
            if version is None and _is_empty(path):
                _make(path)
            else:
                _upgrade(path)


def _is_empty(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=5.0)) as connection:
        return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def _make(path: Path) -> None:
    """Make all tables at once, or none."""
    with closing(sqlite3.connect(path, timeout=5.0)) as connection:
        connection.executescript(f"BEGIN;\n{FRESH.read_text(encoding='utf-8')}\nCOMMIT;")


def _read_version(path: Path) -> str | None:
    with closing(sqlite3.connect(path, timeout=5.0)) as connection:
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        if found is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _upgrade(path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    config = Config()
    config.set_main_option("script_location", "microflow_runtime:store/migrations")
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
