"""How connections are lent: bounds, turns, and what happens to those that go bad."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from microflow_runtime.errors import NodeError, NotAvailable
from microflow_runtime.runtime.data_sources import pool as pool_module
from microflow_runtime.runtime.data_sources.place import Place
from microflow_runtime.runtime.data_sources.pool import Pool
from microflow_runtime.settings import Secrets


class FakeSession:
    """A connection that only knows whether it was closed."""

    errors: ClassVar[tuple[type[Exception], ...]] = (OSError,)

    def __init__(self) -> None:
        self.is_closed = False

    async def close(self) -> None:
        """Close."""
        self.is_closed = True

    def abandon(self) -> None:
        """Close at once."""
        self.is_closed = True


async def _nowhere(_place: Place) -> list[str]:
    return []


class FakePool:
    """A pool whose connections are made here. `fails` and `waits` change how that goes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **place: Any) -> None:
        self.made: list[FakeSession] = []
        self.fails = False
        self.gate: asyncio.Event | None = None
        monkeypatch.setattr(pool_module, "connect", self._connect)
        given = {"app": "Shop", "source": "orders", "kind": "sqlite", "pool_size": 2, "waiting": 2}
        self.pool: Any = Pool(Place(**(given | place)), Secrets(None), _nowhere)  # type: ignore[arg-type]

    async def _connect(self, _place: Place, _secrets: Secrets, _reach: Any) -> FakeSession:
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise NodeError("no", kind="database.unreachable")
        self.made.append(FakeSession())
        return self.made[-1]


MakePool = Callable[..., FakePool]


@pytest.fixture
def make_pool(monkeypatch: pytest.MonkeyPatch) -> MakePool:
    """Give what makes a pool of fake connections."""
    return lambda **place: FakePool(monkeypatch, **place)


async def test_a_connection_that_came_back_is_lent_again(make_pool: MakePool) -> None:
    """The last one first, so that those that are not needed grow old."""
    fake = make_pool()
    one, other = await fake.pool.take(), await fake.pool.take()
    fake.pool.give_back(one)
    fake.pool.give_back(other)
    assert await fake.pool.take() is other
    assert (len(fake.made), fake.pool.lent) == (2, 1)


async def test_who_waits_longest_is_served_first(make_pool: MakePool) -> None:
    """A connection is handed over; nobody who comes later takes it away."""
    fake = make_pool(pool_size=1)
    held = await fake.pool.take()
    order: list[int] = []

    async def wait(number: int) -> None:
        session = await fake.pool.take()
        order.append(number)
        await asyncio.sleep(0)
        fake.pool.give_back(session)

    waiting = [asyncio.ensure_future(wait(number)) for number in range(2)]
    await asyncio.sleep(0)
    fake.pool.give_back(held)
    late = asyncio.ensure_future(wait(2))
    await asyncio.gather(*waiting, late)
    assert (order, len(fake.made), fake.pool.lent) == ([0, 1, 2], 1, 0)


async def test_no_more_wait_than_may(make_pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one too many is told at once, those who wait when their patience ends."""
    monkeypatch.setattr(pool_module, "_WAIT_SECONDS", 0.05)
    fake = make_pool(pool_size=1, waiting=1)
    held = await fake.pool.take()
    waiting = asyncio.ensure_future(fake.pool.take())
    await asyncio.sleep(0)
    for attempt in (fake.pool.take(), waiting):
        with pytest.raises(NodeError, match='every connection of the data source "orders" is in use') as caught:
            await attempt
        assert (caught.value.kind, caught.value.retryable) == ("database.busy", True)
    fake.pool.give_back(held)
    assert await fake.pool.take() is held


async def test_who_is_cancelled_takes_nothing_along(make_pool: MakePool) -> None:
    """A connection that was handed to somebody who just went away goes to the next."""
    fake = make_pool(pool_size=1)
    held = await fake.pool.take()
    first, second = asyncio.ensure_future(fake.pool.take()), asyncio.ensure_future(fake.pool.take())
    await asyncio.sleep(0)
    fake.pool.give_back(held)
    first.cancel()
    assert await second is held
    fake.pool.give_back(held)
    assert fake.pool.lent == 0


async def test_a_connection_that_cannot_be_made_leaves_its_room(make_pool: MakePool) -> None:
    """Also when whoever waits for it is cancelled meanwhile; one who waits for room gets it."""
    fake = make_pool(pool_size=1)
    fake.fails = True
    with pytest.raises(NodeError):
        await fake.pool.take()
    fake.fails, fake.gate = False, asyncio.Event()
    making, waiting = asyncio.ensure_future(fake.pool.take()), asyncio.ensure_future(fake.pool.take())
    await asyncio.sleep(0)
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    fake.gate.set()
    assert await waiting is fake.made[0]


async def test_bad_connections_are_not_lent_again(make_pool: MakePool) -> None:
    """What was distrusted, discarded or is too old is closed, and its room is free."""
    fake = make_pool()
    one, other = await fake.pool.take(), await fake.pool.take()
    fake.pool.give_back(one)
    fake.pool.distrust()
    fresh = await fake.pool.take()
    fake.pool.give_back(other)
    await asyncio.sleep(0.01)
    assert (one.is_closed, other.is_closed, fresh.is_closed, fake.pool.lent) == (True, True, False, 1)
    fake.pool._born[fresh] -= 2000
    fake.pool.give_back(fresh)
    await asyncio.sleep(0.01)
    assert (fresh.is_closed, fake.pool.lent, fake.pool._open) == (True, 0, 0)


async def test_executions_are_admitted_by_count(make_pool: MakePool) -> None:
    """As many as there are connections and room to wait; the next is refused with a time to come again."""
    fake = make_pool(pool_size=1, waiting=1)
    fake.pool.admit()
    fake.pool.admit()
    with pytest.raises(NotAvailable, match='Every connection of the data source "orders" is in use') as caught:
        fake.pool.admit()
    assert caught.value.retry_after_seconds == 1
    fake.pool.leave()
    fake.pool.admit()


async def test_a_closed_pool_keeps_nothing(make_pool: MakePool) -> None:
    """What lies idle is closed now, what is lent when it comes back."""
    fake = make_pool()
    one, other = await fake.pool.take(), await fake.pool.take()
    fake.pool.give_back(one)
    await fake.pool.close()
    fake.pool.give_back(other)
    await asyncio.sleep(0.01)
    assert (one.is_closed, other.is_closed) == (True, True)
