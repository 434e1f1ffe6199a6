"""The headers of a request that matter, found in one pass, and those that every answer carries."""

from typing import Final
from urllib.parse import quote

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


def error_headers(kind: str, code: str) -> tuple[Header, Header]:
    """Give the headers that tell a program which error it is; what of a kind is no printable ASCII is percent-encoded."""
    return (b"x-microflow-error", quote(kind, safe=_PLAIN).encode()), (b"x-microflow-error-code", code.encode())


def is_json(content_type: bytes | None) -> bool:
    """Tell whether this is application/json, whatever its parameters, unless they name a charset other than UTF-8."""
    if content_type == b"application/json":
        return True
    if content_type is None:
        return False
    media, _, parameters = content_type.lower().partition(b";")
    if media.strip() != b"application/json":
        return False
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"charset" and value.strip().strip(b'"') not in {b"utf-8", b"utf8"}:
            return False
    return True
