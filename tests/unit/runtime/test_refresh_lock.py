"""The refresh lock: one at a time over all processes, let go of however the holder ends."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from microflow_runtime.errors import NotAvailable
from microflow_runtime.runtime.refresh_lock import refresh_lock

HOLDER = """
import asyncio, sys
from pathlib import Path
from microflow_runtime.runtime.refresh_lock import refresh_lock
async def hold():
    async with refresh_lock(Path(sys.argv[1])):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(hold())
"""


async def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    """Two refreshes never overlap, in the order they came."""
    happened: list[str] = []

    async def refresh(name: str) -> None:
        async with refresh_lock(tmp_path):
            happened.append(f"{name} begins")
            await asyncio.sleep(0.02)
            happened.append(f"{name} ends")

    await asyncio.gather(refresh("a"), refresh("b"))
    assert happened == ["a begins", "a ends", "b begins", "b ends"]


async def test_an_error_lets_go(tmp_path: Path) -> None:
    """A refresh that fails or is cancelled does not keep the lock."""
    with pytest.raises(ValueError, match="broken"):
        async with refresh_lock(tmp_path):
            raise ValueError("broken")
    async with refresh_lock(tmp_path, patience_seconds=0):
        pass


async def test_patience_comes_to_an_end(tmp_path: Path) -> None:
    """Who waits too long is told to come again."""
    async with refresh_lock(tmp_path):
        with pytest.raises(NotAvailable) as caught:
            async with refresh_lock(tmp_path, patience_seconds=0.02):
                raise AssertionError("both hold it")
    assert caught.value.retry_after_seconds == 5


def _hold(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE)


async def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """The system lets go for a process that is killed; until then it holds against other processes."""
    holder = _hold(tmp_path)
    try:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
        with pytest.raises(NotAvailable):
            async with refresh_lock(tmp_path, patience_seconds=0):
                raise AssertionError("both hold it")
        os.kill(holder.pid, signal.SIGKILL)
        await asyncio.to_thread(holder.wait)
        async with refresh_lock(tmp_path, patience_seconds=0):
            pass
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout:
            holder.stdout.close()
