"""What all workers of a home share about one sign-in at a token server: its tokens, and whose turn it is to ask.

A file under the home that only its owner may read, replaced whole and written through to the disk, since a refresh token
may be good for one use only. Why it is not in the store: docs/decisions/0060-access-tokens-in-a-file.md.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from microflow_runtime.settings.private import make_private_folder

_FIRST_PAUSE_SECONDS: Final = 0.002
_LONGEST_PAUSE_SECONDS: Final = 0.05


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds since 1970. `failures` counts requests that failed since the last good one."""

    access_token: str = ""
    expires_at: float = 0.0
    obtained_at: float = 0.0
    refresh_token: str = ""
    failures: int = 0
    failed_at: float = 0.0
    failure: str = ""

    def __repr__(self) -> str:
        return "Tokens(***)"


class TokenFile:
    """The file of one sign-in. `name` tells sign-ins apart and holds no secret."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._path = folder / f"{name}.json"
        self._lock = folder / f"{name}.lock"

    def read(self) -> Tokens:
        """Give what is kept; nothing when there is no file, or one that cannot be read as such."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Tokens)
        except (FileNotFoundError, msgspec.DecodeError):
            return Tokens()

    def write(self, tokens: Tokens) -> None:
        """Replace what is kept, whole or not at all. Call it with the lock held."""
        unfinished = self._path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(tokens))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.replace(self._path)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Have the file for oneself over all processes. The system lets go of it when a process ends, however it ends."""
        make_private_folder(self._folder)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            pause = _FIRST_PAUSE_SECONDS
            while not _take(descriptor):
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            yield
        finally:
            os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
