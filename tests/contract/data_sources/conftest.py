"""One fixture: a fresh database of every kind, one after the other, as an app's data source and as seen from outside."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.servers.mariadb import running_mariadb
from tests.servers.postgres import running_postgres

from microflow_runtime.engine import SqlStatement
from microflow_runtime.model.app import App, DataSource
from microflow_runtime.runtime.data_sources import DataSources
from microflow_runtime.settings import Settings

KINDS = ("sqlite", "postgresql", "mariadb")
SLOW = {
    "sqlite": "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) as n from c",
    "postgresql": "select pg_sleep(60)",
    "mariadb": "select sleep(60)",
}
"""A select that takes a minute or longer."""
ENDLESS = {
    "sqlite": "with recursive c(x) as (select 1 union all select x + 1 from c) select x from c",
    "postgresql": "select generate_series(1, 1000000000) as x",
    "mariadb": "select seq as x from seq_1_to_1000000000",
}
"""A select of more rows than anybody waits for."""
SLOW_INSERT = {
    "sqlite": (
        "insert into item with recursive c(x) as (select 1 union all select x + 1 from c) "
        "select 'slow' || x, 1 from c where x % 1000000 = 0"
    ),
    "postgresql": "insert into item select 'slow' || x, 1 from generate_series(1, 3) x where pg_sleep(30) is not null",
    "mariadb": "insert into item select concat('slow', seq), sleep(30) from seq_1_to_3",
}


class Database:
    """A fresh database. `kind` is a key of the tables above."""

    def __init__(self, kind: str, url: str, home: Path, *, time_zone: str = "Europe/Berlin", **source: Any) -> None:
        self.kind = kind
        self.home = home
        self.app = App(
            name="Shop",
            version="v.1.0.0",
            time_zone=time_zone,
            data_sources={"orders": DataSource(**{"name": "orders", "url": url, "pool_size": 3, **source})},
        )
        self.sources = DataSources(Settings(home=home))
        self.sources.prepare(self.app, {}.get)

    def look(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement as somebody else, at once; give its rows, of MariaDB as texts."""
        name = self.app.data_sources["orders"].url.rpartition("/")[2]
        if self.kind == "sqlite":
            file = self.home / "data" / "Shop" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            other = sqlite3.connect(file, timeout=5)
            try:
                rows = other.execute(sql).fetchall()
                other.commit()
                return rows
            finally:
                other.close()
        if self.kind == "postgresql":
            return running_postgres().execute(sql, name)
        return [tuple(row) for row in running_mariadb().execute(sql, name)]

    def names(self) -> list[str]:
        """Give the names in the table `item` that others see."""
        return [str(name) for (name,) in self.look("select name from item order by name")]

    def busy(self) -> int:
        """Count the statements of ours that run at the server, and the transactions that are open there."""
        name = self.app.data_sources["orders"].url.rpartition("/")[2]
        if self.kind == "postgresql":
            sql = (
                "select count(*) from pg_stat_activity where application_name = 'microflow' and state <> 'idle' "
                f"and datname = '{name}'"
            )
        elif self.kind == "mariadb":
            sql = f"select count(*) from information_schema.processlist where db = '{name}' and command <> 'Sleep' and id <> connection_id()"
        else:
            return 0
        return int(self.look(sql)[0][0])

    def open(self) -> Any:
        """Begin a transaction."""
        return self.sources.open_transaction(self.app, "orders")


def select(sql: str, **special: dict[str, str]) -> SqlStatement:
    """Give a statement that reads."""
    return SqlStatement(text=sql, reads=True, **special)


def write(sql: str, **special: dict[str, str]) -> SqlStatement:
    """Give a statement that writes."""
    return SqlStatement(text=sql, reads=False, **special)


async def insert(transaction: Any, name: str, *, undo_alone: bool = False) -> int:
    """Insert an item."""
    statement = write("insert into item (name, price) values (:name, :price)")
    _, count = await transaction.run(statement, {"name": name, "price": None}, 10, undo_alone=undo_alone)
    return int(count)


async def ask(database: Database, sql: str, /, special: dict[str, str] | None = None, **values: Any) -> Any:
    """Run a select in a transaction of its own; give the first row."""
    statement = select(sql, columns=special or {})
    async with database.open() as transaction:
        rows, _ = await transaction.run(statement, values, 100, undo_alone=False)
        await transaction.commit()
    return rows[0]


def url_of(kind: str) -> str:
    """Give the address of a fresh database."""
    if kind == "sqlite":
        return "sqlite:///orders.db"
    server: Any = running_postgres() if kind == "postgresql" else running_mariadb()
    return str(server.url(server.make()))


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Give a database with a table `item` that holds `a`."""
    made = Database(request.param, url_of(request.param), tmp_path)
    made.look("create table item (name varchar(100) primary key, price numeric(10, 2))")
    made.look("insert into item values ('a', 1.10)")
    yield made
    await made.sources.close()
    name = made.app.data_sources["orders"].url.rpartition("/")[2]
    if made.kind != "sqlite":
        server: Any = running_postgres() if made.kind == "postgresql" else running_mariadb()
        server.drop(name)
