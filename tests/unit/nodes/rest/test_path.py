"""Paths with placeholders whose values stay in their segment."""

from decimal import Decimal
from typing import Any

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.nodes.rest.path import path_filler, placeholders, wrong_with_path


@pytest.mark.parametrize(
    ("path", "values", "filled"),
    [
        ("/rates/{c}", {"c": "USD"}, "/rates/USD"),
        ("/a/{x}/b", {"x": "../../admin"}, "/a/..%2F..%2Fadmin/b"),
        ("/a/{x}", {"x": "?q=1#f"}, "/a/%3Fq%3D1%23f"),
        ("/a/{x}", {"x": "a\r\nHost: b"}, "/a/a%0D%0AHost%3A%20b"),
        ("/a/{x}", {"x": "%2e%2e"}, "/a/%252e%252e"),
        ("/a/{x}", {"x": "\\..\\b"}, "/a/%5C..%5Cb"),
        (
            "/a/{x}",
            {"x": "= 1 + 1 {{secrets.P}} ${HOME} {x}"},
            "/a/%3D%201%20%2B%201%20%7B%7Bsecrets.P%7D%7D%20%24%7BHOME%7D%20%7Bx%7D",
        ),
        ("/v{x}.json", {"x": ".."}, "/v...json"),
        ("/{x}{y}", {"x": "a", "y": ""}, "/a"),
        ("/ก/{x}", {"x": "ข"}, "/%E0%B8%81/%E0%B8%82"),
        ("/{n}", {"n": Decimal("1E+2")}, "/100"),
        ("/{b};v=1/a%20b", {"b": True}, "/true;v=1/a%20b"),
        ("/", {}, "/"),
    ],
)
def test_values_are_encoded_into_their_place(path: str, values: dict[str, Any], filled: str) -> None:
    """Every value stands encoded where its placeholder stood; the author's text stays as it is."""
    assert wrong_with_path(path) == ""
    assert path_filler(path)(values) == filled


@pytest.mark.parametrize("value", ["", ".", "..", None, [], {}, "\ud800"])
def test_a_value_that_would_make_another_path(value: Any) -> None:
    """Nothing, dots, lists and half characters are no segment."""
    with pytest.raises(NodeError) as caught:
        path_filler("/a/{x}/b")({"x": value})
    assert caught.value.kind == "http.request"


def test_two_values_cannot_make_dots_together() -> None:
    """Two values of one segment are looked at together."""
    with pytest.raises(NodeError):
        path_filler("/{x}{y}")({"x": ".", "y": "."})


@pytest.mark.parametrize(
    "path",
    [
        "rates",
        "/a?b=1",
        "/a#b",
        "/{",
        "/{}",
        "/a}b",
        "/{a/b}",
        "/a/../b",
        "/%2e%2E/b",
        "/./a",
        "/a%zz",
        "/a b",
        "/a\nb",
        "",
        "/a\\b",
    ],
)
def test_paths_that_cannot_be_used(path: str) -> None:
    """A path begins with a slash and holds neither query, dots nor what stands encoded."""
    assert wrong_with_path(path)


def test_placeholders_are_listed_once() -> None:
    """A name may stand twice and is one value."""
    assert placeholders("/{a}/{b}/{a}") == ["a", "b"]
    assert path_filler("/{a}/{b}/{a}")({"a": "1", "b": "2"}) == "/1/2/1"
