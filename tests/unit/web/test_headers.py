"""Headers of requests: found in one pass, and what counts as JSON."""

import pytest

from microflow_runtime.web import headers
from microflow_runtime.web.headers import error_headers, is_json, json_encoding, pick


def test_only_the_wanted_headers_are_kept() -> None:
    """Others are passed over; cookies of two headers are one list."""
    headers = [(b"x-other", b"1"), (b"cookie", b"a=1"), (b"host", b"h"), (b"cookie", b"b=2")]
    assert pick(headers) == {b"cookie": b"a=1; b=2", b"host": b"h"}


def test_a_header_that_comes_twice_fits_nothing() -> None:
    """Two tokens are neither the first nor the second."""
    found = pick([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")])
    assert found == {b"authorization": b"Bearer a, Bearer b"}


@pytest.mark.parametrize(
    ("content_type", "wanted"),
    [
        (b"application/json", True),
        (b"application/json; charset=utf-8", True),
        (b'Application/JSON;charset="UTF-8"', True),
        (b"application/json; charset=utf8; x=y", True),
        (b"application/json; charset=latin-1", False),
        (b"application/json; charset=utf-16", False),
        (b"application/json; charset", False),
        (b"application/json; xcharset=utf-16", True),
        (b"application/jsonp", False),
        (b"application/json, text/plain", False),
        (b"text/plain", False),
        (b"text/plain; x=application/json", False),
        (b"", False),
        (None, False),
    ],
)
def test_what_counts_as_json(content_type: bytes | None, wanted: bool) -> None:
    """JSON in UTF-8, by whatever parameters, and nothing else."""
    assert [is_json(content_type), is_json(content_type)] == [wanted] * 2


def test_few_content_types_are_remembered() -> None:
    """Clients send few; what many or long ones would take is bounded, and they count all the same."""
    assert all(is_json(b"application/json; x=%d" % number) for number in range(1_000))
    assert is_json(b"application/json; x=" + b"y" * 10_000)
    assert len(headers._plain) <= 64
    assert max(map(len, headers._plain)) <= 100


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        (b"application/json", "UTF-8"),
        (b'APPLICATION/JSON; x="a"; Charset = "Windows-874"', "windows-874"),
        (b"application/json;charset=TIS_620", "TIS-620"),
        (b"text/plain; charset=utf-8", None),
        (None, None),
    ],
)
def test_the_encoding_of_a_body(content_type: bytes | None, name: str | None) -> None:
    """What `charset` says by any label, UTF-8 without it, none for what is not JSON."""
    found = json_encoding(content_type)
    assert (None if found is None else found.name) == name


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("request.conflict", b"request.conflict"),
        ("no luck", b"no luck"),
        ("a\r\nX: y", b"a%0D%0AX: y"),
        ("100%", b"100%25"),
        ("\u0e44\u0e21\u0e48", b"%E0%B9%84%E0%B8%A1%E0%B9%88"),
        ("a\0\x7f", b"a%00%7F"),
    ],
)
def test_a_kind_of_any_script_is_one_header(kind: str, sent: bytes) -> None:
    """What cannot stand in a header is percent-encoded, so that it can be read back and never ends a line."""
    assert dict(error_headers(kind, "MF-E010"))[b"x-microflow-error"] == sent
