"""A rate limit: so many calls a second on average, with short bursts."""

from microflow_runtime.errors import TooManyRequests

BURST_SECONDS = 2.0
_MOST_KEYS = 10_000


class RateLimit:
    """A bucket of tokens for each key. Belongs to one thread. `per_second` of 0 lets nothing through."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = max(per_second * BURST_SECONDS, 1.0) if per_second > 0 else 0.0
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, moment: float) -> None:
        """Take one call of `key` at a moment of a monotonic clock.

        Raises TooManyRequests, with the whole seconds to wait, when the rate is used up.
        """
        left, since = self._buckets.get(key, (self._most, moment))
        left = min(self._most, left + (moment - since) * self._per_second)
        if left < 1.0:
            self._buckets[key] = (left, moment)
            wait = int((1.0 - left) / self._per_second) + 1 if self._per_second > 0 else 60
            raise TooManyRequests("Too many calls without a session.", retry_after_seconds=wait)
        if key not in self._buckets and len(self._buckets) >= _MOST_KEYS:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[key] = (left - 1.0, moment)
