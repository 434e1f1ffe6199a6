"""Slows down guessing of passwords, without letting anybody lock out somebody else.

Three counters rise before a password is looked at, over every way to log in, and live in the store, so that workers
share them: one for a user name from one address, one for the address, one for the user name from anywhere. The first
two refuse with a delay that doubles; the last only makes everybody wait a little, because a refusal there would let a
stranger keep the owner out. A counter is forgotten fifteen minutes after its last failure.
"""

import hashlib
import ipaddress
from datetime import timedelta

from microflow_runtime.errors import TooManyRequests
from microflow_runtime.security.clock import Clock
from microflow_runtime.store import Attempts, Store

FORGET = timedelta(minutes=15)
PAIR_FREE = 5
ADDRESS_FREE = 50
ACCOUNT_FREE = 10
LONGEST_DELAY_SECONDS = 300
LONGEST_WAIT_SECONDS = 2.0


class LoginThrottle:
    """The counters of failed logins."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def enter(self, username: str, address: str) -> None:
        """Count an attempt before its password is looked at.

        Raises TooManyRequests, with the seconds to wait, when the delay after the last failure has not passed.
        """
        pair, place, account = _make_keys(username, address)
        now = self._clock.now()
        before = await self._store.find_attempts([pair, place, account])
        kept = {key: found for key, found in before.items() if found.last_at >= now - FORGET}
        for key, free in ((pair, PAIR_FREE), (place, ADDRESS_FREE)):
            self._refuse_early(kept.get(key), free)
        counts = await self._store.count_attempt([pair, place, account], now, now - FORGET)
        for key, free in ((pair, PAIR_FREE), (place, ADDRESS_FREE)):
            # Of attempts that came in together only the one that saw the present figure goes on.
            if counts[key] > free and counts[key] != (kept[key].failures if key in kept else 0) + 1:
                raise TooManyRequests("Too many failed logins; wait and try again.", retry_after_seconds=1)
        if (wait := _wait_for(counts[account])) > 0:
            await self._clock.sleep(wait)

    def _refuse_early(self, attempts: Attempts | None, free: int) -> None:
        if attempts is None or attempts.failures < free:
            return
        delay = min(2 ** min(attempts.failures - free, 20), LONGEST_DELAY_SECONDS)
        left = delay - (self._clock.now() - attempts.last_at).total_seconds()
        if left > 0:
            seconds = int(left) + 1
            raise TooManyRequests("Too many failed logins; wait and try again.", retry_after_seconds=seconds)

    async def forgive(self, username: str, address: str) -> None:
        """Take back the attempt after it turned out to be good, and forget the failures of this user name here."""
        pair, place, account = _make_keys(username, address)
        await self._store.clear_attempts([pair, account])
        await self._store.forgive_attempt([place])

    async def take_back(self, username: str, address: str) -> None:
        """Take back an attempt that never came to comparing passwords."""
        await self._store.forgive_attempt(list(_make_keys(username, address)))


def _wait_for(failures: int) -> float:
    if failures <= ACCOUNT_FREE:
        return 0.0
    return min(0.1 * 2.0 ** min(failures - ACCOUNT_FREE - 1, 10), LONGEST_WAIT_SECONDS)


def _make_keys(username: str, address: str) -> tuple[bytes, bytes, bytes]:
    place = group_address(address)
    return _key("pair", username, place), _key("address", place), _key("account", username)


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def group_address(address: str) -> str:
    """Give what one caller can be taken for: the address itself, for IPv6 its /64, since a caller owns that many."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
