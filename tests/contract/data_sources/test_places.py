"""What went into a place comes out of it, or is refused with the names of both; what a statement does not give is told."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.contract.data_sources.conftest import Database, ask, select, write

from microflow_runtime.engine import SqlStatement
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import Date, DateTime, Time

_numbers = some.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40) | some.integers(
    -(2**70), 2**70
).map(Decimal)
_texts = some.text(max_size=20) | _numbers.map(str) | some.from_regex(r"[ +-]?0[0-9]{0,9}", fullmatch=True)
_dates = some.dates().map(lambda day: Date(day.year, day.month, day.day))
_nanos = some.integers(0, 86_400_000_000_000 - 1) | some.integers(0, 86_399_999_999).map(lambda micros: micros * 1_000)
_moments = some.builds(lambda day, nanos: DateTime(day.days, nanos), _dates, _nanos)
_json = some.recursive(
    some.none() | some.booleans() | _texts | _numbers,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
).filter(lambda value: value is not None)
_PLACES: dict[str, dict[str, tuple[str, some.SearchStrategy[Any]]]] = {
    "sqlite": {
        "t": ("text", _texts), "n": ("numeric", _numbers), "i": ("integer", _numbers), "r": ("real", _numbers),
        "tn": ("text", _numbers), "nt": ("numeric", _texts), "d": ("text", _dates), "m": ("text", _moments), "j": ("text", _json),
    },
    "postgresql": {
        "t": ("text", _texts), "n": ("numeric", _numbers), "d": ("date", _dates), "c": ("time", _nanos.map(Time)),
        "m": ("timestamp", _moments), "j": ("jsonb", _json), "a": ("text[]", some.lists(_texts | some.none(), max_size=3)),
        "l": ("jsonb", some.lists(_texts | some.none(), max_size=3)), "e": ("numeric[]", some.lists(_numbers, max_size=3)),
    },
    "mariadb": {
        "t": ("text", _texts), "n": ("decimal(65, 30)", _numbers), "i": ("bigint", some.integers(-(2**70), 2**70).map(Decimal)), "s": ("decimal(10, 2)", _numbers),
        "d": ("date", _dates), "c": ("time(6)", _nanos.map(Time)), "m": ("datetime(6)", _moments), "j": ("json", _json),
    },
}  # fmt: skip


@given(data=some.data())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
async def test_what_went_in_comes_out_or_is_refused(database: Database, data: some.DataObject) -> None:
    """A value of every type, in every place that may hold it."""
    places = _PLACES[database.kind]
    written = ", ".join(f"{name} {kind}" for name, (kind, _) in places.items())
    if "kept" not in _tables(database):
        database.look(f"create table kept ({written})")
    name = data.draw(some.sampled_from(sorted(places)))
    value = data.draw(places[name][1])
    special = {name: "json"} if name == "j" else {}
    async with database.open() as transaction:
        statement = write(f"insert into kept ({name}) values (:{name})", parameters=special)
        try:
            await transaction.run(statement, {name: value}, 1, undo_alone=False)
        except NodeError as error:
            assert error.kind in {"database", "database.constraint"}  # noqa: PT017 - a refusal is as good
            return
        rows, _ = await transaction.run(select(f"select {name} from kept", columns=special), {}, 2, undo_alone=False)
    found = rows[0][name]
    if isinstance(value, Decimal) and not isinstance(found, bool):
        assert Decimal(found) == value
    elif database.kind == "sqlite" and name == "nt" and isinstance(found, Decimal):
        assert found == Decimal(value)
    elif database.kind == "sqlite" and isinstance(value, Date | DateTime):
        assert found == str(value)
    else:
        assert found == value


def _tables(database: Database) -> set[str]:
    sql = {
        "sqlite": "select name from sqlite_master",
        "postgresql": "select tablename from pg_tables where schemaname = 'public'",
        "mariadb": "show tables",
    }[database.kind]
    return {str(name) for (name,) in database.look(sql)}


async def test_names_that_the_result_lacks(database: Database) -> None:
    """They are told at the first execution; a spelling that differs in upper and lower case alone is taken."""
    async with database.open() as transaction:
        for reads, sql, told in (
            (True, "select name as shown, price from item", '"nane"; it gives "shown", "price"'),
            (False, "update item set price = 2", 'gives no rows, and so no column "nane"'),
        ):
            statement = SqlStatement(text=sql, reads=reads, read=frozenset({"nane"}))
            with pytest.raises(NodeError, match=told):
                await transaction.run(statement, {}, 5, undo_alone=True)
        statement = SqlStatement(
            text="select name as hiredOn, price as PRICE from item", reads=True,
            read=frozenset({"hiredOn"}), taken=frozenset({"price"}),
        )  # fmt: skip
        rows, _ = await transaction.run(statement, {}, 5, undo_alone=False)
        assert rows == [{"hiredOn": "a", "price": Decimal("1.10")}]
        assert [row async for row in transaction.stream(statement, {}, 5)] == rows


async def test_a_batch_that_returns(database: Database) -> None:
    """Rows are counted, whether the statement gives them or not."""
    items = [{"name": name} for name in "bcd"]
    async with database.open() as transaction:
        for sql in ("insert into item (name) values (:name) returning name", "delete from item where name = :name"):
            assert await transaction.run_many(write(sql), items, undo_alone=False) == 3


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_batch_on_sqlite_changes_no_digits(database: Database) -> None:
    """One item that the column would change refuses all."""
    items = [{"name": name, "price": Decimal(price)} for name, price in (("b", "1.5"), ("c", "0.12345678901234567891"))]
    statement = write("insert into item values (:name, :price)")
    async with database.open() as transaction:
        with pytest.raises(
            NodeError, match=r'`:price`: the column "price" cannot hold 0\.12345678901234567891 exactly'
        ):
            await transaction.run_many(statement, items, undo_alone=False)


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
async def test_mariadb_cuts_no_digits(database: Database) -> None:
    """What it only notes is an error here, for one and for many."""
    statement = write("insert into item values (:name, :price)")
    item = {"name": "b", "price": Decimal("1.005")}
    async with database.open() as transaction:
        with pytest.raises(NodeError, match=r"does not fit its place exactly: .*'price'"):
            await transaction.run(statement, item, 1, undo_alone=True)
        with pytest.raises(NodeError, match=r"does not fit its place exactly: .*'price'"):
            await transaction.run_many(statement, [item, {**item, "name": "c"}], undo_alone=True)


with_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@with_postgresql
async def test_lists_go_where_they_fit(database: Database) -> None:
    """An empty list is `[]` in JSON and `{}` in an array; a list in a text is refused."""
    database.look("create table lists (j jsonb, t text[], u uuid[], x text)")
    async with database.open() as transaction:
        for items in ([], ["a"], [Decimal(1)]):
            rows, _ = await transaction.run(
                write("insert into lists (j, t) values (:j, :t) returning j, t"),
                {"j": items, "t": [str(each) for each in items]}, 1, undo_alone=False,
            )  # fmt: skip
            assert rows == [{"j": items, "t": [str(each) for each in items]}]
            with pytest.raises(NodeError, match="`:x` is a list, which its place of the type text cannot hold"):
                await transaction.run(write("insert into lists (x) values (:x)"), {"x": items}, 1, undo_alone=True)
        for sql in ("insert into lists (u) values (:u)", "update lists set u = :u"):
            assert await transaction.run_many(write(sql), [{"u": []}], undo_alone=False)


@with_postgresql
async def test_arrays_of_types_that_users_made(database: Database) -> None:
    """An array of an enum or a domain is a list."""
    database.look("create type mood as enum ('sad', 'glad')")
    database.look("create domain positive as int check (value > 0)")
    row = await ask(
        database, "select array['glad', null]::mood[] as m, '{}'::mood[] as n, array[1, 2]::positive[] as p"
    )
    assert row == {"m": ["glad", None], "n": [], "p": [1, 2]}


@with_postgresql
@pytest.mark.parametrize("value", [None, Decimal(1), Decimal(2)])
async def test_a_parameter_that_is_tested_for_null_first(database: Database, value: Any) -> None:
    """`:n is null or id = :n` works for null and for values, whatever comes first."""
    database.look("create table numbered (id int, at timestamptz)")
    database.look("insert into numbered values (1, now()), (2, now())")
    for sql in (
        "select id from numbered where :n is null or id = :n",
        "select id from numbered where (:n is not null and id = :n) or :n is null",
        "select id from numbered where id = coalesce(:n, id)",
    ):
        async with database.open() as transaction:
            rows, _ = await transaction.run(select(sql), {"n": value}, 9, undo_alone=False)
        assert sorted(row["id"] for row in rows) == ([1, 2] if value is None else [value])


@with_postgresql
async def test_a_null_has_the_type_of_its_formula(database: Database) -> None:
    """Where nothing else tells the type, what a value of it would be bound as does."""
    for word, shown in (("number", "integer"), ("boolean", "boolean"), ("date", "date"), ("time", "time without time zone"),
                        ("date and time", "timestamp without time zone")):  # fmt: skip
        statement = SqlStatement(text="select pg_typeof(:x)::text as t, :x as x", reads=True, nulls={"x": word})
        async with database.open() as transaction:
            rows, _ = await transaction.run(statement, {"x": None}, 1, undo_alone=False)
        assert rows == [{"t": shown, "x": None}]


@with_postgresql
async def test_procedures_and_merge(database: Database) -> None:
    """Out parameters of a procedure are the row that it gives; a merge counts what it changed."""
    database.look("create procedure twice(n int, out doubled int, inout told text) language plpgsql as 'begin doubled := 2 * n; told := told || ''!''; end'")  # fmt: skip
    merge = (
        "merge into item using (values (:name, :price::numeric)) as n(name, price) on item.name = n.name "
        "when matched then update set price = n.price when not matched then insert values (n.name, n.price)"
    )
    async with database.open() as transaction:
        rows, count = await transaction.run(
            write("call twice(:n, null, :told)"), {"n": Decimal(4), "told": "done"}, 5, undo_alone=False
        )
        assert (rows, count) == ([{"doubled": 8, "told": "done!"}], 1)
        for name in ("a", "z"):
            assert await transaction.run(write(merge), {"name": name, "price": Decimal(3)}, 5, undo_alone=False) == (
                [],
                1,
            )
        await transaction.commit()
    assert database.names() == ["a", "z"]
