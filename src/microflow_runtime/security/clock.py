"""The two clocks that sessions need, behind one small seam so that tests can move them."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A wall clock for what is stored, a monotonic one for what is waited for."""

    def now(self) -> datetime:
        """Give the time of day, aware and in UTC."""

    def monotonic(self) -> float:
        """Give seconds since some moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Let other work go on for some seconds."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Give the time of day, aware and in UTC."""
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)

    async def sleep(self, seconds: float) -> None:
        """Let other work go on for some seconds."""
        await asyncio.sleep(seconds)
