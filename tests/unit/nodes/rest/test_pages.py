"""All pages of a server that tells where the next one is, over real sockets: by `Link`, in the body, by `Location`."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.raw_http_server import RawServer, Visit, raw_server, reply
from tests.unit.small_apps import FakeSources, SmallApp

from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.errors import NodeError
from microflow_runtime.model.app import App
from microflow_runtime.runtime.connections import Connections
from microflow_runtime.settings import Settings

CITIES = ["Bangkok", "Chiang Mai", "Hat Yai", "Khon Kaen", "Phuket"]
CURSOR = "a+b/{}=&ก"
CITY = "business_object: City\nfields: {city: string?}\n"
PAGES = "business_object: Pages\nfields: {items: [City], next: string?, more: {type: boolean, default: true}}\n"
LOOP = """
microflow: All
outputs: {Out: Pages}
variables: {V: Pages}
nodes:
  Start: {type: start, next: Init}
  Init: {type: mapping, out: {Out.items: "= []"}, next: Loop}
  Loop:
    type: loop
    while: = V.next != null or count(Out.items) = 0
    nodes:
      Start: {type: start, next: Ask}
      Ask:
        type: rest
        connection: api
        method: GET
        path: PATH
        query: {limit: 2}
        url: = V.next
        reply: any
        out: {Out.items: "= concatenate(Out.items, ITEMS)", V.next: NEXT}
        next: End
      End: {type: end}
    next: End
  End: {type: end}
"""
MADE = """
microflow: All
outputs: {Out: Pages}
variables: {V: Pages}
nodes:
  Start: {type: start, next: Make}
  Make:
    type: rest
    connection: api
    method: POST
    path: /made
    out: {V.next: '= get value(headers, "location")'}
    next: Fetch
  Fetch: {type: rest, connection: api, method: GET, url: = V.next, out: {Out.next: = body.city}, next: End}
  End: {type: end}
"""


class RealHttp(FakeSources):
    """Resources that reach HTTP servers."""

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self.connections = connections

    async def send_http(self, app: App, connection: str, request: HttpRequest) -> HttpReply:
        """Send it."""
        return await self.connections.send_http(app, connection, request)


async def _answer(visit: Visit) -> None:
    """Give two cities a page. Whoever encodes the cursor twice, or once too little, gets none."""
    parts = urlsplit(visit.line.split(" ")[1])
    query = parse_qs(parts.query)
    cursors = [CURSOR.format(number) for number in (0, 2, 4)]
    start = int(query["c"][0].split("/")[1].split("=")[0]) if query.get("c", [""])[0] in cursors else 0
    assert "c" not in query or start
    cities = [{"city": city} for city in CITIES[start : start + 2]]
    following = f"c=a%2Bb%2F{start + 2}%3D%26%E0%B8%81"
    has_more = start + 2 < len(CITIES)
    if parts.path == "/v1/made":
        await visit.send(reply(b"{}", "201 Created", "Location: /v1/made/7%2F8"))
    elif parts.path == "/v1/made/7%2F8":
        await visit.send(reply(b'{"city": "Trang"}'))
    elif parts.path == "/v1/linked":
        link = (
            [f'Link: <?{following}>; rel="next", <?first>; rel="first"'] if has_more else ["Link: <?first>; rel=first"]
        )
        await visit.send(reply(json.dumps(cities).encode(), "200 OK", *link))
    else:
        host = visit.header("host")
        more = {"@odata.nextLink": f"http://{host}/v1/graph?{following}"} if has_more else {}
        await visit.send(reply(json.dumps({"value": cities, **more}).encode()))


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    """Serve the pages."""
    async with raw_server(_answer) as running:
        yield running


async def _called(server: RawServer, flow: str, home: Path) -> dict[str, object]:
    app = f'app: Shop\nversion: v.1\nconnections: {{api: {{url: "{server.url}/v1"}}}}\n'
    connections = Connections(Settings(home=home))
    try:
        text = await SmallApp(app, CITY, PAGES, flow, sources=RealHttp(connections)).text("All", {})
    finally:
        await connections.close()
    found: dict[str, object] = json.loads(text)["Out"]
    return found


@pytest.mark.parametrize(
    ("path", "items", "following"),
    [
        ("/linked", "body", "= links.next"),
        ("/graph", "for v in body.value return {city: v.city}", """'= get value(body, "@odata.nextLink")'"""),
    ],
)
async def test_all_pages_come(server: RawServer, tmp_path: Path, path: str, items: str, following: str) -> None:
    """The next page is asked for by the address that came, whose cursor is not encoded again, until there is none."""
    flow = LOOP.replace("PATH", path).replace("ITEMS", items).replace("NEXT", following)
    found = await _called(server, flow, tmp_path)
    assert found["items"] == [{"city": city} for city in CITIES]


async def test_what_was_made_is_fetched_from_where_it_is(server: RawServer, tmp_path: Path) -> None:
    """`Location` is followed to the connection's own origin."""
    assert (await _called(server, MADE, tmp_path))["next"] == "Trang"


async def test_a_page_elsewhere_is_not_asked_for(tmp_path: Path) -> None:
    """A server that names another origin leads nowhere, and the error says which setting would."""

    async def answer(visit: Visit) -> None:
        await visit.send(reply(b"[]", "200 OK", "Link: <http://169.254.169.254/latest>; rel=next"))

    flow = LOOP.replace("PATH", "/linked").replace("ITEMS", "[{city: null}]").replace("NEXT", "= links.next")
    async with raw_server(answer) as server:
        with pytest.raises(NodeError, match=r"leads to http://169\.254\.169\.254.*`origins`") as caught:
            await _called(server, flow, tmp_path)
        assert len(server.visits) == 1
    assert caught.value.kind == "http.denied"
