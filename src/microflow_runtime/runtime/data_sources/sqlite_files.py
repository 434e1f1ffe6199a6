"""SQLite files that an app brings a script for: each made whole or not at all, beside whatever else is under way.

A script is of the app's trust, not the operator's: it runs under the guard of statements, for a bounded time, into a file of
bounded size. It may take long, so it runs while nobody holds the refresh lock: a change that finds a file missing is given
up with `DatabasesWanted`, the files are made, and it begins again and puts them in their places.
"""

import secrets
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from microflow_runtime.errors import StoreError
from microflow_runtime.runtime.data_sources.sqlite_guard import OF_SCRIPTS, SqliteGuard, guard
from microflow_runtime.settings.private import make_private_file, make_private_folder
from microflow_runtime.text import BrokenText, decode

SCRIPT_SECONDS: Final = 30.0
"""How long a script may run."""
_PAGES: Final = 262_144
"""Pages of 4 KiB that a script may fill: 1 GiB."""
_VALUE_BYTES: Final = 64 * 1024 * 1024
_STEPS: Final = 20_000
"""So many steps of SQLite's machine lie between two looks at the clock, a fraction of a millisecond."""
_STALE_SECONDS: Final = 3_600.0


class WantedDatabase(msgspec.Struct, frozen=True):
    """A file that is not there, and the script that makes it. `source` and `app` say in messages whose it is."""

    path: Path
    script: bytes
    source: str
    app: str


class DatabasesWanted(Exception):
    """A change cannot go on before these files are made. Whoever carries it out makes them and begins again."""

    def __init__(self, made: "MadeDatabases", wanted: Iterable[WantedDatabase]) -> None:
        super().__init__("databases have to be made first")
        self._made = made
        self._wanted = tuple(wanted)

    def make(self) -> None:
        """Make the files, so that the change finds them. Blocks. Raises StoreError when a script fails."""
        for each in self._wanted:
            self._made.make(each)

    def discard(self) -> None:
        """Remove those that were not put in their places after all."""
        self._made.discard(self._wanted)


class MadeDatabases:
    """Files that were made and wait to be put in their places."""

    def __init__(self, *, seconds: float = SCRIPT_SECONDS) -> None:
        self._seconds = seconds
        self._files: dict[WantedDatabase, Path] = {}

    def make(self, wanted: WantedDatabase) -> None:
        """Run the script of a file. Blocks. Raises StoreError when it fails; then nothing is left of it."""
        if wanted not in self._files:
            self._files[wanted] = _run(wanted, self._seconds)

    def put(self, wanted: Iterable[WantedDatabase]) -> None:
        """Put files in their places. Raises DatabasesWanted when one is not made yet, StoreError when it cannot be put there."""
        missing = [each for each in wanted if not each.path.exists()]
        if unmade := [each for each in missing if each not in self._files]:
            raise DatabasesWanted(self, unmade)
        for each in missing:
            try:
                self._files.pop(each).replace(each.path)
            except OSError as error:
                raise StoreError(_failed(each, f"{error.strerror}")) from error

    def discard(self, wanted: Iterable[WantedDatabase]) -> None:
        """Remove files that wait."""
        for each in wanted:
            if each in self._files:
                self._files.pop(each).unlink(missing_ok=True)


def _run(wanted: WantedDatabase, seconds: float) -> Path:
    path = wanted.path
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        make_private_folder(path.parent)
        _remove_stale(path)
        make_private_file(unfinished)
        _execute(unfinished, _text_of(wanted.script), seconds)
    except (sqlite3.Error, sqlite3.Warning, OSError, ValueError, _Refused) as error:
        for each in path.parent.glob(f"{unfinished.name}*"):
            each.unlink(missing_ok=True)
        raise StoreError(_failed(wanted, str(error))) from error
    return unfinished


def _text_of(script: bytes) -> str:
    try:
        return decode(script)
    except BrokenText as error:
        raise ValueError(f"it {error.reason}") from error


def _failed(wanted: WantedDatabase, reason: str) -> str:
    return f'The script of the data source "{wanted.source}" of {wanted.app} failed: {reason}.'


class _Refused(Exception):
    """The script did what it may not, or took longer than it may."""


def _execute(path: Path, script: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    connection = sqlite3.connect(path)
    asked: SqliteGuard | None = None
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_BYTES)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.execute(f"PRAGMA max_page_count={_PAGES}").close()
        asked = guard(connection, OF_SCRIPTS)
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        connection.executescript(script)
        connection.commit()
    except sqlite3.Error as error:
        if time.monotonic() > until:
            raise _Refused(f"it was not at its end after {seconds:g} s") from error
        raise _Refused(asked.sentence(error) if asked is not None else str(error)) from error
    finally:
        connection.close()


def _remove_stale(path: Path) -> None:
    """Remove what a process that was killed has left half-made."""
    for each in path.parent.glob(f".{path.name}.*.new*"):
        try:
            if time.time() - each.stat().st_mtime > _STALE_SECONDS:
                each.unlink()
        except FileNotFoundError:
            continue
