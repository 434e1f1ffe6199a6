"""Fixtures for rooms that need a Security: a clock that is moved by hand, a store in memory, cheap passwords."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from microflow_runtime.security import Passwords, Security
from microflow_runtime.settings import Secret, Settings
from microflow_runtime.store import MemoryStore


class HandClock:
    """A clock whose two faces move together, and only by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        """Give the time of day."""
        return datetime(2026, 5, 19, 15, 15, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Give the seconds."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Note the seconds and let other work go on once."""
        self.sleeps.append(seconds)
        await asyncio.sleep(0)

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


class CountingStore(MemoryStore):
    """A store that counts how often it is asked for a session, and that can be told to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.look_ups = 0
        self.touches = 0
        self.rights_read = 0
        self.batches: list[int] = []
        self.error: Exception | None = None

    async def find_session_by_token(self, digest):
        """Count, then find."""
        self.look_ups += 1
        if self.error:
            raise self.error
        return await super().find_session_by_token(digest)

    async def find_session_by_id(self, digest):
        """Count, then find."""
        self.look_ups += 1
        return await super().find_session_by_id(digest)

    async def read_sessions(self, handles):
        """Count, then read."""
        self.batches.append(len(handles))
        if self.error:
            raise self.error
        return await super().read_sessions(handles)

    async def read_rights(self, username):
        """Count, then read."""
        self.rights_read += 1
        return await super().read_rights(username)

    async def touch_sessions(self, handles, seen_at):
        """Count, then move the time."""
        self.touches += 1
        if self.error:
            raise self.error
        await super().touch_sessions(handles, seen_at)

    async def append_audit(self, entry):
        """Fail when told to."""
        if self.error:
            raise self.error
        await super().append_audit(entry)


@pytest.fixture
def clock() -> HandClock:
    """Give a clock that stands still."""
    return HandClock()


@pytest.fixture
def memory_store() -> CountingStore:
    """Give an empty store in memory."""
    return CountingStore()


@pytest.fixture
def cheap_passwords() -> Passwords:
    """Give a hasher that costs next to nothing."""
    return Passwords(time_cost=1, memory_kib=8, parallelism=1)


@pytest.fixture
async def security(
    memory_store: CountingStore, clock: HandClock, cheap_passwords: Passwords
) -> AsyncIterator[Security]:
    """Give a Security after its first start: user `admin`, password `correct horse`."""
    settings = Settings(admin_password=Secret("correct horse"))
    made = Security(memory_store, settings, clock=clock, passwords=cheap_passwords)
    await made.first_start()
    yield made
    await made.close()
