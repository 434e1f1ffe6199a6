"""What a database does to its callers, and what they are told: conflicts, locks, lost connections, silence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from tests.contract.data_sources.conftest import SLOW, Database, insert, select, write
from tests.servers.mariadb import running_mariadb
from tests.servers.postgres import running_postgres

from microflow_runtime.errors import NodeError
from microflow_runtime.model.app import DataSource

SERVERS = ("postgresql", "mariadb")


def _server_of(database: Database) -> Any:
    return running_postgres() if database.kind == "postgresql" else running_mariadb()


def _end_connections(database: Database) -> None:
    """End our connections at the server, as a restart of it does."""
    name = database.app.data_sources["orders"].url.rpartition("/")[2]
    if database.kind == "postgresql":
        database.look(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and pid <> pg_backend_pid()")  # fmt: skip
        return
    ids = database.look(f"select id from information_schema.processlist where db = '{name}' and id <> connection_id()")
    for (number,) in ids:
        database.look(f"kill connection {number}")


with_servers = pytest.mark.parametrize("database", SERVERS, indirect=True)


@with_servers
async def test_a_deadlock_is_a_conflict(database: Database) -> None:
    """One of two that wait for each other is told so; it may be tried again where nothing is lost by that."""
    database.look("insert into item values ('b', 2)")
    update = write("update item set price = price + 1 where name = :name")

    async def both(first: str, second: str, ready: asyncio.Barrier) -> Any:
        async with database.open() as transaction:
            await transaction.run(update, {"name": first}, 1, undo_alone=True)
            await ready.wait()
            try:
                await transaction.run(update, {"name": second}, 1, undo_alone=True)
            except NodeError as error:
                with pytest.raises(NodeError, match="was undone"):
                    await transaction.commit()
                return error
            await transaction.commit()
            return None

    ready = asyncio.Barrier(2)
    ends = await asyncio.gather(both("a", "b", ready), both("b", "a", ready))
    (error,) = [each for each in ends if each is not None]
    assert (error.kind, error.retryable) == ("database.conflict", True)
    assert error.data["sqlstate"] in {"40P01", "40001"}
    assert [str(price) for (price,) in database.look("select price from item order by name")] == ["2.10", "3.00"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_serialization_failure_is_a_conflict(database: Database) -> None:
    """Under the isolation that the definition asks for, what others changed meanwhile is told with its SQLSTATE."""
    source = database.app.data_sources["orders"]
    database.app = type(database.app)(
        name="Shop",
        version="v.1.0.0",
        data_sources={"orders": DataSource(name="orders", url=source.url, settings={"isolation": "repeatable read"})},
    )
    update = write("update item set price = price + 1")
    async with database.open() as transaction:
        await transaction.run(select("select * from item"), {}, 5, undo_alone=False)
        database.look("update item set price = 5")
        with pytest.raises(NodeError) as caught:
            await transaction.run(update, {}, 1, undo_alone=True)
    assert (caught.value.kind, caught.value.data["sqlstate"]) == ("database.conflict", "40001")


async def test_a_lock_that_is_held_for_long(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a row or a file that another holds can be stopped, and is told `database.busy` when patience ends."""
    monkeypatch.setattr("microflow_runtime.runtime.data_sources.transaction._BUSY_SECONDS", 0.1)
    update = write("update item set price = 2 where name = 'a'")
    async with database.open() as first, database.open() as second:
        await first.run(update, {}, 1, undo_alone=False)
        begun = monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05 if database.kind == "sqlite" else 0.2):
                await second.run(update, {}, 1, undo_alone=True)
        assert monotonic() - begun < 0.7
        if database.kind == "postgresql":
            await second.run(select("select set_config('lock_timeout', '100', true)"), {}, 1, undo_alone=True)
        with pytest.raises(NodeError) as caught:
            await second.run(update, {}, 1, undo_alone=True)
        await first.commit()
    assert (caught.value.kind, caught.value.retryable) == ("database.busy", True)


@with_servers
async def test_connections_that_were_lost_while_idle_are_renewed(database: Database) -> None:
    """A restart of the database between two executions is not seen by the second, whatever it does first."""
    for ask_first in (True, False):
        async with database.open() as one, database.open() as other:
            for transaction in (one, other):
                await transaction.run(select("select 1 as n"), {}, 1, undo_alone=False)
                await transaction.commit()
        _end_connections(database)
        async with database.open() as one, database.open() as other:
            for number, transaction in enumerate((one, other)):
                if ask_first:
                    await transaction.run(select("select 1 as n"), {}, 1, undo_alone=True)
                else:
                    await insert(transaction, f"n{number}", undo_alone=True)
            await one.commit()
            await other.commit()
    assert database.names() == ["a", "n0", "n1"]


@with_servers
async def test_a_connection_that_is_lost_in_the_midst(database: Database) -> None:
    """Half a transaction is never taken for a whole one: what follows fails, nothing is kept, the pool goes on."""
    pool = database.sources._pool(database.app, "orders")
    async with database.open() as transaction:
        await insert(transaction, "b")
        _end_connections(database)
        with pytest.raises(NodeError) as caught:
            await insert(transaction, "c", undo_alone=True)
        with pytest.raises(NodeError, match="was undone"):
            await insert(transaction, "d")
        with pytest.raises(NodeError, match="was undone"):
            await transaction.commit()
    assert (caught.value.kind, caught.value.retryable) == ("database.unreachable", True)
    assert (pool.lent, pool._open) == (0, 0)
    async with database.open() as transaction:
        await insert(transaction, "e")
        await transaction.commit()
    assert database.names() == ["a", "e"]


@with_servers
async def test_a_server_that_is_not_there(database: Database) -> None:
    """Nobody listens: that is told without naming server, user or password, and the room in the pool is free again."""
    nowhere = database.app.data_sources["orders"].url.replace(f":{_server_of(database).port}/", ":1/")
    lost = Database(database.kind, nowhere, database.home)
    for _ in range(4):
        with pytest.raises(NodeError) as caught:
            async with lost.open():
                raise AssertionError("there was a server")
    assert caught.value.message == 'the data source "orders" cannot be reached; the server\'s log tells why.'
    assert (caught.value.kind, caught.value.retryable) == ("database.unreachable", True)
    assert lost.sources._pool(lost.app, "orders")._open == 0


class Wire:
    """A way to the server that can fall silent: bytes are taken and not passed on."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.own_port = 0

    def fall_silent(self) -> None:
        """Pass nothing on from now on."""
        self._speaks.clear()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        """Listen."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.own_port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        finally:
            writer.close()
            back.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._speaks.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


@with_servers
async def test_a_server_that_falls_silent(database: Database, tmp_path: Path) -> None:
    """When nothing comes any more, not even to the wish to stop, the caller is answered in time and the pool recovers."""
    async with Wire(_server_of(database).port).open() as wire:
        url = database.app.data_sources["orders"].url.replace(f":{_server_of(database).port}/", f":{wire.own_port}/")
        far = Database(database.kind, url, tmp_path, settings={"connect_seconds": 2})
        pool = far.sources._pool(far.app, "orders")

        async def ask_in_vain() -> None:
            async with far.open() as transaction, asyncio.timeout(0.5):
                await insert(transaction, "b")
                wire.fall_silent()
                await transaction.run(select(SLOW[database.kind]), {}, 1, undo_alone=False)

        begun = monotonic()
        with pytest.raises(TimeoutError):
            await ask_in_vain()
        assert monotonic() - begun < 1.2
        assert pool.lent == 1
        left = list(pool._left_behind)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await far.sources.close()
