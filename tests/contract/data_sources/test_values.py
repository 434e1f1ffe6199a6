"""Values go into every kind of database and come back as they were, or are refused; none is changed on the way."""

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from tests.contract.data_sources.conftest import Database, ask, select, write

from microflow_runtime.errors import NodeError
from microflow_runtime.feel import (
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_time,
)

HOSTILE = ["= 1 + 1", "{{secrets.DB}}", "${HOME}", "{name}", "'; drop table item; --", "%s %(name)s %%", ":name", "\\u0041",
           "\\'", "\\", "it''s", '"', "`", "-- x", "/* x */", "a\r\n\tb", "\x1a", "?", "$1", "\U0001f600 ด \u0301", ""]  # fmt: skip
TYPES: dict[str, dict[str, str]] = {
    "sqlite": {"decimal": "text", "moment": "text", "zoned": "text", "time": "text", "json": "text", "bytes": "blob"},
    "postgresql": {"decimal": "numeric", "moment": "timestamp", "zoned": "timestamptz", "time": "time", "json": "jsonb", "bytes": "bytea"},
    "mariadb": {"decimal": "decimal(65, 30)", "moment": "datetime(6)", "zoned": "timestamp(6)", "time": "time(6)", "json": "json", "bytes": "blob"},
}  # fmt: skip
SPECIAL = {"json": {"x": "json"}, "bytes": {"x": "base64"}}


def _make(database: Database, kind: str) -> None:
    written = TYPES[database.kind].get(kind, kind)
    null = " null" if kind == "zoned" and database.kind == "mariadb" else ""
    database.look(f"create table kept (x {written}{null})")


async def _keep(database: Database, kind: str, value: Any) -> Any:
    """Write a value into a column and read it back, in two transactions."""
    special = SPECIAL.get(kind, {})
    async with database.open() as transaction:
        await transaction.run(write("delete from kept"), {}, 1, undo_alone=False)
        statement = write("insert into kept (x) values (:x)", parameters=special)
        await transaction.run(statement, {"x": value}, 1, undo_alone=False)
        await transaction.commit()
    return (await ask(database, "select x from kept", special))["x"]


@pytest.mark.parametrize("kind", ["varchar(100)", "text"])
async def test_texts_are_never_evaluated(database: Database, kind: str) -> None:
    """A text that looks like code is a text: in a column, in a result, in a comparison, beside another in one statement."""
    _make(database, kind)
    for text in HOSTILE:
        assert await _keep(database, kind, text) == text
        async with database.open() as transaction:
            rows, _ = await transaction.run(
                select("select x from kept where x = :x and ':y' <> '%s' and :z = :z -- :w"),
                {"x": text, "z": text},
                5,
                undo_alone=False,
            )
        assert [row["x"] for row in rows] == [text]
    assert database.names() == ["a"]


async def test_a_text_with_nul(database: Database) -> None:
    """Where the database can keep a NUL it is kept; PostgreSQL cannot and says so."""
    _make(database, "text")
    if database.kind == "postgresql":
        with pytest.raises(NodeError, match="NUL") as caught:
            await _keep(database, "text", "a\0b")
        assert caught.value.kind == "database"
    else:
        assert await _keep(database, "text", "a\0b") == "a\0b"


NUMBERS = (
    "0", "7", "-7", "100.00", "100.5", "0.1", "-0.000000000000000000000000000001", "9223372036854775807",
    "9223372036854775808", "12345678901234567890123456789012345.678901234567890123456789012345", "1E+2",
)  # fmt: skip


async def test_numbers_are_exact(database: Database) -> None:
    """Every digit goes in and comes back."""
    _make(database, "decimal")
    for value in map(Decimal, NUMBERS):
        read = await _keep(database, "decimal", value)
        assert Decimal(read) == value
        if database.kind == "postgresql":
            assert (type(read), format(read, "f")) == (Decimal, format(value, "f"))


async def test_computing_with_numbers_is_exact(database: Database) -> None:
    """Parameters are numbers of the database's own; whole ones compare with columns of integers."""
    row = await ask(
        database, "select :a + :b as total, :a * :c as large", a=Decimal(100000), b=Decimal(7), c=Decimal(2**33)
    )
    assert row == {"total": 100007, "large": 100000 * 2**33}
    database.look("create table counted (n bigint primary key)")
    async with database.open() as transaction:
        for number in (Decimal(5), Decimal(2**62), Decimal("7.0")):
            await transaction.run(write("insert into counted values (:n)"), {"n": number}, 1, undo_alone=False)
        rows, _ = await transaction.run(
            select("select n from counted where n in (:a, :b) order by n"),
            {"a": Decimal(5), "b": Decimal(2**62)},
            5,
            undo_alone=False,
        )
    assert [row["n"] for row in rows] == [5, 2**62]
    assert all(type(row["n"]) is Decimal for row in rows)


async def test_numbers_out_of_bounds(database: Database) -> None:
    """What is no number, or has more digits than any, is refused when it is read; what does not fit when it is written."""
    if database.kind == "postgresql":
        for sql in (
            "select 'NaN'::numeric as x",
            "select 'Infinity'::float8 as x",
            "select repeat('9', 1001)::numeric as x",
            "select 10::numeric ^ 7000 as x",
        ):
            with pytest.raises(NodeError, match="the database gave"):
                await ask(database, sql)
        return
    if database.kind == "sqlite":
        with pytest.raises(NodeError, match="the database gave Infinity, which is no number"):
            await ask(database, "select 9e999 as x")
        return
    with pytest.raises(NodeError, match="MariaDB cannot hold a number of more than 65 digits"):
        await ask(database, "select :x as x", x=Decimal("1" * 66))
    with pytest.raises(NodeError, match="38 of them behind the point"):
        await ask(database, "select :x as x", x=Decimal("1E-39"))


async def test_booleans_and_null(database: Database) -> None:
    """PostgreSQL has booleans; the others have numbers for them, which `columns` reads."""
    _make(database, "boolean")
    for value in (True, False, None):
        read = await _keep(database, "boolean", value)
        assert (None if read is None else bool(read)) is value
    assert (await ask(database, "select name from item where name = :x or :x is null", x=None))["name"] == "a"


async def test_dates(database: Database) -> None:
    """A date never becomes the day before."""
    _make(database, "date")
    for text in ("2026-05-19", "0001-01-01", "9999-12-31", "2000-02-29"):
        value = parse_date(text)
        read = await _keep(database, "date", value)
        assert (read == text) if database.kind == "sqlite" else (read == value and type(read) is Date)


async def test_times_of_day(database: Database) -> None:
    """A time of day comes back as one, and never as a duration."""
    _make(database, "time")
    for text in ("00:00:00", "23:59:59.999999", "02:30:00"):
        value = parse_time(text)
        read = await _keep(database, "time", value)
        assert (read == text) if database.kind == "sqlite" else (read == value and type(read) is Time)


MACHINES = pytest.mark.parametrize("machine", ["America/New_York", "Asia/Bangkok"])
WALL_CLOCKS = ("2026-05-19T15:15:00", "2026-03-08T02:30:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999")
MOMENTS = {
    "2026-05-19T15:15:00": "2026-05-19T15:15:00+02:00",
    "2026-01-19T15:15:00": "2026-01-19T15:15:00+01:00",
    "2026-05-19T15:15:00+07:00": "2026-05-19T10:15:00+02:00",
    "2026-05-19T15:15:00@America/New_York": "2026-05-19T21:15:00+02:00",
}


@MACHINES
async def test_a_wall_clock_stays(database: Database, machine: str, stand_in: Callable[[str], None]) -> None:
    """A date and time without zone comes back from a column without zone as it was, wherever the machine stands."""
    stand_in(machine)
    _make(database, "moment")
    for text in WALL_CLOCKS:
        assert str(await _keep(database, "moment", parse_date_time(text))) == text


@MACHINES
async def test_a_moment_is_told_in_the_zone_of_the_app(
    database: Database, machine: str, stand_in: Callable[[str], None]
) -> None:
    """A column with zone takes a wall clock for that of the app's zone, and gives the offset that holds there."""
    stand_in(machine)
    _make(database, "zoned")
    for text, expected in MOMENTS.items():
        read = await _keep(database, "zoned", parse_date_time(text))
        assert str(read) == (text if database.kind == "sqlite" else expected)


@pytest.fixture
def stand_in() -> Iterator[Callable[[str], None]]:
    """Give what puts the machine into a time zone until the test has ended."""
    with pytest.MonkeyPatch.context() as patch:

        def stand(zone: str) -> None:
            patch.setenv("TZ", zone)
            time.tzset()

        yield stand
    time.tzset()


async def test_the_hour_that_comes_twice(database: Database) -> None:
    """Each pass comes back as the moment it was, or is refused where the database has no place for it."""
    _make(database, "zoned")
    for offset in ("+02:00", "+01:00"):
        value = parse_date_time(f"2026-10-25T02:30:00{offset}@Europe/Berlin")
        if database.kind == "mariadb" and value.is_second_pass:
            with pytest.raises(NodeError, match="comes twice that day"):
                await _keep(database, "zoned", value)
            continue
        read = str(await _keep(database, "zoned", value))
        assert read == (str(value) if database.kind == "sqlite" else f"2026-10-25T02:30:00{offset}")
        assert parse_date_time(read) == value


async def test_a_moment_in_a_column_without_zone(database: Database) -> None:
    """A moment with an offset becomes the wall clock of the app's zone where the column has none."""
    _make(database, "moment")
    read = await _keep(database, "moment", parse_date_time("2026-05-19T15:15:00+07:00"))
    assert str(read) == ("2026-05-19T15:15:00+07:00" if database.kind == "sqlite" else "2026-05-19T10:15:00")


async def test_years_that_databases_do_not_have(database: Database) -> None:
    """A year beyond 9999 is refused, not cut; SQLite, which keeps text, keeps it."""
    value = Date(10000, 1, 1)
    if database.kind == "sqlite":
        assert (await ask(database, "select :x as x", x=value))["x"] == "10000-01-01"
        return
    for each in (value, DateTime(value.days, 0)):
        with pytest.raises(NodeError, match="its years go from 1 to 9999"):
            await ask(database, "select :x as x", x=each)


async def test_dates_that_formulas_do_not_have(database: Database) -> None:
    """Infinity, and the date that is none, are told and not made into a day."""
    wrong = {"postgresql": ["'infinity'::date", "'-infinity'::timestamptz", "'0044-03-15 BC'::date"], "mariadb": ["(select d from zero)"]}  # fmt: skip
    for sql in wrong.get(database.kind, []):
        if database.kind == "mariadb":
            database.look("create table zero (d date); insert into zero values ('0000-00-00')")
        with pytest.raises(NodeError) as caught:
            await ask(database, f"select {sql} as x")
        assert caught.value.kind == "database"


async def test_durations(database: Database) -> None:
    """PostgreSQL has intervals, of months or of days, exactly; one of both is refused. MariaDB has none."""
    if database.kind == "postgresql":
        _make(database, "interval")
        for text in ("P1Y2M", "-P14M", "P3DT4H5M6.789S", "-PT90S", "PT0S", "P400D", "PT36H"):
            value = parse_duration(text)
            read = await _keep(database, "interval", value)
            assert (read, type(read)) == (value, type(value))
        with pytest.raises(NodeError, match="formulas have durations of months and others of days"):
            await ask(database, "select interval '1 month 1 day' as x")
    elif database.kind == "mariadb":
        for value in (DaysDuration(10**9), MonthsDuration(1)):
            with pytest.raises(NodeError, match="MariaDB has no type for the duration"):
                await ask(database, "select :x as x", x=value)
        with pytest.raises(NodeError, match="the TIME 30:00:00, which is no time of day"):
            await ask(database, "select time('30:00:00') as x")


async def test_json(database: Database) -> None:
    """Any value is kept as JSON with its digits, and comes back as a value; null is the null of SQL."""
    _make(database, "json")
    value = {
        "n": Decimal("100.00"),
        "big": Decimal(2**70),
        "list": [Decimal(1), None, True, "ด"],
        "empty": {},
        "none": [],
    }
    for each in (value, [], [Decimal("0.10")], {}, "text", Decimal(5)):
        assert await _keep(database, "json", each) == each
    assert await _keep(database, "json", None) is None
    if database.kind == "postgresql":
        row = await ask(database, """select '{"a": 1.10}'::json as x""")
        assert (row["x"], str(row["x"]["a"])) == ({"a": Decimal("1.10")}, "1.10")


async def test_bytes(database: Database) -> None:
    """Bytes are read and written as base64 where that is declared, and nowhere else."""
    _make(database, "bytes")
    for text in ("", "AP8nXA==", "JyI7IGRyb3A="):
        assert await _keep(database, "bytes", text) == text
    with pytest.raises(NodeError, match="got a text that is none"):
        await _keep(database, "bytes", "not base64!")
    with pytest.raises(NodeError, match="declare the column as `base64`"):
        await ask(database, "select x from kept")


async def test_lists_and_contexts_without_declaration(database: Database) -> None:
    """A list is an array where there are arrays, and JSON elsewhere; a context is JSON."""
    lists = [[Decimal(1), Decimal(2)], ["a", None], [], [Decimal("1.5"), Decimal(2)]]
    if database.kind == "postgresql":
        database.look("create table arrays (t text[], n numeric[], i int[])")
        async with database.open() as transaction:
            statement = write("insert into arrays values (:t, :n, :i)")
            given = {"t": ["a", None, "x'\"\\,{}"], "n": [Decimal("1.50"), Decimal(2)], "i": [Decimal(1), Decimal(2)]}
            await transaction.run(statement, given, 1, undo_alone=False)
            rows, _ = await transaction.run(select("select * from arrays"), {}, 1, undo_alone=False)
            found, _ = await transaction.run(
                select("select name from item where name = any(:names)"), {"names": ["a", "b"]}, 5, undo_alone=False
            )
        assert (rows, found) == ([given], [{"name": "a"}])
        return
    for each in lists:
        assert (await ask(database, "select :x as x", {"x": "json"}, x=each))["x"] == each
    if database.kind == "sqlite":
        sql = "select count(*) as n from json_each(:x)"
        assert (await ask(database, sql, x=lists[0]))["n"] == 2


async def test_values_of_other_types(database: Database) -> None:
    """A uuid and an enum are texts; what has no counterpart is told with the way out."""
    if database.kind == "postgresql":
        database.look("create type mood as enum ('sad', 'glad')")
        row = await ask(
            database, "select 'glad'::mood as m, '3F0C2D8E-7F0E-4C11-9A51-0D5B8F0F6A11'::uuid as u, 0.1::float4 as f"
        )
        assert row == {"m": "glad", "u": "3f0c2d8e-7f0e-4c11-9a51-0d5b8f0f6a11", "f": Decimal("0.1")}
        uuid = "select 1 as n where '3f0c2d8e-7f0e-4c11-9a51-0d5b8f0f6a11'::uuid = :u"
        assert (await ask(database, uuid, u="3f0c2d8e-7f0e-4c11-9a51-0d5b8f0f6a11"))["n"] == 1
        with pytest.raises(NodeError, match="which formulas do not have; cast it in the SQL"):
            await ask(database, "select '[1,2]'::int4range as x")
    elif database.kind == "mariadb":
        database.look("create table odd (e enum('sad', 'glad'), u uuid, s set('a', 'b'), y year, f double)")
        database.look("insert into odd values ('glad', '3f0c2d8e-7f0e-4c11-9a51-0d5b8f0f6a11', 'a,b', 2026, 0.1)")
        row = await ask(database, "select * from odd")
        expected = {
            "e": "glad",
            "u": "3f0c2d8e-7f0e-4c11-9a51-0d5b8f0f6a11",
            "s": "a,b",
            "y": 2026,
            "f": Decimal("0.1"),
        }
        assert row == expected


async def test_two_columns_of_one_name(database: Database) -> None:
    """A row is a context, which has a name once: the other value would be lost without a word."""
    with pytest.raises(NodeError, match='the statement gives two columns "name"'):
        await ask(database, "select a.name, b.name from item a, item b")


async def test_percent_signs_and_colons(database: Database) -> None:
    """What looks like a driver's mark stands for itself, with parameters and without."""
    assert (await ask(database, "select '%s %(a)s %%' as x, 7 % 4 as y")) == {"x": "%s %(a)s %%", "y": 3}
    row = await ask(database, "select '%s :a %%' as x, 7 % :m as y", m=Decimal(4))
    assert row == {"x": "%s :a %%", "y": 3}
    if database.kind == "postgresql":
        assert (await ask(database, "select :x::int as x, (array[1,2,3])[2:3] as y", x="5")) == {"x": 5, "y": [2, 3]}
