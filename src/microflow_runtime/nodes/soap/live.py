"""A WSDL that its server gives: fetched through the connection when it is first needed, and again after a while."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import NodeError
from microflow_runtime.nodes.soap.choice import Chosen, NoSuch, choose
from microflow_runtime.nodes.soap.documents import DOCUMENT_BYTES, Gathering, Reference, WsdlFault
from microflow_runtime.nodes.soap.wsdl import WsdlShelf
from microflow_runtime.text import BrokenText, declared_encoding, xml_in_utf8

Fetch = Callable[[str, str], Awaitable[HttpReply]]
"""Asks the connection for a path and a query."""

_FRESH_SECONDS: Final = 600.0
_AGAIN_SECONDS: Final = 60.0
_IN_PATH: Final = "/%:@!$&'()*+,;=~-._"
_IN_QUERY: Final = _IN_PATH + "?"
_PORTS: Final = {"http": 80, "https": 443}


class LiveWsdl:
    """What one node calls, as its server's WSDL says it. One call fetches, the others wait for it."""

    def __init__(self, place: str, operation: str, service: str, port: str, shelf: WsdlShelf) -> None:
        self._place = place
        self._names = (operation, service, port)
        self._shelf = shelf
        self._lock = asyncio.Lock()
        self._chosen: Chosen | None = None
        self._address = ""
        self._fresh_until = 0.0

    async def get(self, address: str, fetch: Fetch) -> Chosen:
        """Give what is called. `address` is the connection's. Raises NodeError of kind `soap.wsdl`, or as the connection does.

        When a server that gave its WSDL once does not give it again, what it gave counts for a while longer.
        """
        chosen = self._chosen
        if chosen is not None and self._address == address and monotonic() < self._fresh_until:
            return chosen
        async with self._lock:
            if self._chosen is not None and self._address == address and monotonic() < self._fresh_until:
                return self._chosen
            try:
                self._chosen = await self._read(address, fetch)
                self._fresh_until = monotonic() + _FRESH_SECONDS
            except NodeError as error:
                if self._chosen is None or self._address != address or not error.kind.startswith("http"):
                    raise
                self._fresh_until = monotonic() + _AGAIN_SECONDS
            self._address = address
            return self._chosen

    async def _read(self, address: str, fetch: Fetch) -> Chosen:
        def resolve(here: str, reference: Reference) -> str:
            return _beside(address, here, reference.location)

        gathering = Gathering(self._place, resolve)
        try:
            while gathering.wanted:
                place = gathering.wanted[0]
                body = await _get(fetch, place)
                await asyncio.to_thread(gathering.add, place, body)
            gathered = await asyncio.to_thread(gathering.finished)
            wsdl = await asyncio.to_thread(self._shelf.get, gathered)
            return choose(wsdl, *self._names)
        except WsdlFault as error:
            raise NodeError(f"the WSDL {error.reason}.", kind="soap.wsdl") from error
        except NoSuch as error:
            raise NodeError(f"{error.message} {error.help}".strip(), kind="soap.wsdl") from error


async def _get(fetch: Fetch, place: str) -> bytes:
    path, _, query = place.partition("?")
    got = await fetch(path, query)
    if got.status != 200:
        message = f"the server answered {got.status} to GET {place[:200]}, where its WSDL should be."
        raise NodeError(message, kind=f"http.{got.status}")
    if len(got.body) > DOCUMENT_BYTES:
        raise WsdlFault(f"is larger than {DOCUMENT_BYTES} bytes")
    try:
        return xml_in_utf8(got.body, declared_encoding(got.content_type))
    except BrokenText as error:
        raise WsdlFault(error.reason) from error


def _beside(address: str, here: str, location: str) -> str:
    """Give what comes behind the connection's address for a document that one there refers to. Raises WsdlFault."""
    found = behind(address, urljoin(address.rstrip("/") + here, location))
    if found is None:
        raise WsdlFault(f"refers to {location[:200]}, which is not behind the address of the connection")
    return found


def behind(address: str, url: str) -> str | None:
    """Give path and query of a URL as they come behind the address of a connection; None when it is somewhere else."""
    try:
        own, other = urlsplit(address), urlsplit(url)
        own_port, other_port = own.port or _PORTS.get(own.scheme), other.port or _PORTS.get(other.scheme)
    except ValueError:
        return None
    if (own.scheme, own.hostname, own_port) != (other.scheme, other.hostname, other_port) or "@" in other.netloc:
        return None
    base, path = own.path.rstrip("/"), quote(other.path, safe=_IN_PATH)
    if not (path == base or path.startswith(f"{base}/")) or any(part in {".", ".."} for part in path.split("/")):
        return None
    query = quote(other.query, safe=_IN_QUERY)
    return path[len(base) :] + (f"?{query}" if query else "")
