"""The server's HTTP protocol as far as it cuts the bytes of a connection into requests: bounded, and in one way only.

An upgrade that is offered is ignored (RFC 9110, 7.8): the parser stops at one and takes what follows for another protocol, so
the head is parsed anew without the offer. Trailers are dropped. Heads, trailers and chunk extensions are bounded while
they arrive, before anybody is known. What is refused is answered in its turn, and the connection is closed.
Why: docs/decisions/0101-one-reading-of-a-request.md.
"""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Any, Final, Protocol

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from microflow_runtime.errors import BadRequest, HeadersTooLarge, MicroflowError, Refusal, UrlTooLong
from microflow_runtime.telemetry import get_log
from microflow_runtime.web.headers import Header
from microflow_runtime.web.request_head import (
    HEAD_TOO_LARGE,
    MOST_FIELDS,
    MOST_HEAD_BYTES,
    MOST_URL_BYTES,
    TOO_MANY_FIELDS,
    URL_TOO_LONG,
    check_size,
)

_log: Final = get_log("web")
SLICE_BYTES: Final = 16 * 1024
"""What is parsed at once; bounds are looked at between slices, never within a head that fits into one."""
_CHUNK_BYTES: Final = 16
"""What the framing of a chunk may take of its own."""
_LINGER_SECONDS: Final = 0.5
"""How long a refused caller is listened to, unheard: one whose connection is reset at once never sees the answer."""
DROPPED: Final[Any] = deque(maxlen=0)
"""Where trailers go."""


class RefusingApplication(Protocol):
    """An ASGI application that tells a request that the protocol does not take, in the words of the path."""

    def refuse(self, error: MicroflowError, url: bytes, headers: list[Header]) -> tuple[list[Header], bytes]:
        """Give the headers and the body of the answer. Of the request only as much is known as had come."""
        ...


class FramingProtocol(HttpToolsProtocol):
    """One connection, cut into requests. Who inherits feeds the parser, and says what becomes of each request.

    `url` and `headers` are those of the head that is being read, `request_headers` those of the last one read whole;
    `is_in_body` tells that the application has the newest request, and not yet all of its body.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._application: RefusingApplication = config.app  # type: ignore[assignment]  # the worker gives no other
        self.request_headers: list[Header] = []
        self.is_in_head = False
        self.is_chunked = False
        self.is_in_body = False
        self.framing_bytes = 0
        self.head_bytes = 0
        self.is_watched = False
        self._is_refused = False
        self.last_words = b""

    def read_ended(self) -> None:
        """Do what waits for the end of a read. May raise Refusal."""
        raise NotImplementedError

    # Reading

    def take_slices(self, data: bytes) -> None:
        """Parse a read that is large, or that goes on with what is watched, with a look at the bounds between slices."""
        whole = memoryview(data)
        for start in range(0, len(whole), SLICE_BYTES):
            if self._is_refused:
                return
            piece = whole[start : start + SLICE_BYTES]
            try:
                self.parser.feed_data(piece)
            except (HttpParserError, HttpParserUpgrade) as stopped:
                self.go_on(piece, stopped)
            self.watch(len(piece))
        try:
            self.read_ended()
        except Refusal as refusal:
            self._refuse(refusal)
        self.is_watched = self.is_in_head or self.is_chunked or self._is_refused

    def go_on(self, data: bytes | memoryview, stopped: Exception) -> None:
        """Go on with what was read behind an upgrade at which the parser stopped; refuse what else stopped it."""
        try:
            while isinstance(stopped, HttpParserUpgrade):
                data = data[stopped.args[0] :]
                self._parse_without_upgrade()
                try:
                    self.parser.feed_data(data)
                except HttpParserUpgrade as again:
                    stopped = again
                    continue
                self.read_ended()
                return
        except (HttpParserError, Refusal) as error:
            stopped = error
        self._refuse(_told(stopped))

    def _parse_without_upgrade(self) -> None:
        """Parse the head anew without the offer, so that the body behind it is framed as its fields say."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            raise BadRequest("This server is no proxy.")
        lines = [b"%b %b HTTP/%b" % (method, self.url, self.parser.get_http_version().encode())]
        lines += (b"%b: %b" % field for field in self.headers if field[0] != b"upgrade")
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as the server sets it
        self.parser.feed_data(b"\r\n".join((*lines, b"", b"")))

    def watch(self, taken: int) -> None:
        """Look whether what is still open after so many bytes more has grown beyond its bounds."""
        self.is_watched = True
        if self.is_in_head:
            self.head_bytes += taken
            if len(self.url) > MOST_URL_BYTES:
                self._refuse(UrlTooLong(URL_TOO_LONG))
            elif len(self.headers) > MOST_FIELDS:
                self._refuse(HeadersTooLarge(TOO_MANY_FIELDS))
            elif self.head_bytes > MOST_HEAD_BYTES + SLICE_BYTES:  # in the first slice there may be something before it
                self._refuse(HeadersTooLarge(HEAD_TOO_LARGE))
            return
        self.head_bytes = 0
        if self.is_chunked:
            self.framing_bytes = max(0, self.framing_bytes + taken)  # what small chunks leave over is not saved up
            if self.framing_bytes > MOST_HEAD_BYTES + SLICE_BYTES:
                self._refuse(HeadersTooLarge("The trailers or chunk extensions of the request are too large."))

    def check_long_head(self) -> None:
        """Measure a head that came in several slices. Raises HeadersTooLarge."""
        check_size(self.parser.get_method(), self.url, self.headers)

    # What the parser tells

    def on_message_begin(self) -> None:
        """Begin a request. Its scope is made when it turns out to need one."""
        self.url = b""
        self.headers = []
        self.is_in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or drop a trailer."""
        self.headers.append((name.lower(), value))

    def on_chunk_header(self) -> None:
        """Allow for the framing of one more chunk."""
        self.framing_bytes -= _CHUNK_BYTES

    # Refusing

    def _refuse(self, error: MicroflowError) -> None:
        """Answer what cannot be taken, behind the answers that are still to come, and hear nothing more."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = self.is_watched = True
        words = self._words(error)
        cycle = self.cycle
        if self.is_in_body:
            if self.pipeline and self.pipeline[0][0] is cycle:
                self.pipeline.popleft()  # it has not begun
            elif cycle.response_started:
                self.transport.close()
                return
            else:
                cycle.disconnected = True
                cycle.message_event.set()
                self.say(words)
                return
        if self.pipeline or (cycle is not None and not (cycle.response_complete or cycle.disconnected)):
            self.last_words = words
        else:
            self.say(words)

    def _words(self, error: MicroflowError) -> bytes:
        headers = self.headers if self.is_in_head else self.request_headers
        fields, body = self._application.refuse(error, self.url, headers)
        fields = [*self.server_state.default_headers, *fields, (b"connection", b"close")]
        status = HTTPStatus(error.status)
        _log.info("request refused", status=status.value, reason=error.message, cause=repr(error.__cause__))
        lines = [b"HTTP/1.1 %d %b" % (status, status.phrase.encode())]
        lines += (b"%b: %b" % field for field in fields)
        return b"\r\n".join((*lines, b"", body))

    def say(self, words: bytes) -> None:
        """Answer, and close: our half now, the whole a moment later."""
        self.last_words = b""
        self.flow.resume_reading()
        self.transport.write(words)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _told(error: Exception) -> MicroflowError:
    """Give what the caller is told when the parser stopped: a refusal of ours that a callback raised, or its own."""
    if isinstance(error, Refusal):
        return error
    if not isinstance(error, HttpParserCallbackError):
        refusal: MicroflowError = BadRequest("The request is not the HTTP/1.1 that this server takes.")
        refusal.__cause__ = error
        return refusal
    cause = error.__context__
    if isinstance(cause, Refusal):
        return cause
    _log.error("request met a bug while it was read", exc_info=cause)
    return MicroflowError("An internal error.")
