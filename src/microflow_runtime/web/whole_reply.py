"""A way for an endpoint to give its whole answer at once: head and body in one write to the socket.

The HTTP server writes head and body one after the other and looks at each header with two patterns; on a quick call that
is a quarter of all work. An endpoint that makes its headers itself finds a `WholeReply` in the ASGI extensions of its
scope. Anything out of the ordinary (a paused connection, an answer begun already) it leaves to the ordinary way.
Why: docs/decisions/0006-one-write.md.
"""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

EXTENSION: Final = "microflow.whole_reply"
_OK: Final = b"HTTP/1.1 200 OK\r\n"


class WholeReply:
    """Answers one request. Good for one call."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def send(self, head: bytes, body: bytes) -> bool:
        """Answer 200 with these header lines (each with its line end) and body; False when the ordinary way must be taken.

        `head` must hold the content's length and no byte that ends a line elsewhere: it is written as it is.
        """
        cycle = self._cycle
        if cycle.flow.write_paused or cycle.response_started or cycle.disconnected:
            return False
        cycle.response_started = True
        cycle.waiting_for_100_continue = False
        lines = [_OK, *(b"%b: %b\r\n" % header for header in cycle.default_headers), head]
        lines.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
        lines.append(body)
        cycle.transport.write(b"".join(lines))
        cycle.expected_content_length = 0
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True


class WholeReplyProtocol(HttpToolsProtocol):
    """The server's protocol with the extension in every scope."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        extensions: dict[str, Any] = {EXTENSION: WholeReply(cycle)}
        cycle.scope["extensions"] = extensions
        super()._start_asgi_task(cycle, app)
