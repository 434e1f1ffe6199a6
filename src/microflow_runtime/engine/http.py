"""What a node asks of an HTTP connection and what it gets, without a word about how it travels."""

from collections.abc import Mapping

import msgspec

SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods that do the same when they are sent twice (RFC 9110)."""


class SoapHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Where in a body that is a SOAP envelope a further header may be put: an offset, and the namespace of the envelope.

    At that place the prefix `s` stands for the envelope's namespace.
    """

    at: int
    envelope: str


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a named connection.

    `path` begins with `/` and is encoded, as `query` is, which comes without its `?`. `url` is an address that a server gave,
    encoded as it came, absolute or beside `path`: where it is not empty it is requested, and `path` and `query` are not. `headers` are checked names and
    values. `deadline_ns` is on the clock of `perf_counter_ns`: when the caller gives up. `repeats` tells that the request
    may be sent again when nobody knows whether it arrived. `soap` tells that the body is a SOAP envelope, for connections
    that sign in there.
    """

    method: str
    path: str
    query: str = ""
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    deadline_ns: int = 0
    repeats: bool = False
    trace_parent: str = ""
    trace_state: str = ""
    soap: SoapHeader | None = None


class HttpReply(msgspec.Struct, frozen=True, kw_only=True):
    """The reply as it came, inflated. Header names are in small letters, equal ones joined by `, `.

    `url` is the address that gave it, behind redirects, without what the connection put into its query.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""

    @property
    def content_type(self) -> str:
        """The content type that it declares, `""` without one."""
        return self.headers.get("content-type", "")

    @property
    def is_empty(self) -> bool:
        """Whether the body holds nothing, or nothing but blanks and a byte order mark."""
        return not self.body.strip(b"\xef\xbb\xbf \t\r\n")
