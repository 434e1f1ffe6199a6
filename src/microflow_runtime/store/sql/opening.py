"""Opens the store that the settings name: the file under the home, or a PostgreSQL."""

import time
from pathlib import Path

from microflow_runtime.settings import Settings
from microflow_runtime.settings.private import make_private_file
from microflow_runtime.store.sql.failures import Unreachable, translated
from microflow_runtime.store.sql.schema import HEAD
from microflow_runtime.store.sql.sqlite import open_sqlite
from microflow_runtime.store.sql.sqlite_schema import apply_to_sqlite, migrate_sqlite, sqlite_locked
from microflow_runtime.store.sql.store import SqlStore

FILE_NAME = "store.sqlite3"
_PAUSE_SECONDS = 0.5


def open_store(settings: Settings, *, patience_seconds: float = 0.0) -> SqlStore:
    """Open the store, making and migrating it as needed. Blocks; call it at start.

    Several processes may open the same store at once, and several machines the same PostgreSQL. One that cannot be
    reached is tried again for as long as the patience lasts.

    Raises StoreError when it cannot be used, or a newer version of the server needs it for itself; SettingsError for an
    address that is none.
    """
    if settings.store == "sqlite":
        path = _sqlite_path(settings)
        migrate_sqlite(path)
        return SqlStore(open_sqlite(path))
    give_up_at = time.monotonic() + patience_seconds
    while True:
        try:
            return _open_postgresql(settings)
        except Unreachable:
            if time.monotonic() >= give_up_at:
                raise
            time.sleep(_PAUSE_SECONDS)


def migrate_store(settings: Settings, *, removals: bool = False) -> list[str]:
    """Bring the store to the present schema; with `removals`, then also remove what no present code needs.

    Removing is for the operator to decide: older releases cannot use the store afterwards. Gives the numbers of the
    removals that were applied. Blocks. Raises StoreError as `open_store`, and while an older release is connected to
    the same PostgreSQL.
    """
    if settings.store == "sqlite":
        path = _sqlite_path(settings)
        migrate_sqlite(path)
        if not removals:
            return []
        with translated(), sqlite_locked(path):
            return apply_to_sqlite(path, "post")
    from microflow_runtime.store.sql.address import read_address
    from microflow_runtime.store.sql.postgresql_schema import apply_removals, migrate_postgresql

    address = read_address(settings.store, settings.store_password, HEAD)
    migrate_postgresql(address)
    return apply_removals(address) if removals else []


def _sqlite_path(settings: Settings) -> Path:
    """Give the path of the file, which is made for its owner alone where it is not there."""
    with translated():
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = settings.home / FILE_NAME
        make_private_file(path)
    return path


def _open_postgresql(settings: Settings) -> SqlStore:
    from microflow_runtime.store.sql.address import read_address
    from microflow_runtime.store.sql.postgresql import open_postgresql
    from microflow_runtime.store.sql.postgresql_schema import migrate_postgresql

    address = read_address(settings.store, settings.store_password, HEAD)
    return SqlStore(open_postgresql(address, migrate_postgresql(address)))
