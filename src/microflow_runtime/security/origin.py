"""Tells whether a call that carries a cookie was made by a page of ours.

A browser sends the cookie along with what other sites make it send. Headers are not sent that way, so only calls with
the cookie are looked at, and only those that change something. Callers that are no browser send none of the three
headers and are let through: nobody can make them call.
"""

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

    def is_ours(self) -> bool:
        """Tell whether nothing speaks against the request having been made by a page of this server."""
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
