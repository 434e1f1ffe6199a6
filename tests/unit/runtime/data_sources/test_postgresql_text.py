"""Statements as PostgreSQL takes them."""

import pytest

from microflow_runtime.runtime.data_sources.postgresql_text import postgresql_text


@pytest.mark.parametrize(
    ("sql", "query", "tested"),
    [
        ("select 1 where 'a' like '%'", "select 1 where 'a' like '%%'", ()),
        ("where :n is null or id = :n", "where %(n is null)s::text is null or id = %(n)s", ("n",)),
        ("where id = :n or :n IS NOT NULL", "where id = %(n)s or %(n is null)s::text IS NOT NULL", ("n",)),
        ("case when :a isnull then (:b is null) end", "case when %(a is null)s::text isnull then (%(b is null)s::text is null) end", ("a", "b")),
        ("where a = :n is null", "where a = %(n)s is null", ()),
        ("where :n::int is null", "where %(n)s::int is null", ()),
        ("where :n is distinct from id", "where %(n)s is distinct from id", ()),
    ],
)  # fmt: skip
def test_a_test_for_null_is_a_parameter_of_its_own(sql: str, query: str, tested: tuple[str, ...]) -> None:
    """So that the type of the value comes from the place it is used in."""
    text = postgresql_text(sql)
    assert (text.query, text.tested) == (query, tested)


def test_parameters_are_numbered() -> None:
    """As the server does, each name once."""
    text = postgresql_text("select :a, :b where :a is null or x = :a")
    assert text.numbered == "select $1, $2 where $3::text is null or x = $1"
    assert text.names == ("a", "b", "a is null")
