"""What databases tell of statements that are not run, and the check that asks them."""

from pathlib import Path
from typing import Any

import pytest
from tests.app_folder import write_app
from tests.contract.data_sources.conftest import Database

from microflow_runtime.errors import NodeError
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime.checking import find_faults
from microflow_runtime.settings import Settings

_TABLE = (
    "create table sold (id int primary key, name varchar(20), price decimal(10, 2), on_day date, at timestamp null)"
)
_KINDS = {"id": "number", "name": "string", "price": "number", "on_day": "date", "at": "date and time"}


async def _describe(database: Database, sql: str, **kinds: str) -> Any:
    async with database.open() as transaction:
        return await transaction.describe(sql, kinds)


async def test_columns_of_a_select(database: Database) -> None:
    """Names, and types where columns have any, with parameters of every kind."""
    database.look(_TABLE.replace(" null)", ")") if database.kind == "sqlite" else _TABLE)
    told = await _describe(
        database, "select * from sold where (:n is null or id = :n) and name = :t; ", n="number", t="string"
    )
    expected = dict.fromkeys(_KINDS, "") if database.kind == "sqlite" else _KINDS
    assert dict(told) == expected
    with_query = "with s(x) as (select name from sold) select x, 'it''s -- :no' as y from s where x <> :a -- remark"
    assert [name for name, _ in await _describe(database, with_query)] == ["x", "y"]


async def test_nothing_is_run(database: Database) -> None:
    """Statements that write are looked at and change nothing."""
    for sql in ("delete from item", "insert into item values (:a, :b)", "update item set name = :a where name = :b"):
        assert await _describe(database, sql, a="string", b="number" if "insert" in sql else "string") is None
    assert database.names() == ["a"]


async def test_what_is_refused(database: Database) -> None:
    """Columns and tables that are not there, and what is no SQL."""
    for sql in (
        "select nane from item",
        "update itme set name = 'b'",
        "insert into item (nane) values (:a)",
        "select from from",
    ):
        with pytest.raises(NodeError) as caught:
            await _describe(database, sql)
        assert caught.value.kind == "database"


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"], indirect=True)
async def test_a_check_that_asks(database: Database, tmp_path: Path) -> None:
    """Faults stand where the definition is wrong; a right flow has none, and nothing is told without asking."""
    flow = """
        inputs: {In: Sale}
        outputs: {Out: Sale}
        nodes:
          Start: {type: start, next: Ask}
          Ask:
            type: database
            source: orders
            command: select
            sql: SQL
            in: {name: = In.name}
            out: {Out.name: = ROW}
            COLUMNS
            next: End
          End: {type: end}
        """
    cases = {
        "Right": ("select name, price from item where name = :name", "row.NAME", "columns: {price: decimal?}", ""),
        "Refused": ("select nane from item where name = :name", "row.nane", "", "MF-D136"),
        "Lacking": ("select name from item where name = :name", "row.nane", "", "MF-D137"),
        "Declared": ("select name from item where name = :name", "row.name", "columns: {prise: decimal}", "MF-D137"),
        "Type": ("select name, price from item where name = :name", "row.name", "columns: {price: date}", "MF-D137"),
        "Mapping": ("select price from item where name = :name", "row.price", "", "MF-"),
    }
    flows = {
        name: flow.replace("SQL", sql).replace("ROW", row).replace("COLUMNS", columns or "timeout: 5s")
        for name, (sql, row, columns, _) in cases.items()
    }
    source = database.app.data_sources["orders"]
    text = f"app: Shop\nversion: v.1.0.0\ntime_zone: Europe/Berlin\ndata_sources: {{orders: {{url: '{source.url}'}}}}\n"
    folder = write_app(tmp_path / "shop", text, {"Sale": "name: string"}, flows)
    assert await find_faults((folder,), NODE_TYPES) == ()
    faults = await find_faults((folder,), NODE_TYPES, None, Settings(home=database.home))
    found = {Path(fault.place.file).stem: fault.code for fault in faults if fault.place is not None}
    untyped = {"Type", "Mapping"} if database.kind == "sqlite" else set()
    expected = {name: code for name, (*_, code) in cases.items() if code and name not in untyped}
    assert found.keys() == expected.keys()
    assert all(found[name].startswith(code) for name, code in expected.items())
