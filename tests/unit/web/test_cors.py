"""Which pages may call."""

from microflow_runtime.web.cors import Cors

PAGE = b"https://page.example"


def _allowed(cors: Cors, origin: bytes) -> bytes | None:
    return dict(cors.headers_for(origin)).get(b"access-control-allow-origin")


def test_origins_are_exact() -> None:
    """Neither another scheme, port, case, end nor beginning is the origin."""
    cors = Cors([PAGE.decode()])
    assert _allowed(cors, PAGE) == PAGE
    for other in (b"http://page.example", PAGE + b":443", PAGE + b".evil", b"https://PAGE.example", b"null", b"", b"*"):
        assert _allowed(cors, other) is None
        assert dict(cors.preflight(other)) == {b"vary": b"Origin"}


def test_only_named_origins_may_send_cookies() -> None:
    """`*` lets every page call, without credentials."""
    named, anybody = dict(Cors([PAGE.decode()]).headers_for(PAGE)), dict(Cors(["*"]).headers_for(PAGE))
    assert named[b"access-control-allow-credentials"] == b"true"
    assert named[b"vary"] == b"Origin"
    assert anybody[b"access-control-allow-origin"] == b"*"
    assert b"access-control-allow-credentials" not in anybody


def test_a_preflight_tells_methods_and_headers() -> None:
    """The headers that clients send are among those allowed."""
    told = dict(Cors([PAGE.decode()]).preflight(PAGE))
    assert told[b"access-control-allow-methods"] == b"GET, POST, DELETE"
    headers = {name.strip().lower() for name in told[b"access-control-allow-headers"].split(b",")}
    assert {b"authorization", b"iamtoken", b"content-type", b"x-microflow-min-epoch"} <= headers


def test_no_origin_no_headers() -> None:
    """A client that is no page gets none of them."""
    assert Cors(["*"]).headers_for(None) == ()
