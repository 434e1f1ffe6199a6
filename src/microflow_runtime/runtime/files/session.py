"""The thread of one node that works on files."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from microflow_runtime.engine.files import Files
from microflow_runtime.runtime.files.place import Place

_T = TypeVar("_T")
_CLOSE_SECONDS: Final = 1.0
"""How long a server may take to hear that we go; then its socket is closed without a word."""


class Session:
    """Does one piece of work after the other on a place. Implements `engine.files.FileSession`."""

    def __init__(self, place: Place, release: Callable[[], None]) -> None:
        """Take over a place; `release` is called, in any thread, when its thread has come to an end."""
        self._place = place
        self._release = release
        self._thread = ThreadPoolExecutor(1, "files")
        self._is_stopped = False

    async def do(self, work: Callable[[Files], _T]) -> _T:
        """See FileSession."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._place)
        except asyncio.CancelledError:
            self._stop()
            raise

    def _stop(self) -> None:
        self._is_stopped = True
        self._place.stop()

    async def close(self) -> None:
        """Close the place in its thread. One that was stopped is not waited for."""
        closing = self._thread.submit(self._place.close)
        closing.add_done_callback(lambda _: self._release())
        self._thread.shutdown(wait=False)
        if self._is_stopped:
            return
        try:
            await asyncio.wait([asyncio.wrap_future(closing)], timeout=_CLOSE_SECONDS)
        finally:
            if not closing.done():
                self._stop()
