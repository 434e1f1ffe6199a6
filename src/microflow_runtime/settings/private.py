"""What lies under a home is for its owner alone: files 0600, folders 0700, whatever the umask.

SQLite gives its `-wal` and `-shm` files the rights of the database beside which they lie.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
_OTHERS: Final = 0o077
OWN_PLACES: Final = ("run", "data", "files", "tokens", "scratch", "packages", "secrets")
"""The folders that a server has under its home."""


def make_private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing. One that is there stays as it is. Raises OSError."""
    missing = [path]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for folder in reversed(missing):
        folder.mkdir(FOLDER_MODE, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Make an empty file; one that is there stays as it is. Raises OSError."""
    path.touch(FILE_MODE, exist_ok=True)


def close_home(home: Path) -> list[Path]:
    """Take every right on a home from everybody but its owner, as older versions of this software may have left them.

    Only what a server itself has there is looked at, so that a home may be a folder with other things in it. Links are
    not followed. Gives what could not be changed, as files of somebody else.
    """
    own = [home, *home.glob("store.*"), *(home / name for name in OWN_PLACES)]
    return [path for top in own for path in _below(top, deep=top != home) if not _close(path)]


def _below(top: Path, *, deep: bool) -> Iterator[Path]:
    """Give a file, or a folder with everything in it; a link is nothing."""
    yield top
    if deep and top.is_dir() and not top.is_symlink():
        with suppress(PermissionError), os.scandir(top) as entries:
            for entry in entries:
                yield from _below(Path(entry.path), deep=True)


def _close(path: Path) -> bool:
    try:
        found = path.lstat()
        if not stat.S_ISLNK(found.st_mode) and found.st_mode & _OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
    except FileNotFoundError:
        return True  # it has gone meanwhile, or was never there
    except OSError:
        return False
    return True
