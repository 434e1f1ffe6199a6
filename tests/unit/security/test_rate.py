"""The rate limit."""

import pytest

from microflow_runtime.errors import TooManyRequests
from microflow_runtime.security.rate import RateLimit


def take(limit: RateLimit, key: str, moment: float, times: int) -> int:
    """Give how many of so many calls at one moment are let through."""
    passed = 0
    for _ in range(times):
        try:
            limit.take(key, moment)
        except TooManyRequests:
            continue
        else:
            passed += 1
    return passed


def test_a_burst_then_the_rate() -> None:
    """Two seconds' worth may come at once, then so many a second."""
    limit = RateLimit(5.0)
    assert take(limit, "a", 0.0, 100) == 10
    assert take(limit, "a", 1.0, 100) == 5
    assert take(limit, "a", 100.0, 100) == 10


def test_accounts_have_their_own_rate() -> None:
    """One account's callers do not use up another's."""
    limit = RateLimit(1.0)
    assert take(limit, "a", 0.0, 10) == 2
    assert take(limit, "b", 0.0, 10) == 2


def test_zero_lets_nothing_through() -> None:
    """A rate of nothing closes anonymous calls."""
    assert take(RateLimit(0.0), "a", 0.0, 3) == 0


def test_a_slow_rate_still_lets_one_through() -> None:
    """Less than one a second begins with one and comes again after its time."""
    limit = RateLimit(0.1)
    assert take(limit, "a", 0.0, 3) == 1
    with pytest.raises(TooManyRequests) as caught:
        limit.take("a", 0.0)
    assert caught.value.retry_after_seconds == 11
    assert take(limit, "a", 10.0, 3) == 1
