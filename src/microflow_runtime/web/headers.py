"""The headers of a request that matter, found in one pass, and those that every answer carries."""

from typing import Final
from urllib.parse import quote

from microflow_runtime.errors import UnsupportedMediaType
from microflow_runtime.text import UTF_8, Encoding, UnknownEncoding, declared_encoding

Header = tuple[bytes, bytes]
JSON: Final[Header] = (b"content-type", b"application/json; charset=utf-8")
TEXT: Final[Header] = (b"content-type", b"text/plain; charset=utf-8")
NO_SNIFFING: Final[Header] = (b"x-content-type-options", b"nosniff")
ALWAYS: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"), NO_SNIFFING)

_PLAIN: Final = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
_WANTED: Final = frozenset(
    (
        b"authorization",
        b"iamtoken",
        b"cookie",
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"expect",
        b"host",
        b"origin",
        b"x-microflow-min-epoch",
        b"access-control-request-method",
        b"traceparent",
        b"tracestate",
    )
)


def pick(headers: list[Header]) -> dict[bytes, bytes]:
    """Give the wanted headers by name. One that must be single and comes twice is joined, so that it fits nothing."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _WANTED:
            if name in found:
                found[name] = found[name] + (b"; " if name == b"cookie" else b", ") + value
            else:
                found[name] = value
    return found


_MOST_REMEMBERED: Final = 64
_LONGEST_REMEMBERED: Final = 100
_plain: set[bytes] = set()
"""Content types that were found to be JSON in UTF-8: clients send few, and each is looked at once."""


def error_headers(kind: str, code: str) -> tuple[Header, Header]:
    """Give the headers that tell a program which error it is; what of a kind is no printable ASCII is percent-encoded."""
    return (b"x-microflow-error", quote(kind, safe=_PLAIN).encode()), (b"x-microflow-error-code", code.encode())


def is_json(content_type: bytes | None) -> bool:
    """Whether this is application/json in UTF-8, which nothing has to be done about."""
    if content_type == b"application/json" or content_type in _plain:
        return True
    try:
        is_plain = json_encoding(content_type) is UTF_8
    except UnsupportedMediaType:
        return False
    if is_plain and content_type is not None and len(content_type) <= _LONGEST_REMEMBERED:
        if len(_plain) >= _MOST_REMEMBERED:
            _plain.clear()
        _plain.add(content_type)
    return is_plain


def json_encoding(content_type: bytes | None) -> Encoding | None:
    """Give the encoding of a body of application/json, UTF-8 unless its `charset` says another; None for any other type.

    Raises UnsupportedMediaType for an encoding that is not known.
    """
    text = (content_type or b"").decode("latin-1")
    if text.partition(";")[0].strip().lower() != "application/json":
        return None
    try:
        return declared_encoding(text) or UTF_8
    except UnknownEncoding as error:
        raise UnsupportedMediaType(f"The body {error.reason}.") from error
