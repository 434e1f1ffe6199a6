"""One reading of a request's head: what is taken, and what a neighbour on the way might read otherwise."""

import pytest

from microflow_runtime.errors import BadRequest, HeadersTooLarge, UrlTooLong
from microflow_runtime.web.request_head import (
    MOST_FIELDS,
    MOST_HEAD_BYTES,
    MOST_URL_BYTES,
    check_fields,
    check_size,
    check_target,
)

_HOST = (b"host", b"mf.example")
_PATH = b"/MicroflowRest/DoAction"


@pytest.mark.parametrize(
    ("version", "headers"),
    [
        ("1.1", [_HOST]),
        ("1.1", [_HOST, (b"transfer-encoding", b"chunked")]),
        ("1.1", [_HOST, (b"transfer-encoding", b"Chunked ")]),
        ("1.1", [_HOST, (b"content-length", b"3")]),
        ("1.1", [_HOST, (b"cookie", b"a=1"), (b"cookie", b"b=2")]),
        ("1.0", []),
        ("1.0", [(b"content-length", b"3")]),
    ],
)
def test_fields_with_one_reading_are_taken(version: str, headers: list[tuple[bytes, bytes]]) -> None:
    """The common forms pass, and the fields are given by name."""
    assert check_fields(version, headers) == dict(headers)


@pytest.mark.parametrize(
    ("version", "headers", "told"),
    [
        ("1.1", [], "names its host"),
        ("1.1", [_HOST, _HOST], "host came more than once"),
        ("1.1", [_HOST, (b"host", b"other.example")], "host came more than once"),
        ("1.0", [_HOST, _HOST], "host came more than once"),
        ("0.9", [_HOST], "HTTP/1.1 and HTTP/1.0"),
        ("2.0", [_HOST], "HTTP/1.1 and HTTP/1.0"),
        ("1.0", [_HOST, (b"transfer-encoding", b"chunked")], "HTTP/1.0 knows no"),
        ("1.0", [_HOST, (b"transfer-encoding", b"identity")], "HTTP/1.0 knows no"),
        ("1.1", [_HOST, (b"transfer-encoding", b"gzip, chunked")], "chunked"),
        ("1.1", [_HOST, (b"transfer-encoding", b"identity")], "chunked"),
        ("1.1", [_HOST, (b"transfer-encoding", b"")], "chunked"),
        ("1.1", [_HOST, (b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")], "more than once"),
        ("1.1", [_HOST, (b"content-length", b"3"), (b"content-length", b"3")], "more than once"),
    ],
)
def test_fields_with_two_readings_are_refused(version: str, headers: list[tuple[bytes, bytes]], told: str) -> None:
    """Where the host or the end of the request is not said once and plainly, the request is bad."""
    with pytest.raises(BadRequest, match=told):
        check_fields(version, headers)


def test_so_many_fields_are_taken_and_no_more() -> None:
    """The hundredth field passes, the next does not."""
    fields = [_HOST, *((b"x-%d" % number, b"") for number in range(MOST_FIELDS - 1))]
    assert len(check_fields("1.1", fields)) == MOST_FIELDS
    with pytest.raises(HeadersTooLarge):
        check_fields("1.1", [*fields, (b"x", b"")])


def test_the_size_of_a_head_is_counted_with_its_request_line() -> None:
    """A head of just so many bytes passes, with one more it does not."""
    empty = len(b"POST /x HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n")
    fits = [(b"host", b"a"), (b"x", b"y" * (MOST_HEAD_BYTES - empty))]
    check_size(b"POST", b"/x", fits)
    with pytest.raises(HeadersTooLarge):
        check_size(b"POST", b"/xy", fits)


@pytest.mark.parametrize(
    ("target", "given"),
    [
        (_PATH, _PATH),
        (_PATH + b"?x=%2f#"[:-1], _PATH + b"?x=%2f"),
        (b"http://mf.example" + _PATH, _PATH),
        (b"HTTPS://MF.example" + _PATH + b"?x=1", _PATH + b"?x=1"),
        (b"http://mf.example", b"/"),
        (b"http://mf.example?x", b"/?x"),
        (b"/snapshots/My%20App/v.1/activate", b"/snapshots/My%20App/v.1/activate"),
        (b"/snapshots/%E0%B8%81%2B100%25/v", b"/snapshots/%E0%B8%81%2B100%25/v"),
        (b"/snapshots/.hidden/..b", b"/snapshots/.hidden/..b"),
        (b"/a?x=../..\\y", b"/a?x=../..\\y"),
    ],
)
def test_targets_with_one_reading_are_given_as_path_and_query(target: bytes, given: bytes) -> None:
    """A URL of this host counts as its path; escapes of what needs them stay."""
    assert check_target(b"GET", target, b"mf.example") == given


@pytest.mark.parametrize(
    "target",
    [
        b"http://other.example" + _PATH,
        b"http://mf.example:81" + _PATH,
        b"http://mf.example.evil.example/x",
        b"http://user@mf.example/x",
        b"http://mf.example@evil.example/x",
        b"ftp://mf.example/x",
        b"http:///x",
        b"//mf.example/x#y",
        b"mf.example:80",
        b"*",
        _PATH + b"#x",
        _PATH + b"?a#x",
        b"/MicroflowRest%2fDoAction",
        b"/MicroflowRest%2FDoAction",
        b"/MicroflowRest%5cDoAction",
        b"/MicroflowRest\\DoAction",
        b"/MicroflowRest/Do%41ction",
        b"/MicroflowRest/%44oAction",
        b"/%4dicroflowRest/DoAction",
        b"/MicroflowRest/DoAction%2f",
        b"/MicroflowRest/DoAction%00",
        b"/MicroflowRest/DoAction%0d%0aX:%20y",
        b"/MicroflowRest/%2e%2e/DoAction",
        b"/MicroflowRest/./DoAction",
        b"/x/../MicroflowRest/DoAction",
        b"/MicroflowRest/DoAction/..",
        b"/livez%7f",
        b"/live%7a",
        b"/snapshots/a%2Db/v%2E1/activate",
        b"/snapshots/%ff/v/activate",
        b"/snapshots/%c0%af/v/activate",
        b"/snapshots/%/v",
        b"/snapshots/%4/v",
        b"/snapshots/%zz/v",
        b"/x%3",
    ],
)
def test_targets_with_two_readings_are_refused(target: bytes) -> None:
    """Another host or form, a fragment, hidden words, slashes and dots, and escapes that are none are bad requests."""
    with pytest.raises(BadRequest):
        check_target(b"POST", target, b"mf.example")


def test_the_star_is_for_options_alone() -> None:
    """`OPTIONS *` asks about the server."""
    assert check_target(b"OPTIONS", b"*", b"mf.example") == b"*"


def test_a_url_of_so_many_bytes_is_taken_and_no_more() -> None:
    """The bound of the target is its own."""
    fits = b"/" + b"x" * (MOST_URL_BYTES - 1)
    assert check_target(b"GET", fits, b"mf.example") == fits
    with pytest.raises(UrlTooLong):
        check_target(b"GET", fits + b"x", b"mf.example")
