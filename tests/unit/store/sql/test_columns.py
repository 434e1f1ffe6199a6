"""How moments and texts are kept."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import sqlite

from microflow_runtime.store.sql.columns import Name, UtcTime, Words

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


def test_a_name_has_at_most_its_length() -> None:
    """Counted in characters, as PostgreSQL counts; SQLite alone would keep any."""
    assert Name(3).process_bind_param("ไทย", DIALECT) == "ไทย"
    with pytest.raises(ValueError, match="more than 3"):
        Name(3).process_bind_param("four", DIALECT)


@pytest.mark.parametrize("kind", [Name(8), Words()])
def test_a_nul_is_refused(kind: Name | Words) -> None:
    """One database could keep it and the other cannot, so none does; any other text passes as it is."""
    assert kind.process_bind_param("ไทย\n\x01", DIALECT) == "ไทย\n\x01"
    assert kind.process_bind_param(None, DIALECT) is None
    with pytest.raises(ValueError, match="NUL"):
        kind.process_bind_param("a\0b", DIALECT)
