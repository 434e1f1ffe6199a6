"""The time that `now()` and `today()` tell: from a clock and a zone that the execution sets, never the machine's zone."""

import threading
import time
from collections.abc import Callable
from typing import Final

from microflow_runtime.feel.calendar import DAY_NANOS, NANOS
from microflow_runtime.feel.home_zone import set_home_zone
from microflow_runtime.feel.temporal import Date, DateTime
from microflow_runtime.feel.zones import get_zone, offset_at


class _Clock(threading.local):
    """What the present thread takes for the time."""

    nanos: Callable[[], int] = staticmethod(time.time_ns)
    zone: str = ""


_clock: Final = _Clock()
_UTC: Final = frozenset({"", "UTC"})


def set_clock(nanos: Callable[[], int] = time.time_ns, zone: str = "UTC") -> None:
    """Set this thread's clock: a function that gives nanoseconds since 1970-01-01T00:00:00Z, and the name of a zone.

    A date and time without an offset is compared in that zone from now on.

    Raises ValueError when there is no such zone.
    """
    if zone == _clock.zone and nanos is _clock.nanos:
        return
    get_zone(zone)
    _clock.nanos = nanos
    _clock.zone = zone
    set_home_zone(zone)


def now() -> DateTime:
    """Give the present moment in the execution's zone, in microseconds: databases keep no more, and nothing may be cut."""
    moment = _clock.nanos()
    moment -= moment % 1_000
    if _clock.zone in _UTC:
        days, rest = divmod(moment, DAY_NANOS)
        return DateTime(days, rest, 0)
    offset = offset_at(_clock.zone, moment // NANOS)
    days, rest = divmod(moment + offset * NANOS, DAY_NANOS)
    return DateTime(days, rest, offset, _clock.zone)


def today() -> Date:
    """Give the present day in the execution's zone."""
    return now().date
