"""Security as one object: what services and the web use, put together from the parts of this room."""

import os
from collections.abc import Callable
from datetime import timedelta

from microflow_runtime.model.principal import Principal
from microflow_runtime.security.auditing import Auditor
from microflow_runtime.security.authentication import Authenticator
from microflow_runtime.security.clock import Clock, SystemClock
from microflow_runtime.security.credentials import Credentials
from microflow_runtime.security.first_start import FirstStart, ensure_roles, prepare_home
from microflow_runtime.security.login import Login, LoginRequest, NewSession
from microflow_runtime.security.origin import pages_with_cookies
from microflow_runtime.security.passwords import Passwords
from microflow_runtime.security.rate import RateLimit
from microflow_runtime.security.revocation import LocalRevocation
from microflow_runtime.security.session_cache import SessionCache
from microflow_runtime.security.session_check import SessionChecker
from microflow_runtime.security.throttle import LoginThrottle
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, Session, Store


class Security:
    """Who calls, what they may do, and what was done. One per worker, on that worker's event loop.

    `read_revocation` gives a number that changes whenever a session or a right changed anywhere on this machine, and
    `bump_revocation` changes it; without them, changes are announced within this process alone and seen in others
    after some seconds. `clock`, `random_bytes` and `passwords` are injected by tests.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        read_revocation: Callable[[], int] | None = None,
        bump_revocation: Callable[[], None] | None = None,
        clock: Clock | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
        passwords: Passwords | None = None,
    ) -> None:
        local = LocalRevocation()
        self.store = store
        self.settings = settings
        self.clock = clock or SystemClock()
        self.passwords = passwords or Passwords()
        self.auditor = Auditor(store, self.clock)
        self.random_bytes = random_bytes
        self.rights_changed: Callable[[], None] = bump_revocation or local.bump
        cache = SessionCache()
        reader = read_revocation or local.read
        self._checker = SessionChecker(store, settings, self.clock, reader, cache)
        named = pages_with_cookies(settings.cors_origins)
        self._authenticator = Authenticator(store, self.clock, reader, cache, self._checker, named)
        self.authenticate_fast = self._authenticator.authenticate_fast
        self.find_service_principal = self._authenticator.find_service_principal
        self._login = Login(
            store=store,
            settings=settings,
            clock=self.clock,
            random_bytes=random_bytes,
            passwords=self.passwords,
            throttle=LoginThrottle(store, self.clock),
            auditor=self.auditor,
        )
        self._anonymous_rate = RateLimit(settings.anonymous_per_second / settings.workers)

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Find who makes a call, asking the store where needed. See `Authenticator.authenticate`."""
        return await self._authenticator.authenticate(credentials)

    async def peek_token(self, digest: bytes) -> tuple[Session, Principal]:
        """Find the session of a token's digest without counting it as used. Raises NotAuthenticated, StoreError."""
        return await self._checker.peek(digest)

    async def peek_session_id(self, digest: bytes) -> tuple[Session, Principal]:
        """Find the session of a session id's digest without counting it as used. Raises as `peek_token`."""
        return await self._checker.peek(digest, by_id=True)

    async def log_in(self, request: LoginRequest) -> NewSession:
        """Check a password and begin a session. See `Login.log_in`."""
        return await self._login.log_in(request)

    async def make_access_token(self, username: str, name: str, seconds: float, actor: Principal) -> NewSession:
        """Make an access token for a user, good for some seconds. Raises NotFound when there is no such user."""
        return await self._login.make_access_token(username, name, timedelta(seconds=seconds), actor.username)

    async def end_sessions(self, sessions: list[Session], entry: AuditEntry) -> int:
        """End sessions on every worker and give how many there still were."""
        gone = await self.store.remove_sessions([session.handle for session in sessions], entry)
        self.rights_changed()
        return gone

    def take_anonymous(self, account: str) -> None:
        """Count one call without a session that runs as `account`. Raises TooManyRequests beyond the rate."""
        self._anonymous_rate.take(account, self.clock.monotonic())

    async def audit(
        self, principal: Principal | str, action: str, object_type: str = "", object_name: str = "", *,
        outcome: str = "done", address: str = "", detail: str = "",
    ) -> None:  # fmt: skip
        """Write what a principal (or who a text names) is about to do. Raises StoreError; then it must not be done."""
        entry = self.auditor.make(
            principal, action, object_type, object_name, outcome=outcome, address=address, detail=detail
        )
        await self.auditor.write(entry)

    async def audit_refusal(
        self, principal: Principal | str, action: str, object_type: str = "", object_name: str = "", *,
        address: str = "", detail: str = "",
    ) -> None:  # fmt: skip
        """Write that a principal was refused: at most one row a minute for the like. Never raises for the store."""
        entry = self.auditor.make(
            principal, action, object_type, object_name, outcome="refused", address=address, detail=detail
        )
        await self.auditor.note_refusal(entry)

    async def first_roles(self) -> None:
        """Make the built-in roles where they are missing, and no user: what a command on a fresh home needs."""
        await ensure_roles(self.store, self.auditor)

    async def first_start(self) -> FirstStart | None:
        """Make the built-in roles and, once in a home's life, the administrator. Run it before the workers start."""
        made = await prepare_home(
            store=self.store,
            auditor=self.auditor,
            passwords=self.passwords,
            clock=self.clock,
            random_bytes=self.random_bytes,
            admin_password=self.settings.admin_password,
        )
        self.rights_changed()
        return made

    async def prune(self) -> int:
        """Remove sessions that ended and counters that are forgotten; give how many rows went. Run it now and then."""
        now = self.clock.now()
        idle = timedelta(seconds=self.settings.session_idle_seconds)
        gone = await self.store.prune_sessions(now, now - idle)
        return gone + await self.store.prune_attempts(now - timedelta(hours=1))

    async def close(self) -> None:
        """Give back threads and tasks. The store stays open; it belongs to who opened it."""
        await self._authenticator.close()
        self.passwords.close()
