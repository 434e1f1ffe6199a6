"""How moments are kept."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import sqlite

from microflow_runtime.store.sql.tables import UtcTime

DIALECT = sqlite.dialect()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 5, 19, 15, 15, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_exactly(moment: datetime) -> None:
    """To the microsecond, before and after 1970."""
    kept = UtcTime().process_bind_param(moment, DIALECT)
    assert isinstance(kept, int)
    assert UtcTime().process_result_value(kept, DIALECT) == moment


def test_another_zone_is_the_same_moment() -> None:
    """The wall clock of Bangkok is kept as UTC; nothing stays nothing."""
    bangkok = datetime(2026, 5, 19, 22, 15, tzinfo=timezone(timedelta(hours=7)))
    utc = datetime(2026, 5, 19, 15, 15, tzinfo=UTC)
    kept = UtcTime().process_bind_param(bangkok, DIALECT)
    assert kept == UtcTime().process_bind_param(utc, DIALECT)
    assert UtcTime().process_bind_param(None, DIALECT) is None
    assert UtcTime().process_result_value(None, DIALECT) is None
