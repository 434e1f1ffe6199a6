"""A call with a large body does not keep the event loop for as long as it takes altogether."""

import asyncio
import time
from typing import Any

import msgspec
from tests.wire.world import World


def test_others_have_their_turn_while_a_large_call_is_worked(world: World) -> None:
    """The longest time that a task beside the call waits is at most two thirds of the whole."""
    rows = [{"requestData": f"row {index} " + "x" * 100} for index in range(40_000)]
    body = msgspec.json.encode({"flowName": "Takes Lists", "object": {"Rows": rows}})
    gaps: list[float] = []

    async def beside() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    async def call() -> Any:
        task = asyncio.create_task(beside())
        await asyncio.sleep(0)
        gaps.clear()
        begun = time.perf_counter()
        principal = world.security.authenticate_fast(f"Bearer {world.tokens['caller']}".encode(), None, None)
        assert principal is not None
        reply = await world.application.do_action.act(principal, body)
        whole = time.perf_counter() - begun
        task.cancel()
        return reply, whole

    world.act({"flowName": "Takes Lists"})
    reply, whole = world.run(call())
    assert reply.status == 200
    assert max(gaps) < whole * 2 / 3, (max(gaps), whole, reply.body[:200])
