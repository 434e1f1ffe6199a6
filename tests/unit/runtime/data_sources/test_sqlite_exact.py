"""Which values a column of numbers of SQLite could keep as others."""

import sqlite3
from typing import Any

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.data_sources.sqlite_exact import SqliteExactness, is_risky

_SAFE = (None, 7, 2**53, b"1", "", "a", "7", "12.50", "0.1", "-5", "2026-05-19", "1.2.3", "9007199254740992", "0x1")
_RISKY = (2**53 + 1, -(2**60), "007", "+5", " 12", "1e3", "9007199254740993", "0.1234567890123456789", "1" * 2000)


@pytest.mark.parametrize("value", _SAFE)
def test_values_that_stay(value: Any) -> None:
    """No number, or one that a float holds with all its digits."""
    assert not is_risky(value)


@pytest.mark.parametrize("value", _RISKY)
def test_values_that_could_change(value: Any) -> None:
    """Too many digits, or a text that is a number in another spelling."""
    assert is_risky(value)


@pytest.mark.parametrize(
    ("column", "value", "is_kept"),
    [
        *[("t", value, True) for value in _RISKY if isinstance(value, str)],
        *[("n", value, False) for value in _RISKY[2:]],
        ("n", 2**60 + 1, True),
        ("r", 2**60 + 1, False),
        ("r", 2**53, True),
        ("b", "007", True),
    ],
)
def test_what_columns_do_with_them(column: str, value: Any, is_kept: bool) -> None:
    """A column of numbers refuses what it would change, by name; what is tried leaves nothing behind."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("create table kept (t text, n numeric, r real, b blob)")
    connection.execute("begin")
    exactness = SqliteExactness(connection)
    sql = f"insert into kept ({column}) values (:x) -- remark"
    for text in (sql, sql.replace(" --", " returning t --")):
        if is_kept:
            exactness.refuse_changed(text, {"x": value})
        else:
            with pytest.raises(NodeError, match=rf'^`:x`: the column "{column}" cannot hold'):
                exactness.refuse_changed(text, {"x": value})
    assert connection.execute("select count(*) from kept").fetchone() == (0,)
    connection.close()
