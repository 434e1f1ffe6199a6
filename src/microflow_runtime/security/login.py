"""Logging in with a user name and a password, and what comes of it: a new session."""

import unicodedata
from collections.abc import Callable
from datetime import timedelta

import msgspec

from microflow_runtime.errors import BadRequest, NotAuthenticated
from microflow_runtime.security.auditing import Auditor
from microflow_runtime.security.clock import Clock
from microflow_runtime.security.passwords import Passwords
from microflow_runtime.security.throttle import LoginThrottle
from microflow_runtime.security.tokens import ACCESS_TOKEN, SESSION_ID, digest_token, make_token
from microflow_runtime.settings import Secret, Settings
from microflow_runtime.store import Session, Store, User

WRONG = "The user name, the password or the system is wrong."
"""The one text for every login that fails, so that it does not tell what was right."""


class LoginRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants in, through which system (`""` for none), and from which address."""

    username: str
    password: Secret
    system_id: str = ""
    system_secret: Secret = Secret("")
    address: str = ""


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was just made: the only moment at which its token and its id are known."""

    access_token: Secret
    session_id: Secret | None
    session: Session


class Login:
    """Checks passwords and makes sessions."""

    def __init__(
        self,
        *,
        store: Store,
        settings: Settings,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        passwords: Passwords,
        throttle: LoginThrottle,
        auditor: Auditor,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._random_bytes = random_bytes
        self._passwords = passwords
        self._throttle = throttle
        self._auditor = auditor

    async def log_in(self, request: LoginRequest) -> NewSession:
        """Check a user's password and, when one is named, a system's secret, and begin a session.

        The same work is done whether user and system exist or not, and the attempt is counted before it.
        Raises NotAuthenticated with one text for whatever is wrong, TooManyRequests after too many failures,
        BadRequest when a system must be named or a password is too long, NotAvailable when too many log in at once.
        Only failures count: good logins that come at once wait for each other.
        """
        if self._settings.require_system and not request.system_id:
            raise BadRequest("A system must be named: system_id and system_secret.")
        username = unicodedata.normalize("NFC", request.username)
        try:
            async with self._throttle.attempt(username, request.address):
                user = await self._verify(username, request)
        except NotAuthenticated:
            await self._note_failure(username, request.address)
            raise
        return await self.begin_session(user.username, client_id=request.system_id, address=request.address)

    async def _note_failure(self, username: str, address: str) -> None:
        """Audit a failed login. A name that nobody has may be a password typed into the wrong field: it is not kept."""
        is_known = _can_be_name(username) and await self._store.find_user(username) is not None
        actor = username if is_known else "unknown user"
        entry = self._auditor.make(actor, "login", "session", outcome="refused", address=address)
        await self._auditor.note_refusal(entry)

    async def _verify(self, username: str, request: LoginRequest) -> User:
        user = await self._store.find_user(username) if _can_be_name(username) else None
        usable = user is not None and not user.disabled and not user.service_account
        verdict = await self._passwords.verify(user.password_hash if user else None, request.password.reveal())
        is_known_system = True
        if request.system_id:
            named = request.system_id
            client = await self._store.find_client(named) if _can_be_name(named) else None
            answer = await self._passwords.verify(
                client.secret_hash if client else None, request.system_secret.reveal()
            )
            is_known_system = answer.fits
        if user is None or not usable or not verdict.fits or not is_known_system:
            raise NotAuthenticated(WRONG)
        if verdict.is_weak:
            await self._store.put_password_hash(username, await self._passwords.hash(request.password.reveal()))
        return user

    async def begin_session(self, username: str, *, client_id: str = "", address: str = "") -> NewSession:
        """Make a login session with a new token and a new id. Raises NotFound when the user has gone."""
        session_id = make_token(SESSION_ID, self._random_bytes)
        life = timedelta(seconds=self._settings.session_absolute_seconds)
        made = self._make(username, kind="login", client_id=client_id, session_id=session_id, life=life)
        entry = self._auditor.make(username, "login", "session", made.session.handle, address=address)
        await self._store.add_session(made.session, entry)
        return made

    async def make_access_token(self, username: str, name: str, life: timedelta, actor: str) -> NewSession:
        """Make an access token that outlives being idle, as the operator hands out. Raises NotFound without the user."""
        made = self._make(username, kind="token", name=name, life=life)
        entry = self._auditor.make(actor, "token add", "session", made.session.handle, detail=f"{name} of {username}")
        await self._store.add_session(made.session, entry)
        return made

    def _make(
        self,
        username: str,
        *,
        kind: str,
        life: timedelta,
        name: str = "",
        client_id: str = "",
        session_id: str | None = None,
    ) -> NewSession:
        token = make_token(ACCESS_TOKEN, self._random_bytes)
        now = self._clock.now()
        session = Session(
            handle=self._random_bytes(8).hex(),
            token_digest=digest_token(token.encode("ascii")),
            id_digest=None if session_id is None else digest_token(session_id.encode("ascii")),
            username=username,
            client_id=client_id,
            kind=kind,
            name=name,
            created_at=now,
            seen_at=now,
            ends_at=now + life,
        )
        cookie = None if session_id is None else Secret(session_id)
        return NewSession(access_token=Secret(token), session_id=cookie, session=session)


def _can_be_name(text: str) -> bool:
    """Tell whether a store can be asked for this name at all."""
    return 0 < len(text) <= 128 and text.isprintable()
