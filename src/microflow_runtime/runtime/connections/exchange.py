"""One request out and one reply in. The only module that knows the HTTP library; its errors end here."""

import ssl
from collections.abc import Mapping
from typing import Any, Final

import httpcore

from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import NodeError
from microflow_runtime.model.http_connection import HttpConnection
from microflow_runtime.runtime.connections.egress import CheckedNetwork
from microflow_runtime.runtime.connections.inflate import ACCEPTED, Inflater, too_large
from microflow_runtime.runtime.connections.message import Sent, host_of
from microflow_runtime.text import header_text

_CONNECT: Final = "http.connect"
_SILENT: Final = "http.timeout"
_REPLY: Final = "http.reply"
KINDS: Final[Mapping[type[Exception], tuple[str, str, bool]]] = {
    httpcore.ConnectTimeout: (_CONNECT, "it could not be reached in time", True),
    httpcore.ConnectError: (_CONNECT, "it cannot be reached", True),
    httpcore.PoolTimeout: ("http.busy", "every connection to it is in use", True),
    httpcore.ReadTimeout: (_SILENT, "it was silent for too long", False),
    httpcore.WriteTimeout: (_SILENT, "it took nothing for too long", False),
    httpcore.ReadError: (_REPLY, "it hung up", False),
    httpcore.WriteError: (_REPLY, "it hung up", False),
    httpcore.RemoteProtocolError: (_REPLY, "what it sent is no HTTP reply, or not all of one", False),
    httpcore.LocalProtocolError: ("http.request", "the request cannot be sent", False),
    httpcore.UnsupportedProtocol: ("http.request", "the request cannot be sent", False),
    httpcore.ProxyError: (_CONNECT, "it cannot be reached", True),
}
"""What each error of the library is to a flow: kind, sentence, and whether surely nothing was sent."""


class Exchange:
    """The pool of one connection. `limit` bounds a reply, in bytes."""

    def __init__(self, http: HttpConnection, network: CheckedNetwork, tls: ssl.SSLContext | None, limit: int) -> None:
        self._limit = limit
        wait, silence = http.connect_seconds, http.timeout_seconds
        self._timeouts = {"pool": wait, "connect": wait, "read": silence, "write": silence}
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=http.pool_size,
            keepalive_expiry=http.idle_seconds,
            network_backend=network,
        )

    async def send(self, sent: Sent, *, repeats: bool) -> HttpReply:
        """Send one hop and give the whole reply.

        Raises NodeError; it may be retried when surely nothing was sent, or, where the request `repeats`, when nobody
        knows. Being cancelled closes the socket.
        """
        scheme, host, port = sent.origin
        headers = [("Host", host_of(sent.origin)), ("Accept-Encoding", ACCEPTED), *sent.headers]
        if sent.body or sent.method in {"POST", "PUT", "PATCH"}:
            headers.append(("Content-Length", str(len(sent.body))))
        try:
            async with self._pool.stream(
                sent.method,
                httpcore.URL(scheme=scheme, host=host, port=port, target=sent.target),
                headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in headers],
                content=sent.body or None,
                extensions={"timeout": self._timeouts},
            ) as reply:
                return await self._read(reply, sent.method)
        except tuple(KINDS) as error:
            raise _translated(error, repeats=repeats) from error
        except NodeError as error:
            error.retryable = error.retryable or (repeats and error.kind == _REPLY)
            raise

    async def _read(self, reply: httpcore.Response, method: str) -> HttpReply:
        headers: dict[str, str] = {}
        for raw_name, raw_value in reply.headers:
            name, value = raw_name.decode("ascii").lower(), header_text(raw_value)
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        has_body = method != "HEAD" and reply.status not in {204, 304}
        length = headers.get("content-length", "")
        if has_body and length.isdigit() and int(length) > self._limit:
            raise too_large(self._limit)
        inflater = Inflater(headers.get("content-encoding", "") if has_body else "", self._limit)
        async for piece in reply.aiter_stream():
            inflater.feed(piece)
        if _has_more(reply):
            await reply.extensions["network_stream"].aclose()
        return HttpReply(status=reply.status, headers=headers, body=inflater.finish())

    async def close(self) -> None:
        """Close every socket."""
        await self._pool.aclose()


def _has_more(reply: Any) -> bool:
    """Tell whether bytes came behind the end of a reply; the library would take them for the next one.

    It offers no other way to see them. A test notices when this one ends.
    """
    return bool(reply.stream._stream._connection._h11_state.trailing_data[0])  # noqa: SLF001


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """Find what TLS said, in an error that the library has made of another, perhaps several times."""
    while error is not None and not isinstance(error, ssl.SSLError):
        inner = error.args[0] if error.args else None
        error = error.__cause__ or (inner if isinstance(inner, BaseException) else None)
    return error


def _translated(error: Exception, *, repeats: bool) -> NodeError:
    kind, sentence, nothing_sent = next(told for known, told in KINDS.items() if isinstance(error, known))
    cause = _tls_error(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return NodeError(f"its certificate is not good: {cause.verify_message}.", kind=kind)
    if cause is not None:
        return NodeError(f"there is no agreement with it on TLS ({cause.reason}).", kind=kind)
    return NodeError(f"{sentence}.", kind=kind, retryable=nothing_sent or repeats)
