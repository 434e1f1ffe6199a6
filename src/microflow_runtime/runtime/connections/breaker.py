"""The circuit breaker of one connection in one worker: after failures in a row, calls are refused at once for a while."""

from collections.abc import Callable
from time import monotonic

from microflow_runtime.errors import NodeError
from microflow_runtime.model.http_connection import Breaker


class CircuitBreaker:
    """Closed it counts failures in a row; open it refuses; after its time one call tries, and its end decides.

    Each call that `enter` lets through must end with one of `succeed`, `fail` and `leave`.
    """

    def __init__(self, rule: Breaker | None, name: str, clock: Callable[[], float] = monotonic) -> None:
        self._rule = rule
        self._name = name
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0
        self._is_trying = False

    def enter(self) -> None:
        """Let a call through. Raises NodeError of kind `http.circuit` while the circuit is open."""
        if self._rule is None or self._failures < self._rule.failures:
            return
        left = self._open_until - self._clock()
        if left > 0 or self._is_trying:
            raise NodeError(
                f'calls of the connection "{self._name}" are not tried for now: the last {self._failures} failed.',
                kind="http.circuit",
                data={"retry_after_seconds": max(left, 0.0).__ceil__()},
            )
        self._is_trying = True

    def succeed(self) -> None:
        """Tell that the call got its answer."""
        self._failures = 0
        self._is_trying = False

    def fail(self) -> None:
        """Tell that the far end failed."""
        self._failures += 1
        self._is_trying = False
        if self._rule is not None and self._failures >= self._rule.failures:
            self._open_until = self._clock() + self._rule.open_seconds

    def leave(self) -> None:
        """Tell that the call ended without saying anything about the far end."""
        self._is_trying = False
