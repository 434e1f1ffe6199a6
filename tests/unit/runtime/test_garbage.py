"""Catalogs that replace each other while full collections are held: nothing of the replaced ones may stay."""

import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.small_apps import files_of

from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.runtime.garbage import full_collections_held, give_back, settle
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, MemoryStore
from microflow_runtime.telemetry import Metrics

_FLOWS = 20
_REFRESHES = 300
_APP = "app: Shop\nversion: v.1.0.0\n"


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    """Give what a test froze back to the collector."""
    yield
    gc.unfreeze()


def test_settled_objects_are_out_of_sight() -> None:
    """What lives when it settles is looked at no more, and garbage is taken out first."""
    ring: list[object] = []
    ring.append(ring)
    del ring
    before = gc.get_freeze_count()
    settle()
    assert gc.get_freeze_count() > before
    assert len(gc.get_objects()) < 1000


def test_full_collections_come_back_after_a_failure() -> None:
    """They are held while something is built, and the thresholds are what they were, however that ended."""
    before = gc.get_threshold()
    held = []

    def build() -> None:
        with full_collections_held():
            held.append(gc.get_threshold())
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        build()
    assert held[0][:2] == before[:2]
    assert held[0][2] > before[2]
    assert gc.get_threshold() == before


def test_free_memory_is_given_back() -> None:
    """What was allocated and let go of in small pieces does not stay with the process."""
    pieces = [bytes(2000) for _ in range(30_000)]
    last = pieces[-1]
    full = _resident_bytes()
    del pieces
    give_back()
    assert len(last) == 2000
    assert _resident_bytes() < full - 30 * 1024 * 1024


async def test_memory_stays_over_some_hundred_refreshes(tmp_path: Path) -> None:
    """Flows that change and are called after each refresh leave neither objects nor memory behind, on two processes."""
    app = tmp_path / "Shop"
    _write(app, _APP, _text(1), *(_flow(number, 0) for number in range(_FLOWS)))
    settings = Settings(home=tmp_path / "home", apps=(app,))
    store = MemoryStore()
    page = SharedPage(page_path(settings.home))
    refresher, worker = (
        Runtime(settings, store, page, Metrics(str(number)), NODE_TYPES, building=full_collections_held)
        for number in range(2)
    )
    await refresher.start_up()
    objects, resident = 0, 0
    for turn in range(1, _REFRESHES + 1):
        _write(app, _flow(turn % _FLOWS, turn), _flow(3, -turn), *([_text(turn)] if turn % 10 == 0 else []))
        await refresher.refresh(_audit)
        await worker.catch_up()
        for runtime in (refresher, worker):
            for entry in runtime.catalog.entries():
                _ = entry.plan
        if turn == _REFRESHES // 2:
            objects, resident = gc.get_freeze_count(), _resident_bytes()
    assert worker.catalog.epoch == _REFRESHES + 1
    # 150 more catalogs of 20 flows: were they kept, it would be 6,000 entries with their plans, a million objects.
    assert gc.get_freeze_count() - objects < 10_000
    assert _resident_bytes() - resident < 16 * 1024 * 1024
    for runtime in (refresher, worker):
        await runtime.close()
    page.close()


def _audit(detail: str) -> AuditEntry:
    return AuditEntry(at=datetime.now(UTC), actor="admin", action="refresh", detail=detail)


def _flow(number: int, turn: int) -> str:
    return (
        f"microflow: Flow {number}\ninputs: {{In: Text}}\noutputs: {{Out: Text}}\nnodes:\n  Start: {{type: start, next: End}}\n"
        f"  End: {{type: end, out: {{Out.value: '= In.value + \"{turn}\"'}}}}\n"
    )


def _text(turn: int) -> str:
    return f"business_object: Text\ndescription: turn {turn}\nfields: {{value: string?}}\n"


def _write(app: Path, *texts: str) -> None:
    for path, content in files_of(*texts).items():
        if path != "app.yaml" or not (app / path).exists():
            (app / path).parent.mkdir(parents=True, exist_ok=True)
            (app / path).write_bytes(content)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
