"""The record of the server that runs on a home: `run/server`, locked as long as the server lives.

The lock says whether there is one: the system lets go of it however the server ended, so a file that was left behind
means nothing. What stands in it tells a command beside the server whom to signal, and how a rolling restart went.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

import msgspec

from microflow_runtime.errors import StoreError
from microflow_runtime.settings.private import make_private_folder

_BYTES: Final = 8192
_TRIES: Final = 10
_TRY_SECONDS: Final = 0.05


class ServerState(msgspec.Struct, frozen=True):
    """What a server tells about itself.

    `workers` are the process ids by number, of those that are ready. `restarts_begun` and `restarts_ended` count rolling
    restarts; `restart_failure` is why the one ended last came to nothing, `""` when all workers were replaced. A `pid`
    of 0 says that the server ended as it should.
    """

    pid: int = 0
    port: int = 0
    workers: dict[int, int] = {}
    restarts_begun: int = 0
    restarts_ended: int = 0
    restart_failure: str = ""


class ServerRecord:
    """The record in the hands of the server it speaks of. Only one process can have it."""

    def __init__(self, home: Path) -> None:
        """Make the home where it is missing and take the record.

        Raises StoreError when the home cannot be used, or when another server runs on it.
        """
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = record_path(home)
            make_private_folder(path.parent)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StoreError(f"The home cannot be used: {error.strerror}.") from error
        try:
            self._take()
            self.was_left_behind = _read(self._descriptor).pid != 0
            self.state = ServerState(pid=os.getpid())
            os.posix_fallocate(self._descriptor, 0, _BYTES)  # so that it can be written when the disk is full
            self._write()
        except OSError as error:
            os.close(self._descriptor)
            raise StoreError(f"The home cannot be used: {error.strerror}.") from error
        except StoreError:
            os.close(self._descriptor)
            raise

    def _take(self) -> None:
        """Take the lock; one who just looks has it for a moment."""
        for _ in range(_TRIES):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_TRY_SECONDS)
            else:
                return
        other = _read(self._descriptor).pid
        raise StoreError(f"Another server (process {other}) runs on this home; a home is for one server.")

    def tell(self, state: ServerState) -> None:
        """Write what changed. Raises OSError."""
        if state != self.state:
            self.state = state
            self._write()

    def _write(self) -> None:
        os.pwrite(self._descriptor, msgspec.json.encode(self.state).ljust(_BYTES, b"\0"), 0)

    def close(self) -> None:
        """Give the record back, with the word that the server ended as it should. Raises OSError."""
        try:
            self.tell(ServerState())
        finally:
            os.close(self._descriptor)


def record_path(home: Path) -> Path:
    """Give where the record of a home lies."""
    return home / "run" / "server"


def find_server(home: Path) -> ServerState | None:
    """Give what the server that runs on a home tells; None when there is none. Raises StoreError."""
    try:
        descriptor = os.open(record_path(home), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"The home cannot be read: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> ServerState:
    """Read the state; one that is just being written is read again."""
    for _ in range(_TRIES):
        try:
            return msgspec.json.decode(os.pread(descriptor, _BYTES, 0).strip(b" \0") or b"{}", type=ServerState)
        except msgspec.DecodeError:
            time.sleep(_TRY_SECONDS)
    return ServerState()
