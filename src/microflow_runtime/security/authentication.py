"""From what a caller sent to who it is: a fast way without waiting, and a slow one that asks the store."""

import asyncio
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

from microflow_runtime.errors import MicroflowError, NotAuthenticated, NotPermitted
from microflow_runtime.model.principal import Principal
from microflow_runtime.security.clock import Clock
from microflow_runtime.security.credentials import Credentials, read_header_token, read_session_ids
from microflow_runtime.security.permissions import ANONYMOUS
from microflow_runtime.security.service_accounts import ServiceAccounts, read_service_accounts
from microflow_runtime.security.session_cache import NEVER, CachedSession, SessionCache, make_key
from microflow_runtime.security.session_check import SessionChecker
from microflow_runtime.security.tokens import digest_token
from microflow_runtime.store import Store
from microflow_runtime.telemetry import get_log

_log = get_log("security")


class Authenticator:
    """Finds the principal of a call. One per worker; everything here belongs to the event loop's thread."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        read_revocation: Callable[[], int],
        cache: SessionCache,
        checker: SessionChecker,
        named_pages: frozenset[str] = frozenset(),
    ) -> None:
        self._named_pages = named_pages
        self._store = store
        self._clock = clock
        self._monotonic = clock.monotonic
        self._read_revocation = read_revocation
        self._cache = cache
        self._checker = checker
        self._soft_seconds = checker.soft_seconds
        self._authorizations = cache.by_authorization
        self._iam_tokens = cache.by_iam_token
        self._accounts = ServiceAccounts({}, -1, NEVER)
        self._accounts_reading: asyncio.Task[None] | None = None
        self._due: list[CachedSession] = []
        self._renewing: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()

    def authenticate_fast(
        self, authorization: bytes | None, iam_token: bytes | None, cookie: bytes | None
    ) -> Principal | None:
        """Give the principal when it is known here; None when `authenticate` must be awaited.

        Takes the raw values of the headers and gives `ANONYMOUS` when there are none. A cookie always takes the slow
        way, which asks where the call came from. Call it on the event loop.
        """
        if authorization:
            if iam_token:
                return None
            entry = self._authorizations.get(sha256(authorization).digest())
        elif iam_token:
            entry = self._iam_tokens.get(sha256(iam_token).digest())
        elif cookie:
            return None
        else:
            return self._find_anonymous()
        if entry is None or entry.word != self._read_revocation():
            return None
        now = self._monotonic()
        if now >= entry.soft_at:
            if now >= entry.hard_at:
                return None
            entry.soft_at = min(now + self._soft_seconds, entry.hard_at)  # never past it: then nobody would look
            self._renew_soon(entry)
        entry.used_at = now
        return entry.principal

    def _find_anonymous(self) -> Principal | None:
        age = self._monotonic() - self._accounts.read_at
        if self._accounts.word != self._read_revocation() or age >= 3 * self._soft_seconds:
            return None
        if age >= self._soft_seconds:
            self._begin_reading_accounts()
        return ANONYMOUS

    def find_service_principal(self, flow: str, account: str) -> Principal | None:
        """Give the principal that a flow runs as when it names a service account; None when no role lets it.

        Ask after `authenticate_fast` or `authenticate` answered for the same call: then the answer is as fresh.
        """
        return self._accounts.find(flow, account)

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Find who makes a call. Gives `ANONYMOUS` when nothing was sent, or only a cookie that names no session.

        Raises NotAuthenticated when a header names no valid session or two of them name different ones, NotPermitted
        when a cookie came with a call that changes something and was not made by a page of ours, StoreError.
        """
        token = read_header_token(credentials.authorization, credentials.iam_token)
        for _ in range(2):  # the first reading may have begun before the word moved; the second cannot have
            if self._accounts.word != self._read_revocation() or self._are_accounts_old():
                await asyncio.shield(self._begin_reading_accounts())
        if token is not None:
            return (await self._admit_token(credentials, token)).principal
        found = await self._admit_cookies(credentials.cookie)
        if found is None:
            return ANONYMOUS
        if credentials.is_state_changing and not credentials.origin.is_ours(self._named_pages):
            raise NotPermitted("A call with the session cookie must come from a page of this server.")
        return found.principal

    async def _admit_token(self, credentials: Credentials, token: bytes) -> CachedSession:
        places = [
            (place, make_key(value))
            for place, value in (
                (self._cache.by_authorization, credentials.authorization),
                (self._cache.by_iam_token, credentials.iam_token),
            )
            if value and value.strip()
        ]
        for place, key in places:
            entry = place.get(key)
            if entry is not None and await self._is_good(entry):
                entry.used_at = self._monotonic()
                return entry
        entry = await self._checker.look_up(digest_token(token))
        for place, key in places:
            self._cache.keep(place, key, entry)
        return entry

    async def _admit_cookies(self, cookie: bytes | None) -> CachedSession | None:
        found: dict[str, CachedSession] = {}
        for session_id in read_session_ids(cookie):
            key = make_key(session_id)
            entry = self._cache.by_session_id.get(key)
            if entry is None or not await self._is_good(entry):
                try:
                    entry = await self._checker.look_up(digest_token(session_id), by_id=True)
                except NotAuthenticated:
                    continue  # a cookie is sent whether it is meant or not; one that names no session says nothing
                self._cache.keep(self._cache.by_session_id, key, entry)
            entry.used_at = self._monotonic()
            found[entry.session.handle] = entry
        if len(found) > 1:
            raise NotAuthenticated("The cookies name different sessions.")
        return next(iter(found.values()), None)

    async def _is_good(self, entry: CachedSession) -> bool:
        """Tell whether an entry may be taken; when only the word has moved, after checking all in use together.

        A change of anybody's rights moves the word for everybody, and a read for each of them would be a stampede.
        """
        if self._monotonic() < entry.hard_at and entry.word != self._read_revocation():
            if self._renewing is None or self._renewing.done():
                self._renewing = self._begin(self._renew_in_use())
            await asyncio.shield(self._renewing)
        return self._is_fresh(entry)

    async def _renew_in_use(self) -> None:
        now = self._monotonic()
        await self._checker.renew([entry for entry in self._cache.list_entries() if now < entry.hard_at])

    def _is_fresh(self, entry: CachedSession) -> bool:
        return entry.word == self._read_revocation() and self._monotonic() < entry.hard_at

    def _are_accounts_old(self) -> bool:
        return self._monotonic() - self._accounts.read_at >= 3 * self._soft_seconds

    def _renew_soon(self, entry: CachedSession) -> None:
        """Have an entry checked in the background, together with all others that come due in the next moment."""
        self._due.append(entry)
        if len(self._due) == 1:
            self._begin(self._renew_due())

    async def _renew_due(self) -> None:
        await self._clock.sleep(self._soft_seconds / 20)
        entries, self._due = self._due, []
        await self._checker.renew(entries)
        if self._monotonic() - self._accounts.read_at >= self._soft_seconds:
            self._begin_reading_accounts()

    def _begin_reading_accounts(self) -> asyncio.Task[None]:
        """Begin to read the service accounts, or join who does so already."""
        task = self._accounts_reading
        if task is None or task.done():
            task = self._accounts_reading = self._begin(self._read_accounts())
        return task

    async def _read_accounts(self) -> None:
        word, moment = self._read_revocation(), self._monotonic()
        self._accounts = await read_service_accounts(self._store, word, moment)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._end)
        return task

    def _end(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (cause := task.exception()) is not None:
            reason = cause.message if isinstance(cause, MicroflowError) else repr(cause)
            _log.warning("security not renewed", reason=reason)

    async def close(self) -> None:
        """Give up what still runs in the background."""
        running = list(self._background)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
