"""The processes of custom code: their number, their end, their limits, and what they print."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.unit.nodes.code_app import FUNCTIONS

from microflow_runtime.code import Call, CodeReply, CodeRequest
from microflow_runtime.code.wire import CodeTypes
from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.code import CodePool
from microflow_runtime.settings import Settings

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ext_hook=lambda _code, digits: int(bytes(digits).decode())).decode


class Pool:
    """Calls functions by a pool."""

    def __init__(self, **settings: Any) -> None:
        self.pool = CodePool(Settings(**settings))

    async def call(self, function: str, seconds: float = 20.0, **numbers: float | str) -> Any:
        """Call a function whose arguments are numbers or texts."""
        types = CodeTypes(dict.fromkeys(numbers, "string"), {})
        request = CodeRequest(
            function,
            _encode(types),
            {name: [_encode(str(number))] for name, number in numbers.items()},
            Call(execution_id="e1", deadline_ns=perf_counter_ns() + int(seconds * 1e9)),
        )
        async with asyncio.timeout(seconds):
            reply: CodeReply = await self.pool.call(request)
        return (
            [item for chunk in reply.chunks for item in _decode(chunk)] if reply.is_list else _decode(reply.chunks[0])
        )

    async def fails(self, function: str, **numbers: float | str) -> NodeError:
        """Call one that fails."""
        with pytest.raises(NodeError) as caught:
            await self.call(function, **numbers)
        return caught.value

    @property
    def pids(self) -> list[int]:
        """The processes that there are."""
        return sorted(process.pid for process in self.pool._all if not process.ended.is_set())


@pytest.fixture
async def make(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Pool]]:
    """Give what makes pools, closed afterwards: then there is no process left."""
    monkeypatch.syspath_prepend(str(FUNCTIONS))
    made: list[Pool] = []

    def new(**settings: Any) -> Pool:
        made.append(Pool(**settings))
        return made[-1]

    yield new
    for each in made:
        pids = each.pids
        await each.pool.close()
        assert not any(map(_lives, pids))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


async def test_processes_start_when_needed_and_are_used_again(make: Callable[..., Pool]) -> None:
    """None before the first call; two calls at once take two, the next ones these."""
    pool = make(code_processes=2)
    assert pool.pids == []
    first = await asyncio.gather(_nap(pool), _nap(pool))
    assert len(set(first)) == 2
    assert pool.pids == sorted(first)
    assert await _nap(pool) in first
    assert pool.pids == sorted(first)


async def _nap(pool: Pool, length: float = 0.3) -> int:
    types = CodeTypes({"seconds": "string"}, {})
    call = Call(deadline_ns=perf_counter_ns() + 10**10)
    reply = await pool.pool.call(CodeRequest("sleep", _encode(types), {"seconds": [_encode(str(length))]}, call))
    return int(_decode(reply.chunks[0]))


async def test_a_busy_loop_is_killed_and_a_call_beside_it_keeps_its_speed(make: Callable[..., Pool]) -> None:
    """Trap 7 (c): afterwards the pool is whole."""
    pool = make(code_processes=2)
    await asyncio.gather(_nap(pool, 0.1), _nap(pool, 0.1))
    spinning = asyncio.create_task(pool.call("spin", 1.0))
    await asyncio.sleep(0.1)
    taken = []
    for _ in range(20):
        began = time.perf_counter()
        await pool.call("give_back", value="x")
        taken.append(time.perf_counter() - began)
    assert sorted(taken)[10] < 0.05
    (lost,) = [process.pid for process in pool.pool._all if process not in pool.pool._idle]
    with pytest.raises(TimeoutError):
        await spinning
    await _until(lambda: not _lives(lost))
    assert len({*await asyncio.gather(_nap(pool, 0.1), _nap(pool, 0.1))}) == 2
    assert pool.pool._under_way == 0


async def test_what_a_function_started_ends_with_it(make: Callable[..., Pool], tmp_path: Path) -> None:
    """The whole session is ended."""
    pool, file = make(), tmp_path / "pids"
    with pytest.raises(TimeoutError):
        await pool.call("spawn", 1.5, path=str(file))
    pids = [int(pid) for pid in file.read_text(encoding="utf-8").split()]
    assert len(pids) == 2
    await _until(lambda: not any(_running(pid) for pid in pids))


def _running(pid: int) -> bool:
    """Tell whether a process works; one that ended and that nobody has asked for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_more_than_the_bound_is_busy(make: Callable[..., Pool]) -> None:
    """At once, and it may be tried again; who waits gets a turn."""
    pool = make(code_processes=1, code_waiting=1)
    running = [asyncio.create_task(_nap(pool)) for _ in range(2)]
    await asyncio.sleep(0.05)
    error = await pool.fails("give_back", value="x")
    assert (error.kind, error.retryable) == ("code.busy", True)
    assert len({*await asyncio.gather(*running)}) == 1


async def test_a_process_that_dies_is_replaced(make: Callable[..., Pool]) -> None:
    """The caller learns how it ended."""
    pool = make()
    error = await pool.fails("leave", code=3)
    assert (error.kind, error.retryable) == ("code.crash", False)
    assert "ended with exit code 3" in error.message
    assert await pool.call("give_back", value="x") == "x"
    (pid,) = pool.pids
    os.kill(pid, 9)
    await _until(lambda: pool.pids == [])
    assert await pool.call("give_back", value="x") == "x"


async def test_memory_is_bounded(make: Callable[..., Pool]) -> None:
    """More of it is an error of the function, whose process ends."""
    pool = make(code_memory_bytes=256 * 1024 * 1024)
    assert await pool.call("hoard", megabytes=8) == 1
    error = await pool.fails("hoard", megabytes=400)
    assert (error.kind, error.data["type"]) == ("code", "MemoryError")
    assert await pool.call("hoard", megabytes=8) == 1


async def test_a_result_is_bounded(make: Callable[..., Pool]) -> None:
    """One that is larger is no result."""
    pool = make(code_result_bytes=10_000)
    error = await pool.fails("many", count=100_000)
    assert (error.kind, "more than 10000 bytes" in error.message) == ("code.value", True)


async def test_idle_processes_end(make: Callable[..., Pool]) -> None:
    """After their time, and the next call starts another."""
    pool = make(code_idle_seconds=0.2)
    first = await _nap(pool, 0)
    await _until(lambda: not _lives(first))
    assert await _nap(pool, 0) != first


async def test_what_it_prints_is_in_the_log(make: Callable[..., Pool]) -> None:
    """Line by line, as the output of the call, and bounded."""
    pool = make()
    with capture_logs() as lines:
        await pool.call("say", lines=3)
    told = [line["text"] for line in lines if line["event"] == "output"]
    assert told == ["line 0", "line 1", "line 2", "to standard error\x1b[31m", "by hand"]
    assert {line["execution"] for line in lines if line["event"] == "output"} == {"e1"}
    with capture_logs() as lines:
        await pool.call("say", lines=5000)
    assert len([line for line in lines if line["event"] == "output"]) == 200
    assert [line["lines"] for line in lines if line["event"] == "output left out"] == [4802]


async def test_the_servers_own_variables_stay_outside(
    make: Callable[..., Pool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets in the environment are not the function's to read."""
    monkeypatch.setenv("MICROFLOW_SECRET_X", "c4n4ry")
    assert await make().call("secrets") == []
