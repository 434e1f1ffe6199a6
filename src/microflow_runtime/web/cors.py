"""Which pages of other origins may call: exact origins only, preflights answered before anything else is asked.

That credentials are allowed is told to just those pages whose calls with the session cookie are taken.
"""

from collections.abc import Iterable
from typing import Final

from microflow_runtime.security import pages_with_cookies
from microflow_runtime.web.headers import Header

_ALLOWED_HEADERS: Final = (
    b"Authorization, Content-Type, IAMToken, Idempotency-Key, Traceparent, X-Microflow-Min-Epoch, X-Requested-With"
)
_EXPOSED_HEADERS: Final = b", ".join((
    b"X-Microflow-Error", b"X-Microflow-Error-Code", b"X-Microflow-Snapshot", b"X-Microflow-Epoch", b"X-Microflow-Worker",
    b"X-Microflow-Answering", b"X-Microflow-Notice", b"Retry-After",
))  # fmt: skip
_MAX_AGE_SECONDS: Final = b"600"


class Cors:
    """The origins that may call. `*` among them lets every page call, without cookies."""

    def __init__(self, origins: Iterable[str]) -> None:
        origins = tuple(origins)
        self._origins = frozenset(origin.encode("latin-1", "replace") for origin in pages_with_cookies(origins))
        self._any = "*" in origins

    def headers_for(self, origin: bytes | None) -> tuple[Header, ...]:
        """Give the headers of an answer to a page of this origin; none for a page that may not call, or no page."""
        if origin is None:
            return ()
        if origin in self._origins:
            return (
                (b"access-control-allow-origin", origin),
                (b"access-control-allow-credentials", b"true"),
                (b"access-control-expose-headers", _EXPOSED_HEADERS),
                (b"vary", b"Origin"),
            )
        if self._any:
            return ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED_HEADERS))
        return ((b"vary", b"Origin"),)

    def preflight(self, origin: bytes) -> tuple[Header, ...]:
        """Give the headers that answer a preflight."""
        allowed = self.headers_for(origin)
        if not any(name == b"access-control-allow-origin" for name, _ in allowed):
            return allowed
        return (
            *allowed,
            (b"access-control-allow-methods", b"GET, POST, DELETE"),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", _MAX_AGE_SECONDS),
        )
