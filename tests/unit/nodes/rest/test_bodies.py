"""Bodies by their content."""

from decimal import Decimal
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.feel import parse_date
from microflow_runtime.nodes.rest.bodies import write_body


def test_a_form_is_encoded() -> None:
    """Names and values keep their places whatever they hold; lists repeat, null is left out."""
    value = {
        "a&b": "c=d&e",
        "n": Decimal("1E+2"),
        "l": ["x", True],
        "none": None,
        "d": parse_date("2026-05-19"),
        "t": "ก +",
    }
    body, kind = write_body("form", value)
    assert kind == "application/x-www-form-urlencoded"
    assert parse_qsl(body.decode()) == [
        ("a&b", "c=d&e"),
        ("n", "100"),
        ("l", "x"),
        ("l", "true"),
        ("d", "2026-05-19"),
        ("t", "ก +"),
    ]


def test_a_multipart_body_keeps_its_parts() -> None:
    """Names and file names cannot add headers or parts."""
    value = {
        'a"\r\nX-Evil: 1': "v",
        "f": {"file": 'r"\r\n.txt', "content": "ไทย", "type": "text/csv"},
        "l": ["1", {"file": "b", "content": "c"}],
        "none": None,
    }
    body, kind = write_body("multipart", value)
    parsed = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts: Any = parsed.get_payload()
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["a%22%0D%0AX-Evil: 1", "f", "l", "l"]
    assert [part.get_filename() for part in parts] == [None, "r%22%0D%0A.txt", None, "b"]
    assert parts[1].get_content_type() == "text/csv"
    assert parts[1].get_payload(decode=True).decode() == "ไทย"
    assert not any(part["X-Evil"] for part in parts)


def test_text_and_json() -> None:
    """A text is sent as it is, in UTF-8."""
    assert write_body("text", "= 1 + 1 ไทย") == ("= 1 + 1 ไทย".encode(), "text/plain; charset=utf-8")
    assert write_body("json", "= 1 + 1") == (b'"= 1 + 1"', "application/json")
    assert write_body("xml", {"a": None})[1] == "application/xml"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("form", "x"),
        ("form", {"a": {"b": "c"}}),
        ("multipart", ["x"]),
        ("multipart", {"a": {"b": "c"}}),
        ("multipart", {"a": {"file": "x", "content": "y", "type": "a\r\nb"}}),
        ("text", None),
        ("text", ["x"]),
        ("text", "\ud800"),
        ("multipart", {"a": "\ud800"}),
    ],
)
def test_values_that_do_not_fit(content: str, value: Any) -> None:
    """What a kind of content cannot hold is an error of the request."""
    with pytest.raises(NodeError) as caught:
        write_body(content, value)
    assert caught.value.kind == "http.request"
