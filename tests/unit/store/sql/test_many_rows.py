"""Rows that are handed to the driver as they are."""

import pytest

from microflow_runtime.errors import StoreError
from microflow_runtime.store.sql.many_rows import columns_of, postgresql_insert, sqlite_insert
from microflow_runtime.store.sql.tables import cached_value, execution_key, tables


def test_rows_become_columns() -> None:
    """Each column has its values in the order of the rows."""
    rows = [("order", "1", 5, "a"), ("order", "2", 6, "b")]
    assert columns_of(execution_key, rows) == [("order", "order"), ("1", "2"), (5, 6), ("a", "b")]


@pytest.mark.parametrize("bad", [("order", "a\0b", 5, "a"), ("order", "x" * 257, 5, "a"), ("n" * 129, "", 5, "a")])
def test_what_a_column_does_not_take_is_refused(bad: tuple[object, ...]) -> None:
    """A NUL or a text that is too long in any row keeps all of them out."""
    assert columns_of(execution_key, [("n" * 128, "x" * 256, 5, "a")])
    with pytest.raises(StoreError, match="does not fit"):
        columns_of(execution_key, [("order", "1", 5, "a"), bad])


@pytest.mark.parametrize("row", [("space", "key", b"v"), ("space", "key", b"v", 1, 2)])
def test_a_row_has_a_value_for_each_column(row: tuple[object, ...]) -> None:
    """One too few or too many is a slip of ours, not a value that ends up in another column."""
    with pytest.raises(ValueError, match="zip"):
        columns_of(cached_value, [row])


def test_statements_name_every_column() -> None:
    """They are built from the tables, with one mark or one array for each column."""
    assert sqlite_insert(cached_value) == (
        'INSERT INTO cached_value ("space", "key", "value", "ends_at") VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    )
    assert postgresql_insert(cached_value) == (
        'INSERT INTO cached_value ("space", "key", "value", "ends_at") '
        "SELECT * FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::bigint[]) ON CONFLICT DO NOTHING"
    )
    for table in tables.sorted_tables:
        assert sqlite_insert(table).count("?") == len(table.c)
