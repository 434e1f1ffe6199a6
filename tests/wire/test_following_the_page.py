"""Another worker of the same home: it follows the shared page, and a store that fails for a while does not end it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.wire.apps import write_wire_apps
from tests.wire.world import World

from microflow_runtime.errors import StoreError
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime
from microflow_runtime.telemetry import Metrics


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a worker that has published the wire apps."""
    made = World(tmp_path, write_wire_apps(tmp_path / "apps"), allow=[])
    yield made
    made.close()


def test_a_store_that_fails_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Following goes on after a failure of the store and has the catalog soon after."""
    other = Runtime(world.settings, world.store, world.page, Metrics(), NODE_TYPES)
    get_catalog = world.store.get_catalog
    asked: list[int] = []

    async def fail_once(epoch: int) -> Any:
        asked.append(epoch)
        if len(asked) == 1:
            raise StoreError("The store is busy.")
        return await get_catalog(epoch)

    monkeypatch.setattr(world.store, "get_catalog", fail_once)

    async def follow() -> None:
        following = asyncio.create_task(other.follow(pause_seconds=0.01))
        await asyncio.wait((following,), timeout=1.0)
        assert not following.done()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await other.close()

    world.run(follow())
    assert len(asked) == 2
    assert other.catalog.epoch == world.page.epoch
