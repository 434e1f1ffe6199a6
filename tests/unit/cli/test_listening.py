"""Taking the address of the server."""

import errno
import socket
import threading

import pytest

from microflow_runtime.cli.listening import bind
from microflow_runtime.settings import Settings


def test_a_taken_address_is_an_error_at_once_or_after_the_patience() -> None:
    """Without patience a taken address is an error; with it, one that becomes free in time is taken."""
    other = socket.create_server(("127.0.0.1", 0))
    settings = Settings(host="127.0.0.1", port=other.getsockname()[1])
    with pytest.raises(OSError, match=r".*") as told:
        bind(settings)
    assert told.value.errno == errno.EADDRINUSE
    closing = threading.Timer(0.2, other.close)
    closing.start()
    with bind(settings, patience_seconds=10) as bound:
        assert bound.getsockname()[1] == settings.port
    closing.join()


def test_port_0_lets_the_system_choose() -> None:
    """The socket then has a port, for IPv6 too."""
    for host in ("127.0.0.1", "::1"):
        with bind(Settings(host=host, port=0)) as bound:
            assert bound.getsockname()[1] > 0
