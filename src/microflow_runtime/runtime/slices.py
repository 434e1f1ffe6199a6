"""Long work on the event loop in slices, so that calls beside it stay quick."""

import asyncio
from time import perf_counter_ns
from typing import Final

SLICE_NS: Final = 1_000_000


class Slices:
    """Tells when a slice is over. One for each piece of work; `between` is awaited between its steps."""

    def __init__(self) -> None:
        self._until = perf_counter_ns() + SLICE_NS

    async def between(self) -> None:
        """Let others run if the slice of a millisecond is used up."""
        if perf_counter_ns() >= self._until:
            await asyncio.sleep(0)
            self._until = perf_counter_ns() + SLICE_NS
