"""Stopping an execution whose caller has gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

HungUp = Callable[[], Awaitable[None]]
"""Returns when the caller has gone."""


class CallerGone(Exception):
    """The caller hung up; the execution was stopped and undone."""


@asynccontextmanager
async def stopped_when(hung_up: HungUp) -> AsyncIterator[None]:
    """Cancel what runs inside when the caller hangs up. Raises CallerGone then."""
    task = asyncio.current_task()
    assert task is not None
    watcher = asyncio.ensure_future(hung_up())

    def stop(_: object) -> None:
        task.cancel()

    watcher.add_done_callback(stop)
    try:
        yield
    except asyncio.CancelledError:
        if not watcher.done() or watcher.cancelled():
            raise
        task.uncancel()
        raise CallerGone from None
    finally:
        watcher.remove_done_callback(stop)
        watcher.cancel()
