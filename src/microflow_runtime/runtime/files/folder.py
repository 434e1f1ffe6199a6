"""A folder of the machine. Every part of a name is opened in the folder before it, and no link is followed."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from microflow_runtime.engine.files import Existing
from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.model.file_connection import FolderConnection
from microflow_runtime.path_names import part_of_path
from microflow_runtime.runtime.files.names import already_there, failure, missing, parts_of
from microflow_runtime.runtime.files.place import BLOCK_BYTES, Place
from microflow_runtime.settings import Settings
from microflow_runtime.settings.private import FILE_MODE, FOLDER_MODE, make_private_folder

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SHARED_FILE_MODE: Final = 0o640
_SHARED_FOLDER_MODE: Final = 0o750
"""The rights of what is made in a folder of the operator's, which may be there for others to read from."""
_LINK_OR_FILE: Final = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)


def root_of(app: str, connection: FolderConnection, settings: Settings) -> Path:
    """Give the folder that a connection leads to. Raises SettingsError for an absolute one that the operator did not name, or an app that no folder can be called after."""
    path = Path(connection.path)
    if not path.is_absolute():
        home = (settings.home / "files" / part_of_path(app, "the app")).resolve()
        return home / path
    real = path.resolve()
    if not any(real.is_relative_to(folder.resolve()) for folder in settings.file_folders):
        raise SettingsError("its path is absolute and in none of the folders that the setting file_folders names")
    return real


class FolderPlace(Place):
    """A folder in use. `makes` is for a relative one, which lies under the home: it is made when it is not there, for its owner alone."""

    def __init__(self, root: Path, scratch_folder: Path, most_bytes: int, *, makes: bool) -> None:
        super().__init__(scratch_folder, most_bytes)
        self._path = root
        self._makes = makes
        self._file_mode = FILE_MODE if makes else _SHARED_FILE_MODE
        self._folder_mode = FOLDER_MODE if makes else _SHARED_FOLDER_MODE
        self._root = -1

    def begin(self) -> None:
        """See Place."""
        try:
            if self._makes:
                make_private_folder(self._path)
            self._root = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise NodeError(f"its folder cannot be opened: {error.strerror}.", kind="file.connect") from error

    def open(self, name: str) -> BinaryIO:
        """See Files."""
        with self._at(name) as (folder, last):
            descriptor = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            file = os.fdopen(descriptor, "rb", buffering=0)
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                file.close()
                raise failure(name, "is no plain file")
            try:
                self.check_size(name, found.st_size)
            except NodeError:
                file.close()
                raise
        return self.reader(name, file, found.st_size)

    def size(self, name: str) -> int | None:
        """See Files."""
        try:
            with self._at(name) as (folder, last):
                return self._plain(name, folder, last).st_size
        except NodeError as error:
            if error.kind == "file.missing":
                return None
            raise

    def store(self, name: str, content: BinaryIO, existing: Existing) -> None:
        """See Files. A file is written under a name of its own and then given its name; what is appended goes behind the file itself."""
        with self._at(name, makes=True) as (folder, last):
            if existing == "append":
                self._append(name, folder, last, content)
                return
            unfinished = f".microflow-{os.urandom(8).hex()}.part"
            with os.fdopen(os.open(unfinished, _NEW, self._file_mode, dir_fd=folder), "wb", buffering=0) as file:
                try:
                    self._copy(content, file)
                    self._give_name(name, folder, unfinished, folder, last, replace=existing == "replace")
                except BaseException:
                    with suppress(FileNotFoundError):
                        os.unlink(unfinished, dir_fd=folder)
                    raise

    def _append(self, name: str, folder: int, last: str, content: BinaryIO) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(last, flags, self._file_mode, dir_fd=folder), "ab", buffering=0) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise failure(name, "is no plain file")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise failure(name, "is being written by somebody else", kind="file.busy", retryable=True) from error
            size = os.fstat(file.fileno()).st_size
            try:
                self._copy(content, file)
            except BaseException:
                os.ftruncate(file.fileno(), size)
                raise

    def _copy(self, content: BinaryIO, file: BinaryIO) -> None:
        while block := content.read(BLOCK_BYTES):
            self.go_on()
            left = memoryview(block)
            while left:
                left = left[file.write(left) :]
        os.fsync(file.fileno())

    def _give_name(self, name: str, folder: int, now: str, to_folder: int, to: str, *, replace: bool) -> None:
        """Give a file another name: in one step, which takes the place of another file only with `replace`."""
        if replace:
            os.replace(now, to, src_dir_fd=folder, dst_dir_fd=to_folder)
            return
        try:
            os.link(now, to, src_dir_fd=folder, dst_dir_fd=to_folder, follow_symlinks=False)
        except FileExistsError as error:
            raise already_there(name) from error
        os.unlink(now, dir_fd=folder)

    def move(self, name: str, to: str, *, replace: bool) -> None:
        """See Files."""
        with self._at(name) as (folder, last):
            self._plain(name, folder, last)
            with self._at(to, makes=True) as (to_folder, to_last):
                self._give_name(to, folder, last, to_folder, to_last, replace=replace)

    def remove(self, name: str) -> None:
        """See Files."""
        with self._at(name) as (folder, last):
            self._plain(name, folder, last)
            os.unlink(last, dir_fd=folder)

    def _plain(self, name: str, folder: int, last: str) -> os.stat_result:
        found = os.stat(last, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raise failure(name, "is no plain file")
        return found

    @contextmanager
    def _at(self, name: str, *, makes: bool = False) -> Iterator[tuple[int, str]]:
        """Open the folder that a file is in; give it with the last part of the name. Translates what the system says."""
        *folders, last = parts_of(name)
        try:
            at = os.dup(self._root)
            try:
                for part in folders:
                    inner = _entered(at, part, self._folder_mode if makes else None)
                    os.close(at)
                    at = inner
                yield at, last
            finally:
                os.close(at)
        except OSError as error:
            raise _translated(name, error) from error

    def break_off(self) -> None:
        """See Place. The work itself looks between blocks whether to go on."""

    def end(self) -> None:
        """See Place."""
        if self._root >= 0:
            os.close(self._root)
            self._root = -1


def _entered(folder: int, part: str, new_mode: int | None) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if new_mode is None:
            raise
        with suppress(FileExistsError):
            os.mkdir(part, new_mode, dir_fd=folder)
        return os.open(part, _FOLDER, dir_fd=folder)


def _translated(name: str, error: OSError) -> NodeError:
    if isinstance(error, FileNotFoundError):
        return missing(name)
    if isinstance(error, FileExistsError):
        return already_there(name)
    if error.errno in _LINK_OR_FILE:
        return failure(name, "leads over a link, which is not followed, or over what is no folder")
    return failure(name, f"cannot be used: {error.strerror}")
