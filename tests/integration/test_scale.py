"""The catalog at scale in a short form: a thousand flows and as many Business Objects, in processor time and in ratios.

`make bench ARGS="--only scale"` measures ten thousand, in seconds and on real processes.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bench import generate

from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.runtime.garbage import full_collections_held
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, open_store
from microflow_runtime.telemetry import Metrics

FLOWS = 1_000
PAIR = 2
CHANGED = 100
REFRESHES = 120
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the app, and let it become old enough for its times to be trusted."""
    made = generate.many_flows(tmp_path_factory.mktemp("scale"), FLOWS, flows_per_pair=PAIR)
    time.sleep(0.05)
    return made


@asynccontextmanager
async def _process(app: Path, home: Path) -> AsyncIterator[Runtime]:
    """Give the runtime of one process."""
    settings = Settings(home=home, apps=(app,))
    store, page = open_store(settings), SharedPage(page_path(home))
    runtime = Runtime(settings, store, page, Metrics("0"), NODE_TYPES, building=full_collections_held)
    try:
        yield runtime
    finally:
        await runtime.close()
        await store.close()
        page.close()


async def _start(app: Path, home: Path) -> float:
    """Start up as the supervisor does; give the seconds of processor time."""
    async with _process(app, home) as runtime:
        began = time.process_time()
        assert await runtime.start_up() == ()
        return time.process_time() - began


def _audit(detail: str) -> AuditEntry:
    return AuditEntry(at=datetime.now(UTC), actor="admin", action="refresh", detail=detail)


async def _changed(runtime: Runtime, app: Path, numbers: range, factor: str) -> float:
    """Change flows and refresh; give the seconds of processor time."""
    for number in numbers:
        generate.write_flow(app, number, factor, flows_per_pair=PAIR)
    began = time.process_time()
    assert (await runtime.refresh(_audit)).changed
    return time.process_time() - began


class Beat:
    """The processor time that passes in this thread while others wait for their turn on the loop, longest first."""

    def __init__(self) -> None:
        self.passes: list[float] = []
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            self.passes.append(time.thread_time() - before)

    def end(self) -> list[float]:
        """Stop and give them."""
        self._task.cancel()
        return sorted(self.passes, reverse=True)


async def test_a_thousand_flows(app: Path, tmp_path: Path) -> None:
    """Known folders start at once, small changes cost little, many at once let others have their turn, nothing piles up."""
    home = tmp_path / "home"
    cold = await _start(app, home)
    warm = await _start(app, home)
    assert warm < cold / 8, f"a start that knows everything took {warm:.2f} s of {cold:.2f}"

    async with _process(app, home) as runtime:
        before = _resident()
        await runtime.catch_up()
        assert _resident() - before < 25 * MIB
        await _changed(runtime, app, range(1), "1.5")
        one = min([await _changed(runtime, app, range(1), f"1.{number}") for number in range(2, 6)])
        assert one < cold / 25, f"a refresh of one took {one:.3f} s, reading all of it {cold:.2f}"

        for number in range(10):
            _ = runtime.catalog.find_named(generate.flow_name(number))[0].plan
        beat = Beat()
        many = await _changed(runtime, app, range(CHANGED), "1.25")
        longest = beat.end()
        assert longest[0] < max(0.05, many / 8), f"others waited {longest[0]:.3f} s of {many:.2f}"
        assert longest[len(longest) // 200] < 0.02
        assert len(runtime.catalog.made_places()) == 10, "what was called is made before anybody calls it again"

        settled = _resident(), _size(home)
        for number in range(REFRESHES):
            await _changed(runtime, app, range(1, 2), ("1.75", "1.25")[number % 2])
            if number == REFRESHES // 3:
                settled = _resident(), _size(home)
        assert _resident() - settled[0] < 6 * MIB
        assert _size(home) - settled[1] < 6 * MIB


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _size(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
