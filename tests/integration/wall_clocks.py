"""Trap 3, for servers in different time zones: a date-time without zone keeps its wall clock."""

from tests.integration.running_server import Server

_MOMENTS = (
    ("2026-05-19T15:15:00", "2026-05-19"),
    ("2026-03-08T02:30:00", "2026-03-08"),
    ("0001-01-01T00:00:00", "9999-12-31"),
    ("2026-05-19T15:15:00+07:00", "2026-05-19"),
)
"""Moments and days: a plain one, one that New York's clocks skip, the first and the last, and one with a zone."""


def check_wall_clocks(server: Server) -> None:
    """See that each moment and day comes back as it was sent, straight and through columns."""
    for moment, day in _MOMENTS:
        value = {"at": moment, "day": day}
        assert server.act("Moments", {"MomentBO": value}).outputs == {"Echo": value, "Read": [value]}
