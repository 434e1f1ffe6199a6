"""A request on its way: where this hop of it goes, and with what."""

from typing import Final
from urllib.parse import urlsplit

import msgspec

from microflow_runtime.engine.http import SoapHeader

_PORTS: Final = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
"""Scheme, host, port."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One hop. `target` is path and query, encoded. `at_home` tells that it goes to the connection's own origin."""

    method: str
    origin: Origin
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at_home: bool = True
    soap: SoapHeader | None = None


def split_url(url: str) -> tuple[Origin, str]:
    """Give the origin and the target of an absolute URL. Raises ValueError when it is no http or https address."""
    if any(not "!" <= character <= "~" for character in url):
        raise ValueError("the address holds a character that stands encoded in an address")
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), parts.hostname
    if scheme not in _PORTS or not host:
        raise ValueError("the address does not begin with http:// or https:// and a host")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return (scheme, host, parts.port or _PORTS[scheme]), target


def host_of(origin: Origin) -> str:
    """Give the value of the header `Host`."""
    scheme, host, port = origin
    shown = f"[{host}]" if ":" in host else host
    return shown if port == _PORTS[scheme] else f"{shown}:{port}"


def shown_origin(origin: Origin) -> str:
    """Give the origin as a text for people; it holds no secret."""
    return f"{origin[0]}://{host_of(origin)}"
