"""`rest` as it runs: what is asked, what is made of the answer, what is tried again."""

import asyncio
from decimal import Decimal
from time import monotonic, perf_counter_ns
from typing import Any

import msgspec
import pytest
from tests.unit.nodes.rest.fake_http import FakeHttp, app_of, got
from tests.unit.small_apps import ANYBODY

from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.errors import DeadlineExceeded, ExecutionError, NodeError

GIVEN = {"In": {"id": "a/b", "count": 3, "lines": [{"sku": "x", "price": Decimal("1.10")}]}}


async def _ask(keys: str, answer: Any = None, given: dict[str, Any] | None = None) -> HttpRequest:
    http = FakeHttp(answer or got())
    await app_of(keys, http).call("F", given or GIVEN)
    return http.request


async def test_everything_of_a_request() -> None:
    """Path, query, headers and body are made of formulas and literals; numbers are exact."""
    request = await _ask(
        """
    method: POST
    path: /orders/{id}/lines
    in: {id: = In.id}
    query: {q: = In.id, n: 5, l: '= ["a", "b"]', none: = null, "x y": = true}
    headers: {X-Count: = In.count, X-None: = null, accept: text/plain}
    body: {id: = In.id, total: = sum(In.lines.price) * 2, fixed: 1.50, lines: = In.lines, deep: [{a: = null}, "= 1 + 1"]}
"""
    )
    assert (request.method, request.path) == ("POST", "/orders/a%2Fb/lines")
    assert request.query == "q=a%2Fb&n=5&l=a&l=b&x%20y=true"
    assert dict(request.headers) == {"accept": "text/plain", "Content-Type": "application/json", "X-Count": "3"}
    assert request.body == (
        b'{"id":"a/b","total":2.20,"fixed":1.50,"lines":[{"sku":"x","price":1.10}],"deep":[{"a":null},2]}'
    )
    assert request.trace_parent.startswith("00-")


HOSTILE = [
    "= 1 + 1",
    "{{secrets.DB_PASSWORD}}",
    "${HOME}",
    "{name}",
    "{secret: api}",
    "\r\nX-Evil: 1",
    '"}],',
    "<x>&y;",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_a_caller_sends_is_never_evaluated(text: str) -> None:
    """A text that looks like a formula, a placeholder or a secret is that text in path, query, form and body."""
    keys = """
    method: POST
    path: /x/{name}
    in: {name: = In.id}
    query: {q: = In.id}
    body: {t: = In.id}
"""
    request = await _ask(keys, given={"In": {"id": text}})
    from urllib.parse import parse_qsl, unquote

    assert unquote(request.path) == f"/x/{text}"
    assert request.path.count("/") == 2
    assert parse_qsl(request.query) == [("q", text)]
    assert msgspec.json.decode(request.body) == {"t": text}


@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "a\nb", "a\x00", "ü", "\x7f"])
async def test_a_value_cannot_leave_its_header(text: str) -> None:
    """A header's value with a line's end or what no header holds is an error before anything is sent."""
    http = FakeHttp(got())
    app = app_of("    method: GET\n    path: /\n    headers: {X-Id: = In.id}", http)
    with pytest.raises(NodeError, match="X-Id") as caught:
        await app.call("F", {"In": {"id": text}})
    assert (caught.value.kind, http.requests) == ("http.request", [])


async def test_a_reply_is_read_by_its_business_object() -> None:
    """Fields are checked and exact, status and headers are at hand."""
    keys = """
    method: GET
    path: /
    reply: [Line]
    out: {Out.lines: = body, Out.id: '= get value(headers, "x-id")', Out.count: = status}
"""
    http = FakeHttp(got(b'[{"sku": "a", "price": 100.00, "more": 1}, {"sku": "b", "price": 0.1}]', **{"x-id": "7"}))
    text = await app_of(keys, http).text("F", GIVEN)
    assert text == '{"Out":{"id":"7","count":200,"lines":[{"sku":"a","price":100.00},{"sku":"b","price":0.1}]}}'


@pytest.mark.parametrize(
    ("reply", "body", "told"),
    [
        ("Line", b'{"sku": "a", "price": "1.0"}', "body.price: expected decimal"),
        ("Line", b"[]", "body: expected an object (Line)"),
        ("Line", b"", "body: expected a Line, found nothing"),
        ("Line", b"null", "body: expected a Line, found nothing"),
        ("Line", b"<html>", "is not JSON"),
        ("'[Line]'", b'[{"sku": "a"}]', "body[0].price: expected a value"),
    ],
)
async def test_a_reply_that_does_not_fit(reply: str, body: bytes, told: str) -> None:
    """A body that is not what was declared is `http.reply` with the path to what is wrong."""
    with pytest.raises(NodeError) as caught:
        await app_of(f"    method: GET\n    path: /\n    reply: {reply}", FakeHttp(got(body))).call("F", GIVEN)
    assert caught.value.kind == "http.reply"
    assert told in caught.value.message


async def test_a_long_list_lets_others_get_on() -> None:
    """A list of many items is read with pauses; a misfit far behind is told by its place."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    keys = "    method: GET\n    path: /\n    reply: '[Line]'\n    out: {Out.id: = In.id, Out.count: = count(body)}"
    items = [{"sku": str(n), "price": n} for n in range(5_001)]
    app = app_of(keys, FakeHttp(got(msgspec.json.encode(items))))
    await app.catalog()
    beside = asyncio.ensure_future(others())
    assert (await app.call("F", GIVEN))["Out"]["count"] == 5_001
    beside.cancel()
    assert turns >= 10
    items[4_321]["price"] = "x"
    with pytest.raises(NodeError, match=r"body\[4321\]\.price: expected decimal"):
        await app_of(keys, FakeHttp(got(msgspec.json.encode(items)))).call("F", GIVEN)


@pytest.mark.parametrize(
    ("reply", "formula", "body", "value"),
    [
        ("any", "string(body.a[2].b)", b'{"a": [1, {"b": 1.10}]}', "1.10"),
        ("any", 'if body = null then "none" else "some"', b"", "none"),
        ("text", "body", "ไทย".encode(), "ไทย"),
        ("xml", "body.r.x", b"<r><x>1</x></r>", "1"),
        ("none", 'if body = null then "none" else "some"', b"<html>", "none"),
        ("string", "body", b'"a"', "a"),
        ("'Line?'", 'if body = null then "none" else body.sku', b"", "none"),
        ("'[Line]'", "string(count(body))", b"", "0"),
    ],
)
async def test_the_kinds_of_replies(reply: str, formula: str, body: bytes, value: str) -> None:
    """JSON of any shape, text, XML, nothing and declared types."""
    keys = f"    method: GET\n    path: /\n    reply: {reply}\n    out:\n      Out.id: |\n        = {formula}"
    assert (await app_of(keys, FakeHttp(got(body))).call("F", GIVEN))["Out"]["id"] == value


async def test_a_text_in_its_charset() -> None:
    """The charset of the reply counts; bytes that are none of it are an error."""
    keys = "    method: GET\n    path: /\n    reply: text\n    out: {Out.id: = body}"
    latin = {"content-type": 'text/plain; charset="ISO-8859-1"'}
    app = app_of(keys, FakeHttp(HttpReply(status=200, headers=latin, body=b"\xfc")))
    assert (await app.call("F", GIVEN))["Out"]["id"] == "ü"
    with pytest.raises(NodeError, match="is not UTF-8: a wrong byte at position 0"):
        await app_of(keys, FakeHttp(HttpReply(status=200, headers={}, body=b"\xfc"))).call("F", GIVEN)


@pytest.mark.parametrize(
    ("reply", "content_type", "text", "codec", "formula"),
    [
        ("text", "text/plain; charset=TIS-620", "กข", "cp874", "body"),
        ("text", "text/plain", "กข", "utf-8-sig", "body"),
        ("text", "text/plain; charset=utf-8", "กข", "utf-16", "body"),
        ("any", "application/json; charset=windows-874", '{"a": "กข"}', "cp874", "body.a"),
        ("any", "application/json", '{"a": "กข"}', "utf-8-sig", "body.a"),
        ("any", "application/json", '{"a": "กข"}', "utf-16-be", None),
        ("any", "application/json; charset=utf-16be", '{"a": "กข"}', "utf-16-be", "body.a"),
        ("any", "application/json; charset=utf-16", '{"a": "กข"}', "utf-16-be", "body.a"),
        ("Line", "application/json; charset=ISO-8859-11", '{"sku": "กข", "price": 1}', "cp874", "body.sku"),
        ("xml", "text/xml; charset=windows-874", "<a><b>กข</b></a>", "cp874", "body.a.b"),
        ("xml", "text/xml", '<?xml version="1.0" encoding="TIS-620"?><a><b>กข</b></a>', "cp874", "body.a.b"),
        ("xml", "text/xml", '<?xml version="1.0" encoding="utf-16"?><a><b>กข</b></a>', "utf-8", "body.a.b"),
        ("xml", "text/xml", "<a><b>กข</b></a>", "utf-16-be", "body.a.b"),
    ],
)
async def test_replies_in_their_encodings(
    reply: str, content_type: str, text: str, codec: str, formula: str | None
) -> None:
    """A mark, a charset and a declaration count alike for JSON, XML and text."""
    keys = f"    method: GET\n    path: /\n    reply: {reply}\n    out: {{Out.id: = {formula or 'body.a'}}}"
    headers = {"content-type": content_type}
    body = text.encode("utf-16" if codec == "utf-16" else codec)
    app = app_of(keys, FakeHttp(HttpReply(status=200, headers=headers, body=body)))
    if formula is None:
        with pytest.raises(NodeError, match="the body of the reply is not"):
            await app.call("F", GIVEN)
    else:
        assert (await app.call("F", GIVEN))["Out"]["id"] == "กข"


@pytest.mark.parametrize("reply", ["any", "text", "xml"])
async def test_a_charset_that_is_not_known(reply: str) -> None:
    """It is an error of the reply that names the nearest; bytes that are none of it name their position."""
    keys = f"    method: GET\n    path: /\n    reply: {reply}\n    out: {{Out.id: = string(body)}}"
    for charset, told in (
        ("windows-875", 'did you mean "windows-874"'),
        ("us-ascii", "is not US-ASCII: a wrong byte at position 3"),
    ):
        headers = {"content-type": f"text/plain; charset={charset}"}
        with pytest.raises(NodeError, match=told):
            await app_of(keys, FakeHttp(HttpReply(status=200, headers=headers, body=b"<a>\xff</a>"))).call("F", GIVEN)


async def test_head_has_no_body() -> None:
    """A HEAD gives status and headers, and null for the body whatever is declared."""
    keys = "    method: HEAD\n    path: /\n    reply: Line\n    out: {Out.count: = status, Out.id: '= string(body = null)'}"
    assert (await app_of(keys, FakeHttp(got(b""))).call("F", GIVEN))["Out"]["id"] == "true"


RULES = """
    method: GET
    path: /x/{id}
    in: {id: = In.id}
    reply: Line
    statuses: {404: nothing, 410: success, 4xx: refused, 503: http.later}
    out: {Out.id: '= if body = null then "nothing" else body.sku'}
    catch:
      - {error: [refused, http.500], out: {Out.id: = error.kind}, to: End}
"""


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, b'{"sku": "a", "price": 1}', "a"),
        (404, b"<html>", "nothing"),
        (410, b'{"sku": "g", "price": 1}', "g"),
        (409, b"", "refused"),
        (500, b"", "http.500"),
    ],
)
async def test_rules_per_status(status: int, body: bytes, told: str) -> None:
    """A rule makes a status a success, one without body, or an error of a kind that a catch takes."""
    assert (await app_of(RULES, FakeHttp(got(body, status))).call("F", GIVEN))["Out"]["id"] == told


async def test_an_error_that_nobody_takes() -> None:
    """The message names flow, node and what was asked as the author wrote it, and no value of the caller."""
    with pytest.raises(NodeError) as caught:
        await app_of(RULES, FakeHttp(got(b"", 503))).call("F", GIVEN)
    assert caught.value.message == 'F, rest "Ask": the server answered 503 to GET /x/{id}.'
    assert caught.value.kind == "http.later"


async def test_a_catch_sees_what_the_server_said() -> None:
    """Status, headers and body of the failure are data of the error."""
    keys = """
    method: GET
    path: /
    catch:
      - {error: http, out: {Out.id: = error.data.body.code, Out.count: = error.data.status}, to: End}
"""
    found = await app_of(keys, FakeHttp(got(b'{"code": "E7"}', 422))).call("F", GIVEN)
    assert found["Out"] == {"id": "E7", "count": 422, "lines": []}


def _failing(failures: list[Any]) -> FakeHttp:
    async def answer(_request: HttpRequest) -> HttpReply:
        if not failures:
            return got()
        found = failures.pop(0)
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, HttpReply)
        return found

    return FakeHttp(answer)


BUSY = NodeError("busy.", kind="http.busy", retryable=True)


@pytest.mark.parametrize(
    ("keys", "failures", "requests"),
    [
        ("method: GET", [got(status=503), got(status=502)], 3),
        ("method: PUT", [got(status=500)], 2),
        ("method: POST", [got(status=503)], 1),
        ("method: POST\n    repeat: true", [got(status=503)], 2),
        ("method: GET", [got(status=404)], 1),
        ("method: POST", [BUSY], 2),
    ],
)
async def test_what_is_tried_again(keys: str, failures: list[Any], requests: int) -> None:
    """Passing failures of requests that may be repeated, and what surely never arrived."""
    http = _failing(list(failures))
    app = app_of(f"    {keys}\n    path: /\n    retry: {{times: 3, wait: 1ms}}", http)
    if requests == 1:
        with pytest.raises(NodeError):
            await app.call("F", GIVEN)
    else:
        await app.call("F", GIVEN)
    assert len(http.requests) == requests
    assert app.run is not None
    assert requests == 1 or app.run.steps[1][3].tries == requests


async def test_the_connection_s_retry_counts_where_the_node_has_none() -> None:
    """A node without `retry` takes that of its connection, one with it keeps its own."""
    for keys, requests in (("", 3), ("\n    retry: {times: 1}", 2)):
        http = _failing([got(status=503)] * 9)
        app = app_of(f"    method: GET\n    path: /{keys}", http, connection="retry: {times: 2, wait: 1ms}")
        with pytest.raises(NodeError):
            await app.call("F", GIVEN)
        assert len(http.requests) == requests


async def test_retry_after_is_honoured() -> None:
    """The wait that a server asks for is kept; one that the time does not allow ends the tries at once."""
    http = _failing([got(b"", 429, **{"retry-after": "1"})])
    started = monotonic()
    await app_of("    method: GET\n    path: /\n    retry: {times: 1, wait: 1ms}", http).call("F", GIVEN)
    assert 0.95 < monotonic() - started < 2
    http = _failing([got(b"", 503, **{"retry-after": "3600"})])
    with pytest.raises(NodeError, match="503"):
        await app_of("    method: GET\n    path: /\n    retry: {times: 1}", http).call("F", GIVEN)
    assert monotonic() - started < 3
    assert len(http.requests) == 1


@pytest.mark.parametrize(("method", "requests"), [("GET", 3), ("POST", 1)])
async def test_a_try_that_ran_out_of_time(method: str, requests: int) -> None:
    """A node's time limit holds for each try; a POST that may have arrived is not sent again."""

    async def stall(_request: HttpRequest) -> HttpReply:
        await asyncio.sleep(60)
        return got()

    http = FakeHttp(stall)
    app = app_of(f"    method: {method}\n    path: /\n    timeout: 50ms\n    retry: {{times: 2}}", http)
    before = perf_counter_ns()
    with pytest.raises(NodeError, match=r"limit of 0\.05 s") as caught:
        await app.call("F", GIVEN)
    assert (caught.value.kind, len(http.requests)) == ("timeout", requests)
    assert http.requests[0].deadline_ns - before < 10**9


async def test_the_execution_s_time_is_the_last_word() -> None:
    """What is left of the caller's time travels with the request."""
    keys = "    method: GET\n    path: /"

    async def stall(_request: HttpRequest) -> HttpReply:
        await asyncio.sleep(60)
        return got()

    from microflow_runtime.engine import RunLimits

    http = FakeHttp(stall)
    with pytest.raises(DeadlineExceeded):
        await app_of(keys, http).call("F", GIVEN, limits=RunLimits(execution_ns=100_000_000))
    assert http.request.deadline_ns <= perf_counter_ns()


async def test_the_connection_needs_a_right() -> None:
    """Whoever may not use the connection sends nothing."""
    http = FakeHttp(got())
    nobody = msgspec.structs.replace(ANYBODY, grants=frozenset({("connection", "Shop/other", "use")}))
    with pytest.raises(ExecutionError, match='may not use the connection "api"') as caught:
        await app_of("    method: GET\n    path: /", http).call("F", GIVEN, principal=nobody)
    assert (caught.value.kind, http.requests) == ("permission", [])
    one = msgspec.structs.replace(ANYBODY, grants=frozenset({("connection", "Shop/api", "use")}))
    await app_of("    method: GET\n    path: /", http).call("F", GIVEN, principal=one)


async def test_the_caller_s_trace_goes_on() -> None:
    """A trace context that the run knows is carried on."""
    http = FakeHttp(got())
    app = app_of("    method: GET\n    path: /", http)
    run = await app.start("F", GIVEN)
    run.trace_parent, run.trace_state = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b"
    from microflow_runtime.engine import perform

    await perform(run)
    assert http.request.trace_parent.startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert http.request.trace_state == "a=b"


async def test_an_address_takes_the_place_of_path_and_query() -> None:
    """Where `url` gives an address that is asked for; where it gives none, path and query are."""
    keys = "    method: GET\n    path: /items\n    query: {limit: 2}\n    url: = if In.count > 3 then In.id else null"
    request = await _ask(keys)
    assert (request.path, request.query, request.url) == ("/items", "limit=2", "")
    request = await _ask(keys, given={"In": {"id": "https://api.example/items?c=a%2Bb", "count": 4}})
    assert (request.path, request.query, request.url) == ("/items", "", "https://api.example/items?c=a%2Bb")


async def test_an_address_that_is_missing_is_an_error_where_there_is_no_path() -> None:
    """Nothing is requested in its stead."""
    http = FakeHttp(got())
    with pytest.raises(NodeError, match="no `path` beside it") as caught:
        await app_of("    method: GET\n    url: = Note.a", http).call("F", GIVEN)
    assert (caught.value.kind, http.requests) == ("http.request", [])


async def test_the_links_of_a_reply_are_at_hand() -> None:
    """Each by its relation, complete; one that is not there is null."""
    keys = "    method: GET\n    path: /\n    out: {Out.id: = links.next, Note.a: = links.prev}"
    reply = got(link='<?page=2>; rel="next"')
    sent = msgspec.structs.replace(reply, url="https://api.example/items?page=1")
    text = await app_of(keys, FakeHttp(sent)).text("F", GIVEN)
    assert '"id":"https://api.example/items?page=2"' in text
