"""One fixture: every implementation of the store, one after the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from microflow_runtime.store import MemoryStore, Store, open_store


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Give an empty store of each kind."""
    opened: Store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "home")
    yield opened
    await opened.close()
