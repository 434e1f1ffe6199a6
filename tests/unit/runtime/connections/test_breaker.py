"""The circuit breaker."""

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.model.http_connection import Breaker
from microflow_runtime.runtime.connections.breaker import CircuitBreaker


class Clock:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def test_it_opens_after_failures_in_a_row() -> None:
    """A success in between begins the count anew; at the limit calls are refused and told how long."""
    clock = Clock()
    breaker = CircuitBreaker(Breaker(failures=2, open_seconds=10), "api", clock)
    for outcome in (breaker.fail, breaker.succeed, breaker.fail, breaker.fail):
        breaker.enter()
        outcome()
    clock.now += 0.5
    with pytest.raises(NodeError, match="api") as caught:
        breaker.enter()
    assert caught.value.kind == "http.circuit"
    assert caught.value.data == {"retry_after_seconds": 10}


def test_one_call_tries_when_the_time_is_over() -> None:
    """Half open, one call goes through; a failure opens again, a success closes."""
    clock = Clock()
    breaker = CircuitBreaker(Breaker(failures=1, open_seconds=10), "api", clock)
    breaker.enter()
    breaker.fail()
    clock.now += 10
    breaker.enter()
    with pytest.raises(NodeError):
        breaker.enter()
    breaker.fail()
    with pytest.raises(NodeError):
        breaker.enter()
    clock.now += 10
    breaker.enter()
    breaker.leave()
    breaker.enter()
    breaker.succeed()
    breaker.enter()
    breaker.enter()


def test_without_a_rule_it_never_opens() -> None:
    """A connection without breaker lets everything through."""
    breaker = CircuitBreaker(None, "api")
    for _ in range(1000):
        breaker.enter()
        breaker.fail()
    breaker.enter()
