"""Parameters are found where SQL has them, and nowhere else."""

from time import perf_counter

import pytest

from microflow_runtime.compiler.sql_text import read_sql


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select 1", ()),
        ("select :a, :b_2, :a", ("a", "b_2")),
        ("select :größe", ("größe",)),
        ("select ':a', 'it''s :b', :c", ("c",)),
        ('select ":a", `:b`, :c', ("c",)),
        ("select E'\\':a', :b", ("b",)),
        ("select '\\', :b", ("b",)),
        ("select $$ :a ' $$, $x$ :b $$ $x$, :c", ("c",)),
        ("select 1 -- :a\n, :b", ("b",)),
        ("select /* :a '\n */ :b", ("b",)),
        ("select :ids::uuid[], x::text", ("ids",)),
        ("select xs[1:n], xs[:n]", ("n",)),
        ("select a:b, ::c", ()),
        ("select x where a=:a and(b=:b)", ("a", "b")),
        ("select x:=:y", ("y",)),
        ("select :1", ()),
    ],
)
def test_parameters_are_found(sql: str, names: tuple[str, ...]) -> None:
    """Quoted texts and names, comments, casts and slices hold none."""
    text = read_sql(sql)
    assert text.names == names
    assert text.written(lambda name: f":{name}", lambda part: part) == sql


def test_a_text_is_written_anew() -> None:
    """Each mark and each text between is written as it is asked for."""
    text = read_sql("select '%', :a, 5 % :b, :a")
    assert (
        text.written(lambda name: f"<{name}>", lambda part: part.replace("%", "%%"))
        == "select '%%', <a>, 5 %% <b>, <a>"
    )


@pytest.mark.parametrize(
    ("sql", "is_one"),
    [("select 1;", True), ("select 1 ; -- the end\n ;", True), ("select ';'", True), ("select 1; drop table x", False),
     ("select 1; :a", False)],
)  # fmt: skip
def test_a_second_statement_is_seen(sql: str, is_one: bool) -> None:
    """A semicolon at the end is none; anything behind it is."""
    assert read_sql(sql).is_one is is_one


def test_the_semicolon_at_the_end_is_left_out() -> None:
    """The drivers take the text without it."""
    assert read_sql("select :a ;").pieces == ("select ", "a", " ")


def test_long_texts_are_read_in_a_moment() -> None:
    """A megabyte of marks takes no longer than its length allows."""
    begun = perf_counter()
    assert len(read_sql("select " + ":a, 'x', " * 100_000).pieces) == 200_001
    assert perf_counter() - begun < 3
