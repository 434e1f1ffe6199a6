"""Published snapshots over HTTP: list, publish, activate, roll back, withdraw, restore, delete. Refusals are problems (RFC 9457)."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microflow_runtime.errors import BadRequest, MethodNotAllowed, MicroflowError
from microflow_runtime.model.principal import Principal
from microflow_runtime.runtime import Runtime
from microflow_runtime.runtime.activation import Activated
from microflow_runtime.runtime.packages import MAX_PACKAGE_BYTES
from microflow_runtime.runtime.withdrawal import TakenBack
from microflow_runtime.security import Security
from microflow_runtime.service.credentials import find_principal, read_credentials
from microflow_runtime.service.snapshots import (
    activate_version,
    delete_version,
    deploy_package,
    list_apps,
    require_deploy,
    restore_version,
    roll_back_app,
    show_app,
    shown_version,
    withdraw_version,
)
from microflow_runtime.web.bytes_body import read_bytes
from microflow_runtime.web.do_action import address_of
from microflow_runtime.web.endpoint import Endpoint, answer_headers
from microflow_runtime.web.problem import problem

_Handler = Callable[[Request, Principal], Awaitable[Response]]
_TakeBack = Callable[[Runtime, Security, Principal, str, str, str], Awaitable[TakenBack]]
_ZIP: Final = ("application/zip", "application/java-archive", "application/octet-stream")
_SWITCHES: Final = {"true": True, "false": False}


class SnapshotEndpoints:
    """The endpoints under `/snapshots`."""

    def __init__(self, runtime: Runtime, security: Security, worker: str) -> None:
        self._runtime = runtime
        self._security = security
        self._worker = worker

    def routes(self) -> list[Route]:
        """Give the routes under the context root."""
        base = f"{self._runtime.settings.prefix}/snapshots"
        return [
            self._route(base, {"GET": self._list, "POST": self._deploy}),
            self._route(f"{base}/{{app}}", {"GET": self._show}),
            self._route(f"{base}/{{app}}/rollback", {"POST": self._roll_back, "DELETE": self._delete}),
            self._route(f"{base}/{{app}}/{{version}}", {"DELETE": self._delete}),
            self._route(f"{base}/{{app}}/{{version}}/activate", {"POST": self._activate}),
            self._route(f"{base}/{{app}}/{{version}}/withdraw", {"POST": self._withdraw}),
            self._route(f"{base}/{{app}}/{{version}}/restore", {"POST": self._restore}),
        ]

    def _route(self, path: str, handlers: dict[str, _Handler]) -> Route:
        allow = ", ".join(handlers)

        async def answer(request: Request) -> Response:
            try:
                handler = handlers.get("GET" if request.method == "HEAD" else request.method)
                if handler is None:
                    raise MethodNotAllowed(f"This path takes {allow}.")
                response = await handler(request, await self._principal(request))
            except MicroflowError as error:
                response = problem(error, allow=allow)
                self._runtime.metrics.refusals[response.status_code] += 1
            response.headers["x-microflow-worker"] = self._worker
            return response

        return Route(path, Endpoint(answer))

    async def _principal(self, request: Request) -> Principal:
        changes = request.method not in {"GET", "HEAD"}
        credentials = read_credentials(
            request.scope["headers"], scheme=request.scope.get("scheme", "http"), is_state_changing=changes
        )
        return await find_principal(self._security, credentials, address=address_of(request.scope))

    async def _list(self, _request: Request, principal: Principal) -> Response:
        return _json({"apps": await list_apps(self._runtime, principal)})

    async def _show(self, request: Request, principal: Principal) -> Response:
        app = request.path_params["app"]
        return _json(await show_app(self._runtime, self._security, principal, app, address_of(request.scope)))

    async def _deploy(self, request: Request, principal: Principal) -> Response:
        address, app = address_of(request.scope), request.query_params.get("app", "")
        await require_deploy(self._security, principal, app, address)
        given = _query(request)
        activates, is_trial = _switch(given, "activate"), _switch(given, "dry_run")
        content = await read_bytes(
            request, media_types=_ZIP, most_bytes=MAX_PACKAGE_BYTES, seconds=self._runtime.settings.body_seconds
        )
        done = await deploy_package(
            self._runtime,
            self._security,
            principal,
            content,
            app=app,
            activates=activates,
            is_trial=is_trial,
            address=address,
        )
        return _json(done, 201 if done.is_new and not done.is_trial else 200)

    async def _activate(self, request: Request, principal: Principal) -> Response:
        app, version = request.path_params["app"], request.path_params["version"]
        address = address_of(request.scope)
        return _activated(await activate_version(self._runtime, self._security, principal, app, version, address))

    async def _roll_back(self, request: Request, principal: Principal) -> Response:
        app, address = request.path_params["app"], address_of(request.scope)
        return _activated(await roll_back_app(self._runtime, self._security, principal, app, address))

    async def _withdraw(self, request: Request, principal: Principal) -> Response:
        return await self._take_back(withdraw_version, request, principal)

    async def _restore(self, request: Request, principal: Principal) -> Response:
        return await self._take_back(restore_version, request, principal)

    async def _delete(self, request: Request, principal: Principal) -> Response:
        return await self._take_back(delete_version, request, principal)

    async def _take_back(self, use_case: _TakeBack, request: Request, principal: Principal) -> Response:
        app = request.path_params["app"]
        version = request.path_params.get(
            "version", "rollback"
        )  # a version of that name meets the path of the roll back
        return _json(await use_case(self._runtime, self._security, principal, app, version, address_of(request.scope)))


def _query(request: Request) -> dict[str, str]:
    """Give the query's parameters. Raises BadRequest for one that is not known or comes twice."""
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in {"app", "activate", "dry_run"} or name in given:
            raise BadRequest("The query takes app, activate and dry_run, each once.")
        given[name] = value
    return given


def _switch(given: dict[str, str], name: str) -> bool:
    value = _SWITCHES.get(given.get(name, "false"))
    if value is None:
        raise BadRequest(f"The parameter {name} must be true or false.")
    return value


def _activated(done: Activated) -> Response:
    return _json(
        {
            "app": done.app,
            "version": shown_version(done.version),
            "before": shown_version(done.before),
            "changed": done.changed,
            "epoch": done.epoch,
        }
    )


def _json(body: Any, status: int = 200) -> Response:
    content = msgspec.json.encode(body)
    return Response(content, status, answer_headers(None), media_type="application/json; charset=utf-8")
