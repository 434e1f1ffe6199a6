"""What goes into drivers and comes out of them, without a database."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some
from psycopg.types.numeric import Int4, Int8

from microflow_runtime.engine import SqlStatement
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import DateTime, Time, parse_date_time, parse_duration, parse_time
from microflow_runtime.runtime.data_sources import mariadb_values, postgresql_values, sqlite
from microflow_runtime.runtime.data_sources.values import bound, from_driver, from_json, row_reader, to_json

numbers = some.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=8)


@given(numbers)
def test_numbers_keep_every_digit(value: Decimal) -> None:
    """Each database gets exactly the number, in whatever form it is bound."""
    for write in (sqlite.to_driver, postgresql_values.to_driver, mariadb_values.writer("UTC")):
        assert Decimal(write(value)) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [("5", Int4), ("2147483647", Int4), ("2147483648", Int8), ("9223372036854775808", Decimal), ("5.0", Decimal)],
)
def test_postgresql_types_numbers_as_their_literals(text: str, kind: type) -> None:
    """So that an operator or a function is found as if the number stood in the statement."""
    assert type(postgresql_values.to_driver(Decimal(text))) is kind


def test_an_array_is_of_one_type() -> None:
    """One fraction makes all of them decimals; texts and nulls stay."""
    assert [type(each) for each in postgresql_values.to_driver([Decimal(1), None, Decimal("1.5")])] == [
        Decimal, type(None), Decimal,
    ]  # fmt: skip
    assert [type(each) for each in postgresql_values.to_driver([Decimal(1), Decimal(2)])] == [Int8, Int8]
    assert postgresql_values.to_driver([{"a": None}]) == '[{"a":null}]'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-05-19T15:15:00", "2026-05-19 15:15:00"),
        ("2026-05-19T15:15:00.123456", "2026-05-19 15:15:00.123456"),
        ("2026-05-19T15:15:00Z", "2026-05-19 22:15:00"),
        ("2026-05-19T15:15:00@America/New_York", "2026-05-20 02:15:00"),
    ],
)
def test_moments_for_mariadb(text: str, written: str) -> None:
    """A wall clock stays; a moment becomes the wall clock of the app's zone."""
    assert mariadb_values.writer("Asia/Bangkok")(parse_date_time(text)) == written


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (parse_date_time("2026-05-19T15:15:00.123456789"), "it keeps six digits of a second"),
        (parse_date_time("2026-05-19T15:15:00.123456789Z"), "it keeps six digits of a second"),
        (parse_time("15:15:00.000000001"), "it keeps six digits of a second"),
        (parse_date_time("2026-10-25T02:30:00+01:00"), "where 02:30 comes twice that day"),
    ],
)
def test_moments_that_would_become_others(value: Any, told: str) -> None:
    """What the database would cut or mix up is refused, with the name of the parameter."""
    writers = [mariadb_values.writer("Europe/Berlin")]
    if "twice" not in told:
        writers.append(postgresql_values.to_driver)
    for write in writers:
        with pytest.raises(NodeError, match=told) as caught:
            bound(SqlStatement(text="", reads=False), {"ok": None, "at": value}, write)
        assert caught.value.message.startswith("`:at`: the database" if "six" in told else "`:at`: MariaDB")
    assert mariadb_values.writer("Europe/Berlin")(parse_date_time("2026-10-25T02:30:00+02:00")) == "2026-10-25 02:30:00"


def test_a_value_that_formulas_do_not_have_names_its_column() -> None:
    """Whether other columns are read in a way of their own or not."""
    for columns in ({}, {"doc": "json"}):
        read = row_reader(["doc", "n"], SqlStatement(text="", reads=True, columns=columns))
        with pytest.raises(NodeError, match=r'^column "n": the database gave NaN, which is no number'):
            read(["1", Decimal("NaN")])


def test_the_hour_that_comes_twice() -> None:
    """MariaDB does not tell which one is meant: the first is taken."""
    read = mariadb_values.readers_of("Europe/Berlin")[7]
    assert str(read("2026-10-25 02:30:00")) == "2026-10-25T02:30:00+02:00"
    assert str(read("2026-10-25 03:30:00")) == "2026-10-25T03:30:00+01:00"


def test_the_second_time_of_that_hour_is_not_written_as_the_first() -> None:
    """MariaDB has no place for it, so it is refused with the zone and a remedy; the first one is written."""
    write = mariadb_values.writer("Europe/Berlin")
    assert write(parse_date_time("2026-10-25T00:30:00Z")) == "2026-10-25 02:30:00"
    assert write(parse_date_time("2026-10-25T02:30:00@Europe/Berlin")) == "2026-10-25 02:30:00"
    for text in ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00@Europe/Berlin"):
        with pytest.raises(NodeError, match="the wall clock of Europe/Berlin, where 02:30 comes twice"):
            write(parse_date_time(text))


def test_the_pass_of_a_drivers_moment_is_kept() -> None:
    """A moment in a zone, as psycopg gives it, keeps the offset of the pass it is in, there and back."""
    zone = ZoneInfo("Europe/Berlin")
    for fold, told in ((0, "2026-10-25T02:30:00+02:00"), (1, "2026-10-25T02:30:00+01:00")):
        moment = dt.datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=fold)
        value = from_driver(moment)
        assert str(value) == told
        assert postgresql_values.to_driver(value).astimezone(dt.UTC) == moment.astimezone(dt.UTC)
        assert sqlite.to_driver(value) == told
    assert to_json({"at": parse_date_time("2026-10-25T02:30:00+01:00@Europe/Berlin")}) == '{"at":"2026-10-25T02:30:00+01:00@Europe/Berlin"}'  # fmt: skip


def test_python_values_become_values_of_formulas() -> None:
    """A moment has the offset that holds there then, never the name of a zone."""
    zone = dt.timezone(dt.timedelta(hours=7))
    assert str(from_driver(dt.datetime(2026, 5, 19, 15, tzinfo=zone))) == "2026-05-19T15:00:00+07:00"
    assert type(from_driver(dt.time(15, 30))) is Time
    assert from_driver([1, [None, 2.5]]) == [Decimal(1), [None, Decimal("2.5")]]
    assert from_driver(dt.timedelta(days=1)) == parse_duration("P1D")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Decimal("NaN"), "which is no number"),
        (float("inf"), "which is no number"),
        (Decimal("9" * 1001), "more than 1000 digits"),
        (Decimal("1E+6145"), "an exponent beyond 6144"),
        (b"x", "declare the column as `base64`"),
        (object(), "of the type object, which formulas do not have"),
    ],
)
def test_what_formulas_do_not_have_is_refused(value: Any, told: str) -> None:
    """It never becomes another value."""
    with pytest.raises(NodeError, match=told) as caught:
        from_driver(value)
    assert caught.value.kind == "database"


@given(
    some.recursive(
        some.none() | some.booleans() | numbers | some.text(max_size=20),
        lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    )
)
def test_json_keeps_values(value: Any) -> None:
    """What is written as JSON is read as it was, and null stays the null of SQL."""
    written = to_json(value)
    assert (written is None) if value is None else (from_json(written) == value)


def test_dates_in_json_are_texts() -> None:
    """JSON has no dates."""
    assert to_json({"at": DateTime(0, 0)}) == '{"at":"1970-01-01T00:00:00"}'


def test_special_parameters_and_columns() -> None:
    """What is declared goes and comes in its own form; two columns of one name are refused."""
    statement = SqlStatement(text="", reads=True, parameters={"doc": "json", "photo": "base64"})
    given = bound(statement, {"doc": [Decimal(1)], "photo": "AP8=", "n": Decimal(1)}, lambda value: ("written", value))
    assert given == {"doc": "[1]", "photo": b"\x00\xff", "n": ("written", Decimal(1))}
    read = row_reader(
        ["doc", "photo", "n"], SqlStatement(text="", reads=True, columns={"doc": "json", "photo": "base64"})
    )
    assert read(("[1]", b"\x00\xff", 1)) == {"doc": [Decimal(1)], "photo": "AP8=", "n": Decimal(1)}
    assert read((None, None, None)) == {"doc": None, "photo": None, "n": None}
    with pytest.raises(NodeError, match='gives two columns "a"'):
        row_reader(["a", "b", "a"], SqlStatement(text="", reads=True))
    with pytest.raises(NodeError, match="wrong, nested too deep or too large"):
        read(("{", b"", 1))
