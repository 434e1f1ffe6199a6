"""What all places of files have in common: they can be stopped from outside, and leave nothing open behind them."""

import io
import os
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from microflow_runtime.engine.files import Existing
from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.files.names import failure, too_large
from microflow_runtime.settings.private import make_private_folder

BLOCK_BYTES: Final = 64 * 1024


class Place(ABC):
    """One place in use by one node. Implements `engine.files.Files`; only `stop` is called from other threads."""

    def __init__(self, scratch_folder: Path, most_bytes: int) -> None:
        self._scratch_folder = scratch_folder
        self.most_bytes = most_bytes
        self._is_stopped = False
        self._open: list[BinaryIO] = []

    @abstractmethod
    def begin(self) -> None:
        """Open what the place needs, as a folder or a sign-in. Raises NodeError of kind `file.connect`."""

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """See Files."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """See Files."""

    @abstractmethod
    def store(self, name: str, content: BinaryIO, existing: Existing) -> None:
        """See Files."""

    @abstractmethod
    def move(self, name: str, to: str, *, replace: bool) -> None:
        """See Files."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """See Files."""

    @abstractmethod
    def break_off(self) -> None:
        """Make calls under way end soon, from another thread."""

    @abstractmethod
    def end(self) -> None:
        """Close what `begin` opened."""

    def scratch(self) -> BinaryIO:
        """See Files."""
        make_private_folder(self._scratch_folder)
        file = cast("BinaryIO", tempfile.TemporaryFile(dir=self._scratch_folder))  # noqa: SIM115 - closed with the place
        return self.kept(file)

    def kept(self, file: BinaryIO) -> BinaryIO:
        """Close a file with the place, at the latest."""
        self._open.append(file)
        return file

    def reader(self, name: str, file: BinaryIO, size: int) -> BinaryIO:
        """Give the first `size` bytes of a file to be read, looking between blocks whether to stop."""
        if file.writable():
            file.flush()
        return self.kept(cast("BinaryIO", io.BufferedReader(_Watched(self, name, file, size), BLOCK_BYTES)))

    def check_size(self, name: str, size: int) -> None:
        """Refuse a file that is too large."""
        if size > self.most_bytes:
            raise too_large(name, self.most_bytes)

    def go_on(self) -> None:
        """See Files."""
        if self._is_stopped:
            raise NodeError("the work on files was stopped.", kind="timeout")

    def stop(self) -> None:
        """Make the work under way end soon. Called from another thread."""
        self._is_stopped = True
        self.break_off()

    def close(self) -> None:
        """Close everything."""
        for file in reversed(self._open):
            file.close()
        self._open.clear()
        self.end()


class _Watched(io.RawIOBase):
    """A file that is read no further than it was long at first, and not at all when its place was stopped."""

    def __init__(self, place: Place, name: str, file: BinaryIO, size: int) -> None:
        super().__init__()
        self._place = place
        self._name = name
        self._file = file
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._place.go_on()
        room = max(self._size - self._at, 0)
        try:
            got = os.preadv(self._file.fileno(), [memoryview(buffer)[:room]], self._at) if room else 0
        except OSError as error:
            raise failure(self._name, f"cannot be read: {error.strerror}") from error
        self._at += got
        return got

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._at, self._size)[whence]
        self._at = max(start + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
