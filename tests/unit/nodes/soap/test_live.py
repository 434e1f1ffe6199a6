"""A WSDL that its server gives: fetched once, anew after a while, and kept when the server fails."""

import asyncio
from pathlib import Path

import pytest
from tests.unit.nodes.soap.billing import FILES, got

from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import NodeError
from microflow_runtime.nodes.soap import live
from microflow_runtime.nodes.soap.live import LiveWsdl, behind
from microflow_runtime.nodes.soap.wsdl import WsdlShelf

ADDRESS = "https://billing.example/ws"


class Served:
    """What a server gives, and what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.wsdl = FILES["files/billing.wsdl"]

    async def __call__(self, path: str, query: str) -> HttpReply:
        """Answer."""
        self.asked.append(path + (f"?{query}" if query else ""))
        await asyncio.sleep(0)
        name = Path(path).name
        return got(self.wsdl if name == "billing" else FILES[f"files/{name}"], self.status)


def _live() -> LiveWsdl:
    return LiveWsdl("/billing?wsdl", "GetInvoice", "", "", WsdlShelf())


async def test_one_call_fetches_for_all() -> None:
    """Twenty calls at once ask for the WSDL and its schema once."""
    served, made = Served(), _live()
    found = await asyncio.gather(*(made.get(ADDRESS, served) for _ in range(20)))
    assert len({id(each) for each in found}) == 1
    assert served.asked == ["/billing?wsdl", "/types.xsd"]
    await made.get("https://other.example/ws", served)
    assert len(served.asked) == 4


async def test_it_is_fetched_anew_and_kept_when_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten minutes a changed WSDL counts; while the server fails, the old one does."""
    now = [1000.0]
    monkeypatch.setattr(live, "monotonic", lambda: now[0])
    served, made = Served(), _live()
    first = await made.get(ADDRESS, served)
    now[0] += 599
    assert await made.get(ADDRESS, served) is first
    now[0] += 2
    served.status = 503
    assert await made.get(ADDRESS, served) is first
    now[0] += 59
    assert await made.get(ADDRESS, served) is first
    assert len(served.asked) == 3
    now[0] += 2
    served.status = 200
    served.wsdl = served.wsdl.replace(b"urn:billing#GetInvoice", b"urn:new")
    assert (await made.get(ADDRESS, served)).operation.action == "urn:new"


async def test_a_first_fetch_that_fails_is_tried_again() -> None:
    """Nothing of a failure is kept."""
    served, made = Served(), _live()
    served.status = 500
    for _ in range(2):
        with pytest.raises(NodeError, match="answered 500 to GET /billing"):
            await made.get(ADDRESS, served)
    served.status = 200
    assert (await made.get(ADDRESS, served)).operation.name == "GetInvoice"


@pytest.mark.parametrize(
    ("address", "url", "found"),
    [
        ("https://a.example/ws", "https://a.example/ws", ""),
        ("https://a.example/ws/", "https://a.example:443/ws/x?y=1", "/x?y=1"),
        ("https://a.example", "https://a.example/x y", "/x%20y"),
        ("https://a.example", "https://A.example/x", "/x"),
        ("https://a.example/ws", "https://a.example/wsx", None),
        ("https://a.example/ws", "https://a.example/ws/../x", None),
        ("https://a.example/ws", "http://a.example/ws", None),
        ("https://a.example/ws", "https://a.example:8443/ws", None),
        ("https://a.example/ws", "https://b.example/ws", None),
        ("https://a.example/ws", "https://u:p@a.example/ws", None),
        ("https://a.example/ws", "https://a.example:x/ws", None),
        ("https://a.example/ws", "file:///ws", None),
        ("https://a.example/ws", "", None),
    ],
)
def test_what_lies_behind_an_address(address: str, url: str, found: str | None) -> None:
    """Only the same scheme, host and port, and a path behind that of the connection."""
    assert behind(address, url) == found
