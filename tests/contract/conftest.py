"""One fixture: every implementation of the store, one after the other."""

import asyncio
import functools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.servers.postgres import running_postgres

from microflow_runtime.settings import Settings
from microflow_runtime.store import MemoryStore, Store, open_store


@functools.cache
def template_database() -> str:
    """Make a database with all tables once, to be copied for each test."""
    server = running_postgres()
    name = server.make()
    asyncio.run(open_store(Settings(store=server.url(name))).close())
    return name


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Give an empty store of each kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    if request.param == "sqlite":
        settings = Settings(home=tmp_path / "home")
        opened = open_store(settings)
        yield opened
        await opened.close()
        return
    server = running_postgres()
    name = server.make(await asyncio.to_thread(template_database))
    opened = open_store(Settings(home=tmp_path / "home", store=server.url(name)))
    yield opened
    await opened.close()
    server.drop(name)
