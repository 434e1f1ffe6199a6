"""Sockets to servers of files, opened to checked addresses only, and stopped with the task that opens them."""

import asyncio
import socket
from time import monotonic

from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.connections.egress import EgressRules, Resolve, permitted_addresses


async def connected_socket(rules: EgressRules, resolve: Resolve, host: str, port: int, seconds: float) -> socket.socket:
    """Give a socket to a permitted address of the host, within so many seconds in all.

    Raises NodeError of kind `file.connect`, retryable unless the address is denied.
    """
    ends_at = monotonic() + seconds
    try:
        addresses = await permitted_addresses(rules, resolve, host, port, ends_at, kind="file.connect")
    except TimeoutError as error:
        raise unreachable("its name was not found in time") from error
    except OSError as error:
        raise unreachable("its name is not known") from error
    cause: OSError = OSError("the name has no address")
    for index, address in enumerate(addresses):
        share = (ends_at - monotonic()) / (len(addresses) - index)
        try:
            return await _connected(address, port, max(share, 0.001))
        except OSError as error:  # TimeoutError among them
            cause = error
    sentence = "it could not be reached in time" if isinstance(cause, TimeoutError) else "it cannot be reached"
    raise unreachable(sentence) from cause


async def _connected(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.settimeout(0)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(opened, (address, port))
        opened.settimeout(None)
    except BaseException:
        opened.close()
        raise
    return opened


def unreachable(sentence: str, *, retryable: bool = True) -> NodeError:
    """Give the error of a server that cannot be spoken to."""
    return NodeError(f"{sentence}.", kind="file.connect", retryable=retryable)
