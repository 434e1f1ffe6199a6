"""Tells whether a call that carries a cookie was made by a page of ours, or one that the operator named.

A browser sends the cookie along with what other sites make it send. Headers are not sent that way, so only calls with
the cookie are looked at, and only those that change something. Callers that are no browser send none of the three
headers and are let through: nobody can make them call. Why a named page may: docs/decisions/0100-cookies-of-named-pages.md.
"""

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

import msgspec

_DEFAULT_PORTS = {"http": 80, "https": 443}


class RequestOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """What a request tells about where it came from. `scheme` and `host` are our own, as the caller addressed us."""

    scheme: str = "http"
    host: str = ""
    sec_fetch_site: str = ""
    origin: str = ""
    referer: str = ""

    def is_ours(self, named: Collection[str] = ()) -> bool:
        """Tell whether nothing speaks against the request having been made by a page of this server, or of a named origin."""
        if self.origin in named:
            return True
        if self.sec_fetch_site not in {"", "same-origin", "none"}:
            return False
        ours = _normalise(f"{self.scheme}://{self.host}")
        # A page that the browser itself calls same-origin may have come by https through a proxy that hides it.
        vouched = self.sec_fetch_site == "same-origin"
        for claimed in (self.origin, self.referer):
            if not claimed:
                continue
            theirs = _normalise(claimed)
            if theirs is None or ours is None:
                return False
            if theirs != ours and not (vouched and theirs[1] == ours[1]):
                return False
        return True


def pages_with_cookies(origins: Iterable[str]) -> frozenset[str]:
    """Give the origins, of those configured, whose pages may call with the cookie: each that is named, so not `*` and `null`."""
    return frozenset(origins) - {"*", "null"}


def _normalise(url: str) -> tuple[str, str, int] | None:
    """Give scheme, host and port of a URL; None when it is no http or https URL, as the origin `null`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme]
