"""The node soap against an independent SOAP server, the npm package `soap`, and against servers that stall, lie and hang up."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.raw_http_server import Visit, always, raw_server, reply
from tests.servers.soap_server import PASSWORD, soap_server
from tests.unit.nodes.soap.billing import FILES, envelope, texts
from tests.unit.small_apps import FakeSources, SmallApp

from microflow_runtime.engine import RunLimits
from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.errors import DeadlineExceeded, NodeError
from microflow_runtime.model.app import App
from microflow_runtime.runtime.connections import Connections
from microflow_runtime.settings import Secrets, Settings

GIVEN = {"In": {"a": "4711"}}
LINES = [{"sku": "a", "price": Decimal("1.10"), "line": [{"sku": "b", "price": Decimal("0.20"), "line": []}]}]
EVERYTHING = {
    "text": "a <b> & 'c' \"d\" ü 𝄞 \n= 1 + 1 {{secrets.password}} ${HOME}",
    "flag": True,
    "amount": Decimal("12345678901234567890.123400"),
    "ratio": Decimal("0.1"),
    "count": Decimal(-2147483648),
    "big": Decimal(123456789012345678901234567890),
    "day": "2026-05-19",
    "clock": "15:15:00.5",
    "moment": "2026-05-19T15:15:00+07:00",
    "lasts": "P1DT2H",
    "currency": "THB",
    "bytes": "aGk=",
    "nothing": None,
    "note": ["a", "", "c"],
}


class Outside(FakeSources):
    """Resources with real connections."""

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self.connections = connections

    async def send_http(self, app: App, connection: str, request: HttpRequest) -> HttpReply:
        """Send it."""
        return await self.connections.send_http(app, connection, request)

    def http_address(self, app: App, connection: str) -> str:
        """Give it."""
        return self.connections.http_address(app, connection)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the SOAP server."""
    with soap_server(tmp_path_factory.mktemp("soap")) as running:
        yield running


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    """Give connections, closed afterwards."""
    secrets = Secrets(tmp_path, {"MICROFLOW_SECRET_PASSWORD": PASSWORD, "MICROFLOW_SECRET_WRONG": "c4n4ry-wrong"})
    connections = Connections(Settings(home=tmp_path), secrets)
    yield Outside(connections)
    await connections.close()


def app_at(address: str, keys: str, outside: Outside, *, connection: str = "", **options: Any) -> SmallApp:
    """Give the app whose connection is at an address."""
    app, *rest = texts(keys, connection=connection, **options)
    return SmallApp(app.replace("https://billing.example/ws", address), *rest, sources=outside, files=FILES)


def at_port(port: int, keys: str, outside: Outside, *, place: str = "/billing", **options: Any) -> SmallApp:
    """Give the app whose connection is one of the SOAP server's places."""
    return app_at(f"http://127.0.0.1:{port}{place}", keys, outside, **options)


GET = "    operation: GetInvoice\n    in: {number: = In.a}\n"


async def test_every_type_comes_back_as_it_went(port: int, outside: Outside) -> None:
    """Texts, exact numbers, dates, times, enumerations, bytes, null and lists go out and come back the same."""
    keys = "    operation: EchoTypes\n    in:\n" + "".join(f"      {name}: = In.{name}\n" for name in EVERYTHING)
    app = at_port(port, keys + "    out: {Out: = body.echoed}", outside, given="Everything", gives="Everything")
    out = (await app.call("F", {"In": EVERYTHING}))["Out"]
    assert out == EVERYTHING
    assert str(out["amount"]) == "12345678901234567890.123400"


async def test_a_nested_reply(port: int, outside: Outside) -> None:
    """A reply with attributes, an alternative, and lists in lists is read by a Business Object."""
    keys = GET + "    out: {Out: = body.invoice}"
    out = (await at_port(port, keys, outside, gives="Invoice").call("F", GIVEN))["Out"]
    assert out == {
        "number": "4711",
        "issued": "2026-05-19",
        "person": {"name": "nobody"},
        "line": [
            {"sku": "a", "price": Decimal("1.10"), "line": []},
            {"sku": "b", "price": Decimal(2), "line": [{"sku": "b1", "price": Decimal("0.30"), "line": []}]},
        ],
    }


async def test_attributes_headers_and_enumerations(port: int, outside: Outside) -> None:
    """The text beside attributes is exact, a SOAP header arrives."""
    keys = GET + '    headers: {Client: {name: = In.a + "!"}}\n'
    keys += "    out: {Out.a: = body.invoice.number, Out.b: = body.invoice.person.name, Out.c: '= get value(body.invoice.total, \"#text\")'"
    keys += ", Out.d: '= get value(body.invoice, \"@draft\")'}"
    out = (await at_port(port, keys, outside).call("F", GIVEN))["Out"]
    assert out == {"a": "4711", "b": "4711!", "c": Decimal("123456789012345678.10"), "d": True, "e": None}


@pytest.mark.parametrize(("place", "version"), [("/billing", "Billing11"), ("/billing12", "Billing12")])
async def test_nested_lists_go_out(port: int, outside: Outside, place: str, version: str) -> None:
    """Lines within lines arrive at the server, in both versions of SOAP."""
    keys = f"    operation: PutInvoice\n    port: {version}\n    in: {{invoice: = In}}\n    out: {{Out.a: = string(body.lines), Out.c: = body.total}}"
    app = at_port(port, keys, outside, place=place, given="Invoice")
    given = {"number": "1", "issued": "2026-01-02", "person": {"name": "x"}, "line": LINES}
    assert (await app.call("F", {"In": given}))["Out"] == {
        "a": "2",
        "b": None,
        "c": Decimal("1.30"),
        "d": None,
        "e": None,
    }


@pytest.mark.parametrize(
    ("place", "version", "code", "subcodes"),
    [("/billing", "Billing11", "Client.NotFound", []), ("/billing12", "Billing12", "Sender", ["NotFound"])],
)
async def test_a_fault_is_caught(
    port: int, outside: Outside, place: str, version: str, code: str, subcodes: list[str]
) -> None:
    """A fault of either version has code, text and the detail that the WSDL declares, exact; a catch takes it."""
    keys = GET + f"    port: {version}\n"
    keys += """
    catch:
      - error: soap.fault
        out: {Out.a: = error.data.text, Out.b: = error.data.code, Out.c: = error.data.detail.InvoiceFault.left}
        to: End
    out: {Out.a: "'no fault'"}
"""
    app = at_port(port, keys, outside, place=place)
    out = (await app.call("F", {"In": {"a": "404"}}))["Out"]
    assert out == {"a": "There is no such invoice.", "b": code, "c": Decimal("1.10"), "d": None, "e": None}
    plain = at_port(port, GET + f"    port: {version}\n", outside, place=place)
    with pytest.raises(NodeError, match=f'answered GetInvoice with the fault "{code}"') as caught:
        await plain.call("F", {"In": {"a": "404"}})
    assert caught.value.kind == "soap.fault"
    assert caught.value.data["subcodes"] == subcodes
    assert caught.value.data["status"] == 500


@pytest.mark.parametrize("rule", ["InvoiceFault", "Client.NotFound"])
async def test_a_fault_of_a_kind_of_its_own(port: int, outside: Outside, rule: str) -> None:
    """A rule gives a fault its kind, by its code or by what is in its detail."""
    app = at_port(port, GET + f"    faults: {{{rule}: unknown invoice}}", outside)
    with pytest.raises(NodeError) as caught:
        await app.call("F", {"In": {"a": "404"}})
    assert caught.value.kind == "unknown invoice"


async def test_a_server_that_breaks_inside(port: int, outside: Outside) -> None:
    """What a server says of itself stays out of the error's sentence."""
    with pytest.raises(NodeError) as caught:
        await at_port(port, GET, outside).call("F", {"In": {"a": "boom"}})
    assert caught.value.kind == "soap.fault"
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize("digest", ["true", "false"])
async def test_a_username_token(port: int, outside: Outside, digest: str) -> None:
    """The token of WS-Security is taken, as text and as digest, each time anew; a wrong password is a fault without it."""
    auth = "auth: {type: ws-security, username: clerk, password: {secret: SECRET}, digest: DIGEST}".replace(
        "DIGEST", digest
    )
    keys = GET + "    out: {Out.a: = body.invoice.number}"
    good = at_port(port, keys, outside, place="/guarded", connection=auth.replace("SECRET", "password"))
    for _ in range(2):
        assert (await good.call("F", GIVEN))["Out"]["a"] == "4711"
    wrong = at_port(port, keys, outside, place="/guarded", connection=auth.replace("SECRET", "wrong"))
    with pytest.raises(NodeError) as caught:
        await wrong.call("F", GIVEN)
    assert caught.value.kind == "soap.fault"
    assert "c4n4ry" not in f"{caught.value} {caught.value.data}"
    without = at_port(port, keys, outside, place="/guarded")
    with pytest.raises(NodeError):
        await without.call("F", GIVEN)


async def test_the_wsdl_comes_from_the_server(port: int, outside: Outside) -> None:
    """A WSDL by its path is fetched with its schema through the connection, once, and checked then."""
    keys = "    wsdl: /billing?wsdl\n    path: /billing\n" + GET + "    reply: Invoice\n    out: {Out: = body}"
    app = at_port(port, keys, outside, place="", gives="Invoice")
    first, second = await asyncio.gather(app.call("F", GIVEN), app.call("F", GIVEN))
    assert first == second
    assert first["Out"]["number"] == "4711"
    bad = at_port(port, keys.replace("{number:", "{numbr: = In.a, number:"), outside, place="", gives="Invoice")
    with pytest.raises(NodeError, match='found the name `numbr` \\(did you mean "number"') as caught:
        await bad.call("F", GIVEN)
    assert caught.value.kind == "soap.request"
    gone = at_port(port, keys.replace("/billing?wsdl", "/elsewhere?wsdl"), outside, place="", gives="Invoice")
    with pytest.raises(NodeError, match="answered 404 to GET /elsewhere") as caught:
        await gone.call("F", GIVEN)
    assert caught.value.kind == "http.404"
    missing = at_port(port, keys.replace("GetInvoice", "GetInvoic"), outside, place="", gives="Invoice")
    with pytest.raises(NodeError, match='did you mean "GetInvoice"') as caught:
        await missing.call("F", GIVEN)
    assert caught.value.kind == "soap.wsdl"


async def test_the_time_limit_reaches_a_slow_server(port: int, outside: Outside) -> None:
    """A slow answer ends with the node's time, or with the execution's, and its socket is closed."""
    keys = "    operation: Wait\n    in: {seconds: 5}\n"
    started = time.monotonic()
    with pytest.raises(NodeError) as caught:
        await at_port(port, keys + "    timeout: 200ms", outside).call("F", GIVEN)
    assert caught.value.kind == "timeout"
    with pytest.raises(DeadlineExceeded):
        await at_port(port, keys, outside).call("F", GIVEN, limits=RunLimits(execution_ns=300_000_000))
    assert time.monotonic() - started < 2


BOMB = b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + envelope("&b;")


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (reply(b""), "soap.reply", "is empty"),
        (reply(b"{}"), "soap.reply", "is not XML"),
        (reply(BOMB), "soap.reply", "has a DTD"),
        (reply(b"<html/>", "502 Bad Gateway"), "http.502", "answered 502"),
        (reply(b"<html/>"), "soap.reply", "no SOAP envelope, but <html>"),
        (reply(b"<a>" * 100_000), "soap.reply", "more than 64 levels"),
        (reply(envelope("<GetInvoiceResponse/>")), "soap.reply", "body.invoice: expected a value, found nothing"),
        (reply(envelope("")), "soap.reply", "body: expected <GetInvoiceResponse>, found nothing"),
        (reply(envelope("<x/>"), "500 Oops"), "http.500", "answered 500 to GetInvoice"),
        (reply(b"x", "200 OK", 'Content-Type: multipart/related; boundary="x"'), "soap.reply", "attachments"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<s:Env", "http.reply", "not all of one"),
        (b"garbage\r\n\r\n", "http.reply", "no HTTP reply"),
    ],
)
async def test_an_answer_that_cannot_be_used(outside: Outside, answer: bytes, kind: str, word: str) -> None:
    """Garbage, bombs, pages of errors, halves and lies are errors of their kinds, at once."""

    async def answer_and_hang_up(visit: Visit) -> None:
        await visit.send(answer)
        visit.writer.close()

    async with raw_server(answer_and_hang_up) as server:
        started = time.monotonic()
        with pytest.raises(NodeError) as caught:
            await app_at(server.url, GET, outside).call("F", GIVEN)
        assert time.monotonic() - started < 5
    assert caught.value.kind == kind
    assert word in str(caught.value)


async def test_a_server_that_stalls_is_left(outside: Outside) -> None:
    """A server that never answers is left when the time is over, with a closed socket."""
    gone = asyncio.Event()

    async def stall(visit: Visit) -> None:
        await visit.gone()
        gone.set()

    async with raw_server(stall) as server:
        with pytest.raises(DeadlineExceeded):
            await app_at(server.url, GET, outside).call("F", GIVEN, limits=RunLimits(execution_ns=300_000_000))
        await asyncio.wait_for(gone.wait(), 2)


async def test_a_wsdl_leads_nowhere_else(outside: Outside) -> None:
    """Imports of a WSDL from a server stay behind the connection's address, and nothing else is asked."""
    text = FILES["files/billing.wsdl"].decode()
    async with raw_server(always(reply(b"secret"))) as inside:
        places = (
            inside.url + "/x",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
            "ftp://127.0.0.1/x",
            "/elsewhere",
        )
        for place in places:
            body = text.replace('schemaLocation="types.xsd"', f'schemaLocation="{place}"').encode()
            async with raw_server(always(reply(body))) as server:
                keys = "    wsdl: /a?wsdl\n" + GET
                with pytest.raises(NodeError, match="not behind the address of the connection") as caught:
                    await app_at(server.url + "/ws", keys, outside).call("F", GIVEN)
                assert caught.value.kind == "soap.wsdl"
                assert [visit.line for visit in server.visits] == ["GET /ws/a?wsdl HTTP/1.1"]
        assert inside.visits == []


async def test_nothing_goes_to_the_address_of_the_wsdl(outside: Outside) -> None:
    """The address in a WSDL counts only behind the connection's own; another one is not called."""
    body = reply(envelope("<GetInvoiceResponse><invoice/></GetInvoiceResponse>"))
    text = FILES["files/billing.wsdl"].decode()
    async with raw_server(always(body)) as elsewhere, raw_server(always(body)) as server:
        for address, line in (
            (elsewhere.url + "/evil", "POST /ws HTTP/1.1"),
            (server.url + "/ws/deeper?x=1", "POST /ws/deeper?x=1 HTTP/1.1"),
            (server.url + "/ws/../up", "POST /ws HTTP/1.1"),
        ):
            files = FILES | {"files/billing.wsdl": text.replace("http://127.0.0.1:9000/billing", address).encode()}
            app, *rest = texts(GET)
            small = SmallApp(
                app.replace("https://billing.example/ws", server.url + "/ws"), *rest, sources=outside, files=files
            )
            with pytest.raises(NodeError):
                await small.call("F", GIVEN)
            assert server.visits[-1].line == line
        assert elsewhere.visits == []
