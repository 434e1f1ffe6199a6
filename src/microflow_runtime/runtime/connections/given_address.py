"""Addresses that a server gave: where they lead to, and what is told to another origin than the connection's own."""

from collections.abc import Collection
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.connections.message import Origin, Sent, shown_origin, split_url

_AS_IT_IS: Final = "".join(chr(code) for code in range(0x21, 0x7F))
"""Every printable character of ASCII: what is encoded already is not encoded again."""
_NOT_AWAY: Final = frozenset({"authorization", "cookie", "proxy-authorization", "traceparent", "tracestate"})
"""Headers of a request that another origin is not told."""


def towards(first: Sent, given: str, origins: Collection[Origin]) -> Sent:
    """Give the request to an address that a server gave, in place of the one that the node's path makes.

    A relative one is beside that. It leads to the connection's own origin, or to one of `origins`, which sees what the node
    says and no credential. Raises NodeError: `http.request` for what is no address, `http.denied` where it leads elsewhere.
    """
    origin, target = _read(first, given)
    if origin == first.origin:
        return msgspec.structs.replace(first, target=target)
    if origin not in origins:
        told = f"the address leads to {shown_origin(origin)}, and the connection goes to {shown_origin(first.origin)}"
        raise NodeError(f"{told}; other origins are named by its `origins`.", kind="http.denied")
    headers = tuple(each for each in first.headers if each[0].lower() not in _NOT_AWAY)
    return msgspec.structs.replace(first, origin=origin, target=target, headers=headers, at_home=False, soap=None)


def _read(first: Sent, given: str) -> tuple[Origin, str]:
    if not given.isprintable() or "\\" in given:
        raise _no_address("it holds a character that no address has")
    encoded = quote(given.strip(), safe=_AS_IT_IS)
    try:
        whole = urljoin(shown_origin(first.origin) + first.target, encoded.partition("#")[0])
        if "@" in urlsplit(whole).netloc:
            raise _no_address("it holds a user")
        return split_url(whole)
    except ValueError as error:
        raise _no_address("it does not lead to an http or https server") from error


def _no_address(reason: str) -> NodeError:
    return NodeError(f"the `url` is no address that can be requested: {reason}.", kind="http.request")
