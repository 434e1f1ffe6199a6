"""Slows down guessing of passwords, without letting anybody lock out somebody else.

Three counters rise before a password is looked at, over every way to log in, and live in the store, so that workers
share them: one for a user name from one address, one for the address, one for the user name from anywhere. The first
two refuse with a delay that doubles; the last only makes everybody wait a little, because a refusal there would let a
stranger keep the owner out. A counter is forgotten fifteen minutes after its last failure.

Only failures count: a good login takes its attempt back. Of attempts that come at once, some may turn out to be good, so
one that would be refused because of others that are under way waits until these have ended; how many are under way in all
workers is counted beside the failures. That count lets nobody in, it only tells waiting from refusing. Within a worker the
attempts of one user from one address take turns, two at a time.
"""

import asyncio
import hashlib
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from microflow_runtime.errors import MicroflowError, NotAuthenticated, NotAvailable, TooManyRequests
from microflow_runtime.security.clock import Clock
from microflow_runtime.store import Attempts, Store

FORGET = timedelta(minutes=15)
PAIR_FREE = 5
ADDRESS_FREE = 50
ACCOUNT_FREE = 10
LONGEST_DELAY_SECONDS = 300
LONGEST_WAIT_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.05
AT_ONCE = 2
"""How many attempts of one user from one address a worker looks at together: as many as it hashes at once."""
MOST_IN_TURN = 256
_UNDER_WAY_SECONDS = 60
_REFUSED = "Too many failed logins; wait and try again."


class _Turn:
    """Whose turn it is among the attempts of one user from one address."""

    __slots__ = ("room", "waiting")

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0


class _OthersFirst(TooManyRequests):
    """An attempt that others which are under way leave no room for; when they were good, there is."""


class LoginThrottle:
    """The counters of failed logins."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._turns: dict[bytes, _Turn] = {}
        self._in_turn = 0

    @asynccontextmanager
    async def attempt(self, username: str, address: str) -> AsyncIterator[None]:
        """Surround the looking at a password: counted before, taken back when it was good or never came to comparing.

        One that raises NotAuthenticated has failed, and so has one that was given up. Raises TooManyRequests as `enter`,
        NotAvailable when too many wait for their turn.
        """
        keys = _make_keys(username, address)
        async with self._turn(keys[0]):
            under_way = await self._enter_patiently(username, address)
            try:
                yield
            except NotAuthenticated:
                await self._store.forgive_attempt(under_way)
                raise
            except MicroflowError:
                await self._store.forgive_attempt([*keys, *under_way])
                raise
            await self.forgive(username, address)
            await self._store.forgive_attempt(under_way)

    @asynccontextmanager
    async def _turn(self, pair: bytes) -> AsyncIterator[None]:
        """Let few attempts go on at a time."""
        if self._in_turn >= MOST_IN_TURN:
            raise NotAvailable("Too many logins at once.", retry_after_seconds=1)
        turn = self._turns.setdefault(pair, _Turn())
        turn.waiting += 1
        self._in_turn += 1
        try:
            async with turn.room:
                yield
        finally:
            self._in_turn -= 1
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[pair]

    async def _enter_patiently(self, username: str, address: str) -> list[bytes]:
        """Enter once there is room beside what is under way; give the keys that this one is counted under meanwhile."""
        give_up_at = self._clock.monotonic() + PATIENCE_SECONDS
        while True:
            under_way = _make_under_way_keys(username, address, self._clock.now())
            try:
                await self.enter(username, address, under_way)
            except _OthersFirst:
                if self._clock.monotonic() >= give_up_at:
                    raise
                await self._clock.sleep(LOOK_AGAIN_SECONDS)
            else:
                return under_way

    async def enter(self, username: str, address: str, under_way: Sequence[bytes] = ()) -> None:
        """Count an attempt before its password is looked at, under the keys `under_way` as well.

        Raises TooManyRequests, with the seconds to wait, when the delay after the last failure has not passed.
        """
        pair, place, account = keys = _make_keys(username, address)
        now = self._clock.now()
        kept, others = await self._read(username, address, now)
        for key, free, count in ((pair, PAIR_FREE, others[0]), (place, ADDRESS_FREE, others[1])):
            self._refuse_early(kept.get(key), free, count)
        counts = await self._store.count_attempt([*keys, *under_way], now, now - FORGET)
        for key, free in ((pair, PAIR_FREE), (place, ADDRESS_FREE)):
            # Of attempts that came in together only the one that saw the present figure goes on.
            if counts[key] > free and counts[key] != (kept[key].failures if key in kept else 0) + 1:
                await self._store.forgive_attempt([*keys, *under_way])
                raise _OthersFirst(_REFUSED, retry_after_seconds=1)
        if (wait := _wait_for(counts[account])) > 0:
            await self._clock.sleep(wait)

    async def _read(self, username: str, address: str, now: datetime) -> tuple[dict[bytes, Attempts], tuple[int, int]]:
        """Give the counters that are not forgotten, and how many of pair and address are under way, as of one moment."""
        keys = _make_keys(username, address)
        before = now - timedelta(seconds=_UNDER_WAY_SECONDS)
        recent = [_make_under_way_keys(username, address, moment) for moment in (now, before)]
        found = await self._store.find_attempts([*keys, *recent[0], *recent[1]])
        kept = {key: found[key] for key in keys if key in found and found[key].last_at >= now - FORGET}
        pair, place = (sum(found[key].failures for key in of if key in found) for of in zip(*recent, strict=True))
        return kept, (pair, place)

    def _refuse_early(self, attempts: Attempts | None, free: int, others: int) -> None:
        """Refuse before the delay after the last failure has passed. `others` of the failures may turn out to be none."""
        if attempts is None or attempts.failures < free:
            return
        delay = min(2 ** min(attempts.failures - free, 20), LONGEST_DELAY_SECONDS)
        left = delay - (self._clock.now() - attempts.last_at).total_seconds()
        if left > 0:
            kind = _OthersFirst if others else TooManyRequests
            raise kind(_REFUSED, retry_after_seconds=int(left) + 1)

    async def forgive(self, username: str, address: str) -> None:
        """Take back the attempt after it turned out to be good, and forget the failures of this user name here."""
        pair, place, account = _make_keys(username, address)
        await self._store.clear_attempts([pair, account])
        await self._store.forgive_attempt([place])


def _wait_for(failures: int) -> float:
    if failures <= ACCOUNT_FREE:
        return 0.0
    return min(0.1 * 2.0 ** min(failures - ACCOUNT_FREE - 1, 10), LONGEST_WAIT_SECONDS)


def _make_keys(username: str, address: str) -> tuple[bytes, bytes, bytes]:
    place = group_address(address)
    return _key("pair", username, place), _key("address", place), _key("account", username)


def _make_under_way_keys(username: str, address: str, now: datetime) -> list[bytes]:
    """Give the keys of what is under way of pair and address.

    They change each minute, so that what a killed worker had begun is forgotten.
    """
    minute = str(int(now.timestamp()) // _UNDER_WAY_SECONDS)
    return [_key("under way", key.hex(), minute) for key in _make_keys(username, address)[:2]]


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
