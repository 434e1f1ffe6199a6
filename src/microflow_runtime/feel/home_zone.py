"""The zone of the app whose formulas the present thread computes, for dates and times that name none."""

import threading
from typing import Final


class _Home(threading.local):
    """The zone's name; None where no app gives one, so that what needs one is an error."""

    zone: str | None = None


_home: Final = _Home()


def home_zone() -> str | None:
    """Give the zone that a date and time without offset belongs to."""
    return _home.zone


def set_home_zone(zone: str | None) -> str | None:
    """Set this thread's zone, None for none, and give the one before."""
    before = _home.zone
    _home.zone = zone
    return before
