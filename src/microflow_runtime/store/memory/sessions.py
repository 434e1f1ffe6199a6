"""Sessions and the counters of failed logins in memory."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from microflow_runtime.errors import NotFound
from microflow_runtime.store.memory.contents import Contents, require_storable
from microflow_runtime.store.records import Attempts, AuditEntry, Session


class MemorySessions:
    """See SessionStore."""

    _contents: Contents

    async def add_session(self, session: Session, audit: AuditEntry) -> None:
        """Keep a new session. Raises NotFound when the user has gone."""
        require_storable(session, audit)
        if session.username not in self._contents.users:
            raise NotFound(f"There is no user {session.username}.")
        self._contents.sessions[session.handle] = session
        self._contents.append(audit)

    async def find_session_by_token(self, digest: bytes) -> Session | None:
        """Give the session whose access token has this digest, ended or not."""
        return next((kept for kept in self._contents.sessions.values() if kept.token_digest == digest), None)

    async def find_session_by_id(self, digest: bytes) -> Session | None:
        """Give the session whose session id has this digest, ended or not."""
        return next((kept for kept in self._contents.sessions.values() if kept.id_digest == digest), None)

    async def read_sessions(self, handles: Collection[str]) -> tuple[dict[str, Session], int]:
        """Give those of the sessions that are kept, by handle, and the version of all rights."""
        kept = self._contents.sessions
        return {handle: kept[handle] for handle in handles if handle in kept}, self._contents.rights_version

    async def touch_sessions(self, handles: Collection[str], seen_at: datetime) -> None:
        """Move the time sessions were last seen forward, never back."""
        for handle in handles:
            kept = self._contents.sessions.get(handle)
            if kept is not None and kept.seen_at < seen_at:
                self._contents.sessions[handle] = msgspec.structs.replace(kept, seen_at=seen_at)

    async def change_session(self, handle: str, name: str, ends_at: datetime, audit: AuditEntry) -> None:
        """Give a session another name and end. Raises NotFound."""
        require_storable(name, audit)
        if handle not in self._contents.sessions:
            raise NotFound(f"There is no session {handle}.")
        kept = self._contents.sessions[handle]
        self._contents.sessions[handle] = msgspec.structs.replace(kept, name=name, ends_at=ends_at)
        self._contents.append(audit)

    async def list_sessions(self, username: str | None = None, kind: str | None = None) -> list[Session]:
        """Give sessions, the newest first."""
        chosen = [
            kept
            for kept in self._contents.sessions.values()
            if username in {None, kept.username} and kind in {None, kept.kind}
        ]
        chosen.sort(key=lambda kept: kept.handle)
        return sorted(chosen, key=lambda kept: kept.created_at, reverse=True)

    async def remove_sessions(self, handles: Collection[str], audit: AuditEntry) -> int:
        """End sessions; give how many there were. The entry is written in any case."""
        gone = sum(self._contents.sessions.pop(handle, None) is not None for handle in set(handles))
        self._contents.append(audit)
        return gone

    async def prune_sessions(self, ended_before: datetime, unseen_since: datetime) -> int:
        """Remove sessions past their end, and logins not seen since; give how many."""
        over = [
            kept.handle
            for kept in self._contents.sessions.values()
            if kept.ends_at < ended_before or (kept.kind == "login" and kept.seen_at < unseen_since)
        ]
        for handle in over:
            del self._contents.sessions[handle]
        return len(over)

    async def find_attempts(self, keys: Sequence[bytes]) -> dict[bytes, Attempts]:
        """Give the counters of failed logins that are kept under these keys."""
        return {key: self._contents.attempts[key] for key in keys if key in self._contents.attempts}

    async def count_attempt(self, keys: Sequence[bytes], at: datetime, forget_before: datetime) -> dict[bytes, int]:
        """Raise the counters by one and give them; one last raised before `forget_before` begins again at one."""
        counts: dict[bytes, int] = {}
        for key in keys:
            kept = self._contents.attempts.get(key)
            counts[key] = 1 if kept is None or kept.last_at < forget_before else kept.failures + 1
            self._contents.attempts[key] = Attempts(counts[key], at)
        return counts

    async def forgive_attempt(self, keys: Sequence[bytes]) -> None:
        """Lower counters by one, never below nothing."""
        for key in keys:
            if (kept := self._contents.attempts.get(key)) is not None:
                self._contents.attempts[key] = Attempts(max(kept.failures - 1, 0), kept.last_at)

    async def clear_attempts(self, keys: Sequence[bytes]) -> None:
        """Set counters back to nothing."""
        for key in keys:
            self._contents.attempts.pop(key, None)

    async def prune_attempts(self, last_before: datetime) -> int:
        """Remove counters last raised before a time; give how many."""
        over = [key for key, kept in self._contents.attempts.items() if kept.last_at < last_before]
        for key in over:
            del self._contents.attempts[key]
        return len(over)
