"""Many rows at once: handed to the driver as they are, for SQLAlchemy spends more on each value than the database does."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import LargeBinary, Table

from microflow_runtime.store.sql.columns import Name, Words
from microflow_runtime.store.sql.failures import misfit

Row = tuple[Any, ...]


def columns_of(table: Table, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Turn rows, whose values stand in the order of the table's columns, into one tuple of values for each column.

    Moments are given as microseconds. Raises StoreError for a text that its column does not take, as the types do.
    """
    columns = list(zip(*rows, strict=True))
    for column, values in zip(table.c, columns, strict=True):
        kind = column.type
        if not isinstance(kind, Name | Words):
            continue
        if any("\0" in value for value in values) or (isinstance(kind, Name) and max(map(len, values)) > kind.most):
            raise misfit()
    return columns


def sqlite_insert(table: Table) -> str:
    """Give the statement that inserts one row, and leaves it out when its key is there."""
    names = ", ".join(f'"{column.name}"' for column in table.c)
    marks = ", ".join("?" for _ in table.c)
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names


def postgresql_insert(table: Table) -> str:
    """Give the statement that inserts all rows, which come as one array for each column, but those whose key is there."""
    names = ", ".join(f'"{column.name}"' for column in table.c)
    arrays = ", ".join(f"%b::{_array_type(column.type)}[]" for column in table.c)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names


def _array_type(kind: object) -> str:
    if isinstance(kind, Name | Words):
        return "text"
    return "bytea" if isinstance(kind, LargeBinary) else "bigint"
