"""The shared page: a few 8-byte words that all processes of one server see at once, without asking anybody.

One 4 KiB file in the run directory of the home, opened by path in each process. `epoch` is the catalog that a call must
at least see (0: do not serve), `deadline` the end of a node's lease (only in a cluster), `revocation` a number that moves
when sessions or rights change. Words are written only under the refresh lock, except `revocation`, which has its own.
"""

import fcntl
import mmap
import os
from pathlib import Path
from typing import Final, Self

from microflow_runtime.errors import StoreError
from microflow_runtime.settings.private import make_private_folder

PAGE_BYTES: Final = 4096
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_EPOCH: Final = 0
_DEADLINE: Final = 1
_REVOCATION: Final = 2


class SharedPage:
    """One process's view of the page. Reading a word costs less than a microsecond and never tears.

    Making one raises StoreError when the run folder cannot be used.
    """

    def __init__(self, path: Path) -> None:
        try:
            make_private_folder(path.parent)
            self._map = _open(path)
            # Kept open, so that a change can be told also when no file can be opened for writing any more.
            self._lock = os.open(path.with_suffix(".lock"), _FLAGS, 0o600)
        except OSError as error:
            raise StoreError(f"The run folder cannot be used: {error.strerror}.") from error
        self._words = memoryview(self._map).cast("Q")

    @classmethod
    def find(cls, path: Path) -> Self | None:
        """Open the page of a server that has run under this home; None when there is none."""
        return cls(path) if path.exists() else None

    @property
    def epoch(self) -> int:
        """The catalog a call must at least see."""
        return self._words[_EPOCH]

    @epoch.setter
    def epoch(self, value: int) -> None:
        self._words[_EPOCH] = value

    @property
    def deadline(self) -> int:
        """The end of the node's lease in nanoseconds of CLOCK_BOOTTIME; 0 outside a cluster."""
        return self._words[_DEADLINE]

    @property
    def revocation(self) -> int:
        """A number that is another one after sessions or rights have changed."""
        return self._words[_REVOCATION]

    def bump_revocation(self) -> None:
        """Tell every process that sessions or rights have changed."""
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            self._words[_REVOCATION] += 1
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the page; its words stay for the others."""
        self._words.release()
        self._map.close()
        os.close(self._lock)


def _open(path: Path) -> mmap.mmap:
    """Map the file, its block reserved: on a full disk a mapped hole is not an error but the end of the process."""
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, PAGE_BYTES)
        return mmap.mmap(descriptor, PAGE_BYTES)
    finally:
        os.close(descriptor)


def page_path(home: Path) -> Path:
    """Give where the page of a home lies."""
    return home / "run" / "page"
