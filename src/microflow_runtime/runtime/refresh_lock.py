"""The refresh lock: one refresh at a time over all processes that share a run folder."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from microflow_runtime.errors import NotAvailable, StoreError
from microflow_runtime.settings.private import make_private_folder

_FIRST_PAUSE_SECONDS: Final = 0.002
_LONGEST_PAUSE_SECONDS: Final = 0.05


@asynccontextmanager
async def refresh_lock(run_folder: Path, *, patience_seconds: float = 60.0) -> AsyncIterator[None]:
    """Hold the lock. The system lets go of it when the process ends, however it ends.

    Raises NotAvailable when others hold it for longer than the patience, StoreError when the folder cannot be used.
    """
    path = run_folder / "refresh.lock"
    try:
        make_private_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(f"The run folder cannot be used: {error.strerror}.") from error
    try:
        await _take(descriptor, patience_seconds)
        yield
    finally:
        os.close(descriptor)


async def _take(descriptor: int, patience_seconds: float) -> None:
    give_up_at = asyncio.get_running_loop().time() + patience_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if asyncio.get_running_loop().time() > give_up_at:
                message = "Another refresh has been under way for a minute."
                raise NotAvailable(message, retry_after_seconds=5) from error
        else:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
