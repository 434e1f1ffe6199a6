"""DoAction over HTTP, as a bare ASGI callable: three quarters of a quick call is HTTP, so nothing stands between.

Source: ONEWEB, POST /MicroflowRest/DoAction (WIRE.md).
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from starlette.types import Receive, Scope, Send

from microflow_runtime.errors import (
    BadRequest,
    MethodNotAllowed,
    MicroflowError,
    NotAuthenticated,
    NotAvailable,
    Refusal,
)
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import Credentials, Security
from microflow_runtime.service.action_reply import ActionReply, CallFailed, error_body
from microflow_runtime.service.credentials import find_principal, read_credentials
from microflow_runtime.service.do_action import NO_TRACE, DoAction, Trace
from microflow_runtime.service.hang_up import CallerGone
from microflow_runtime.service.permission import refuse_unread
from microflow_runtime.telemetry import get_log
from microflow_runtime.web.body import BodyReader
from microflow_runtime.web.cors import Cors
from microflow_runtime.web.headers import ALWAYS, JSON, NO_SNIFFING, Header, error_headers, is_json, pick
from microflow_runtime.web.hosts import Hosts
from microflow_runtime.web.whole_reply import EXTENSION

_log: Final = get_log("web")
_UNCOMMON: Final = frozenset(
    (b"origin", b"expect", b"content-encoding", b"x-microflow-min-epoch", b"transfer-encoding")
)
"""Headers of requests that are no plain quick case."""
_TRACE_STATE: Final = re.compile(rb"[\x20-\x7e]{1,512}")
WRONG_HOST: Final = "This server does not answer for that host."


class DoActionEndpoint:
    """One request in, one use case, one answer out."""

    def __init__(
        self,
        do_action: DoAction,
        security: Security,
        reader: BodyReader,
        cors: Cors,
        hosts: Hosts,
        worker: str,
    ) -> None:
        self.hosts = hosts
        self._act = do_action.act
        self._act_at_once = do_action.act_at_once
        self._authenticate_fast = security.authenticate_fast
        self._security = security
        self._read_body = reader.read
        self._most_bytes = reader.most_bytes
        self._cors = cors
        self._fixed: tuple[Header, ...] = (JSON, NO_SNIFFING, (b"x-microflow-worker", worker.encode()))
        self._head = b"".join(b"%b: %b\r\n" % header for header in self._fixed)
        self._runtime = do_action.runtime
        self._refusals = do_action.runtime.metrics.refusals

    def answer_at_once(self, headers: list[Header], body: bytes, get_version: Callable[[], str]) -> bytes | None:
        """Give the whole answer but its first lines, see `at_once`; None for whatever is not the plain quick case."""
        given = dict(headers)
        if len(given) != len(headers) or not _UNCOMMON.isdisjoint(given) or len(body) > self._most_bytes:
            return None
        if b"connection" in given and get_version() != "1.1":
            return None  # kept because it was asked for, not because HTTP/1.1 keeps it
        get = given.get
        if get(b"host") not in self.hosts.remembered or not is_json(get(b"content-type")):
            return None
        principal = self._authenticate_fast(get(b"authorization"), get(b"iamtoken"), get(b"cookie"))
        if principal is None:
            return None
        try:
            reply = self._act_at_once(principal, body)
        except CallFailed as failed:
            return self._head_of_failed(failed.reply) + b"\r\n" + failed.reply.body
        if reply is None:
            return None
        entry, text = reply
        return b"%bcontent-length: %d\r\n%b\r\n%b" % (self._head, len(text), entry.header_lines, text)

    def _head_of_failed(self, reply: ActionReply) -> bytes:
        """Give the header lines of an execution that failed, for an answer that is written at once."""
        assert reply.entry is not None
        lines = b"".join(b"%b: %b\r\n" % header for header in error_headers(reply.kind, reply.code))
        return b"%bcontent-length: %d\r\n%b%b" % (self._head, len(reply.body), reply.entry.header_lines, lines)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = pick(scope["headers"])
        get = headers.get
        host, origin = get(b"host", b""), get(b"origin")
        if host not in self.hosts.remembered and not self.hosts.accept(host):
            more = (*error_headers(BadRequest.kind, BadRequest.code), *self._cors.headers_for(origin))
            await send_json(send, 400, error_body(WRONG_HOST), (self._epoch(), *more))
            return
        try:
            if scope["method"] != "POST":
                if scope["method"] == "OPTIONS" and origin is not None and b"access-control-request-method" in headers:
                    await send_json(send, 204, b"", (*self._cors.preflight(origin), self._epoch()))
                    return
                raise MethodNotAllowed("DoAction takes POST.")
            principal = self._authenticate_fast(get(b"authorization"), get(b"iamtoken"), get(b"cookie"))
            if principal is None:
                principal = await self._find_principal(scope)
            try:
                body = await self._read_body(headers, receive)
                reply = await self._act(
                    principal,
                    body,
                    min_epoch=_min_epoch(headers) if b"x-microflow-min-epoch" in headers else 0,
                    hung_up=partial(_hung_up, receive),
                    address=address_of(scope),
                    trace=_trace(headers) if b"traceparent" in headers else NO_TRACE,
                )
            except Refusal as refusal:
                raise refuse_unread(principal, refusal) from refusal
        except CallerGone:
            return
        except MicroflowError as error:
            reply = refusal_reply(error)
        if reply.entry is not None and origin is None and EXTENSION in scope.get("extensions", ()):
            body = reply.body
            if reply.kind:
                head = self._head_of_failed(reply)
            else:
                head = b"%bcontent-length: %d\r\n%b" % (self._head, len(body), reply.entry.header_lines)
            if scope["extensions"][EXTENSION].send(head, body):
                return
        await self._send(reply, origin, send)

    async def _find_principal(self, scope: Scope) -> Principal:
        """Take the slow way to the caller. A session that is not valid any more counts as none where a flow is open."""
        credentials = read_credentials(scope["headers"], scheme=scope.get("scheme", "http"))
        try:
            return await find_principal(self._security, credentials, address=address_of(scope))
        except NotAuthenticated:
            if credentials.authorization and credentials.iam_token:
                raise  # two headers that contradict each other are refused whatever the flow
            nothing = Credentials()  # asked anew, so that the rights of service accounts are those of now
            return await find_principal(self._security, nothing, address=address_of(scope))

    def _epoch(self) -> Header:
        return (b"x-microflow-epoch", self._runtime.catalog.epoch_header)

    async def _send(self, reply: ActionReply, origin: bytes | None, send: Send) -> None:
        body = reply.body
        headers: list[Header] = [*self._fixed, (b"content-length", b"%d" % len(body))]
        catalog, entry = reply.catalog, reply.entry
        headers.append((b"x-microflow-epoch", catalog.epoch_header) if catalog is not None else self._epoch())
        if entry is not None:
            headers.append((b"x-microflow-snapshot", entry.snapshot_header))
        if reply.kind:
            headers += error_headers(reply.kind, reply.code)
        if reply.status != 200:
            self._refusals[reply.status] += 1
            headers += _refusal_headers(reply)
        if origin is not None:
            headers += self._cors.headers_for(origin)
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def send_json(send: Send, status: int, body: bytes, extra: tuple[Header, ...] = ()) -> None:
    """Send an answer that no use case made; 204 has no body and so no length."""
    headers: list[Header] = [*ALWAYS, *extra]
    if status != 204:
        headers += (JSON, (b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _hung_up(receive: Receive) -> None:
    """Return when the caller has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def refusal_reply(error: MicroflowError) -> ActionReply:
    """Give the answer to a call that was not let in; what is no refusal of ours is told as not available."""
    if not isinstance(error, Refusal):
        _log.error("call could not be served", code=error.code, reason=error.message, cause=repr(error.__cause__))
        error = NotAvailable("The server cannot serve this call now.", retry_after_seconds=1)
    told, after = error_body(error.message), error.retry_after_seconds
    return ActionReply(error.status, told, retry_after_seconds=after, kind=error.kind, code=error.code)


def _refusal_headers(reply: ActionReply) -> list[Header]:
    headers: list[Header] = []
    if reply.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if reply.status == 405:
        headers.append((b"allow", b"POST, OPTIONS"))
    if reply.retry_after_seconds is not None:
        headers.append((b"retry-after", b"%d" % reply.retry_after_seconds))
    return headers


def _min_epoch(headers: Mapping[bytes, bytes]) -> int:
    text = headers[b"x-microflow-min-epoch"]
    if not text.isdigit() or len(text) > 18:
        raise BadRequest("X-Microflow-Min-Epoch must be a whole number.")
    return int(text)


def _trace(headers: Mapping[bytes, bytes]) -> Trace:
    """Give the W3C trace context that came; what is none is found out where it goes on."""
    state = headers.get(b"tracestate", b"")
    return Trace(headers[b"traceparent"].decode("latin-1"), state.decode() if _TRACE_STATE.fullmatch(state) else "")


def address_of(scope: Scope) -> str:
    """Give the caller's address, for the audit and the log."""
    client = scope.get("client")
    return client[0] if client else ""
