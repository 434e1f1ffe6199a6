"""Brings a SQLite file to the present tables. A new one is made at once, without loading Alembic."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, event

from microflow_runtime.settings.private import make_private_file
from microflow_runtime.store.sql.failures import translated
from microflow_runtime.store.sql.schema import FLOOR_KEY, Found, is_behind

FRESH = Path(__file__).with_name("fresh.sql")
"""What the migrations make, for a store that is new; a test holds it to them."""


def migrate_sqlite(path: Path) -> None:
    """Apply what is missing. Processes that start at once take turns; the second finds nothing to do.

    Raises StoreError when the file cannot be used, or when this code is too old for it.
    """
    with translated():
        if not is_behind(find_sqlite_schema(path)):
            return
        with sqlite_locked(path):
            found = find_sqlite_schema(path)
            if not is_behind(found):
                return
            if found.schema is None and _is_empty(path):
                _make(path)
            else:
                apply_to_sqlite(path, "pre")


def apply_to_sqlite(path: Path, line: str) -> list[str]:
    """Apply what is missing of a line, all of it or nothing; give the numbers of what was applied. Holds no lock."""
    from microflow_runtime.store.sql.alembic_line import upgrade

    engine = _sync_engine(path)
    try:
        with engine.begin() as connection:
            return upgrade(connection, line)
    finally:
        engine.dispose()


def find_sqlite_schema(path: Path) -> Found:
    """Tell the schema and the floor of a file."""
    with closing(sqlite3.connect(path, timeout=5.0)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" not in tables:
            return Found(None)
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        floor = connection.execute("SELECT value FROM meta WHERE key = ?", (FLOOR_KEY,)).fetchone()
    return Found(None if version is None else str(version[0]), "" if floor is None else str(floor[0]))


@contextmanager
def sqlite_locked(path: Path) -> Iterator[None]:
    """Hold the lock under which a file is migrated."""
    lock = path.with_suffix(".lock")
    make_private_file(lock)
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_empty(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=5.0)) as connection:
        return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def _make(path: Path) -> None:
    """Make all tables at once, or none."""
    with closing(sqlite3.connect(path, timeout=5.0)) as connection:
        connection.executescript(f"BEGIN;\n{FRESH.read_text(encoding='utf-8')}\nCOMMIT;")


def _sync_engine(path: Path) -> Engine:
    """Give an engine whose transactions hold for changes of tables as well, which the driver by itself would commit."""
    engine = create_engine(f"sqlite:///{path}")

    def prepare(connection: sqlite3.Connection, _entry: object) -> None:
        connection.isolation_level = None

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
