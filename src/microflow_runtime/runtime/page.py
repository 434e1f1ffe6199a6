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

PAGE_BYTES: Final = 4096
_EPOCH: Final = 0
_DEADLINE: Final = 1
_REVOCATION: Final = 2


class SharedPage:
    """One process's view of the page. Reading a word costs less than a microsecond and never tears."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, flags, 0o600)
        try:
            if os.fstat(descriptor).st_size < PAGE_BYTES:
                os.ftruncate(descriptor, PAGE_BYTES)
            self._map = mmap.mmap(descriptor, PAGE_BYTES)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._map).cast("Q")
        self._lock_path = path.with_suffix(".lock")

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
        with self._lock_path.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._words[_REVOCATION] += 1

    def close(self) -> None:
        """Let go of the page; its words stay for the others."""
        self._words.release()
        self._map.close()


def page_path(home: Path) -> Path:
    """Give where the page of a home lies."""
    return home / "run" / "page"
