"""What `now()` tells."""

from microflow_runtime.feel import set_clock
from microflow_runtime.feel.clock import now


def test_the_present_has_microseconds() -> None:
    """So that it goes into every database and comes back as it was."""
    try:
        for zone in ("UTC", "Asia/Bangkok"):
            set_clock(lambda: 1_700_000_000_123_456_789, zone)
            assert now().nanos % 1_000_000_000 == 123_456_000
    finally:
        set_clock()
