"""The rules of egress for clients that are built on aiohttp. Loaded by those alone: the library is large."""

import socket
from time import monotonic

import aiohttp.abc

from microflow_runtime.runtime.connections.egress import EgressRules, Resolve, permitted_addresses


class CheckedResolver(aiohttp.abc.AbstractResolver):
    """Looks names up for the client by the rules of egress; a connection is made to an address that was checked."""

    def __init__(self, rules: EgressRules, resolve: Resolve, seconds: float, kind: str) -> None:
        self._rules = rules
        self._resolve = resolve
        self._seconds = seconds
        self._kind = kind

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the library's signature
    ) -> list[aiohttp.abc.ResolveResult]:
        """See the library. Raises NodeError of the kind for a private address."""
        found = await permitted_addresses(
            self._rules, self._resolve, host, port, monotonic() + self._seconds, kind=self._kind
        )
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in found
        ]

    async def close(self) -> None:
        """See the library."""
