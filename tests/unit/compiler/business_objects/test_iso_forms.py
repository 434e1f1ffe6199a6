"""Times as Java and process engines write them."""

import pytest

from microflow_runtime.compiler.business_objects import Misfit, Notes
from microflow_runtime.compiler.business_objects.simple_values import SIMPLE


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("date-time", "2026-05-19T15:15", "2026-05-19T15:15:00"),
        ("date-time", "2026-05-19T15:15+07:00", "2026-05-19T15:15:00+07:00"),
        ("date-time", "2026-05-19T15:15:00.250+0700", "2026-05-19T15:15:00.25+07:00"),
        ("date-time", "2026-05-19T15:15:00+07", "2026-05-19T15:15:00+07:00"),
        ("date-time", "2026-05-19T15:15:00Z[UTC]", "2026-05-19T15:15:00Z"),
        ("date-time", "2026-05-19T15:15:00+02:00[Europe/Berlin]", "2026-05-19T15:15:00+02:00"),
        ("time", "15:15", "15:15:00"),
        ("time", "15:15:00+0700", "15:15:00+07:00"),
    ],
)
def test_other_forms_of_the_same_moment(kind: str, text: str, shown: str) -> None:
    """Are read as it, wherever a field is one."""
    assert str(SIMPLE[kind].read(text, Notes())) == shown


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date-time", "2026-05-19 15:15"),
        ("date-time", "2026-05-19T15"),
        ("date-time", "2026-05-19T25:15"),
        ("date-time", "2026-05-19T15:15[Europe/Berlin]"),
        ("date-time", "2026-05-19T15:15:00+07:00[]"),
        ("date-time", "15:15"),
        ("time", "2026-05-19T15:15"),
        ("time", "1515"),
    ],
)
def test_what_is_no_moment_stays_none(kind: str, text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(Misfit):
        SIMPLE[kind].read(text, Notes())
