"""Which addresses a connection may reach: public ones, and those that the operator has named.

A name is looked up once, every address it stands for is checked, and the connection is made to a checked address; TLS
still verifies the name. So a name that means another address a moment later changes nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network
from time import monotonic
from typing import Any, Final

import httpcore

from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.runtime.connections.addresses import (
    LOOPBACK_NAME,
    Address,
    Network,
    embedded,
    is_inner,
    is_literal,
    is_public,
)

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Gives the addresses of a name, as texts, best first. Raises OSError."""

_LOOK_UPS: Final = 8


class EgressRules:
    """The rules of one connection. `named` is the host and port of its URL, the one place that may be private, `further` such others.

    A private address is reached where `named` holds it literally; with `is_private_by_name` also where a name there
    leads to it, as the names of databases do, though never to what no server has: link-local addresses and their kind.
    `allows` tells of a host and port whether they may be spoken to at all; without it every public one may.
    """

    def __init__(
        self,
        networks: Iterable[Network],
        named: tuple[str, int],
        *,
        further: Iterable[tuple[str, int]] = (),
        is_private_by_name: bool = False,
        allows: Callable[[str, int], bool] | None = None,
    ) -> None:
        self._networks = tuple(networks)
        self._named = frozenset((named, *further))
        self._is_private_by_name = is_private_by_name
        self._allows = allows

    def permits(self, host: str, port: int, address: Address) -> bool:
        """Tell whether a connection to `host` may go to this address."""
        if self._allows is not None and not self._allows(host, port):
            return False
        ends = embedded(address) or (address,)
        if all(is_public(end) or any(end in network for network in self._networks) for end in ends):
            return True
        if (host, port) not in self._named:
            return False
        if self._is_private_by_name and not is_literal(host):
            return all(is_public(end) or is_inner(end) for end in ends)
        return address.is_loopback if host == LOOPBACK_NAME else _is_literally(host, address)


def _is_literally(host: str, address: Address) -> bool:
    return is_literal(host) and ip_address(host) == address


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read the setting `private_networks`. Raises SettingsError for a text that is no network."""
    found = []
    for text in texts:
        try:
            found.append(ip_network(text))
        except ValueError as error:
            raise SettingsError(f"private_networks: {text!r} is no network, as 10.20.0.0/16.") from error
    return tuple(found)


class SystemResolver:
    """Asks the system for the addresses of a name, in threads of its own: a name server that hangs delays nobody else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOK_UPS, thread_name_prefix="look-up")

    async def __call__(self, host: str, port: int) -> list[str]:
        """See `Resolve`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)

    def close(self) -> None:
        """Begin no further look-up."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except UnicodeError as error:  # a label that is empty or too long
        raise OSError("the name cannot be looked up") from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


async def permitted_addresses(
    rules: EgressRules, resolve: Resolve, host: str, port: int, ends_at: float, *, kind: str = "http.denied"
) -> list[str]:
    """Look a name up and give its addresses, best first, when every one of them is permitted. `ends_at` is of `monotonic`.

    Raises TimeoutError, OSError for a name that is not known, and NodeError of the given kind for a private address.
    """
    async with asyncio.timeout(ends_at - monotonic()):
        addresses = await resolve(host, port)
    for address in addresses:
        if not rules.permits(host, port, ip_address(address)):
            raise NodeError(f'the address of "{host}" is private, and no setting permits it.', kind=kind)
    return addresses


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Opens sockets to permitted addresses only."""

    def __init__(self, rules: EgressRules, resolve: Resolve) -> None:
        self._rules = rules
        self._resolve = resolve
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect within the timeout, which holds for the look-up and all attempts together.

        Raises NodeError of kind `http.denied` when one of the addresses is not permitted.
        """
        ends_at = monotonic() + (timeout if timeout is not None else 3600.0)
        addresses = await self._permitted(host, port, ends_at)
        failure: Exception | None = None
        for index, address in enumerate(addresses):
            share = (ends_at - monotonic()) / (len(addresses) - index)
            try:
                return await self._sockets.connect_tcp(address, port, max(share, 0.001), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError("the name has no address")

    async def _permitted(self, host: str, port: int, ends_at: float) -> list[str]:
        try:
            return await permitted_addresses(self._rules, self._resolve, host, port, ends_at)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the name was not found in time") from error
        except OSError as error:
            raise httpcore.ConnectError("the name is not known") from error

    async def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:  # noqa: ARG002, ASYNC109
        """Refuse: a connection reaches servers by TCP only."""
        raise NodeError("a connection has no sockets of files.", kind="http.denied")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
