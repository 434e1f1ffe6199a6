"""What one machine keeps beside the store: documents by their keys, read by every process without waiting for anybody.

A plan is compiled in the middle of a call, so the document must be at hand at once, and no worker can hold them all. The
shelf is a file in the run folder that all processes of a home share. Nothing on it is the truth: whatever is missing is
fetched from the store, and a shelf that is damaged or gone is begun anew. What stands under a key never changes.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import msgspec

from microflow_runtime.errors import StoreError
from microflow_runtime.settings.private import make_private_file, make_private_folder

_PIECE: Final = 200
_SETTINGS: Final = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -512",
    "PRAGMA journal_size_limit = 8388608",
    "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, body BLOB NOT NULL)",
)


class LostDocument(StoreError):
    """A document is neither on the shelf nor in the store, though something refers to it."""


class Bodies(Protocol):
    """Bodies of documents by their keys: a shelf, or a dict."""

    def __getitem__(self, key: str, /) -> bytes:
        """Give a body. Raises KeyError."""
        ...

    def get(self, key: str, /) -> bytes | None:
        """Give a body, or None."""
        ...

    def __contains__(self, key: object, /) -> bool:
        """Tell whether there is a body."""
        ...


class Shelf:
    """The shelf as one process sees it. Reading takes some ten microseconds; writing is done in a thread.

    The file is opened when it is first used. Raises StoreError when it cannot be read or written, as on a full disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading: sqlite3.Connection | None = None
        self._writing: sqlite3.Connection | None = None
        self._one_writer = threading.Lock()

    def __getitem__(self, key: str) -> bytes:
        """Give a body. Raises KeyError when it is not there."""
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key: str) -> bytes | None:
        """Give a body, or None."""
        with _translated():
            row = self._reader().execute("SELECT body FROM kept WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def __contains__(self, key: object) -> bool:
        """Tell whether there is a body."""
        with _translated():
            return self._reader().execute("SELECT 1 FROM kept WHERE key = ?", (key,)).fetchone() is not None

    async def find(self, keys: Collection[str]) -> set[str]:
        """Give those of the keys that are there."""
        with _translated():
            self._reader()  # opened now: later the disk may be full when a call needs it
        return await asyncio.to_thread(self._find, list(keys))

    async def put(self, bodies: Mapping[str, bytes], *, anew: bool = False) -> None:
        """Keep bodies; what is there under a key stays as it is, or goes with `anew`."""
        if bodies:
            await asyncio.to_thread(self._put, list(bodies.items()), "REPLACE" if anew else "IGNORE")

    async def keep_only(self, keys: Collection[str]) -> None:
        """Take away everything else."""
        await asyncio.to_thread(self._keep_only, list(keys))

    def close(self) -> None:
        """Close the file; what was read stays with who has it."""
        for connection in (self._reading, self._writing):
            if connection is not None:
                connection.close()
        self._reading = self._writing = None

    def _find(self, keys: list[str]) -> set[str]:
        query = "SELECT key FROM kept WHERE key IN (SELECT value FROM json_each(?))"
        with self._one_writer, _translated():
            return {row[0] for row in self._writer().execute(query, (_listed(keys),))}

    def _put(self, rows: list[tuple[str, bytes]], on_conflict: str) -> None:
        statement = f"INSERT OR {on_conflict} INTO kept VALUES (?, ?)"  # noqa: S608 - one of two words of ours
        with self._one_writer, _translated():
            writer = self._writer()
            for start in range(0, len(rows), _PIECE):
                with writer:
                    writer.executemany(statement, rows[start : start + _PIECE])

    def _keep_only(self, keys: list[str]) -> None:
        with self._one_writer, _translated():
            writer = self._writer()
            with writer:
                writer.execute("DELETE FROM kept WHERE key NOT IN (SELECT value FROM json_each(?))", (_listed(keys),))

    def _reader(self) -> sqlite3.Connection:
        if self._reading is None:
            self._reading = _opened(self._path)
        return self._reading

    def _writer(self) -> sqlite3.Connection:
        if self._writing is None:
            self._writing = _opened(self._path)
        return self._writing


def _listed(keys: list[str]) -> str:
    """Give keys as one value for a statement, so that it takes any number of them."""
    return msgspec.json.encode(keys).decode()


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file, beginning anew when what is there is no such file. Only its owner may read it."""
    with _translated():
        make_private_folder(path.parent)
        make_private_file(path)
        try:
            return _connected(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # full, read-only, busy: anew would be no better
                raise
            for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                name.unlink(missing_ok=True)
            make_private_file(path)
            return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        for statement in _SETTINGS:
            connection.execute(statement)
        connection.execute("SELECT 1 FROM kept LIMIT 1").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"The documents kept on this machine cannot be used: {error}.") from error
    except OSError as error:
        raise StoreError(f"The documents kept on this machine cannot be used: {error.strerror}.") from error
