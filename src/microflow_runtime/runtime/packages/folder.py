"""Packages in a folder of this machine."""

import os
import stat
from pathlib import Path
from typing import Final

from microflow_runtime.errors import BadRequest, NotAvailable, NotFound, StoreError
from microflow_runtime.runtime.packages import record
from microflow_runtime.runtime.packages.names import kept_name

_TRIES: Final = 3
_PIECE_BYTES: Final = 1024 * 1024


def find_package(folder: Path, name: str) -> bytes:
    """Give the bytes of the package of exactly this name. It is opened by its kept name, which leads nowhere else. Blocks.

    Raises NotFound, also when the folder does not exist; BadRequest for a file that is too large; NotAvailable for one that
    is being written over and over; StoreError for one that cannot be read. None of them tells a path.
    """
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound("There is no such package.") from error
    except OSError as error:
        raise StoreError(f"The folder of packages cannot be opened: {error.strerror}.") from error
    try:
        for _ in range(_TRIES):
            content = _read_whole(opened, kept_name(name))
            if content is not None:
                return content
    except OSError as error:
        raise StoreError(f"The package cannot be read: {error.strerror}.") from error
    finally:
        os.close(opened)
    raise NotAvailable("The package is being written; try again.", retry_after_seconds=1)


def _read_whole(folder: int, name: str) -> bytes | None:
    """Read a file, or give None when it changed while it was read. A link is none; a pipe must not block."""
    try:
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError as error:
        raise NotFound("There is no such package.") from error
    except OSError as error:
        if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise NotFound("There is no such package.") from error
        raise
    try:
        before = os.fstat(opened)
        if not stat.S_ISREG(before.st_mode):
            raise NotFound("There is no such package.")
        content = _read(opened, before.st_size)
        after = os.fstat(opened)
    finally:
        os.close(opened)
    return content if _stamp(before) == _stamp(after) and len(content) == after.st_size else None


def _read(opened: int, size: int) -> bytes:
    """Read what is there, `size` by the file system's word, and never more than a package may have."""
    most = record.MAX_PACKAGE_BYTES
    pieces: list[bytes] = []
    total = 0
    while size <= most and total <= most and (piece := os.read(opened, _PIECE_BYTES)):
        pieces.append(piece)
        total += len(piece)
    if max(size, total) > most:
        raise BadRequest(f"The package is larger than {most} bytes.")
    return b"".join(pieces)


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
