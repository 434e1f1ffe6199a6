"""What transactions promise, on every kind of database."""

import asyncio
import tracemalloc
from decimal import Decimal
from time import monotonic
from typing import Any

import pytest
from tests.contract.data_sources.conftest import ENDLESS, SLOW, SLOW_INSERT, Database, insert, select, write

from microflow_runtime.errors import LimitExceeded, NodeError


async def test_nothing_is_seen_before_the_commit(database: Database) -> None:
    """A transaction's changes are its own until it commits, and gone when it does not."""
    async with database.open() as transaction:
        assert await insert(transaction, "b") == 1
        assert database.names() == ["a"]
    assert database.names() == ["a"]
    async with database.open() as transaction:
        await insert(transaction, "b")
        await transaction.commit()
    assert database.names() == ["a", "b"]
    assert database.busy() == 0


@pytest.mark.parametrize("comes_first", [True, False])
async def test_a_guarded_statement_fails_alone(database: Database, comes_first: bool) -> None:
    """What came before a failed statement stays in the transaction, and what comes after it joins in."""
    async with database.open() as transaction:
        if not comes_first:
            await insert(transaction, "b")
        with pytest.raises(NodeError) as caught:
            await insert(transaction, "a", undo_alone=True)
        await insert(transaction, "c", undo_alone=True)
        await transaction.commit()
    assert (caught.value.kind, caught.value.retryable) == ("database.constraint", False)
    assert (caught.value.data["sqlstate"], caught.value.data["rule"]) == ("23505", "unique")
    assert database.names() == (["a", "c"] if comes_first else ["a", "b", "c"])


async def test_a_guarded_statement_commits_nothing_by_itself(database: Database) -> None:
    """The savepoint around a statement that may fail alone is inside the transaction, not instead of it."""
    async with database.open() as transaction:
        await insert(transaction, "b", undo_alone=True)
        await insert(transaction, "c", undo_alone=True)
        await transaction.rollback()
    assert database.names() == ["a"]


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("insert into child (id, parent, size) values (1, 'nobody', 1)", "foreign key"),
        ("insert into child (id, parent, size) values (1, null, 1)", "not null"),
        ("insert into child (id, parent, size) values (1, 'a', -1)", "check"),
    ],
)
async def test_constraints_tell_their_rule(database: Database, sql: str, rule: str) -> None:
    """Whatever the database, what does not hold is told by kind and rule, not by its words alone."""
    database.look(
        "create table child (id int primary key, parent varchar(100) not null references item (name), "
        "size int check (size > 0))"
    )
    async with database.open() as transaction:
        with pytest.raises(NodeError) as caught:
            await transaction.run(write(sql), {}, 10, undo_alone=False)
    assert (caught.value.kind, caught.value.data["rule"]) == ("database.constraint", rule)


async def test_a_wrong_statement_is_told_as_the_database_tells_it(database: Database) -> None:
    """The sentence names what the author wrote; it cannot be helped by trying again."""
    async with database.open() as transaction:
        with pytest.raises(NodeError, match=r'the data source "orders" refused the statement: .*nothing') as caught:
            await transaction.run(select("select * from nothing"), {}, 10, undo_alone=False)
    assert (caught.value.kind, caught.value.retryable) == ("database", False)


async def test_rows_over_the_limit_are_never_read(database: Database) -> None:
    """An endless select stops at the limit, soon; the limit itself is allowed; the connection is as good as before."""
    sql = ENDLESS[database.kind]
    begun = monotonic()
    async with database.open() as transaction:
        with pytest.raises(LimitExceeded, match='"orders" gave more rows than the limit of 1200'):
            await transaction.run(select(sql), {}, 1200, undo_alone=True)
        rows, _ = await transaction.run(select(sql + " limit 1200"), {}, 1200, undo_alone=False)
        await insert(transaction, "b")
        await transaction.commit()
    assert (len(rows), rows[-1]["x"]) == (1200, 1200)
    assert monotonic() - begun < 5
    assert (database.names(), database.busy()) == (["a", "b"], 0)


@pytest.mark.parametrize("comes_first", [True, False])
async def test_a_cancelled_select_stops_at_the_server(database: Database, comes_first: bool) -> None:
    """A select that would run for a minute ends with its caller, and the transaction goes on being usable."""
    async with database.open() as transaction:
        if not comes_first:
            await insert(transaction, "b")
        begun = monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await transaction.run(select(SLOW[database.kind]), {}, 10, undo_alone=True)
        assert monotonic() - begun < 0.7
        await insert(transaction, "c")
        await transaction.commit()
    assert database.names() == (["a", "c"] if comes_first else ["a", "b", "c"])
    assert database.busy() == 0


async def test_a_cancelled_write_leaves_nothing(database: Database) -> None:
    """A write that is stopped half-way is undone, the transaction around it is not committed, the connection is reused."""
    pool = database.sources._pool(database.app, "orders")
    async with database.open() as transaction:
        await insert(transaction, "b")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await transaction.run(write(SLOW_INSERT[database.kind]), {}, 10, undo_alone=False)
        await transaction.rollback()
    assert (database.names(), database.busy()) == (["a"], 0)
    async with database.open() as transaction:
        await insert(transaction, "c")
        await transaction.commit()
    assert (pool.lent, pool._open) == (0, 1)
    assert database.names() == ["a", "c"]


async def test_a_failed_transaction_is_not_committed(database: Database) -> None:
    """Where the database undoes everything with a failed statement, what follows says so; elsewhere it goes on."""
    async with database.open() as transaction:
        await insert(transaction, "b")
        with pytest.raises(NodeError):
            await insert(transaction, "a")
        if database.kind == "postgresql":
            with pytest.raises(NodeError, match="was undone"):
                await insert(transaction, "c")
            with pytest.raises(NodeError, match="was undone"):
                await transaction.commit()
        else:
            await transaction.commit()
    assert database.names() == (["a"] if database.kind == "postgresql" else ["a", "b"])


async def test_branches_take_turns(database: Database) -> None:
    """Several that share a transaction run one after the other, in one transaction."""
    async with database.open() as transaction:
        await asyncio.gather(*(insert(transaction, f"n{number}") for number in range(5)))
        assert database.names() == ["a"]
        await transaction.commit()
    assert len(database.names()) == 6


# Batches


async def test_a_batch_runs_for_each_item(database: Database) -> None:
    """Two thousand and one items go in one call, and the rows touched are counted in all."""
    items = [{"name": f"n{number:04}", "price": Decimal(number)} for number in range(2001)]
    statement = write("insert into item (name, price) values (:name, :price)")
    async with database.open() as transaction:
        assert await transaction.run_many(statement, items, undo_alone=False) == 2001
        update = write("update item set price = 5 where name = :name")
        named = [{"name": name} for name in ("n0000", "n0001", "nobody")]
        assert await transaction.run_many(update, named, undo_alone=False) == 2
        assert await transaction.run_many(write("delete from item where name = :name"), named, undo_alone=True) == 2
        await transaction.commit()
    assert len(database.names()) == 2000


async def test_a_batch_is_all_or_nothing(database: Database) -> None:
    """When the last of many items fails, none of them is there; what came before the batch is."""
    items = [{"name": f"n{number}"} for number in range(1500)] + [{"name": "a"}]
    async with database.open() as transaction:
        await insert(transaction, "b")
        with pytest.raises(NodeError) as caught:
            await transaction.run_many(write("insert into item (name) values (:name)"), items, undo_alone=True)
        await transaction.commit()
    assert caught.value.kind == "database.constraint"
    assert database.names() == ["a", "b"]


# Streams


async def _numbers(transaction: Any, kind: str, limit: int) -> list[int]:
    rows = transaction.stream(select(ENDLESS[kind] + " limit 1234"), {}, limit)
    try:
        return [int(row["x"]) async for row in rows]
    finally:
        await rows.aclose()


async def test_a_stream_gives_every_row(database: Database) -> None:
    """Rows come in order and all of them, whatever the size of a chunk."""
    async with database.open() as transaction:
        assert await _numbers(transaction, database.kind, 1234) == list(range(1, 1235))
        with pytest.raises(LimitExceeded, match="limit of 1233"):
            await _numbers(transaction, database.kind, 1233)


async def test_statements_run_between_the_rows_of_a_stream(database: Database) -> None:
    """A stream and the writes of whoever reads it share one transaction."""
    async with database.open() as transaction:
        seen = 0
        rows = transaction.stream(select(ENDLESS[database.kind] + " limit 1100"), {}, 5000)
        async for row in rows:
            seen += 1
            if seen % 400 == 0:
                await insert(transaction, f"n{row['x']}", undo_alone=True)
        await transaction.commit()
    assert seen == 1100
    assert database.names() == ["a", "n400", "n800"]


async def test_a_stream_that_is_left_early_keeps_nothing(database: Database) -> None:
    """Whoever stops reading an endless select lets the database stop too, and goes on."""
    begun = monotonic()
    async with database.open() as transaction:
        rows = transaction.stream(select(ENDLESS[database.kind]), {}, 10**9)
        first = await anext(rows)
        await rows.aclose()
        await insert(transaction, "b")
        await transaction.commit()
    assert (first["x"], database.names(), database.busy()) == (1, ["a", "b"], 0)
    assert monotonic() - begun < 5


async def test_a_stream_of_nothing(database: Database) -> None:
    """No rows are no rows."""
    async with database.open() as transaction:
        rows = transaction.stream(select("select name from item where name = :name"), {"name": "x"}, 5)
        assert [row async for row in rows] == []


async def test_a_stream_that_is_read_slowly_stays_small(database: Database) -> None:
    """While nobody asks for the next row nothing is taken in, however much the database has to give."""
    async with database.open() as transaction:
        await insert(transaction, "b")
        tracemalloc.start()
        try:
            rows = transaction.stream(select(ENDLESS[database.kind]), {}, 10**9)
            await anext(rows)
            await asyncio.sleep(0.3)
            size, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        await rows.aclose()
    assert size < 4_000_000
