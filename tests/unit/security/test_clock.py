"""The machine's clocks."""

from datetime import timedelta

from microflow_runtime.security import SystemClock


def test_the_faces_of_the_clock() -> None:
    """The time of day is aware and in UTC, the other never goes back."""
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() <= clock.monotonic()
