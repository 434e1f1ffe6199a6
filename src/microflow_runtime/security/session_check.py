"""Asks the store whether a session is good, and makes or renews the cache's entry of it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from microflow_runtime.errors import MicroflowError, NotAuthenticated
from microflow_runtime.model.principal import Principal
from microflow_runtime.security.clock import Clock
from microflow_runtime.security.permissions import compile_grants
from microflow_runtime.security.session_cache import CachedSession, SessionCache
from microflow_runtime.settings import Settings
from microflow_runtime.store import Session, Store
from microflow_runtime.telemetry import get_log

RECHECK_SECONDS = 5.0
TOUCH_SECONDS = 60.0
_NO_SESSION = "There is no such session."

_log = get_log("security")


class SessionChecker:
    """Checks sessions of one worker. `soft_seconds` is how long an entry is taken without being checked again."""

    def __init__(
        self, store: Store, settings: Settings, clock: Clock, read_revocation: Callable[[], int], cache: SessionCache
    ) -> None:
        self._store = store
        self._clock = clock
        self._read_revocation = read_revocation
        self._cache = cache
        self._idle = timedelta(seconds=settings.session_idle_seconds)
        self._touch = timedelta(seconds=min(TOUCH_SECONDS, settings.session_idle_seconds / 4))
        self.soft_seconds = min(RECHECK_SECONDS, settings.session_idle_seconds / 10)
        self._look_ups: dict[bytes, asyncio.Task[CachedSession]] = {}

    async def look_up(self, digest: bytes, *, by_id: bool = False) -> CachedSession:
        """Find the session behind the digest of a token (or session id), counting it as used now.

        Calls that ask for the same at once share one answer; giving one of them up does not disturb the others.
        Raises NotAuthenticated when there is none, it ended, or its user is gone or disabled; StoreError.
        """
        task = self._look_ups.get(digest)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._enter(digest, by_id=by_id))
            self._look_ups[digest] = task
            task.add_done_callback(lambda done: self._leave(digest, done))
        return await asyncio.shield(task)

    def _leave(self, digest: bytes, done: asyncio.Task[CachedSession]) -> None:
        del self._look_ups[digest]
        if not done.cancelled():
            done.exception()  # whoever waited has it; that everybody gave up is no fault

    async def peek(self, digest: bytes, *, by_id: bool = False) -> tuple[Session, Principal]:
        """Find a session without counting it as used. Raises as `look_up`."""
        session = await self._find(digest, by_id=by_id)
        return session, (await self._read_principal(session))[0]

    async def renew(self, entries: Sequence[CachedSession]) -> None:
        """Check entries in use again, together: one read for all, and rights only where rights changed at all.

        An entry ends when its session has; a store that fails leaves the entries as they are, to their hard limit.
        """
        word = self._read_revocation()
        try:
            found, version = await self._store.read_sessions([entry.session.handle for entry in entries])
            for entry in entries:
                session = found.get(entry.session.handle)
                try:
                    if session is None:
                        raise NotAuthenticated(_NO_SESSION)
                    self._refuse_ended(session)
                    if entry.rights_version != version:
                        entry.principal, entry.rights_version = await self._read_principal(session)
                    self._extend(entry, session, word)
                except NotAuthenticated:
                    entry.end()
            await self._touch_if_due(entries)
        except MicroflowError as cause:
            _log.warning("sessions not checked", count=len(entries), reason=cause.message)

    async def _enter(self, digest: bytes, *, by_id: bool) -> CachedSession:
        word = self._read_revocation()  # before the store: a change in between makes the entry old, never wrong
        entry = await self._admit(await self._find(digest, by_id=by_id), word)
        entry.used_at = self._clock.monotonic()
        await self._touch_if_due([entry])
        return entry

    async def _find(self, digest: bytes, *, by_id: bool) -> Session:
        find = self._store.find_session_by_id if by_id else self._store.find_session_by_token
        session = await find(digest)
        if session is None:
            raise NotAuthenticated(_NO_SESSION)
        self._refuse_ended(session)
        return session

    def _refuse_ended(self, session: Session) -> None:
        now = self._clock.now()
        if session.ends_at <= now or (session.kind == "login" and now - self._last_use(session) > self._idle):
            raise NotAuthenticated("The session has ended.")

    def _last_use(self, session: Session) -> datetime:
        """Give when a session was last used, by what the store or this worker knows."""
        entry = self._cache.find(session.handle)
        if entry is None:
            return session.seen_at
        here = self._clock.now() - timedelta(seconds=self._clock.monotonic() - entry.used_at)
        return max(session.seen_at, here)

    async def _read_principal(self, session: Session) -> tuple[Principal, int]:
        """Give the principal of a session and the version of the rights that it carries."""
        rights = await self._store.read_rights(session.username)
        if rights.user is None or rights.user.disabled:
            raise NotAuthenticated(_NO_SESSION)
        principal = Principal(
            username=session.username,
            roles=tuple(role.name for role in rights.roles),
            service_account=rights.user.service_account,
            session_id=session.handle,
            client_id=session.client_id,
            grants=compile_grants(rights),
        )
        return principal, rights.version

    async def _admit(self, session: Session, word: int) -> CachedSession:
        principal, version = await self._read_principal(session)
        entry = self._cache.find(session.handle)
        if entry is None:
            entry = CachedSession(principal, session, used_at=self._clock.monotonic())
        entry.principal, entry.rights_version = principal, version
        self._extend(entry, session, word)
        self._cache.remember(entry)
        return entry

    def _extend(self, entry: CachedSession, session: Session, word: int) -> None:
        """Make an entry good from now on, at most to the end of its session."""
        moment = self._clock.monotonic()
        left = (session.ends_at - self._clock.now()).total_seconds()
        entry.session, entry.word = session, word
        entry.hard_at = moment + min(3 * self.soft_seconds, left)
        entry.soft_at = min(moment + self.soft_seconds, entry.hard_at)

    async def _touch_if_due(self, entries: Sequence[CachedSession]) -> None:
        now = self._clock.now()
        due = [entry.session.handle for entry in entries if now - entry.session.seen_at >= self._touch]
        if not due:
            return
        try:
            await self._store.touch_sessions(due, now)
        except MicroflowError as cause:
            _log.warning("use of sessions not noted", count=len(due), reason=cause.message)
