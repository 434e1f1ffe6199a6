"""The ASGI application of a worker: DoAction straight, everything else by routes, nothing ever answered in HTML."""

from typing import Final

import msgspec
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from microflow_runtime.compiler.business_objects import JsonLimits
from microflow_runtime.errors import BadRequest, MicroflowError, NotFound
from microflow_runtime.runtime import Runtime
from microflow_runtime.security import Security
from microflow_runtime.service.action_reply import error_body
from microflow_runtime.service.do_action import DoAction
from microflow_runtime.telemetry import get_log, mask_tokens
from microflow_runtime.web import health, iam2
from microflow_runtime.web.body import BodyReader
from microflow_runtime.web.cors import Cors
from microflow_runtime.web.do_action import WRONG_HOST, DoActionEndpoint, send_json
from microflow_runtime.web.headers import ALWAYS, JSON, Header, error_headers, pick
from microflow_runtime.web.hosts import Hosts
from microflow_runtime.web.refresh import RefreshEndpoints
from microflow_runtime.web.snapshots import SnapshotEndpoints

_log: Final = get_log("web")


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
        self._do_action_endpoint = DoActionEndpoint(
            self.do_action,
            security,
            self.reader,
            self._cors,
            Hosts(settings.allowed_hosts, settings.host),
            worker,
        )
        limits: JsonLimits = self.do_action.json_limits
        refresh = RefreshEndpoints(runtime, security, self.reader, limits, worker)
        self._runtime = runtime
        self._router = Router(
            [
                *refresh.routes(),
                *SnapshotEndpoints(runtime, security, worker).routes(),
                *health.routes(runtime, security),
                *iam2.routes(security, settings, runtime.metrics),
            ],
            redirect_slashes=False,
            default=_not_found,
        )
        self._hosts = self._do_action_endpoint.hosts
        self.path_at_once = self._do_action_path.encode()
        self.answer_at_once = self._do_action_endpoint.answer_at_once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A fault of ours is told as 500 in the six keys, never as a page or a stack trace."""
        try:
            if scope["type"] == "http":
                if scope["path"] == self._do_action_path:
                    await self._do_action_endpoint.answer(scope, receive, send)
                else:
                    await self._route(scope, receive, self._with_epoch(send))
        except Exception:  # noqa: BLE001 - the outermost edge: the log tells, the caller gets no more than that
            _log.exception("request met a bug", path=mask_tokens(scope["path"][:200]))
            cors = self._cors.headers_for(pick(scope["headers"]).get(b"origin"))
            told = error_headers(MicroflowError.kind, MicroflowError.code)
            await send_json(send, 500, error_body("An internal error."), (self._epoch(), *told, *cors))

    def refuse(self, error: MicroflowError, url: bytes, headers: list[Header]) -> tuple[list[Header], bytes]:
        """Give headers and body of the answer to a request that the protocol does not take, see `framing`."""
        self._runtime.metrics.refusals[error.status] += 1
        body = _refusal_body(error, url.decode("latin-1"))
        cors = self._cors.headers_for(pick(headers).get(b"origin"))
        told = error_headers(error.kind, error.code)
        return [JSON, (b"content-length", b"%d" % len(body)), *ALWAYS, self._epoch(), *told, *cors], body

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = pick(scope["headers"])
        origin = headers.get(b"origin")
        if not self._hosts.accept(headers.get(b"host", b"")):
            told = error_headers(BadRequest.kind, BadRequest.code)
            await send_json(send, 400, error_body(WRONG_HOST), (*told, *self._cors.headers_for(origin)))
        elif origin is None:
            await self._router(scope, receive, send)
        elif scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await send_json(send, 204, b"", self._cors.preflight(origin))
        else:
            await self._router(scope, receive, self._with_cors(send, origin))

    def _epoch(self) -> Header:
        return (b"x-microflow-epoch", self._runtime.catalog.epoch_header)

    def _with_epoch(self, send: Send) -> Send:
        """Name the epoch that serves in whatever is answered."""

        async def send_with_epoch(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                assert isinstance(headers, list | tuple)
                if all(name != b"x-microflow-epoch" for name, _ in headers):
                    message = {**message, "headers": [*headers, self._epoch()]}
            await send(message)

        return send_with_epoch  # type: ignore[return-value]  # as below

    def _with_cors(self, send: Send, origin: bytes) -> Send:
        extra = self._cors.headers_for(origin)

        async def send_with_cors(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                assert isinstance(headers, list | tuple)
                message = {**message, "headers": [*headers, *extra]}
            await send(message)

        return send_with_cors  # type: ignore[return-value]  # Starlette types messages as a mutable mapping


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    error = NotFound("There is no such path.")
    headers = dict(_text((*ALWAYS, *error_headers(error.kind, error.code))))
    response = Response(
        _refusal_body(error, scope["path"]), 404, media_type="application/json; charset=utf-8", headers=headers
    )
    await response(scope, receive, send)


def _refusal_body(error: MicroflowError, path: str) -> bytes:
    """Give the body of a refusal that no endpoint made: the six keys on the paths of flows, elsewhere the words of IAM2."""
    if "/MicroflowRest/" in path:
        return error_body(error.message)
    return msgspec.json.encode({"error": error.kind, "error_description": error.message})


def _text(headers: tuple[Header, ...]) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in headers]
