"""refreshCache and classAction over HTTP.

Source: ONEWEB, GET /MicroflowRest/refreshCache and POST /MicroflowRest/classAction (WIRE.md).
"""

from typing import Final
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microflow_runtime.compiler.business_objects import JsonLimits
from microflow_runtime.errors import DefinitionFaults, MethodNotAllowed, MicroflowError
from microflow_runtime.model.principal import Principal
from microflow_runtime.runtime import RefreshReport, Runtime
from microflow_runtime.security import Security
from microflow_runtime.service.credentials import find_principal, read_credentials
from microflow_runtime.service.refresh import (
    class_action,
    class_action_body,
    read_class_action,
    refresh_cache,
    require_class_action,
)
from microflow_runtime.telemetry import get_log
from microflow_runtime.web.body import BodyReader
from microflow_runtime.web.do_action import address_of
from microflow_runtime.web.endpoint import Endpoint, answer_headers, told
from microflow_runtime.web.headers import pick

_log: Final = get_log("web")
SUCCESS: Final = "RefreshCache Success"
_MOST_SHOWN: Final = 20
_PLAIN: Final = " :;()'\"=/"
"""What stands in a notice as it is, so that people can read it; a comma parts notices."""


def _overridden_headers(report: RefreshReport) -> dict[str, str]:
    """Name what answers in the place of folders that were read, and why; the body cannot say it.

    Both headers are lists of as many items, percent-encoded as in a path.
    """
    shown = report.overridden[:_MOST_SHOWN]
    if not shown:
        return {}
    return {
        "x-microflow-answering": ", ".join(f"{quote(each.app)}={quote(each.version)}" for each in shown),
        "x-microflow-notice": ", ".join(quote(each.sentence(), safe=_PLAIN) for each in shown),
    }


class RefreshEndpoints:
    """The two endpoints that replace definitions."""

    def __init__(
        self, runtime: Runtime, security: Security, reader: BodyReader, limits: JsonLimits, worker: str
    ) -> None:
        self._runtime = runtime
        self._security = security
        self._reader = reader
        self._limits = limits
        self._worker = worker

    def routes(self) -> list[Route]:
        """Give the routes under the context root."""
        base = f"{self._runtime.settings.prefix}/MicroflowRest"
        return [
            Route(f"{base}/refreshCache", Endpoint(self._refresh_cache)),
            Route(f"{base}/classAction", Endpoint(self._class_action)),
        ]

    async def _refresh_cache(self, request: Request) -> Response:
        """Answer with one line of text, whatever happens."""
        try:
            if request.method != "GET":
                raise MethodNotAllowed("refreshCache takes GET.")
            principal = await self._principal(request)
            report = await refresh_cache(self._runtime, self._security, principal, address_of(request.scope))
        except MicroflowError as error:
            status, message = self._told(error)
            line = " ".join(message.split())
            return self._answer(Response(line, status, media_type="text/plain"), error, allow="GET")
        response = Response(SUCCESS, media_type="text/plain", headers=_overridden_headers(report))
        return self._answer(response)

    async def _class_action(self, request: Request) -> Response:
        """Answer with the ten keys, whatever happens."""
        names: tuple[str, ...] = ()
        try:
            if request.method != "POST":
                raise MethodNotAllowed("classAction takes POST.")
            principal, address = await self._principal(request), address_of(request.scope)
            await require_class_action(self._security, principal, address)
            body = await self._reader.read(pick(request.scope["headers"]), request.receive)
            report = await class_action(self._runtime, self._security, principal, body, self._limits, address)
            names = read_class_action(body, self._limits).file_names
        except MicroflowError as error:
            status, message = self._told(error)
            content = msgspec.json.encode(class_action_body(None, (), message))
            response = Response(content, status, media_type="application/json; charset=utf-8")
            return self._answer(response, error, allow="POST")
        content = msgspec.json.encode(class_action_body(report, tuple(dict.fromkeys(names))))
        headers = _overridden_headers(report)
        return self._answer(Response(content, media_type="application/json; charset=utf-8", headers=headers))

    def _told(self, error: MicroflowError) -> tuple[int, str]:
        """Count the refusal and give what the caller is told: a fault's file by its app, not by where the server keeps it."""
        status, message = told(error)
        self._runtime.metrics.refusals[status] += 1
        for folder in self._runtime.settings.apps:
            if folder.is_absolute():
                message = message.replace(f"{folder.as_posix()}/", f"{folder.name}/")
        return status, message

    async def _principal(self, request: Request) -> Principal:
        credentials = read_credentials(request.scope["headers"], scheme=request.scope.get("scheme", "http"))
        return await find_principal(self._security, credentials, address=address_of(request.scope))

    def _answer(self, response: Response, error: MicroflowError | None = None, *, allow: str = "") -> Response:
        response.headers.update(answer_headers(error, allow=allow))
        response.headers["x-microflow-epoch"] = str(self._runtime.catalog.epoch)
        response.headers["x-microflow-worker"] = self._worker
        if isinstance(error, DefinitionFaults):
            for fault in error.faults[:50]:
                _log.warning("refresh refused", fault=fault.one_line())
        return response
