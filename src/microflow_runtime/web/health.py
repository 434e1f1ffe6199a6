"""Whether the process lives, whether it serves, and its figures."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from microflow_runtime.errors import MicroflowError
from microflow_runtime.runtime import Runtime
from microflow_runtime.security import Security
from microflow_runtime.service.credentials import find_principal, read_credentials
from microflow_runtime.service.permission import require
from microflow_runtime.web.do_action import address_of
from microflow_runtime.web.endpoint import answer_headers, told


def routes(runtime: Runtime, security: Security) -> list[Route]:
    """Give the routes; `/livez` and `/readyz` need no session and tell nothing but yes or no."""

    async def livez(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_request: Request) -> Response:
        ready = runtime.page.epoch > 0
        return PlainTextResponse("ok" if ready else "not ready", 200 if ready else 503)

    async def metrics(request: Request) -> Response:
        """Give the figures of this worker, to who may view the audit."""
        try:
            credentials = read_credentials(request.scope["headers"], scheme=request.url.scheme)
            address = address_of(request.scope)
            principal = await find_principal(security, credentials, address=address)
            await require(security, principal, "audit", "view", address=address)
        except MicroflowError as error:
            status, message = told(error)
            return PlainTextResponse(message, status, headers=answer_headers(error))
        return Response(runtime.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    prefix = runtime.settings.prefix
    table = (("/livez", livez), ("/readyz", readyz), ("/metrics", metrics))
    return [Route(f"{prefix}{path}", handler) for path, handler in table]
