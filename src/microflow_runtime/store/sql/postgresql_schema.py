"""Brings a PostgreSQL database to the present tables. Machines that start at once take turns by a lock of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection, NullPool, create_engine, text

from microflow_runtime.errors import StoreError
from microflow_runtime.store.sql.address import Address
from microflow_runtime.store.sql.failures import store_error, translated
from microflow_runtime.store.sql.schema import FLOOR_KEY, Found, is_behind

_UNLIMITED = text("SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true)")
_LOCK = text("SELECT pg_advisory_xact_lock(7270341, 2)")
_FIND = """
SELECT current_setting('server_version'), current_setting('server_encoding'), to_regclass('alembic_version') IS NOT NULL
"""
_OTHERS = """
SELECT DISTINCT application_name FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'microflow schema %%' AND application_name < %s
"""


def migrate_postgresql(address: Address) -> str:
    """Apply what is missing; give the server's version.

    Raises StoreError when the database cannot be used, keeps texts in another encoding, or this code is too old for it.
    """
    version, found = find_postgresql_schema(address)
    if is_behind(found):
        with _migrating(address) as connection:
            if is_behind(_find_schema(connection)):
                from microflow_runtime.store.sql.alembic_line import upgrade

                upgrade(connection, "pre")
    return version


def apply_removals(address: Address) -> list[str]:
    """Apply what is missing of the line `post`; give the numbers of what was applied.

    Raises StoreError while code that knows an older schema is connected.
    """
    from microflow_runtime.store.sql.alembic_line import upgrade

    with _connected(address) as direct:
        others = [row[0] for row in direct.execute(_OTHERS, (f"microflow schema {address.schema}",))]
    if others:
        raise StoreError(
            f"An older release is still connected, by {others[0].removeprefix('microflow ')}; stop it first."
        )
    with _migrating(address) as connection:
        return upgrade(connection, "post")


def find_postgresql_schema(address: Address) -> tuple[str, Found]:
    """Tell the server's version, and the schema and the floor of the database."""
    with _connected(address) as connection:
        row = connection.execute(_FIND).fetchone()
        assert row is not None
        version, encoding, has_tables = row
        if encoding != "UTF8":
            raise StoreError(f"The store's database keeps texts as {encoding}; it must be made with ENCODING 'UTF8'.")
        if not has_tables:
            return version, Found(None)
        schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        floor = connection.execute("SELECT value FROM meta WHERE key = %s", (FLOOR_KEY,)).fetchone()
    return version, Found(None if schema is None else schema[0], "" if floor is None else floor[0])


@contextmanager
def _connected(address: Address) -> Iterator[psycopg.Connection[tuple[str, ...]]]:
    try:
        with psycopg.connect(**address.parameters(), autocommit=True) as connection:
            yield connection
    except psycopg.Error as cause:
        raise store_error(cause) from cause


@contextmanager
def _migrating(address: Address) -> Iterator[Connection]:
    """Open a transaction that holds the lock of migrations, however long they take."""
    engine = create_engine(
        "postgresql+psycopg://", connect_args=address.parameters(), poolclass=NullPool, use_native_hstore=False
    )
    with translated(), engine.begin() as connection:
        connection.execute(_UNLIMITED)
        connection.execute(_LOCK)
        yield connection


def _find_schema(connection: Connection) -> Found:
    if not connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar():
        return Found(None)
    return Found(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
