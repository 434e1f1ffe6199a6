"""Two machines that publish into one store at once."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.small_apps import files_of

from microflow_runtime.errors import Conflict
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.runtime.begin_again import begins_again
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, EpochTaken, MemoryStore
from microflow_runtime.telemetry import Metrics

FLOW = "microflow: {name}\noutputs: {{Out: Text}}\nnodes:\n  Start: {{type: start, next: End}}\n  End: {{type: end}}\n"


def _audit(detail: str) -> AuditEntry:
    return AuditEntry(at=datetime.now(UTC), actor="admin", action="refresh", detail=detail)


def _write(root: Path, *flows: str) -> Path:
    texts = ("app: Shop\nversion: v.1.0.0\n", "business_object: Text\nfields: {value: string?}\n")
    for path, content in files_of(*texts, *(FLOW.format(name=name) for name in flows)).items():
        (root / "Shop" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "Shop" / path).write_bytes(content)
    return root / "Shop"


class OutrunStore(MemoryStore):
    """A store in which, just before a catalog is put, another machine puts one, as often as told."""

    def __init__(self) -> None:
        super().__init__()
        self.outrun = 0
        self.other: Runtime | None = None

    async def put_catalog(self, *given: Any, **named: Any) -> None:
        """Let the other machine be first."""
        if self.outrun and self.other is not None:
            self.outrun -= 1
            other, self.other = self.other, None
            await other.refresh(_audit)
            self.other = other
        await super().put_catalog(*given, **named)


@pytest.fixture
async def machines(tmp_path: Path) -> AsyncIterator[tuple[Runtime, Runtime]]:
    """Give the runtimes of two machines over one store, the second of which may be first."""
    store = OutrunStore()
    made = []
    for name in ("one", "two"):
        settings = Settings(home=tmp_path / name / "home", apps=(_write(tmp_path / name, "Leaf"),))
        made.append(Runtime(settings, store, SharedPage(page_path(settings.home)), Metrics("0"), NODE_TYPES))
        await made[-1].start_up()
    store.other = made[1]
    yield made[0], made[1]
    for runtime in made:
        await runtime.close()
        runtime.page.close()


async def test_who_is_outrun_begins_again(machines: tuple[Runtime, Runtime], tmp_path: Path) -> None:
    """Both refreshes end well, each with an epoch of its own; the later one was prepared above the other."""
    first, second = machines
    _write(tmp_path / "one", "Leaf", "Mine")
    _write(tmp_path / "two", "Leaf", "Yours")
    assert isinstance(first.store, OutrunStore)
    first.store.outrun = 1
    await first.refresh(_audit)
    latest = await first.store.find_latest_catalog()
    assert latest is not None
    assert first.catalog.epoch == first.page.epoch == latest.epoch == second.catalog.epoch + 1
    assert {entry.record.name for entry in first.catalog.entries()} == {"Leaf", "Mine"}
    assert {entry.record.name for entry in second.catalog.entries()} == {"Leaf", "Yours"}
    assert len(await first.store.list_audit()) == 2


async def test_beginning_again_has_an_end() -> None:
    """One that is outrun each time says so at last; another conflict is told at once."""
    runs: list[str] = []

    @begins_again
    async def change(error: Conflict) -> None:
        runs.append(error.message)
        raise error

    with pytest.raises(EpochTaken):
        await change(EpochTaken("taken"))
    with pytest.raises(Conflict):
        await change(Conflict("other"))
    assert runs == ["taken"] * 8 + ["other"]
