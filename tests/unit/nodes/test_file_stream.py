"""`file read` as the source of a loop: records one by one, in bounded memory, beside others, and stopped half-way."""

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.nodes.file_flows import FilesApp, files_app

from microflow_runtime.engine import RunLimits
from microflow_runtime.errors import DeadlineExceeded, LimitExceeded

MANY = int(os.environ.get("FILE_RECORDS", "40000"))
SHEET = int(os.environ.get("SHEET_RECORDS", "5000"))
_LIMITS = RunLimits(execution_ns=600 * 10**9, loop_turns=2_000_000, total_steps=10_000_000)
_LOOP = """
microflow: Loop
inputs: {In: Ask}
outputs: {Out: Sum, Told: Told}
variables: {Line: Line}
nodes:
  Start: {type: start, next: Begin}
  Begin: {type: mapping, out: {Out.sum: = 0, Out.count: = 0}, next: Each}
  Each:
    type: loop
    from: {type: file read, connection: inbox, file: = In.file, record: Line, SETTINGS}
    next: End
    KEYS
    nodes:
      Start: {type: start, next: Add}
      Add: {type: mapping, out: {Out.sum: ADD, Out.count: = Out.count + 1}, next: End}
      End: {type: end}
  End: {type: end}
"""
_SUM = "business_object: Sum\nfields:\n  sum: decimal?\n  count: integer?\n"


def _loop(settings: str, *, add: str = "= Out.sum + Item.price", keys: str = "") -> str:
    text = _LOOP.replace("SETTINGS", settings).replace("ADD", f"'{add}'")
    return text.replace("    KEYS\n", f"    {keys}\n" if keys else "")


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[FilesApp]:
    """Give an app over a folder."""
    async with files_app(tmp_path) as app:
        app.inbox.joinpath("lines").write_text("sku,price,count\na,1.5,\nb,2,1\na,3,\n")
        yield app


def _app(files: FilesApp, flow: str) -> Any:
    return files.app(flow, _SUM)


async def _run(files: FilesApp, flow: str, name: str = "lines", **options: Any) -> Any:
    limits = options.pop("limits", _LIMITS)
    return await _app(files, flow).call("Loop", {"In": {"file": name}}, limits=limits, **options)


@pytest.mark.parametrize("keys", ["", "at_once: 1"])
async def test_the_turns_are_for_the_records(files: FilesApp, keys: str) -> None:
    """Each typed as the Business Object; filter and duplicates hold."""
    out = await _run(files, _loop("format: delimited", keys=keys))
    assert out["Out"] == {"sum": Decimal("6.5"), "count": 3}
    out = await _run(files, _loop("format: delimited, distinct: [sku], filter: = Record.price < 2", keys=keys))
    assert out["Out"] == {"sum": Decimal("1.5"), "count": 1}


async def test_the_file_is_moved_behind_the_last_turn(files: FilesApp) -> None:
    """And aside when a turn fails that ends the loop, or a row; a row that does not fit comes behind those before it."""
    moves = "format: delimited, move: done/lines, move_failed: failed/lines, replace: true"
    catch = "catch: [{error: any, out: {Told: = error}, to: End}]"
    await _run(files, _loop(moves))
    assert (files.inbox / "done" / "lines").exists()
    (files.inbox / "done" / "lines").rename(files.inbox / "lines")
    out = await _run(files, _loop(moves, add="= 1 / (Item.price - 2)", keys=catch))
    assert out["Told"]["kind"] == "formula"
    assert (files.inbox / "failed" / "lines").exists()
    (files.inbox / "lines").write_text("sku,price\na,1\nb,x\n")
    out = await _run(files, _loop(moves, keys=catch))
    assert out["Told"]["data"] == {"file": "lines", "row": 3, "column": "price"}
    assert out["Out"]["count"] == 1
    assert not (files.inbox / "lines").exists()


async def test_the_loop_has_its_limit_of_turns(files: FilesApp) -> None:
    """The limit of rows is for lists."""
    out = await _run(files, _loop("format: delimited"), limits=RunLimits(rows=1))
    assert out["Out"]["count"] == 3
    with pytest.raises(LimitExceeded, match="limit of 2 turns"):
        await _run(files, _loop("format: delimited"), limits=RunLimits(loop_turns=2))


def _is_there(path: Path) -> bool:
    return path.exists()


def _rows(count: int) -> Iterator[str]:
    yield "sku,price,count,day\n"
    for number in range(count):
        yield f"article {number},{number}.25,{number % 7},2026-05-19\n"


def _memory() -> int:
    gc.collect()
    return _memory_now()


def _memory_now() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


async def test_a_long_file_is_read_in_flat_memory_beside_others(files: FilesApp) -> None:
    """However many records; others on the event loop have their turn all the while."""
    with (files.inbox / "long").open("w") as file:
        file.writelines(_rows(MANY))
    flow = _loop("format: delimited")
    await _run(files, flow)
    before, most, longest = _memory(), 0, 0.0

    async def watch() -> None:
        nonlocal most, longest
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - asked - 0.005)
            most = max(most, _memory_now())

    watching = asyncio.create_task(watch())
    started = time.perf_counter()
    out = await _run(files, flow, "long")
    seconds = time.perf_counter() - started
    watching.cancel()
    assert out["Out"] == {"sum": Decimal(MANY * (MANY - 1) // 2) + Decimal("0.25") * MANY, "count": MANY}
    print(f"{MANY} records: {seconds:.1f} s, {(most - before) / 2**20:.1f} MB more, {longest * 1000:.0f} ms held")  # noqa: T201 - the long form is run for the figures
    assert most - before < 12 * 2**20
    assert longest < 0.5


async def test_a_long_sheet_is_read(files: FilesApp) -> None:
    """Row by row: no more than its texts are in memory."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("S")
    sheet.append(["sku", "price", "count", "day"])
    for number in range(SHEET):
        sheet.append([f"article {number}", number + 0.25, number % 7, "2026-05-19"])
    book.save(files.inbox / "long")
    started = time.perf_counter()
    before = _memory()
    out = await _run(files, _loop("format: xlsx"), "long")
    print(f"{SHEET} rows: {time.perf_counter() - started:.1f} s, {(_memory() - before) / 2**20:.1f} MB kept")  # noqa: T201 - as above
    assert out["Out"] == {"sum": Decimal(SHEET * (SHEET - 1) // 2) + Decimal("0.25") * SHEET, "count": SHEET}


async def test_the_deadline_stops_it_and_leaves_the_file(files: FilesApp) -> None:
    """Within a moment, although the file has no end in sight."""
    with (files.inbox / "long").open("w") as file:
        file.writelines(_rows(200_000))
    flow = _loop("format: delimited, filter: '= Record.price < 0', move: done, move_failed: failed")
    started = time.perf_counter()
    with pytest.raises(DeadlineExceeded):
        await _run(files, flow, "long", limits=RunLimits(execution_ns=300_000_000))
    assert time.perf_counter() - started < 0.8
    assert _is_there(files.inbox / "long")


async def test_two_at_once_share_one_reader(files: FilesApp) -> None:
    """Side by side each record is taken once."""
    flow = _loop("format: delimited", keys="at_once: 4\n    collect: = Item.price").replace(
        "Add: {type: mapping, out: {Out.sum: '= Out.sum + Item.price', Out.count: = Out.count + 1}, next: End}",
        "Add: {type: log, message: turn, next: End}",
    ).replace("    next: End\n    at_once", "    out: {Out.sum: = sum(results), Out.count: = count}\n    next: End\n    at_once")  # fmt: skip
    out = await _run(files, flow)
    assert out["Out"] == {"sum": Decimal("6.5"), "count": 3}
