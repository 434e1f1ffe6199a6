"""What DoAction takes for a request, which flow a request means, and who is let in, byte for byte."""

from typing import Any

import msgspec
import pytest
from tests.wire.asgi_client import Answer
from tests.wire.world import EXECUTION_ID, OPERATOR, PAGE_ORIGIN, World

from microflow_runtime.security.rate import RateLimit
from microflow_runtime.service.roles import set_role

RATE: dict[str, Any] = {"flowName": "Rate", "object": {"RequestBO": {"requestData": "data"}}}
RATE_REPLY = (
    b'{"exception":"","responseStatus":"SUCCESS","responseObjectsMap":{"ResponseBO":{"responseData":31.184504}},'
    b'"flowName":"Rate","flowId":"id-of-Rate","tId":"0123456789abcdef0123456789abcdef"}'
)


def refusal(exception: str, flow: str = "") -> bytes:
    """Give the bytes of the six keys of a call that was not let in."""
    text = (
        '{"exception":"' + exception + '","responseStatus":"ERROR","responseObjectsMap":{},"flowName":"' + flow
        + '","flowId":"","tId":""}'
    )  # fmt: skip
    return text.encode()


NO_SESSION = "This needs a session."


def said(text: str, flow: str, flow_id: str) -> bytes:
    """Give the bytes of the reply of a flow that says one text."""
    return (
        '{"exception":"","responseStatus":"SUCCESS","responseObjectsMap":{"Text":{"text":"' + text
        + '"}},"flowName":"' + flow + '","flowId":"' + flow_id + '","tId":"' + EXECUTION_ID + '"}'
    ).encode()  # fmt: skip


# The form of a request


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("key", ["appName", "uniqueId", "snapVersion"])
def test_other_fields_may_be_null_or_empty(world: World, key: str, value: str | None) -> None:
    """A field beside flowName that is null or empty counts as absent."""
    assert world.act({**RATE, key: value}).body == RATE_REPLY


def test_object_may_be_null(world: World) -> None:
    """`object` may be null or absent, as for a flow without inputs."""
    for body in ({"flowName": "Spaces"}, {"flowName": "Spaces", "object": None}):
        assert b'"responseStatus":"SUCCESS"' in world.act(body).body


def test_unknown_keys_are_ignored(world: World) -> None:
    """A key of the request, an input and a field that are not known change nothing, whatever they hold."""
    given = {"RequestBO": {"requestData": "d", "more": [1, {"x": None}]}, "Unknown": {"a": 1}}
    assert world.act({"flowName": "Rate", "object": given, "extra": {"deep": [1, 2]}}).body == RATE_REPLY


def test_unknown_fields_are_counted_in_the_trace(world: World) -> None:
    """The trace of an execution counts the fields and inputs that were not known."""
    given = {"RequestBO": {"requestData": "d", "more": 1, "most": 2}, "Unknown": {"a": 1}}
    world.act({"flowName": "Rate", "object": given})
    assert world.application.do_action.recent.list()[0].unknown_fields == 3


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'Application/JSON; charset="utf-8"',
        "application/json; profile=x",
    ],
)
def test_content_types_that_are_taken(world: World, content_type: str) -> None:
    """A charset parameter is fine as long as it is UTF-8."""
    assert world.act(RATE, headers={"content-type": content_type}).body == RATE_REPLY


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""],
)
def test_content_types_that_are_refused(world: World, content_type: str) -> None:
    """Anything but JSON is 415, still in the six keys."""
    answer = world.act(RATE, headers={"content-type": content_type})
    assert (answer.status, answer.body) == (415, refusal("The body must be application/json in UTF-8."))


def test_an_unknown_charset_is_refused(world: World) -> None:
    """It is 415, and the nearest encoding is named."""
    answer = world.act(RATE, headers={"content-type": "application/json; charset=windows-875"})
    told = 'The body has an encoding that is not known: \\"windows-875\\" (did you mean \\"windows-874\\"?).'
    assert (answer.status, answer.body) == (415, refusal(told))


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("", "utf-8-sig"),
        ("; charset=utf-8", "utf-8-sig"),
        ("; charset=UTF-16", "utf-16-be"),
        ("; charset=tis-620", "cp874"),
    ],
)
def test_bodies_in_their_charset(world: World, charset: str, codec: str) -> None:
    """A mark is skipped and a declared charset is honoured; the reply is in UTF-8 whatever it was."""
    body = msgspec.json.encode(RATE).decode().encode(codec)
    assert world.act(body, headers={"content-type": f"application/json{charset}"}).body == RATE_REPLY


def test_a_compressed_body_is_refused(world: World) -> None:
    """A body with a Content-Encoding is 415."""
    answer = world.act(RATE, headers={"content-encoding": "gzip"})
    assert (answer.status, answer.body) == (415, refusal("The body must not be compressed."))


def test_pretty_printed_json(world: World) -> None:
    """JSON with line breaks and two spaces of indent, as the mobile app sends it, is taken."""
    body = b'{\n  "flowName": "Rate",\n  "object": {\n    "RequestBO": {\n      "requestData": "data"\n    }\n  }\n}'
    assert world.act(body).body == RATE_REPLY


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The body is not JSON: Input data was truncated."),
        (b"[]", "The body must be a JSON object with flowName."),
        (b"null", "The body must be a JSON object with flowName."),
        (b'"text"', "The body must be a JSON object with flowName."),
        (b"{}", "The body needs flowName, a text."),
        (b'{"flowName":null}', "The body needs flowName, a text."),
        (b'{"flowName":""}', "The body needs flowName, a text."),
        (b'{"flowName":7}', "The body needs flowName, a text."),
        (b'{"flowName":"Rate","appName":7}', "The key appName must be a text."),
        (b'{"flowName":"Rate","uniqueId":{}}', "The key uniqueId must be a text."),
        (b'{"flowName":"Rate","snapVersion":[]}', "The key snapVersion must be a text."),
        (b'{"flowName":"Rate","object":[]}', "The key object must be an object: Business Object name to value."),
        (b'{"flowName":"Rate","object":{}', "The body is not JSON: Input data was truncated."),
        (b"\xff\xfe{\x00}\x00", "The body needs flowName, a text."),
        (b"\xff\xfe{\x00}", "The body is not UTF-16: a wrong byte at position 4."),
        (b"\xef\xbb\xbf" * 2 + b"{}", "The body is not JSON: JSON is malformed: invalid character (byte 0)."),
        (b'{"flowName":"\xff"}', "The body is not UTF-8: a wrong byte at position 13."),
        (b"\xef\xbb\xbf{}", "The body needs flowName, a text."),
        (b'{"a":' + b"1" * 100_000 + b"}", "The body is not JSON: Integer value out of range - at `$[...]`."),
        (b'{"a":1.' + b"1" * 100_000 + b"}", "The body is not JSON: a number has more than 1000 digits."),
        (b'{"a":1e999999999}', "The body is not JSON: a number has an exponent beyond 6144."),
        (b'{"a":1e-99999999999999999999}', "The body is not JSON: a number has an exponent beyond 6144."),
        (b'{"a":0e99999999999999999999}', "The body is not JSON: a number has an exponent beyond 6144."),
        (b'{"a":NaN}', "The body is not JSON: JSON is malformed: invalid character (byte 5)."),
        (b'{"a":' * 100_000, "The body is nested deeper than 64 levels."),
        (b"[" * 65 + b"]" * 65, "The body is nested deeper than 64 levels."),
    ],
)
def test_bodies_that_are_no_request(world: World, body: bytes, told: str) -> None:
    """A body that is no request at all is 400 with the reason in the six keys."""
    answer = world.act(body)
    assert (answer.status, answer.body) == (400, refusal(told))


def test_nesting_at_its_limit(world: World) -> None:
    """64 levels are taken, the place being an unknown key."""
    deep = b"[" * 63 + b"]" * 63
    body = b'{"flowName":"Rate","object":{"RequestBO":{"requestData":"d"}},"x":' + deep + b"}"
    assert world.act(body).body == RATE_REPLY


def test_too_many_keys(world: World) -> None:
    """An object of more than 10,000 keys is 400."""
    body = b'{"flowName":"Rate","x":{' + b",".join(b'"%d":0' % n for n in range(10_001)) + b"}}"
    told = "The body has more than 10000 keys in an object or 1000000 in all."
    assert (world.act(body).status, world.act(body).body) == (400, refusal(told))


@pytest.mark.parametrize("letter", ["x", "ก"])
def test_a_text_at_its_limit_and_beyond(world: World, letter: str) -> None:
    """A text of 4 MiB of UTF-8 is taken, one of more is 400: the limit counts bytes, not characters."""
    most = 4 * 1024 * 1024 // len(letter.encode())
    body = {"flowName": "Rate", "object": {"RequestBO": {"requestData": letter * most}}}
    assert world.act(body).body == RATE_REPLY
    body["object"] = {"RequestBO": {"requestData": letter * (most + 1)}}
    answer = world.act(body)
    assert (answer.status, answer.body) == (400, refusal("A text in the body is longer than 4194304 bytes."))


def test_a_body_over_its_limit(world: World) -> None:
    """A body of more than 8 MiB is 413, whether its length is announced or it comes in pieces without one."""
    told = refusal("The body has more than 8388608 bytes.")
    headers = {"content-type": "application/json", **world.session("caller")}
    announced = world.send("POST", "/MicroflowRest/DoAction", b"", {**headers, "content-length": "8388609"})
    assert (announced.status, announced.body) == (413, told)
    pieces = [b" " * 1024 * 1024] * 9
    assert world.send("POST", "/MicroflowRest/DoAction", pieces, headers).body == told
    in_one = world.send("POST", "/MicroflowRest/DoAction", b" " * (8 * 1024 * 1024 + 1), headers)
    assert (in_one.status, in_one.body) == (413, told)


def test_a_huge_content_length(world: World) -> None:
    """A length of thousands of digits is 413 and breaks nothing; the HTTP parser lets only digits through."""
    headers = {"content-type": "application/json", **world.session("caller"), "content-length": "9" * 5000}
    assert world.send("POST", "/MicroflowRest/DoAction", b"{}", headers).status == 413


def test_a_body_that_does_not_arrive(world: World) -> None:
    """A body that stays away for longer than its time is 400, and the next call is served."""
    headers = {"content-type": "application/json", **world.session("caller")}
    answer = world.send("POST", "/MicroflowRest/DoAction", [b"{"] * 100, headers, pause_seconds=0.2)
    assert (answer.status, answer.body) == (400, refusal("The body did not arrive within 1.0 seconds."))
    assert world.act(RATE).body == RATE_REPLY


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "POSTX"])
def test_other_methods(world: World, method: str) -> None:
    """DoAction takes POST; anything else is 405 and says so."""
    answer = world.send(method, "/MicroflowRest/DoAction")
    assert (answer.status, answer.header("allow")) == (405, "POST, OPTIONS")
    assert answer.body == refusal("DoAction takes POST.")


@pytest.mark.parametrize(
    "path", ["/MicroflowRest/DoAction/", "/MicroflowRest/doaction", "/MicroflowRest/", "/MicroflowRest/DoActionX"]
)
def test_paths_beside_it(world: World, path: str) -> None:
    """A path that does not exist is 404 in the six keys, never a redirect and never HTML."""
    answer = world.send("POST", path, b"{}", {"content-type": "application/json", **world.session("caller")})
    assert (answer.status, answer.body) == (404, refusal("There is no such path."))
    assert answer.header("content-type") == "application/json; charset=utf-8"
    assert answer.header("location") is None


def test_the_context_root_is_exact(world: World) -> None:
    """Under a context root, the bare path does not exist; at the root, a prefixed one does not."""
    other = "/MicroflowRest/DoAction" if world.prefix else "/oneweb/MicroflowRest/DoAction"
    kept, world.prefix = world.prefix, ""
    try:
        answer = world.send("POST", other, b"{}", {"content-type": "application/json"})
    finally:
        world.prefix = kept
    assert (answer.status, answer.body) == (404, refusal("There is no such path."))


def test_another_host(world: World) -> None:
    """A request for a host that is not ours is 400: pages of others cannot reach a local server by a name of theirs."""
    answer = world.send("POST", "/MicroflowRest/DoAction", b"{}", host="evil.example")
    assert (answer.status, answer.body) == (400, refusal("This server does not answer for that host."))


# Strict where data is


@pytest.mark.parametrize(
    ("field", "sent", "told"),
    [
        ("amount", '"100.00"', 'expected decimal, found text \\"100.00\\"'),
        ("amount", '"NaN"', 'expected decimal, found text \\"NaN\\"'),
        ("amount", "true", "expected decimal, found true"),
        ("amount", "[]", "expected decimal, found a list of 0"),
        ("amount", "{}", "expected decimal, found an object"),
        ("count", "7.5", "expected integer, found number 7.5"),
        ("count", '"7"', 'expected integer, found text \\"7\\"'),
        ("count", "1e1000", "expected integer, found number 1E+1000"),
    ],
)
def test_values_of_another_type(world: World, field: str, sent: str, told: str) -> None:
    """A value of another type than declared is a failed call that names path, expected and found."""
    answer = world.act(b'{"flowName":"Numbers","object":{"Numbers":{"' + f'{field}":{sent}'.encode() + b"}}}")
    expected = (
        f'{{"exception":"Numbers: Numbers.{field}: {told}.","responseStatus":"ERROR","responseObjectsMap":{{}},'
        f'"flowName":"Numbers","flowId":"id-of-Numbers","tId":"{EXECUTION_ID}"}}'
    )
    assert (answer.status, answer.body.decode()) == (200, expected)


@pytest.mark.parametrize(("sent", "told"), [("7.0", "7"), ("7e0", "7"), ("7", "7"), ("70E-1", "7"), ("-0", "0")])
def test_whole_numbers_in_any_writing(world: World, sent: str, told: str) -> None:
    """An integer may be written with a fraction of zero or an exponent."""
    answer = world.act(b'{"flowName":"Numbers","object":{"Numbers":{"count":' + sent.encode() + b"}}}")
    assert b'{"Numbers":{"amount":null,"count":' + told.encode() + b"}}" in answer.body


# Which flow is meant


@pytest.mark.parametrize(
    ("given", "text", "flow_id"),
    [
        ({"appName": "Wire"}, "wire", "same-in-wire"),
        ({"appName": "Twin"}, "twin", "same-in-twin"),
        ({"uniqueId": "same-in-twin"}, "twin", "same-in-twin"),
        ({"snapVersion": "v.1.0.0"}, "wire", "same-in-wire"),
        ({"snapVersion": "v.2.0.0", "appName": "Twin", "uniqueId": "same-in-twin"}, "twin", "same-in-twin"),
    ],
)
def test_given_fields_choose_the_flow(world: World, given: dict[str, str], text: str, flow_id: str) -> None:
    """App, unique id and snapshot version each narrow down what is meant."""
    assert world.act({"flowName": "Same", **given}).body == said(text, "Same", flow_id)


def test_the_full_name_of_a_snapshot(world: World) -> None:
    """A working snapshot may be named exactly, with the digits of its content."""
    snapshot = next(
        entry.record.snapshot
        for entry in world.runtime.catalog.find_named("Same")
        if entry.record.app == "Twin"
    )  # fmt: skip
    answer = world.act({"flowName": "Same", "snapVersion": snapshot})
    assert answer.body == said("twin", "Same", "same-in-twin")


@pytest.mark.parametrize(
    "given",
    [
        {"appName": "wire"},
        {"appName": "Wire", "uniqueId": "same-in-twin"},
        {"snapVersion": "v.1.0"},
        {"snapVersion": "v.1.0.0+00000000"},
        {"flowName": "same"},
        {"flowName": "Same "},
        {"flowName": "No Such Flow"},
    ],
)
def test_fields_that_match_nothing(world: World, given: dict[str, str]) -> None:
    """All given fields must match, exactly and by case; else there is no such flow."""
    body = {"flowName": "Same", **given}
    answer = world.act(body)
    assert (answer.status, answer.body) == (404, refusal("There is no such flow.", body["flowName"]))


def test_an_ambiguous_name_lists_the_permitted_apps_only(world: World) -> None:
    """A name in two permitted apps is a failed call that lists these two and keeps quiet about the third."""
    answer = world.act({"flowName": "Same"})
    told = 'The flow \\"Same\\" is in several apps; name one in appName: Twin, Wire.'
    assert (answer.status, answer.body) == (200, refusal(told, "Same"))


def test_an_ambiguous_name_without_a_session(world: World) -> None:
    """Without a session only the apps whose flow is open to anonymous are listed."""
    answer = world.act({"flowName": "Open In Two"}, user=None)
    told = 'The flow \\"Open In Two\\" is in several apps; name one in appName: Twin, Wire.'
    assert (answer.status, answer.body) == (200, refusal(told, "Open In Two"))


# Who is let in


def test_order_of_refusals(world: World) -> None:
    """No session is 401 also for an unknown flow, then an unknown flow 404, then a flow that is not permitted 403."""
    for flow in ("No Such Flow", "Secret", "Rate", "Wants To Be Open"):
        answer = world.act({"flowName": flow}, user=None)
        assert (answer.status, answer.body) == (401, refusal(NO_SESSION, flow))
        assert answer.header("www-authenticate") == "Bearer"
    unknown = world.act({"flowName": "No Such Flow"}, user="stranger")
    assert (unknown.status, unknown.body) == (404, refusal("There is no such flow.", "No Such Flow"))
    forbidden = world.act({"flowName": "Secret"})
    told = "No role of caller permits to execute this flow."
    assert (forbidden.status, forbidden.body) == (403, refusal(told, "Secret"))


def test_a_flow_open_to_anonymous(world: World) -> None:
    """A flow that is open runs without a session."""
    assert world.act({"flowName": "Open"}, user=None).body == said("welcome", "Open", "open")


def test_a_flow_open_to_anonymous_needs_the_right_with_a_session(world: World) -> None:
    """With a session, the session's rights count: being open to anonymous gives a user nothing."""
    answer = world.act({"flowName": "Open"}, user="stranger")
    told = "No role of stranger permits to execute this flow."
    assert (answer.status, answer.body) == (403, refusal(told, "Open"))


def _with(world: World, flow: str, *headers: tuple[str, str]) -> Answer:
    pairs = [("content-type", "application/json"), *headers]
    body = b'{"flowName":"' + flow.encode() + b'","object":{"RequestBO":{"requestData":"data"}}}'
    return world.send("POST", "/MicroflowRest/DoAction", body, pairs)


def test_the_ways_a_session_may_come(world: World) -> None:
    """Bearer, IAMToken, both with one token, and Bearer with an empty IAMToken are all the same session."""
    token = world.tokens["caller"]
    for headers in (
        [("authorization", f"Bearer {token}")],
        [("authorization", f"bearer {token}")],
        [("iamtoken", token)],
        [("authorization", f"Bearer {token}"), ("iamtoken", token)],
        [("authorization", f"Bearer {token}"), ("iamtoken", "")],
        [("authorization", ""), ("iamtoken", token)],
    ):
        assert _with(world, "Rate", *headers).body == RATE_REPLY


def test_an_empty_iamtoken_alone_is_no_session(world: World) -> None:
    """An empty header counts as absent: 401 for a closed flow, and an open one runs."""
    assert _with(world, "Rate", ("iamtoken", "")).body == refusal(NO_SESSION, "Rate")
    assert _with(world, "Open", ("iamtoken", "")).body == said("welcome", "Open", "open")


def test_the_cookie_of_a_login(world: World) -> None:
    """The cookie that a login sets is a session, with and without a suffix; the access token is not its value."""
    login = world.send(
        "POST",
        "/IAM2RESTService/services/v1/login",
        b'{"username":"caller","password":"long enough"}',
        {"content-type": "application/json"},
    )
    assert login.status == 200
    cookie = (login.header("set-cookie") or "").partition(";")[0]
    assert cookie.startswith("JSESSIONID=mfs1_")
    assert _with(world, "Rate", ("cookie", cookie)).body == RATE_REPLY
    assert _with(world, "Rate", ("cookie", f"a=b; {cookie}.pod1")).body == RATE_REPLY
    assert _with(world, "Rate", ("cookie", f"JSESSIONID={world.tokens['caller']}")).status == 401


_NO_TOKENS = [
    ("authorization", "Bearer garbage"),
    ("authorization", "Basic YTpi"),
    ("authorization", "Bearer"),
    ("authorization", "Bearer mf1_" + "A" * 48),
    ("iamtoken", "garbage"),
    ("cookie", "JSESSIONID=garbage"),
]


@pytest.mark.parametrize(("name", "value"), _NO_TOKENS)
def test_a_session_that_is_none(world: World, name: str, value: str) -> None:
    """What names no valid session counts as none: 401 for a closed or unknown flow, and an open flow runs."""
    for flow in ("Rate", "No Such Flow"):
        answer = _with(world, flow, (name, value))
        assert (answer.status, answer.body) == (401, refusal(NO_SESSION, flow))
    assert _with(world, "Open", (name, value)).body == said("welcome", "Open", "open")


@pytest.mark.parametrize(("name", "value"), _NO_TOKENS)
def test_a_right_that_was_taken_away_is_gone_for_them_too(world: World, name: str, value: str) -> None:
    """A call whose session is none sees the rights of service accounts as they are now, not as they were."""
    assert _with(world, "Open", (name, value)).status == 200
    world.run(set_role(world.security, OPERATOR, "caller", ungrant=[("Wire/Open", "guest")]))
    try:
        assert _with(world, "Open", (name, value)).status == 401
    finally:
        world.run(set_role(world.security, OPERATOR, "caller", grant=[("Wire/Open", "guest")]))
    assert _with(world, "Open", (name, value)).status == 200


def test_two_sessions_in_two_headers(world: World) -> None:
    """Two headers of different sessions are refused, whatever the flow."""
    headers = [("authorization", f"Bearer {world.tokens['caller']}"), ("iamtoken", world.tokens["operator"])]
    for flow in ("Rate", "Open"):
        answer = _with(world, flow, *headers)
        told = "Authorization and IAMToken name different sessions."
        assert (answer.status, answer.body) == (401, refusal(told))


def test_one_header_twice_is_no_session(world: World) -> None:
    """The same header given twice names no session, even with the same token."""
    header = ("authorization", f"Bearer {world.tokens['caller']}")
    assert _with(world, "Rate", header, header).status == 401


def test_a_cookie_from_a_foreign_page(world: World) -> None:
    """A call with the cookie that a page of another origin made is 403."""
    login = world.send(
        "POST",
        "/IAM2RESTService/services/v1/login",
        b'{"username":"caller","password":"long enough"}',
        {"content-type": "application/json"},
    )
    cookie = (login.header("set-cookie") or "").partition(";")[0]
    answer = _with(world, "Rate", ("cookie", cookie), ("origin", "https://evil.example"))
    told = "A call with the session cookie must come from a page of this server."
    assert (answer.status, answer.body) == (403, refusal(told))


# Too many at once


def test_a_server_that_is_full(world: World) -> None:
    """Beyond the executions that a worker takes at once a call is 503 with Retry-After, and served when there is room."""
    metrics = world.runtime.metrics
    metrics.under_way += world.settings.concurrent_executions
    try:
        answer = world.act(RATE)
    finally:
        metrics.under_way -= world.settings.concurrent_executions
    assert (answer.status, answer.body) == (503, refusal("Too many executions are under way.", "Rate"))
    assert answer.header("retry-after") == "1"
    assert world.act(RATE).body == RATE_REPLY
    assert metrics.under_way == 0


def test_a_caller_with_too_many_calls(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a caller's own share its call is 429 with Retry-After, and others are served."""
    share = {"caller": world.settings.concurrent_per_principal}
    monkeypatch.setattr(world.application.do_action, "_under_way", share)
    answer = world.act(RATE)
    assert (answer.status, answer.body) == (429, refusal("Too many of your executions are under way.", "Rate"))
    assert answer.header("retry-after") == "1"
    assert world.act(RATE, user="operator").body == RATE_REPLY


def test_too_many_calls_without_a_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the rate of callers without a session their call is 429 with Retry-After, and sessions are served."""
    monkeypatch.setattr(world.security, "_anonymous_rate", RateLimit(0.0))
    answer = world.act({"flowName": "Open"}, user=None)
    assert (answer.status, answer.body) == (429, refusal("Too many calls without a session.", "Open"))
    assert answer.header("retry-after") == "60"
    assert world.act(RATE).body == RATE_REPLY


# Epochs


def test_a_min_epoch_that_is_reached(world: World) -> None:
    """A caller may ask for the epoch that it has seen."""
    epoch = world.runtime.catalog.epoch
    assert world.act(RATE, headers={"x-microflow-min-epoch": str(epoch)}).body == RATE_REPLY


def test_a_min_epoch_that_is_not_reached(world: World) -> None:
    """An epoch that this server has not reached is 503 with Retry-After."""
    epoch = world.runtime.catalog.epoch
    answer = world.act(RATE, headers={"x-microflow-min-epoch": str(epoch + 1)})
    assert (answer.status, answer.body) == (503, refusal(f"This server is at epoch {epoch}."))
    assert answer.header("retry-after") == "1"


@pytest.mark.parametrize("value", ["", "-1", "x", "1.0", "9" * 19])
def test_a_min_epoch_that_is_none(world: World, value: str) -> None:
    """An epoch that is no whole number is 400."""
    answer = world.act(RATE, headers={"x-microflow-min-epoch": value})
    assert (answer.status, answer.body) == (400, refusal("X-Microflow-Min-Epoch must be a whole number."))


# Pages of other origins


def test_a_preflight_is_answered_before_the_session_check(world: World) -> None:
    """A preflight of a configured origin is 204 with what the page may do, without any session."""
    headers = {"origin": PAGE_ORIGIN, "access-control-request-method": "POST"}
    answer = world.send("OPTIONS", "/MicroflowRest/DoAction", None, headers)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers == (
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"access-control-allow-origin", PAGE_ORIGIN.encode()),
        (b"access-control-allow-credentials", b"true"),
        (
            b"access-control-expose-headers",
            (
                b"X-Microflow-Error, X-Microflow-Error-Code, X-Microflow-Snapshot, X-Microflow-Epoch, X-Microflow-Worker, "
                b"X-Microflow-Answering, X-Microflow-Notice, Retry-After"
            ),
        ),
        (b"vary", b"Origin"),
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        (
            b"access-control-allow-headers",
            (
                b"Authorization, Content-Type, IAMToken, Idempotency-Key, Traceparent, X-Microflow-Min-Epoch, "
                b"X-Requested-With"
            ),
        ),
        (b"access-control-max-age", b"600"),
        (b"x-microflow-epoch", str(world.runtime.catalog.epoch).encode()),
    )


def test_a_preflight_of_a_foreign_origin(world: World) -> None:
    """A preflight of an origin that is not configured is told nothing."""
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = world.send("OPTIONS", "/MicroflowRest/DoAction", None, headers)
    assert answer.status == 204
    assert answer.header("access-control-allow-origin") is None


@pytest.mark.parametrize(
    ("method", "path", "user", "body", "status"),
    [
        ("POST", "/MicroflowRest/DoAction", "caller", b'{"flowName":"Spaces"}', 200),
        ("POST", "/MicroflowRest/DoAction", "caller", b'{"flowName":"No Such"}', 404),
        ("POST", "/MicroflowRest/DoAction", "caller", b'{"flowName":"Secret"}', 403),
        ("POST", "/MicroflowRest/DoAction", "caller", b"{", 400),
        ("POST", "/MicroflowRest/DoAction", None, b'{"flowName":"Rate"}', 401),
        ("GET", "/MicroflowRest/DoAction", None, None, 405),
        ("GET", "/MicroflowRest/refreshCache", None, None, 401),
        ("POST", "/MicroflowRest/classAction", "caller", b"{}", 403),
        ("GET", "/MicroflowRest/nothing", None, None, 404),
        ("POST", "/IAM2RESTService/services/v1/login", None, b"{}", 400),
    ],
)
def test_cors_headers_on_every_answer(
    world: World, method: str, path: str, user: str | None, body: bytes | None, status: int
) -> None:
    """A page of a configured origin can read every answer, refusals too; another's cannot."""
    headers = {"content-type": "application/json", **world.session(user)}
    ours = world.send(method, path, body, {**headers, "origin": PAGE_ORIGIN})
    assert (ours.status, ours.header("access-control-allow-origin")) == (status, PAGE_ORIGIN)
    assert ours.header("vary") == "Origin"
    theirs = world.send(method, path, body, {**headers, "origin": "https://app.example.evil.example"})
    assert (theirs.status, theirs.header("access-control-allow-origin")) == (status, None)
