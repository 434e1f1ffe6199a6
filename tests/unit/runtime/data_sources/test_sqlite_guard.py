"""What scripts and statements of an app may do on SQLite files: anything with their own database, nothing beside it."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from tests.unit.runtime.data_sources.test_sources import SCRIPT, Home

from microflow_runtime.engine import SqlStatement
from microflow_runtime.errors import NodeError, StoreError
from microflow_runtime.runtime.data_sources.sqlite_files import MadeDatabases

ENDLESS = b"create table endless as with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) as c from r;"
REFUSED = {
    "attach 'STORE' as s": "reaches another file",
    "attach database 'file:STORE?mode=rw' as s": "reaches another file",
    "vacuum into 'OTHER'": "reaches another file",
    "detach database main": "detaches a database",
    "pragma temp_store_directory = '/'": "uses the pragma `temp_store_directory`",
    "pragma writable_schema = on": "uses the pragma `writable_schema`",
    "pragma trusted_schema = on": "uses the pragma `trusted_schema`",
    "pragma max_page_count = 1000000000": "uses the pragma `max_page_count`",
    "select * from pragma_database_list": "uses the pragma `database_list`",
    "select load_extension('x')": "calls `load_extension`",
    "select fts3_tokenizer('simple')": "calls `fts3_tokenizer`",
    "create virtual table v using fts4(x)": "makes or drops a virtual table (`fts4`)",
    "create virtual table v using fts5(x)": "makes or drops a virtual table (`fts5`)",
    "create virtual table v using rtree(i, a, b)": "makes or drops a virtual table (`rtree`)",
}
ALLOWED = (
    "create table t(a); insert into t values (1); create index i on t(a); create view v as select a from t; "
    "create trigger g after insert on t begin update t set a = 2; end; alter table t add b; "
    "pragma foreign_keys = off; pragma user_version = 7; pragma journal_mode = wal; begin; create temp table x(a); commit;"
)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """Give a home without a database."""
    made = Home(tmp_path)
    yield made
    await made.sources.close()


def _places(statement: str, folder: Path) -> str:
    return statement.replace("STORE", str(folder / "store.db")).replace("OTHER", str(folder / "other.db"))


@pytest.mark.parametrize("statement", REFUSED)
def test_a_script_reaches_nothing_but_its_database(home: Home, tmp_path: Path, statement: str) -> None:
    """It is told why, the store beside it stays as it was, and no file is left."""
    with sqlite3.connect(tmp_path / "store.db") as store:
        store.execute("create table user_account(username)")
    before = (tmp_path / "store.db").read_bytes()
    script = f"create table item(name); {_places(statement, tmp_path)}; create table after(a);"
    with pytest.raises(StoreError) as refused:
        home.prepare(script.encode())
    assert REFUSED[statement] in refused.value.message or "no such" in refused.value.message
    assert (tmp_path / "store.db").read_bytes() == before
    assert not (tmp_path / "other.db").exists()
    assert list(home.file.parent.iterdir()) == []


@pytest.mark.parametrize("statement", REFUSED)
async def test_a_statement_reaches_nothing_but_its_database(home: Home, tmp_path: Path, statement: str) -> None:
    """The same holds for what a flow asks, as often as it asks."""
    home.prepare(SCRIPT)
    sqlite3.connect(tmp_path / "store.db").close()
    asked = SqlStatement(text=_places(statement, tmp_path), reads=False)
    for _ in range(2):
        async with home.open() as transaction:
            with pytest.raises(NodeError) as refused:
                await transaction.run(asked, {}, 10, undo_alone=False)
        told = (REFUSED[statement], "no such", "cannot VACUUM from within a transaction")
        assert any(each in refused.value.message for each in told)
    assert not (tmp_path / "other.db").exists()


async def test_what_is_of_its_own_database_is_free(home: Home) -> None:
    """Tables, indexes, views, triggers, and the numbers that the file keeps."""
    home.prepare(ALLOWED.encode())

    async def value(sql: str) -> Any:
        async with home.open() as transaction:
            rows, _ = await transaction.run(SqlStatement(text=sql, reads=True), {}, 10, undo_alone=False)
            return rows

    assert await value("pragma user_version") == [{"user_version": 7}]
    assert [row["name"] for row in await value("select name from pragma_table_info('t')")] == ["a", "b"]


@pytest.mark.parametrize("script", [ENDLESS, b"create table t(a); " + ENDLESS])
def test_a_script_has_its_time(home: Home, script: bytes) -> None:
    """One that never ends is stopped, and nothing of it is left."""
    home.sources.made = MadeDatabases(seconds=0.1)
    started = monotonic()
    with pytest.raises(StoreError, match=r"it was not at its end after 0\.1 s"):
        home.prepare(script)
    assert monotonic() - started < 2
    assert list(home.file.parent.iterdir()) == []


def test_a_script_has_its_size(home: Home) -> None:
    """A value of a gigabyte is none, and what fills the disk is stopped by the number of pages."""
    with pytest.raises(StoreError, match="too big"):
        home.prepare(b"create table t as select zeroblob(1000000000) as a;")


async def test_a_database_whose_script_failed_is_not_made_empty(home: Home) -> None:
    """A flow that asks for it is told, and the next start tries again."""
    with pytest.raises(StoreError):
        home.prepare(b"nonsense")
    with pytest.raises(NodeError, match="cannot be reached"):
        async with home.open() as transaction:
            await transaction.run(SqlStatement(text="select 1", reads=True), {}, 1, undo_alone=False)
    assert not home.file.exists()
    home.prepare(SCRIPT)
    assert home.names() == ["a"]
