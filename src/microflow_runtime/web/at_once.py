"""The server's HTTP protocol, in which a whole small request is answered as soon as its last byte is read.

A call that waits for nothing needs no task, no ASGI scope and no event to be told that its body has come: on a quick
call these cost as much as the flow. When a request for the one path has arrived whole, the application's
`answer_at_once` is asked. It gives the finished answer, or None: then the request goes the ordinary way of the server, as
does everything else (other paths, bodies that arrive in pieces, connections that are not kept, answers that must wait).
Why and at what cost: docs/decisions/0006-one-write.md.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from microflow_runtime.errors import Refusal
from microflow_runtime.telemetry import get_log
from microflow_runtime.web.draining import DrainingProtocol
from microflow_runtime.web.framing import DROPPED, SLICE_BYTES, FramingProtocol, RefusingApplication
from microflow_runtime.web.headers import Header
from microflow_runtime.web.request_head import MOST_FIELDS, check_fields, check_target
from microflow_runtime.web.whole_reply import WholeReplyProtocol

_log: Final = get_log("web")


class AtOnceApplication(RefusingApplication, Protocol):
    """An ASGI application that can answer some requests of one path without waiting."""

    path_at_once: bytes

    def answer_at_once(self, headers: list[Header], body: bytes, get_version: Callable[[], str]) -> bytes | None:
        """Give the lines of the head behind the date, and the body, of a POST; None, having changed nothing, to be called by ASGI.

        The connection is kept; `get_version` gives the version of HTTP, which is known where nothing was said about that.
        """
        ...


class AtOnceProtocol(DrainingProtocol, WholeReplyProtocol, FramingProtocol):
    """One connection. A request is held back from the ordinary way only while the bytes of one read are being parsed."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        application: AtOnceApplication = config.app  # type: ignore[assignment]  # the worker gives no other
        self._answer_at_once = application.answer_at_once
        self._path_at_once = application.path_at_once
        self._held = False
        self._held_body = b""
        self._date: list[tuple[bytes, bytes]] = []
        self._head = b""
        self._busy = True
        self._idle_since = 0.0

    def data_received(self, data: bytes) -> None:
        """Parse what was read; what is large, or goes on with an open head or chunks, with care."""
        self._busy = True
        if self.is_watched or len(data) > SLICE_BYTES:
            self.take_slices(data)
            return
        try:
            self.parser.feed_data(data)
            if self._held:
                self.read_ended()
        except (HttpParserError, HttpParserUpgrade, Refusal) as stopped:
            self.go_on(data, stopped)
        if self.is_in_head or self.is_chunked:
            self.watch(len(data))

    def read_ended(self) -> None:
        """Let a request that has not come whole by now go the ordinary way."""
        if self._held:
            self._held = False
            if not self.transport.is_closing():
                self._begin_ordinary()

    # What the parser tells

    def on_headers_complete(self) -> None:
        """Hold the request back if it may be answered at once. Where the parser stops, the head comes again."""
        if self.parser.should_upgrade():
            return
        if self.head_bytes:
            self.check_long_head()
        self.is_in_head = False
        self.request_headers, self.headers = self.headers, DROPPED
        self._held_body = b""
        if self.url == self._path_at_once and (self.cycle is None or self.cycle.response_complete):
            self._held = True
        else:
            self._begin_ordinary()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        if self._held:
            self._held_body += body
            return
        if self.is_chunked:
            self.framing_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Answer the request that is held back, or let it go the ordinary way."""
        if self._held:
            self._held = False
            if self._is_answered():
                return
            self._begin_ordinary()
        elif self.is_in_head:
            return  # it comes again
        self.is_in_body = self.is_chunked = False
        super().on_message_complete()

    def _is_answered(self) -> bool:
        parser = self.parser
        if (
            self.is_draining
            or not parser.should_keep_alive()
            or parser.get_method() != b"POST"
            or len(self.request_headers) > MOST_FIELDS
            or self.flow.write_paused
        ):
            return False
        try:
            answer = self._answer_at_once(self.request_headers, self._held_body, parser.get_http_version)
        except Exception:  # noqa: BLE001 - inside the parser nothing can be told to anybody; the ordinary way tells it
            _log.exception("quick answer met a bug")
            return False
        if answer is None or self.transport.is_closing():
            return False
        if self._date is not self.server_state.default_headers:
            self._date = self.server_state.default_headers
            self._head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % header for header in self._date)
        self.transport.write(self._head + answer)
        self.server_state.total_requests += 1
        self._wait_for_next()
        return True

    def _begin_ordinary(self) -> None:
        """Give the server's own protocol what has been kept from it so far. Raises Refusal for a head that is not taken."""
        url, headers, parser = self.url, self.request_headers, self.parser
        given = check_fields(parser.get_http_version(), headers)
        if url != self._path_at_once:
            url = check_target(parser.get_method(), url, given.get(b"host"))
        trailers = self.headers
        HttpToolsProtocol.on_message_begin(self)
        self.url, self.headers, self.scope["headers"] = url, trailers, headers
        self.expect_100_continue = given.get(b"expect", b"").lower() == b"100-continue"
        self.is_in_body = True
        self.is_chunked = b"transfer-encoding" in given
        self.framing_bytes = 0
        HttpToolsProtocol.on_headers_complete(self)
        if self._held_body:
            body, self._held_body = self._held_body, b""
            super().on_body(body)

    # Connections that are kept: one timer, moved when it fires, in place of one for every answer

    def _unset_keepalive_if_required(self) -> None:
        self._busy = True

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self.last_words:
            self.say(self.last_words)
        else:
            self._wait_for_next()

    def _wait_for_next(self) -> None:
        self._busy = False
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it has been idle for the whole time; else look again when it may have been."""
        self.timeout_keep_alive_task = None
        if self._busy or self.transport.is_closing():
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timer with the connection."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
