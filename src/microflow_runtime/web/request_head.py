"""What the head of a request must be, so that nobody between the caller and this server can read it otherwise.

The parser refuses what is no HTTP at all. What it lets pass and is refused here: other versions, more than one `Host`,
codings of the transfer that are not plain chunks, chunks under HTTP/1.0, targets of another host, fragments, and escapes
in a path that hide what it names. Why: docs/decisions/0101-one-reading-of-a-request.md.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from microflow_runtime.errors import BadRequest, HeadersTooLarge, UrlTooLong
from microflow_runtime.web.headers import Header

MOST_HEAD_BYTES: Final = 64 * 1024
"""Size of a head: request line, fields, and their line ends."""
MOST_FIELDS: Final = 100
MOST_URL_BYTES: Final = 8 * 1024
HEAD_TOO_LARGE: Final = f"The head of the request has more than {MOST_HEAD_BYTES} bytes."
TOO_MANY_FIELDS: Final = f"The request has more than {MOST_FIELDS} header fields."
URL_TOO_LONG: Final = f"The URL has more than {MOST_URL_BYTES} bytes."

_ABSOLUTE: Final = re.compile(rb"(?:[Hh][Tt][Tt][Pp][Ss]?)://([^/?#@\\]+)(/[^?#]*)?(\?[^#]*)?")
_HIDING: Final = re.compile(
    rb"%(?:[01][0-9A-Fa-f]|2[DEFdef]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[CFcf]|7[Ff])|%(?![0-9A-Fa-f]{2})"
)
"""Escapes of what a path says plainly (letters, digits, `-`, `.`, `_`), of `/`, `\\` and control characters, and what is no escape."""
_DOTS: Final = re.compile(rb"/\.\.?(?:/|$)")


def check_fields(version: str, headers: list[Header]) -> dict[bytes, bytes]:
    """Give the fields by name, of one that came twice the last.

    Raises BadRequest where the end of the request, or the host that it is for, could be read in two ways; HeadersTooLarge.
    """
    if len(headers) > MOST_FIELDS:
        raise HeadersTooLarge(TOO_MANY_FIELDS)
    given = dict(headers)
    if version == "1.1":
        if b"host" not in given:
            raise BadRequest("A request of HTTP/1.1 names its host.")
    elif version != "1.0":
        raise BadRequest("This server speaks HTTP/1.1 and HTTP/1.0.")
    if len(given) != len(headers):
        for single in (b"host", b"transfer-encoding", b"content-length"):
            if sum(name == single for name, _ in headers) > 1:
                raise BadRequest(f"The header {single.decode()} came more than once.")
    coding = given.get(b"transfer-encoding")
    if coding is not None:
        if version != "1.1":
            raise BadRequest("HTTP/1.0 knows no Transfer-Encoding.")
        if coding.strip().lower() != b"chunked":
            raise BadRequest("The only Transfer-Encoding that is taken is chunked.")
    return given


def check_size(method: bytes, url: bytes, headers: list[Header]) -> None:
    """Raise HeadersTooLarge when the head is larger than may be, as its parts count with one space between them."""
    size = (
        len(method) + len(url) + len(b"  HTTP/1.1\r\n\r\n") + sum(len(name) + len(value) + 4 for name, value in headers)
    )
    if size > MOST_HEAD_BYTES:
        raise HeadersTooLarge(HEAD_TOO_LARGE)


def check_target(method: bytes, url: bytes, host: bytes | None) -> bytes:
    """Give the target as path and query.

    Raises BadRequest when it is of another form or host than that of the Host header, or its path can be read in two
    ways; UrlTooLong.
    """
    if len(url) > MOST_URL_BYTES:
        raise UrlTooLong(URL_TOO_LONG)
    if url == b"*" and method == b"OPTIONS":
        return url
    if not url.startswith(b"/"):
        url = _without_host(url, host)
    if b"#" in url:
        raise BadRequest("The target of a request has no fragment.")
    path = url.partition(b"?")[0]
    if b"\\" in path or (b"/." in path and _DOTS.search(path)):
        raise BadRequest("A path has no backslash, and no segment that is one dot or two.")
    if b"%" in path:
        _check_escapes(path)
    return url


def _without_host(url: bytes, host: bytes | None) -> bytes:
    absolute = _ABSOLUTE.fullmatch(url)
    if absolute is None:
        raise BadRequest("The target of a request is a path, or a URL of this server.")
    authority, path, query = absolute.groups()
    if host is None or authority.lower() != host.lower():
        raise BadRequest("The target of the request is of another host than its Host header.")
    return (path or b"/") + (query or b"")


def _check_escapes(path: bytes) -> None:
    found = _HIDING.search(path)
    if found is not None:
        raise BadRequest(
            f"The path holds {path[found.start() : found.start() + 3].decode()}, which must be written plainly."
        )
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError as cause:
        raise BadRequest("The escapes of the path are no UTF-8.") from cause
