"""Calls of a running server over HTTP, for the commands that change or show what it serves."""

from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import quote, urlencode, urlsplit

import typer

from microflow_runtime.cli.options import settings_from

if TYPE_CHECKING:
    import http.client
    from collections.abc import Mapping

Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="MICROFLOW_URL",
        help="Address of the server with its context root, as https://host/oneweb; else host and port of the settings.",
    ),
]
Token = Annotated[
    str, typer.Option("--token", envvar="MICROFLOW_TOKEN", help="An access token of a user who may do this.")
]
_SECONDS = 180.0
_NOT_REACHED = frozenset((502, 503, 504))
_NOT_ALLOWED = frozenset((401, 403))


class ServerCalls:
    """A server as commands call it. Every failure ends the command, having said why, with the exit code for it."""

    def __init__(self, url: str, token: str) -> None:
        if not url:
            settings = settings_from()
            url = f"http://{settings.host}:{settings.port}{settings.prefix}"
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError as error:
            _fail(2, f"{url} is no address of a server: {error}")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            _fail(2, f"{url} is no address of a server: write it as https://host:port/root")
        if parts.username or parts.password:
            _fail(2, "the address must hold no user and no password: give an access token with --token")
        self._parts = parts
        self._token = token

    def get(self, *path: str) -> bytes:
        """Give the body of an answer. `path` are the names below the context root."""
        return self._call("GET", path, {}, None)

    def post(self, *path: str, query: "Mapping[str, str] | None" = None, content: bytes | None = None) -> bytes:
        """Post a package, or nothing, and give the body of the answer."""
        return self._call("POST", path, query or {}, content)

    def delete(self, *path: str) -> bytes:
        """Delete what stands at a path and give the body of the answer."""
        return self._call("DELETE", path, {}, None)

    def _call(self, method: str, path: tuple[str, ...], query: "Mapping[str, str]", content: bytes | None) -> bytes:
        target = self._parts.path.rstrip("/") + "".join(f"/{quote(part, safe='')}" for part in path)
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if content is not None:
            headers["Content-Type"] = "application/zip"
        connection = self._connection()
        try:
            connection.request(method, f"{target}?{urlencode(query)}" if query else target, content, headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, ValueError) as error:
            _fail(3, f"{self._parts.hostname} cannot be reached: {error}")
        finally:
            connection.close()
        if answer.status >= 300:
            _refused(answer.status, answer.getheader("content-type") or "", body)
        return body

    def _connection(self) -> "http.client.HTTPConnection":
        import http.client

        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=_SECONDS)
        return http.client.HTTPConnection(host, port, timeout=_SECONDS)


def _refused(status: int, media_type: str, body: bytes) -> NoReturn:
    """Tell a problem: the faults as `microflow check` tells them, or the sentence."""
    code = 3 if status in _NOT_REACHED else 4 if status in _NOT_ALLOWED else 1
    problem = _problem(media_type, body)
    if problem is None:
        _fail(code, f"the server answered {status}, and not as a microflow server does; look at --url")
    if problem.get("faults"):
        _tell_faults(problem)
        raise typer.Exit(1)
    typer.echo(f"error {problem.get('code', status)}: {problem.get('detail', '')}", err=True)
    raise typer.Exit(code)


def _problem(media_type: str, body: bytes) -> dict[str, Any] | None:
    import msgspec

    if media_type.partition(";")[0] != "application/problem+json":
        return None
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None


def _tell_faults(problem: dict[str, Any]) -> None:
    import os
    import sys

    import msgspec

    from microflow_runtime.cli.faults import color_wanted, render
    from microflow_runtime.errors import Fault

    faults = msgspec.convert(problem["faults"], list[Fault])
    color = color_wanted(os.environ, is_terminal=sys.stderr.isatty())
    typer.echo(render(faults, "full", color=color), nl=False, err=True)
    if problem.get("fault_count", 0) > len(faults):
        typer.echo(f"microflow: there are {problem['fault_count']} faults; these are the first", err=True)


def _fail(code: int, told: str) -> NoReturn:
    typer.echo(f"microflow: {told}", err=True)
    raise typer.Exit(code)
