"""Finds the values that a column of SQLite would keep as others: numbers of too many digits, texts that look like numbers.

A column of the affinity NUMERIC, INTEGER or REAL makes a number of a text that is one, and a float of what is too long.
Whether a parameter goes into such a column, SQLite alone knows: the statement is tried with `returning *` and undone.
Only values that could be changed are tried, and a parameter that was seen to be kept as it is not again.
"""

import re
import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from microflow_runtime.compiler.sql_text import read_sql
from microflow_runtime.runtime.data_sources.values import refusal

_NUMBER: Final = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*", re.ASCII)
_BEGINS: Final = frozenset("0123456789+-. \t\n\r\f\v")
_RETURNING: Final = re.compile(r"\breturning\b", re.IGNORECASE)
_EXACT_WHOLE: Final = 2**53
_MOST_ROWS: Final = 1_000


class SqliteExactness:
    """What one connection knows of the places that its statements write to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._kept: set[tuple[str, str]] = set()

    def refuse_changed(self, sql: str, values: Mapping[str, Any]) -> None:
        """Raise NodeError of kind `database` when the statement would keep one of the values as another. Blocks."""
        risky = {name: value for name, value in values.items() if is_risky(value) and (sql, name) not in self._kept}
        if risky:
            self._try(sql, values, risky)

    def _try(self, sql: str, values: Mapping[str, Any], risky: Mapping[str, Any]) -> None:
        connection = self._connection
        connection.execute("SAVEPOINT microflow_exact").close()
        try:
            cursor = connection.execute(_returning_all(sql), values)
            names = [column[0] for column in cursor.description or ()]
            for row in islice(cursor, _MOST_ROWS):
                self._look(sql, dict(zip(names, row, strict=True)), risky)
            cursor.close()
        except sqlite3.Error:  # the statement itself is run next, and tells what is wrong with it
            return
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK TO microflow_exact").close()
                connection.execute("RELEASE microflow_exact").close()

    def _look(self, sql: str, row: Mapping[str, Any], risky: Mapping[str, Any]) -> None:
        for name, value in risky.items():
            if any(type(cell) is type(value) and cell == value for cell in row.values()):
                self._kept.add((sql, name))
                continue
            for column, cell in row.items():
                if type(cell) in {int, float} and float(cell) == _as_float(value):
                    raise refusal(
                        f'`:{name}`: the column "{column}" cannot hold {value!s:.60} exactly; it would become {cell!r}. '
                        "Make it a column of the type text."
                    )


def is_risky(value: Any) -> bool:
    """Tell whether a column of numbers would keep a bound value as another one."""
    if type(value) is int:
        return not -_EXACT_WHOLE <= value <= _EXACT_WHOLE
    if type(value) is not str or value[:1] not in _BEGINS or not _NUMBER.fullmatch(value):
        return False
    if len(value) > _MOST_ROWS:
        return True
    number = Decimal(value.strip())
    if value != format(number, "f"):
        return True
    return Decimal(repr(float(value))) != number if "." in value else abs(number) > _EXACT_WHOLE


def has_returning(sql: str) -> bool:
    """Tell whether a statement may give rows of what it writes."""
    return _RETURNING.search(sql) is not None


def _returning_all(sql: str) -> str:
    text = read_sql(sql).written(lambda name: f":{name}", str)
    return f"{text}\n, *" if has_returning(text) else f"{text}\nreturning *"


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
