"""`soap` as it runs: who may, what is asked, what is tried again, and what it costs to have it."""

import subprocess
import sys
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.unit.nodes.soap.billing import FakeSoap, app_of, envelope, got
from tests.unit.small_apps import ANYBODY

from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.errors import NodeError

PUT = "    operation: PutInvoice\n    in: {invoice: {number: = In.a, issued: 2026-01-01, person: {name: = In.a}}}\n"
TOTAL = envelope("<PutInvoiceResponse><total>0.10</total><lines>2</lines></PutInvoiceResponse>")


async def _ask(keys: str, answer: Any = None, *, text: str = "x", **options: Any) -> tuple[FakeSoap, dict[str, Any]]:
    soap = FakeSoap(answer or got(TOTAL))
    out = await app_of(keys, soap, **options).call("F", {"In": {"a": text}})
    return soap, out["Out"]


async def test_the_request_in_both_versions() -> None:
    """The headers are those of the version, the body is an envelope, the trace goes along."""
    soap, out = await _ask(PUT + "    out: {Out.a: done, Out.c: = body.total}\n")
    assert out["c"] == Decimal("0.10")
    request = soap.request
    assert (request.method, request.path, request.repeats) == ("POST", "", False)
    assert dict(request.headers)["SOAPAction"] == '"urn:billing#PutInvoice"'
    assert dict(request.headers)["Content-Type"] == "text/xml; charset=utf-8"
    assert request.trace_parent.startswith("00-")
    soap, _ = await _ask(PUT + "    port: Billing12\n    path: /deep\n    repeat: true\n    out: {Out.a: x}\n")
    sent = dict(soap.request.headers)
    assert sent["Content-Type"] == 'application/soap+xml; charset=utf-8; action="urn:billing#PutInvoice"'
    assert "SOAPAction" not in sent
    assert (soap.request.path, soap.request.repeats) == ("/deep", True)


@pytest.mark.parametrize("text", ["= 1 + 1", "{{secrets.x}}", "${HOME}", "{name}", "<x>&y;", "]]>", "{secret: x}"])
async def test_what_a_caller_sends_is_never_evaluated(text: str) -> None:
    """A text that looks like a formula, a placeholder, a secret or markup goes out as that text."""
    soap, _ = await _ask(PUT + "    out: {Out.a: x}\n", text=text)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert soap.request.body.count(f">{escaped}</".encode()) == 2


async def test_a_reply_taken_for_a_type() -> None:
    """`reply` takes the one element of the reply, or all of them, for a Business Object; a misfit names the path."""
    keys = "    operation: GetInvoice\n    in: {number: = In.a}\n    reply: Party\n    out: {Out.a: = body.name}\n"
    inside = "<GetInvoiceResponse><invoice><number>1</number><issued>2026-01-01</issued><person><name>n</name></person></invoice></GetInvoiceResponse>"
    with pytest.raises(NodeError, match=r"body\.name: expected a value, found nothing") as caught:
        await _ask(keys.replace("reply: Party", "reply: Party"), got(envelope(inside)))
    assert caught.value.kind == "soap.reply"
    keys = keys.replace("reply: Party", "reply: Invoice").replace("body.name", "body.number")
    _, out = await _ask(keys, got(envelope(inside)))
    assert out["a"] == "1"


async def test_a_large_reply_is_read_beside_the_loop() -> None:
    """A reply of ten thousand lines is the same as a small one."""
    line = "<line><sku>a</sku><price>1.10</price></line>"
    inside = f"<GetInvoiceResponse><invoice><number>1</number><issued>2026-01-01</issued>{line * 10_000}</invoice></GetInvoiceResponse>"
    keys = "    operation: GetInvoice\n    in: {number: = In.a}\n    out: {Out.a: x, Out.c: = sum(body.invoice.line.price)}\n"
    _, out = await _ask(keys, got(envelope(inside)))
    assert out["c"] == Decimal("11000.00")


async def test_nobody_without_the_permission() -> None:
    """A caller who may not use the connection is told so, and nothing is sent."""
    soap = FakeSoap(got(TOTAL))
    nobody = msgspec.structs.replace(ANYBODY, grants=frozenset({("connection", "Shop/other", "use")}))
    with pytest.raises(NodeError, match='may not use the connection "billing"') as caught:
        await app_of(PUT + "    out: {Out.a: x}\n", soap).call("F", {"In": {"a": "x"}}, principal=nobody)
    assert caught.value.kind == "permission"
    assert soap.requests == []


@pytest.mark.parametrize(("repeat", "requests"), [("true", 3), ("false", 1)])
async def test_what_is_tried_again(repeat: str, requests: int) -> None:
    """A status that may pass is tried again where the request may be repeated; a fault never is."""
    keys = PUT + f"    repeat: {repeat}\n    retry: {{times: 2, wait: 1ms}}\n    out: {{Out.a: x}}\n"
    for answer, kind, count in (
        (got(b"busy", 503), "http.503", requests),
        (
            got(envelope("<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring></s:Fault>"), 500),
            "soap.fault",
            1,
        ),
    ):
        soap = FakeSoap(answer)
        with pytest.raises(NodeError) as caught:
            await app_of(keys, soap).call("F", {"In": {"a": "x"}})
        assert caught.value.kind == kind
        assert len(soap.requests) == count


async def test_the_wsdl_of_the_server_is_asked_for_under_the_deadline() -> None:
    """The fetch is a GET through the same connection with the time that the execution has."""

    async def answer(request: HttpRequest) -> HttpReply:
        return got(b"<nothing/>") if request.method == "GET" else got(TOTAL)

    soap = FakeSoap(answer)
    keys = "    wsdl: /a?wsdl\n" + PUT + "    out: {Out.a: x}\n"
    with pytest.raises(NodeError, match=r"neither a WSDL 1.1 nor a schema: it begins with <nothing>") as caught:
        await app_of(keys, soap).call("F", {"In": {"a": "x"}})
    assert caught.value.kind == "soap.wsdl"
    assert (soap.request.method, soap.request.path, soap.request.query) == ("GET", "/a", "wsdl")
    assert soap.request.deadline_ns > 0


def test_the_libraries_come_when_they_are_needed() -> None:
    """Knowing the kinds of node loads neither zeep nor lxml."""
    code = "import sys, microflow_runtime.nodes; print([name for name in ('zeep', 'lxml', 'requests') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert told.stdout.strip() == "[]"
