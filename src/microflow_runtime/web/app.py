"""The ASGI application of a worker: DoAction straight, everything else by routes, nothing ever answered in HTML."""

from typing import Final

import msgspec
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from microflow_runtime.compiler.business_objects import JsonLimits
from microflow_runtime.runtime import Runtime
from microflow_runtime.security import Security
from microflow_runtime.service.do_action import DoAction, error_body
from microflow_runtime.telemetry import get_log
from microflow_runtime.web import health, iam2
from microflow_runtime.web.body import BodyReader
from microflow_runtime.web.cors import Cors
from microflow_runtime.web.do_action import DoActionEndpoint
from microflow_runtime.web.headers import ALWAYS, JSON, Header
from microflow_runtime.web.refresh import RefreshEndpoints

_log: Final = get_log("web")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


class Application:
    """Takes every request of a worker. `do_action` may be given by tests that inject execution ids."""

    def __init__(
        self, runtime: Runtime, security: Security, *, worker: str = "0", do_action: DoAction | None = None
    ) -> None:
        settings = runtime.settings
        self.do_action = do_action or DoAction(runtime, security)
        self.reader = BodyReader(most_bytes=settings.body_bytes, most_seconds=settings.body_seconds)
        self._cors = Cors(settings.cors_origins)
        self._do_action_path = f"{settings.prefix}/MicroflowRest/DoAction"
        self._do_action_endpoint = DoActionEndpoint(self.do_action, security, self.reader, self._cors, worker)
        limits: JsonLimits = self.do_action.json_limits
        refresh = RefreshEndpoints(runtime, security, self.reader, limits, worker)
        self._router = Router(
            [*refresh.routes(), *health.routes(runtime, security), *iam2.routes(security, settings, runtime.metrics)],
            redirect_slashes=False,
            default=_not_found,
        )
        names = settings.allowed_hosts or (*_LOOPBACK, settings.host)
        self._hosts = frozenset(name.lower().encode() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A fault of ours is told as 500 in the six keys, never as a page or a stack trace."""
        if scope["type"] != "http":
            return
        try:
            await self._answer(scope, receive, send)
        except Exception:  # noqa: BLE001 - the outermost edge: the log tells, the caller gets no more than that
            _log.exception("request met a bug", path=scope["path"][:200])
            await send({"type": "http.response.start", "status": 500, "headers": [JSON, *ALWAYS]})
            await send({"type": "http.response.body", "body": error_body("An internal error.")})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        host, origin, preflight = _who(scope)
        if host not in self._hosts:
            await _send_json(send, 400, error_body("This server does not answer for that host."), ())
        elif preflight and origin is not None:
            await _send_json(send, 204, b"", self._cors.preflight(origin))
        elif scope["path"] == self._do_action_path:
            await self._do_action_endpoint(scope, receive, send)
        elif origin is None:
            await self._router(scope, receive, send)
        else:
            await self._router(scope, receive, self._with_cors(send, origin))

    def _with_cors(self, send: Send, origin: bytes) -> Send:
        extra = self._cors.headers_for(origin)

        async def send_with_cors(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                assert isinstance(headers, list | tuple)
                message = {**message, "headers": [*headers, *extra]}
            await send(message)

        return send_with_cors  # type: ignore[return-value]  # Starlette types messages as a mutable mapping


def _who(scope: Scope) -> tuple[bytes, bytes | None, bool]:
    """Give the host without its port, the origin, and whether this is a preflight."""
    host, origin, asks = b"", None, False
    for name, value in scope["headers"]:
        if name == b"host":
            host = value
        elif name == b"origin":
            origin = value
        elif name == b"access-control-request-method":
            asks = True
    name, colon, port = host.rpartition(b":")
    if colon and port.isdigit():
        host = name
    return host.lower(), origin, asks and scope["method"] == "OPTIONS"


async def _send_json(send: Send, status: int, body: bytes, extra: tuple[Header, ...]) -> None:
    headers = [*((JSON, *ALWAYS) if body else ALWAYS), (b"content-length", b"%d" % len(body)), *extra]
    if status == 204:
        headers = [header for header in headers if header[0] != b"content-length"]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    content = msgspec.json.encode({"error": "not_found", "error_description": "There is no such path."})
    if "/MicroflowRest/" in scope["path"]:
        content = error_body("There is no such path.")
    response = Response(content, 404, media_type="application/json; charset=utf-8", headers=dict(_text(ALWAYS)))
    await response(scope, receive, send)


def _text(headers: tuple[Header, ...]) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in headers]
