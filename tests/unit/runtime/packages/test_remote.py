"""Where packages may be fetched from."""

import socket
from typing import Any

import pytest

from microflow_runtime.errors import NotAvailable, StoreError
from microflow_runtime.runtime.packages.remote import open_place
from microflow_runtime.settings import Settings


@pytest.mark.parametrize(
    ("address", "error"),
    [("169.254.169.254", StoreError), ("::ffff:169.254.169.254", StoreError), ("127.0.0.1", NotAvailable)],
)
async def test_the_address_that_packages_come_from_is_checked(
    monkeypatch: pytest.MonkeyPatch, address: str, error: type[Exception]
) -> None:
    """A host that leads to a link-local address is not spoken to; one in a private network may be a firm's own server."""

    def look_up(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, 1))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with open_place(Settings(packages="http://packages.example:1/")) as fetch:
        with pytest.raises(error):
            await fetch("a.App.Flow.v.1.jar")
