"""Measures the catalog at scale: ten thousand flows and as many Business Objects, started, called and refreshed."""

import asyncio
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import uvloop

from bench import generate, processes
from bench.client import Connection, keep_to_timetable, steady_client
from bench.figures import Figure, Section, Table, percentile, shown
from bench.refresh import body_of, latency_row, refresh_changed, refresh_written
from bench.services import Service, free_port, microflow, microflow_service, running, serve_command

FLOWS_PER_PAIR = 2
_CONNECTIONS = 8
_CALLED = 500
_PAUSE_SECONDS = 0.5


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured. `changed` flows are refreshed at once under load, `again` times one after the other."""

    flows: int = 10_000
    changed: int = 2_000
    starts: int = 5
    small_refreshes: int = 40
    full_turns: int = 2
    again: int = 1_000
    per_second: float = 600


SHORT: Final = Plan(flows=1_000, changed=200, starts=1, small_refreshes=8, full_turns=1, again=60)


class _Found(msgspec.Struct):
    """What was measured: seconds of starts, milliseconds of calls and refreshes, MiB of memory, bytes of files."""

    cold: float = 0.0
    warm: list[float] = []
    memory: dict[str, processes.Memory] = {}
    small: list[float] = []
    quiet: list[float] = []
    beside_small: list[float] = []
    quiet_full: list[float] = []
    beside_full: list[float] = []
    full: list[float] = []
    files: dict[str, int] = {}


def run(plan: Plan) -> Section:
    """Measure everything on one app and one home."""
    found = _Found()
    with TemporaryDirectory(prefix="microflow-bench-") as folder:
        app = generate.many_flows(Path(folder), plan.flows, flows_per_pair=FLOWS_PER_PAIR)
        home = Path(folder) / "home"
        token = _cold(app, home, found)
        found.warm = [_start(app, home, token) for _ in range(plan.starts)]
        with microflow_service(app, home, token) as service, steady_client():
            uvloop.run(_measure(service, app, home, plan, found))
    return _section(plan, found)


def _cold(app: Path, home: Path, found: _Found) -> str:
    """Start on an empty home once; give an access token."""
    port, began = free_port(), time.monotonic()
    with running(serve_command(app, home, port), port, cpu=None):
        found.cold = time.monotonic() - began
        return microflow("token", "add", "--user", "admin", "--home", str(home)).strip().splitlines()[-1]


def _start(app: Path, home: Path, token: str) -> float:
    """Give the seconds from starting the command to the first good call."""
    port, began = free_port(), time.monotonic()
    with running(serve_command(app, home, port), port, cpu=None) as pid:
        status, reply = Service("microflow", pid, port, token).post(body_of(0))
        took = time.monotonic() - began
    if status != 200 or b'"SUCCESS"' not in reply:
        message = f"the first call failed: {status} {reply[:300]!r}"
        raise RuntimeError(message)
    return took


async def _measure(service: Service, app: Path, home: Path, plan: Plan, found: _Found) -> None:
    connections = [await Connection.open(service) for _ in range(_CONNECTIONS)]
    operator = await Connection.open(service)
    bodies = [body_of(number) for number in range(0, plan.flows, max(1, plan.flows // 50))]
    await keep_to_timetable(connections, bodies, per_second=plan.per_second, seconds=1)
    found.memory["after the start"] = _worker(service)
    for number in range(0, plan.flows, max(1, plan.flows // _CALLED)):
        await operator.call(body_of(number))
    found.memory[f"after {_CALLED} flows were called"] = _worker(service)
    load = _Load(connections, bodies, plan.per_second)
    await refresh_changed(operator, app, [1], "1.5", flows_per_pair=FLOWS_PER_PAIR)
    found.memory["after a refresh"] = _worker(service)
    await _small_refreshes(load, operator, app, plan, found)
    await _full_refreshes(load, operator, app, plan, found)
    found.memory[f"after {plan.changed:,} flows changed at once"] = _worker(service)
    for number in range(plan.flows):
        await operator.call(body_of(number))
    found.memory["after all flows were called"] = _worker(service)
    await _again_and_again(operator, app, home, plan, found, service)
    for connection in (*connections, operator):
        await connection.close()


class _Load(msgspec.Struct):
    """Calls to a timetable."""

    connections: list[Connection]
    bodies: list[bytes]
    per_second: float

    async def keep(self, seconds: float) -> list[float]:
        """Make calls for a while; give the milliseconds of each."""
        return await keep_to_timetable(self.connections, self.bodies, per_second=self.per_second, seconds=seconds)


async def _small_refreshes(load: _Load, operator: Connection, app: Path, plan: Plan, found: _Found) -> None:
    """Refresh with one flow changed, in turns with as long without."""
    turns = 4
    each = plan.small_refreshes // turns
    for turn in range(turns):
        found.quiet += await load.keep(each * _PAUSE_SECONDS)
        beside = asyncio.create_task(load.keep(each * _PAUSE_SECONDS))
        for number in range(each):
            began = time.perf_counter()
            factor = f"1.{turn + 1}{number:03d}"
            found.small.append(await refresh_changed(operator, app, [1], factor, flows_per_pair=FLOWS_PER_PAIR))
            await asyncio.sleep(max(0.0, _PAUSE_SECONDS - (time.perf_counter() - began)))
        found.beside_small += await beside


async def _full_refreshes(load: _Load, operator: Connection, app: Path, plan: Plan, found: _Found) -> None:
    """Refresh with many flows changed while calls go on, in turns with as long without."""
    for turn in range(plan.full_turns):
        factor = f"1.{turn + 1}5"
        for number in range(plan.changed):
            generate.write_flow(app, number, factor, flows_per_pair=FLOWS_PER_PAIR)
        refreshing = asyncio.create_task(refresh_written(operator, 0, factor))
        beside, took = await _until(load, refreshing)
        found.beside_full += beside
        found.full.append(took)
        found.quiet_full += await load.keep(took / 1000)


async def _until(load: _Load, refreshing: "asyncio.Task[float]") -> tuple[list[float], float]:
    """Make calls as long as a refresh takes; give their milliseconds and those of the refresh."""
    took: list[float] = []
    while not refreshing.done():
        took += await load.keep(0.5)
    return took, await refreshing


async def _again_and_again(
    operator: Connection, app: Path, home: Path, plan: Plan, found: _Found, service: Service
) -> None:
    """Refresh with one flow changed to and fro, without a pause; look at memory and files early and at the end."""
    settled = min(100, plan.again // 2)
    for number in range(plan.again):
        factor = ("1.25", "1.75")[number % 2]
        await refresh_changed(operator, app, [2], factor, flows_per_pair=FLOWS_PER_PAIR)
        if number + 1 == settled:
            found.memory[f"after {settled} more refreshes"] = _worker(service)
            found.files[f"after {settled} refreshes"] = _size(home)
    found.memory[f"after {plan.again:,} more refreshes"] = _worker(service)
    found.files[f"after {plan.again:,} refreshes"] = _size(home)


def _worker(service: Service) -> processes.Memory:
    """Give the memory of the worker: the largest of the processes below the supervisor."""
    return max((processes.memory([pid]) for pid in service.pids()[1:]), key=lambda memory: memory.rss)


def _size(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file())


def _section(plan: Plan, found: _Found) -> Section:
    beside_small = percentile(found.beside_small, 0.999) - percentile(found.quiet, 0.999)
    beside_full = percentile(found.beside_full, 0.999) - percentile(found.quiet_full, 0.999)
    memories = list(found.memory.values())
    grown = memories[-1].rss - memories[-2].rss
    files = list(found.files.values())
    many, changed = f"{plan.flows:,}", f"{plan.changed:,}"
    return Section(
        title="Catalog at scale",
        about=(
            f"One app of {many} flows of 8 nodes and 6 formulas each and {many} Business Objects, two flows to a pair of "
            f"them. Starts are measured from starting `microflow serve` to the first good call; cold on an empty home, warm on "
            f"the same home again, {plan.starts} times. Then one worker on one CPU, the client on the other, under "
            f"{plan.per_second:g} calls a second on {_CONNECTIONS} connections: {plan.small_refreshes} refreshes with one "
            f"flow changed, one every {_PAUSE_SECONDS:g} s, and {plan.full_turns} with {changed} flows changed at once, each "
            f"in turns with as long without; after each a call of a changed flow has to show the change. At last {plan.again:,} "
            f"refreshes to and fro without a pause. Memory is that of the worker, the size that of all files of the home."
        ),
        figures=(
            Figure(name=f"start of {many} flows, cold", value=found.cold, unit="s"),
            Figure(name=f"start of {many} flows, warm", value=statistics.median(found.warm), unit="s", at_most=3.0),
            Figure(
                name=f"largest RSS of a worker with {many} flows",
                value=max(memory.rss for memory in memories),
                unit="MiB",
                at_most=250.0,
            ),
            Figure(
                name=f"refresh with 1 of {many} flows changed, 95th percentile",
                value=percentile(found.small, 0.95),
                unit="ms",
                at_most=250.0,
            ),
            Figure(
                name=f"p99.9 of calls beside refreshes of 1 of {many}, above p99.9 without",
                value=beside_small,
                unit="ms",
                at_most=10.0,
            ),
            Figure(name=f"refresh with {changed} flows changed", value=statistics.median(found.full) / 1000, unit="s"),
            Figure(
                name=f"p99.9 of calls beside refreshes of {changed}, above p99.9 without",
                value=beside_full,
                unit="ms",
                at_most=10.0,
            ),
            Figure(name=f"RSS grown by {plan.again:,} refreshes", value=grown, unit="MiB", at_most=10.0),
            Figure(
                name=f"files grown by {plan.again:,} refreshes",
                value=(files[-1] - files[-2]) / 2**20,
                unit="MiB",
                at_most=10.0,
            ),
        ),
        tables=(
            Table(
                ("calls", "number", "p50", "p99", "p99.9", "slowest"),
                (
                    latency_row("without refreshes", found.quiet),
                    latency_row("beside refreshes of 1", found.beside_small),
                    latency_row("refreshes of 1", found.small),
                    latency_row("without refreshes, again", found.quiet_full),
                    latency_row(f"beside refreshes of {changed}", found.beside_full),
                    latency_row(f"refreshes of {changed}", found.full),
                ),
            ),
            Table(
                ("memory of the worker", "RSS", "PSS"),
                tuple(
                    (when, shown(memory.rss, "MiB"), shown(memory.pss, "MiB")) for when, memory in found.memory.items()
                ),
            ),
            Table(
                ("files of the home", "size"),
                tuple((when, shown(size / 2**20, "MiB")) for when, size in found.files.items()),
            ),
            Table(("start", "seconds"), (("warm", ", ".join(shown(each) for each in found.warm)),)),
        ),
    )
