"""What the endpoints beside DoAction share: an ASGI wrapper that takes every method, and how a refusal is told."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from microflow_runtime.errors import DefinitionFaults, MethodNotAllowed, MicroflowError, NotAvailable, Refusal
from microflow_runtime.telemetry import get_log
from microflow_runtime.web.headers import error_headers

_log: Final = get_log("web")


class Endpoint:
    """A handler as an ASGI application, so that it is given every method and can refuse in its own form."""

    def __init__(self, handler: Callable[[Request], Awaitable[Response]]) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._handler(Request(scope, receive))
        await response(scope, receive, send)


def told(error: MicroflowError) -> tuple[int, str]:
    """Give the status and the sentence for a caller; what only the operator may know goes to the log."""
    if isinstance(error, Refusal | DefinitionFaults):
        return error.status, error.message
    _log.error("call could not be served", code=error.code, reason=error.message, cause=repr(error.__cause__))
    return 503, "The server cannot do this now."


def answer_headers(error: MicroflowError | None, *, allow: str = "") -> dict[str, str]:
    """Give the headers that every answer carries, and those of a refusal; `allow` are the methods the path takes."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    if error is not None:
        shown = error if isinstance(error, Refusal | DefinitionFaults) else NotAvailable("")
        for name, value in error_headers(shown.kind, shown.code):
            headers[name.decode()] = value.decode()
    if error is not None and error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = allow
    if isinstance(error, Refusal) and error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    return headers
