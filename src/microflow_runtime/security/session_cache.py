"""The sessions one worker has seen lately, so that a call needs no store: one look-up and two comparisons.

An entry is good while the revocation word is the one it was made under. After a few seconds of use it is checked
again in the background, and after three times as long it is no longer taken: so an idle session ends in time, and a
change that nobody announced is seen within seconds. Keys are SHA-256 of what the caller sent: the cache holds no
token, and the time of a look-up tells nothing about any. Only sessions that were found good get in, and there is a
bound on their number, so that nobody can fill or empty it from outside.
"""

import hashlib

from microflow_runtime.model.principal import Principal
from microflow_runtime.store import Session

MOST_ENTRIES = 10_000
NEVER = float("-inf")


class CachedSession:
    """A session that was found good, with what makes it good. There is one per session; it is renewed in place.

    `rights_version` is that of the store when the principal's grants were read. `soft_at` and `hard_at` are moments of the monotonic clock, the first never after the second; `used_at` is when a call last came with it. Belongs to
    the event loop's thread.
    """

    __slots__ = ("hard_at", "principal", "rights_version", "session", "soft_at", "used_at", "word")

    def __init__(self, principal: Principal, session: Session, used_at: float) -> None:
        self.principal = principal
        self.session = session
        self.rights_version = -1
        self.word = -1
        self.soft_at = NEVER
        self.hard_at = NEVER
        self.used_at = used_at

    def end(self) -> None:
        """Take it no longer, wherever it is kept."""
        self.hard_at = self.soft_at = NEVER


class SessionCache:
    """Entries by the digest of what a caller sent in each kind of header, and by the session's handle."""

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self.by_authorization: dict[bytes, CachedSession] = {}
        self.by_iam_token: dict[bytes, CachedSession] = {}
        self.by_session_id: dict[bytes, CachedSession] = {}
        self._by_handle: dict[str, CachedSession] = {}
        self._most = most

    def keep(self, place: dict[bytes, CachedSession], key: bytes, entry: CachedSession) -> None:
        """Keep an entry under a key of one kind; the one put the longest ago goes when there are too many."""
        place.pop(key, None)
        if len(place) >= self._most:
            del place[next(iter(place))]
        place[key] = entry

    def find(self, handle: str) -> CachedSession | None:
        """Give the entry of a session, good or not."""
        return self._by_handle.get(handle)

    def list_entries(self) -> list[CachedSession]:
        """Give the entry of every session, good or not."""
        return list(self._by_handle.values())

    def remember(self, entry: CachedSession) -> None:
        """Keep the one entry of a session, so that its last use is known when it comes back."""
        self._by_handle.pop(entry.session.handle, None)
        if len(self._by_handle) >= self._most:
            del self._by_handle[next(iter(self._by_handle))]
        self._by_handle[entry.session.handle] = entry


def make_key(value: bytes) -> bytes:
    """Give the key for what a caller sent."""
    return hashlib.sha256(value).digest()
