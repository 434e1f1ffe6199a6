"""Measures a refresh with one of a thousand flows changed, and what the calls beside it notice, in one run."""

import asyncio
import json
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import uvloop

from bench import generate
from bench.client import Connection, keep_to_timetable, steady_client
from bench.figures import Figure, Section, Table, percentile, shown
from bench.services import Service, microflow_home, microflow_service

_CONNECTIONS = 8
_REFRESH_EVERY_SECONDS = 0.5
_CHANGED = 500


class _Found(msgspec.Struct):
    """Latencies of calls without and beside refreshes, and of the refreshes, in milliseconds."""

    quiet: list[float] = []
    beside: list[float] = []
    refreshes: list[float] = []
    first: float = 0.0


def run(*, flows: int, seconds: float, rounds: int, per_second: float) -> Section:
    """Load the server for `seconds` without and `seconds` with refreshes, `rounds` times in turns."""
    with TemporaryDirectory(prefix="microflow-bench-") as folder:
        app = generate.many_flows(Path(folder), flows)
        with microflow_home(app) as (home, token), microflow_service(app, home, token) as service, steady_client():
            found = uvloop.run(
                _measure(service, app, flows=flows, seconds=seconds, rounds=rounds, per_second=per_second)
            )
    quiet, beside = percentile(found.quiet, 0.999), percentile(found.beside, 0.999)
    return Section(
        title="Refresh",
        about=(
            f"An app of {flows:,} flows under {per_second:g} calls a second on {_CONNECTIONS} connections, spread over "
            f"its flows; every {_REFRESH_EVERY_SECONDS:g} s one flow is changed on disk and `refreshCache` is called; after "
            f"each answer a call of that flow has to show the change. {rounds} turns of {seconds:g} s without and "
            f"{seconds:g} s with refreshes, one worker on one CPU, the client on the other. A call's latency counts from "
            f"the moment it was due."
        ),
        figures=(
            Figure(
                name=f"refresh with 1 of {flows:,} flows changed, median",
                value=percentile(found.refreshes, 0.5),
                unit="ms",
            ),
            Figure(
                name=f"refresh with 1 of {flows:,} flows changed, 95th percentile",
                value=percentile(found.refreshes, 0.95),
                unit="ms",
                at_most=100.0,
            ),
            Figure(
                name="p99.9 of calls beside refreshes, above p99.9 without", value=beside - quiet, unit="ms", at_most=10
            ),
        ),
        tables=(
            Table(
                ("calls", "number", "p50", "p99", "p99.9", "slowest"),
                (
                    latency_row("without refreshes", found.quiet),
                    latency_row("beside refreshes", found.beside),
                    latency_row("refreshes", found.refreshes),
                ),
            ),
        ),
    )


async def _measure(
    service: Service, app: Path, *, flows: int, seconds: float, rounds: int, per_second: float
) -> _Found:
    found = _Found()
    connections = [await Connection.open(service) for _ in range(_CONNECTIONS)]
    operator = await Connection.open(service)
    bodies = [body_of(number) for number in range(0, flows, max(1, flows // 50))]
    await keep_to_timetable(connections, bodies, per_second=per_second, seconds=1)
    changed = min(_CHANGED, flows - 1)
    found.first = await refresh_changed(operator, app, [changed], "1.5")
    for turn in range(rounds):
        found.quiet += await keep_to_timetable(connections, bodies, per_second=per_second, seconds=seconds)
        beside = asyncio.create_task(keep_to_timetable(connections, bodies, per_second=per_second, seconds=seconds))
        found.refreshes += await _refresh_again_and_again(operator, app, changed, seconds, turn)
        found.beside += await beside
    for connection in (*connections, operator):
        await connection.close()
    return found


async def _refresh_again_and_again(
    operator: Connection, app: Path, number: int, seconds: float, turn: int
) -> list[float]:
    took = []
    for each in range(int(seconds / _REFRESH_EVERY_SECONDS)):
        began = time.perf_counter()
        took.append(await refresh_changed(operator, app, [number], f"1.{turn + 1}{each:03d}"))
        await asyncio.sleep(_REFRESH_EVERY_SECONDS - (time.perf_counter() - began))
    return took


async def refresh_changed(
    operator: Connection,
    app: Path,
    numbers: Sequence[int],
    factor: str,
    *,
    flows_per_pair: int = generate.FLOWS_PER_PAIR,
) -> float:
    """Change flows, refresh, see the change in the very next call; give the milliseconds of the refresh."""
    for number in numbers:
        generate.write_flow(app, number, factor, flows_per_pair=flows_per_pair)
    return await refresh_written(operator, numbers[-1], factor)


async def refresh_written(operator: Connection, number: int, factor: str) -> float:
    """Refresh after flows were written, see the change of one of them in the very next call; give the milliseconds."""
    began = time.perf_counter()
    status, said = await operator.call(b"", method="GET", path="/MicroflowRest/refreshCache")
    took = (time.perf_counter() - began) * 1000
    if (status, said) != (200, b"RefreshCache Success"):
        message = f"the refresh failed: {status} {said!r}"
        raise RuntimeError(message)
    _, reply = await operator.call(body_of(number))
    total = json.loads(reply, parse_float=Decimal)["responseObjectsMap"]["ResponseBO"]["total"]
    if total != (Decimal(1000) * Decimal(factor)).quantize(Decimal("0.01")):
        message = f"the call after the refresh answered by the old flow: {total} with the factor {factor}"
        raise RuntimeError(message)
    return took


def body_of(number: int) -> bytes:
    """Give the body of a call of one of the many flows."""
    request = {"customer": "Siam Parts", "amount": 500, "quantity": 2}
    return json.dumps({"flowName": generate.flow_name(number), "object": {"RequestBO": request}}).encode()


def latency_row(name: str, values: list[float]) -> tuple[str, ...]:
    """Give the row of a table: how many, and shares of them in milliseconds."""
    shares = [shown(percentile(values, share), "ms") for share in (0.5, 0.99, 0.999, 1.0)]
    return (name, f"{len(values):,}", *shares)
