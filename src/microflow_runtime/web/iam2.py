"""IAM2 v1 over HTTP: reads the request, calls one use case, writes its answer in the words of the API.

Every refusal is JSON with `error` and `error_description`. The bodies are in `docs/reference/sessions.md`.
Source: docs.onewebstack.com, IAM2 REST API v1.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from microflow_runtime.errors import MethodNotAllowed, MicroflowError, NotAvailable, NotFound, Refusal
from microflow_runtime.security import COOKIE_NAME, LoginRequest, Security
from microflow_runtime.service import iam2
from microflow_runtime.settings import Secret, Settings
from microflow_runtime.store import Rights
from microflow_runtime.telemetry import Metrics, get_log
from microflow_runtime.web.headers import error_headers
from microflow_runtime.web.iam2_body import read_json

BASE = "/IAM2RESTService"
_Handler = Callable[[Request], Awaitable[Response]]
_ALWAYS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

_log = get_log("web")


class LoginBody(msgspec.Struct, frozen=True):
    """The body of a login. A system that is null, empty or absent is none."""

    username: str
    password: str
    system_id: str | None = None
    system_secret: str | None = None


def routes(security: Security, settings: Settings, metrics: Metrics | None = None) -> list[Route]:
    """Give the routes of IAM2 under the context root; the last answers 404 for every other path below its base."""
    handlers = _Handlers(security, settings, metrics or Metrics())
    v1 = f"{settings.prefix}{BASE}/services/v1"
    table: list[tuple[str, tuple[str, ...], _Handler]] = [
        (f"{v1}/login", ("POST",), handlers.log_in),
        (f"{v1}/perms/{{access_token}}", ("GET", "HEAD"), handlers.permissions),
        (f"{v1}/perms/{{access_token}}/{{object_path:path}}", ("GET", "HEAD"), handlers.object_permissions),
        (f"{v1}/userinfo/{{access_token}}", ("GET", "HEAD"), handlers.user),
        (f"{v1}/checksession/{{session_id}}", ("GET", "HEAD"), handlers.check_session_id),
        (f"{v1}/checksessionByAccessToken/{{access_token}}", ("GET", "HEAD"), handlers.check_access_token),
        (f"{v1}/logout/{{access_token}}", ("GET", "POST"), handlers.log_out),
        (f"{settings.prefix}{BASE}/{{rest:path}}", (), _not_found),
    ]
    return [Route(path, _Endpoint(methods, handler)) for path, methods, handler in table]


class _Endpoint:
    """One path as an ASGI application: it checks the method itself, so that a wrong one is refused in JSON as well."""

    def __init__(self, methods: tuple[str, ...], handler: _Handler) -> None:
        self._methods = methods
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            if self._methods and request.method not in self._methods:
                raise MethodNotAllowed(f"This takes {' or '.join(self._methods)}.")
            response = await self._handler(request)
        except MicroflowError as error:
            response = self._refuse(error)
        await response(scope, receive, send)

    def _refuse(self, error: MicroflowError) -> Response:
        shown = error if isinstance(error, Refusal) else NotAvailable(error.message)
        status = shown.status
        if status == 503:
            _log.warning("refused", reason=error.message, cause=repr(error.__cause__))
        body = {"error": shown.kind, "error_description": shown.message}
        headers = {name.decode(): value.decode() for name, value in error_headers(shown.kind, shown.code)}
        if status == 401:
            headers["www-authenticate"] = "Bearer"
        if status == 405:
            headers["allow"] = ", ".join(self._methods)
        if (seconds := getattr(error, "retry_after_seconds", None)) is not None:
            headers["retry-after"] = str(seconds)
        return _json(body, status, headers)


class _Handlers:
    """The handlers of the paths, over one Security."""

    def __init__(self, security: Security, settings: Settings, metrics: Metrics) -> None:
        self._security = security
        self._settings = settings
        self._metrics = metrics

    async def log_in(self, request: Request) -> Response:
        body = await read_json(request, LoginBody, seconds=self._settings.body_seconds)
        wanted = LoginRequest(
            username=body.username,
            password=Secret(body.password),
            system_id=body.system_id or "",
            system_secret=Secret(body.system_secret or ""),
            address=_address(request),
        )
        try:
            made = await iam2.log_in(self._security, wanted)
        except MicroflowError:
            self._metrics.logins["refused"] += 1
            raise
        self._metrics.logins["done"] += 1
        response = _json({"accessToken": made.access_token.reveal()})
        if made.session_id is not None:
            self._set_cookie(response, request, made.session_id.reveal())
        return response

    async def permissions(self, request: Request) -> Response:
        rights, objects = await iam2.read_permissions(self._security, request.path_params["access_token"])
        return _permissions(rights, objects)

    async def object_permissions(self, request: Request) -> Response:
        token, path = request.path_params["access_token"], request.path_params["object_path"]
        rights, objects = await iam2.read_object_permissions(self._security, token, path)
        return _permissions(rights, objects)

    async def user(self, request: Request) -> Response:
        rights = await iam2.read_user(self._security, request.path_params["access_token"])
        user = rights.user
        assert user is not None, "a session without its user is not good"
        return _json(
            {
                "User_info": {
                    "username": user.username,
                    "th_firstname": user.th_firstname,
                    "th_lastname": user.th_lastname,
                    "en_firstname": user.en_firstname,
                    "en_lastname": user.en_lastname,
                    "email": user.email,
                    "mobile_number": user.mobile_number,
                    "roles": [role.name for role in rights.roles],
                }
            }
        )

    async def check_session_id(self, request: Request) -> Response:
        return _state(await iam2.check_session_id(self._security, request.path_params["session_id"]))

    async def check_access_token(self, request: Request) -> Response:
        return _state(await iam2.check_access_token(self._security, request.path_params["access_token"]))

    async def log_out(self, request: Request) -> Response:
        await iam2.log_out(self._security, request.path_params["access_token"], _address(request))
        response = _json({"loggedOut": True})
        response.delete_cookie(COOKIE_NAME, path=self._settings.context_root, httponly=True, samesite="lax")
        return response

    def _set_cookie(self, response: Response, request: Request, session_id: str) -> None:
        secure = request.scope.get("scheme") in {"https", "wss"}
        root = self._settings.context_root
        response.set_cookie(COOKIE_NAME, session_id, path=root, secure=secure, httponly=True, samesite="lax")


async def _not_found(_request: Request) -> Response:
    raise NotFound("There is no such path.")


def _permissions(rights: Rights, objects: Iterable[iam2.ObjectAccess]) -> Response:
    return _json(
        {
            "Permission": {
                "role": [{"role_id": role.role_id, "role_name": role.name} for role in rights.roles],
                "objectAccesses": [
                    {
                        "object_id": entry.object_id,
                        "object_name": entry.object_name,
                        "object_type": entry.object_type,
                        "access": [{"access_type": access} for access in entry.accesses],
                    }
                    for entry in objects
                ],
            }
        }
    )


def _state(state: iam2.SessionState) -> Response:
    if not state.active:
        return _json({"active": False})
    return _json({"active": True, "username": state.username, "ends_at": state.ends_at})


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(body),
        status,
        headers={**_ALWAYS, **(headers or {})},
        media_type="application/json; charset=utf-8",
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
