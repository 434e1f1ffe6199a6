"""Which statuses are a success, and which error every other one is."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import NodeError
from microflow_runtime.nodes.rest.json_form import read_json, with_numbers
from microflow_runtime.text import shown_text

SUCCESS: Final = "success"
NOTHING: Final = "nothing"
"""A success whose body is not looked at."""
_PATTERN: Final = re.compile(r"[1-5](xx|[0-9]{2})")
_REPEATABLE: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_TELLING_HEADERS: Final = [
    "allow",
    "content-language",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "retry-after",
    "x-correlation-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
]
"""The headers of a failure that its error shows."""
_BODY_CHARACTERS: Final = 4_096
_JSON_BYTES: Final = 64 * 1024
_LONGEST_WAIT_SECONDS: Final = 86_400.0


def is_status(text: str) -> bool:
    """Tell whether a rule can stand under this key: `404` or `4xx`."""
    return _PATTERN.fullmatch(text) is not None


def rule_of(rules: Mapping[str, str]) -> Callable[[int], str]:
    """Make what gives `success`, `nothing`, or the kind of error for a status. An exact rule wins over one for its class."""

    def find(status: int) -> str:
        exact = str(status)
        rule = rules.get(exact) or rules.get(f"{exact[0]}xx")
        return rule or (SUCCESS if 200 <= status < 300 else f"http.{status}")

    return find


def failure(got: HttpReply, kind: str, asked: str, *, repeats: bool) -> NodeError:
    """Give the error of a reply that is no success. `asked` are method and path as the author wrote them."""
    wait = wait_of(got.headers.get("retry-after", ""))
    return NodeError(
        f"the server answered {got.status} to {asked}.",
        kind=kind,
        data=_data(got),
        retryable=repeats and got.status in _REPEATABLE,
        retry_after_seconds=wait,
    )


def _data(got: HttpReply) -> dict[str, Any]:
    """Give what a catch may read: status, some headers, and the body, bounded."""
    body, is_cut = _shown_body(got)
    headers = {name: got.headers[name][:1000] for name in _TELLING_HEADERS if name in got.headers}
    return {"status": Decimal(got.status), "headers": headers, "body": body, "is_cut": is_cut}


def _shown_body(got: HttpReply) -> tuple[Any, bool]:
    if "json" in got.headers.get("content-type", "") and len(got.body) <= _JSON_BYTES:
        try:
            return with_numbers(read_json(got.body, got.content_type)), False
        except NodeError:
            pass  # it says that it is JSON and is not; it is shown as text
    text = shown_text(got.body[: _BODY_CHARACTERS * 4], got.content_type)
    return text[:_BODY_CHARACTERS], len(got.body) > _BODY_CHARACTERS


def wait_of(retry_after: str) -> float:
    """Give the seconds that a `Retry-After` asks for, a number or a date; 0 when it asks for nothing that can be read."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(text)
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS)
