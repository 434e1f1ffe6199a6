"""Rules for statuses, and what the error of one tells."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from microflow_runtime.engine.http import HttpReply
from microflow_runtime.nodes.rest.statuses import failure, is_status, rule_of, wait_of


def test_an_exact_rule_wins_over_its_class() -> None:
    """Without rules the 200s are a success and every other status an error of its own kind."""
    rule = rule_of({"404": "nothing", "4xx": "refused", "202": "not yet"})
    found = [rule(status) for status in (200, 202, 299, 302, 404, 409, 500)]
    assert found == ["success", "not yet", "success", "http.302", "nothing", "refused", "http.500"]


@pytest.mark.parametrize(
    ("text", "is_so"), [("404", True), ("5xx", True), ("6xx", False), ("40", False), ("4XX", False)]
)
def test_what_a_rule_stands_under(text: str, *, is_so: bool) -> None:
    """A rule is for one status or one class of them."""
    assert is_status(text) is is_so


def test_the_error_of_a_status_is_bounded() -> None:
    """A catch sees status, harmless headers and a body that is cut, which it says."""
    headers = {"content-type": "text/plain", "set-cookie": "s=1", "x-request-id": "7", "server": "x", "location": "y"}
    error = failure(HttpReply(status=500, headers=headers, body=b"a" * 10_000), "http.500", "GET /x/{id}", repeats=True)
    assert error.message == "the server answered 500 to GET /x/{id}."
    assert error.data == {
        "status": Decimal(500),
        "headers": {"content-type": "text/plain", "x-request-id": "7"},
        "body": "a" * 4096,
        "is_cut": True,
    }


def test_a_json_body_is_given_as_what_it_says() -> None:
    """JSON is decoded with exact numbers; what only says that it is JSON is a text."""
    headers = {"content-type": "application/problem+json"}
    good = failure(HttpReply(status=422, headers=headers, body=b'{"code": 7.10}'), "x", "", repeats=False)
    bad = failure(HttpReply(status=422, headers=headers, body=b"\xff{"), "x", "", repeats=False)
    assert good.data["body"] == {"code": Decimal("7.10")}
    assert bad.data["body"] == "\\xff{"


@pytest.mark.parametrize(
    ("status", "repeats", "is_so"),
    [(503, True, True), (503, False, False), (429, True, True), (404, True, False), (501, True, False)],
)
def test_what_may_be_tried_again(status: int, *, repeats: bool, is_so: bool) -> None:
    """Only statuses that pass by, and only requests that may be repeated."""
    assert failure(HttpReply(status=status, headers={}, body=b""), "x", "", repeats=repeats).retryable is is_so


def test_retry_after_is_seconds_or_a_date() -> None:
    """Both forms count, nonsense and the past do not, and nobody is asked to wait for more than a day."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < wait_of(soon) <= 60
    found = [wait_of(text) for text in ("7", " 7 ", "", "-1", "soon", "9" * 50, "Mon, 01 Jan 2001 00:00:00 GMT", "٧")]
    assert found == [7, 7, 0, 0, 0, 86_400, 0, 0]
