"""SQLite files that an app brings a script for: each made whole or not at all."""

import sqlite3
from pathlib import Path

from microflow_runtime.errors import StoreError
from microflow_runtime.settings.private import make_private_file, make_private_folder


def create_database(path: Path, script: bytes, source: str) -> None:
    """Make the file by running the script. Blocks. Raises StoreError when it fails; then there is no file."""
    make_private_folder(path.parent)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    make_private_file(unfinished)
    try:
        connection = sqlite3.connect(unfinished)
        try:
            connection.executescript(script.decode())
            connection.commit()
        finally:
            connection.close()
        unfinished.replace(path)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        unfinished.unlink(missing_ok=True)
        raise StoreError(f'The script of the data source "{source}" failed: {error}.') from error
