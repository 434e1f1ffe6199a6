"""Pools and transactions on real SQLite files under a home."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from microflow_runtime.engine import SqlStatement
from microflow_runtime.errors import LimitExceeded, NodeError, SettingsError, StoreError
from microflow_runtime.model.app import App, DataSource, Environment
from microflow_runtime.runtime.data_sources import DataSources
from microflow_runtime.settings import Settings

SCRIPT = b"create table item(name text primary key, price text); insert into item values ('a', '1.10');"
ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
SLOW_WRITE = "insert into item with recursive c(x) as (select 1 union all select x + 1 from c) select x, x from c"


def _app(**source: Any) -> App:
    given = {"name": "orders", "url": "sqlite:///orders.db", "create_from": "files/orders.sql", "pool_size": 2}
    return App(
        name="Shop",
        version="v.1.0.0",
        data_sources={"orders": DataSource(**(given | source))},
        environments={"DEV": Environment(name="DEV", variables={"file": "other.db"})},
    )


class Home:
    """A home with the data sources of one app, and a way to look into the file from outside."""

    def __init__(self, path: Path) -> None:
        self.sources = DataSources(Settings(home=path, environment="DEV"))
        self.app = _app()
        self.file = path / "data" / "Shop" / "orders.db"

    def prepare(self, script: bytes, **source: Any) -> None:
        """Make the databases as a change of what serves does."""
        self.sources.prepare_at_once(_app(**source), {"files/orders.sql": script}.get)

    def names(self) -> list[str]:
        """Read what others see."""
        other = sqlite3.connect(self.file)
        try:
            return [name for (name,) in other.execute("select name from item order by name")]
        finally:
            other.close()

    def open(self) -> Any:
        """Begin a transaction."""
        return self.sources.open_transaction(self.app, "orders")


def _select(sql: str) -> SqlStatement:
    return SqlStatement(text=sql, reads=True)


def _write(sql: str) -> SqlStatement:
    return SqlStatement(text=sql, reads=False)


async def _insert(transaction: Any, name: str, *, undo_alone: bool = False) -> int:
    _, count = await transaction.run(
        _write("insert into item values (:name, :price)"),
        {"name": name, "price": Decimal("2.50")},
        10,
        undo_alone=undo_alone,
    )
    return int(count)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """Give a home whose database is made."""
    made = Home(tmp_path)
    made.prepare(SCRIPT)
    yield made
    await made.sources.close()


async def test_create_from_fills_the_file_once(home: Home) -> None:
    """The script runs when the file is not there, and never again."""
    async with home.open() as transaction:
        await _insert(transaction, "b")
        await transaction.commit()
    home.prepare(b"this is no SQL")
    assert home.names() == ["a", "b"]
    assert stat.S_IMODE(home.file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_script_with_a_mark(tmp_path: Path, codec: str) -> None:
    """The mark of an editor is no part of the script."""
    home = Home(tmp_path)
    home.prepare(SCRIPT.decode().encode(codec))
    assert home.file.exists()


def test_a_script_that_fails_leaves_no_file(tmp_path: Path) -> None:
    """The file is made whole or not at all, so that the next start tries again."""
    home = Home(tmp_path)
    with pytest.raises(StoreError, match='The script of the data source "orders" of Shop failed: near "nonsense"'):
        home.prepare(b"create table item(name); nonsense")
    assert list(home.file.parent.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite:////etc/passwd", "sqlite:///../orders.db", "sqlite:///.hidden", "sqlite://"])
def test_an_sqlite_file_lies_under_the_home(tmp_path: Path, url: str) -> None:
    """A URL that names anything but a plain file is refused."""
    with pytest.raises(SettingsError, match="must name a plain file"):
        Home(tmp_path).prepare(SCRIPT, url=url)


@pytest.mark.parametrize("name", ["orders.db-wal", "orders.db-shm", "orders.db-journal"])
def test_a_file_that_sqlite_keeps_is_no_database_of_its_own(tmp_path: Path, name: str) -> None:
    """It would be written into another database's log."""
    with pytest.raises(SettingsError, match="SQLite keeps beside its own"):
        Home(tmp_path).prepare(SCRIPT, url=f"sqlite:///{name}")


def test_a_url_takes_variables_of_the_environment(tmp_path: Path) -> None:
    """`{file}` is the environment's variable; one that it does not have is told with its name."""
    home = Home(tmp_path)
    home.prepare(SCRIPT, url="sqlite:///{file}")
    assert home.file.with_name("other.db").exists()
    with pytest.raises(
        SettingsError, match="names the variable 'nothing', which the environment \"DEV\" does not have"
    ):
        home.prepare(SCRIPT, url="sqlite:///{nothing}")


async def test_nothing_is_seen_before_the_commit(home: Home) -> None:
    """A transaction's changes are its own until it commits, and gone when it does not."""
    async with home.open() as transaction:
        assert await _insert(transaction, "b") == 1
        assert home.names() == ["a"]
    assert home.names() == ["a"]
    async with home.open() as transaction:
        await _insert(transaction, "b")
        await transaction.commit()
    assert home.names() == ["a", "b"]


async def test_a_guarded_statement_commits_nothing_by_itself(home: Home) -> None:
    """The savepoint around a statement that may fail alone is inside the transaction, not instead of it."""
    async with home.open() as transaction:
        await _insert(transaction, "b", undo_alone=True)
        assert home.names() == ["a"]
        await transaction.rollback()
    assert home.names() == ["a"]


async def test_a_guarded_statement_fails_alone(home: Home) -> None:
    """What came before a failed statement stays in the transaction."""
    async with home.open() as transaction:
        await _insert(transaction, "b")
        with pytest.raises(NodeError, match=r"UNIQUE constraint failed: item.name") as caught:
            await _insert(transaction, "a", undo_alone=True)
        await transaction.commit()
    assert home.names() == ["a", "b"]
    assert (caught.value.kind, caught.value.retryable) == ("database.constraint", False)


async def test_values_come_back_as_formulas_know_them(home: Home) -> None:
    """Text stays text, whole numbers and fractions are Decimals, nothing is null."""
    async with home.open() as transaction:
        rows, count = await transaction.run(
            _select("select name, price, 7 as whole, 0.1 as part, null as missing from item where name = :name"),
            {"name": "a"},
            10,
            undo_alone=False,
        )
    assert count == 1
    assert rows == [{"name": "a", "price": "1.10", "whole": Decimal(7), "part": Decimal("0.1"), "missing": None}]


async def test_rows_over_the_limit_are_never_read(home: Home) -> None:
    """An endless select stops at the limit, soon, with the limit in the message; the limit itself is allowed."""
    numbers = "with recursive c(x) as (select 1 union all select x + 1 from c) select x from c"
    async with home.open() as transaction:
        with pytest.raises(LimitExceeded, match='"orders" gave more rows than the limit of 20'):
            await transaction.run(_select(numbers), {}, 20, undo_alone=False)
        rows, _ = await transaction.run(_select(numbers + " limit 20"), {}, 20, undo_alone=False)
    assert len(rows) == 20


@pytest.mark.parametrize("undo_alone", [True, False])
async def test_a_cancelled_select_stops_in_the_database(home: Home, undo_alone: bool) -> None:
    """A select that would run for ever ends with its caller, and the transaction goes on being usable."""
    begun = monotonic()
    async with home.open() as transaction:
        await _insert(transaction, "b")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await transaction.run(_select(ENDLESS), {}, 10, undo_alone=undo_alone)
        await transaction.commit()
    assert monotonic() - begun < 2
    assert home.names() == ["a", "b"]


async def test_a_cancelled_write_that_undid_everything_is_not_committed(home: Home) -> None:
    """When stopping a write undoes the transaction, later statements and the commit say so."""
    async with home.open() as transaction:
        await _insert(transaction, "b")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await transaction.run(_write(SLOW_WRITE), {}, 10, undo_alone=False)
        with pytest.raises(NodeError, match="was undone when a statement failed or was stopped"):
            await _insert(transaction, "c")
        with pytest.raises(NodeError, match="was undone when a statement failed or was stopped"):
            await transaction.commit()
    assert home.names() == ["a"]


async def test_a_statement_waits_for_another_writer(home: Home) -> None:
    """A write begins when the other writer has finished."""
    async with home.open() as first, home.open() as second:
        await _insert(first, "b")
        waiting = asyncio.create_task(_insert(second, "c"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await first.commit()
        await waiting
        await second.commit()
    assert home.names() == ["a", "b", "c"]


async def test_waiting_for_another_writer_can_be_stopped(home: Home) -> None:
    """A time limit reaches a statement that waits for its turn."""
    begun = monotonic()
    async with home.open() as first, home.open() as second:
        await _insert(first, "b")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await _insert(second, "c")
    assert monotonic() - begun < 1


async def test_waiting_too_long_is_an_error_that_may_be_retried(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the patience a busy database is told as `database.busy`, which a node's retry takes."""
    monkeypatch.setattr("microflow_runtime.runtime.data_sources.transaction._BUSY_SECONDS", 0.05)
    async with home.open() as first, home.open() as second:
        await _insert(first, "b")
        with pytest.raises(NodeError, match='"orders" is busy: database is locked') as caught:
            await _insert(second, "c")
    assert (caught.value.kind, caught.value.retryable) == ("database.busy", True)


async def test_a_write_on_what_was_read_long_ago_begins_anew(home: Home) -> None:
    """When another one wrote since this transaction read, the write goes on what there is now, without any waiting."""
    async with home.open() as first, home.open() as second:
        await second.run(_select("select name from item"), {}, 10, undo_alone=False)
        await _insert(first, "b")
        await first.commit()
        begun = monotonic()
        await _insert(second, "c")
        rows, _ = await second.run(
            _select("select name from item where name in ('b', 'c') order by name"), {}, 10, undo_alone=False
        )
        await second.commit()
    assert [row["name"] for row in rows] == ["b", "c"]
    assert monotonic() - begun < 1


async def test_an_empty_pool_is_an_error_that_may_be_retried(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds no free connection in time is told so."""
    monkeypatch.setattr("microflow_runtime.runtime.data_sources.pool._WAIT_SECONDS", 0.05)
    async with home.open(), home.open():
        with pytest.raises(NodeError, match='every connection of the data source "orders" is in use') as caught:
            async with home.open():
                raise AssertionError("there was a third connection")
    assert (caught.value.kind, caught.value.retryable) == ("database.busy", True)


async def test_connections_write_ahead_and_hold_foreign_keys(home: Home) -> None:
    """Every connection has the pragmas that the sources promise."""
    async with home.open() as transaction:
        for pragma, value in (("journal_mode", "wal"), ("foreign_keys", Decimal(1)), ("synchronous", Decimal(1))):
            rows, _ = await transaction.run(_select(f"pragma {pragma}"), {}, 10, undo_alone=False)
            assert rows == [{pragma: value}]


async def test_a_source_defined_anew_gets_a_new_pool(home: Home) -> None:
    """A new definition has its own pool; the old one is closed when its last connection has come back."""
    async with home.open() as old:
        await _insert(old, "b")
        home.app = _app(pool_size=1)
        home.sources.keep_only([home.app])
        async with home.open() as new:
            rows, _ = await new.run(_select("select name from item"), {}, 10, undo_alone=False)
        assert rows == [{"name": "a"}]
        assert len(home.sources._unwanted) == 1
        await old.commit()
    assert home.sources._unwanted == []
    assert home.names() == ["a", "b"]
