"""Serving from beginning to end: take the home and the address, prepare, let the workers serve, end."""

import os
import shlex
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import typer

from microflow_runtime.cli.listening import bind
from microflow_runtime.cli.server_record import ServerRecord
from microflow_runtime.cli.supervisor import Supervisor
from microflow_runtime.errors import StoreError
from microflow_runtime.settings import Settings

if TYPE_CHECKING:
    from microflow_runtime.cli.preparation import Prepared

_BACKLOG: Final = 2048
_PATIENCE_SECONDS: Final = 3.0
_HEADERS: Final = """-H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'"""


def supervise(settings: Settings) -> int:
    """Serve until a signal says stop; give the exit code."""
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # there is nothing to restart yet
    try:
        record = ServerRecord(settings.home)
    except StoreError as error:
        typer.echo(f"microflow: {error.message}", err=True)
        return 3
    try:
        return _serve(settings, record)
    finally:
        with suppress(OSError):  # the disk may fail; the lock goes in any case
            record.close()


def _serve(settings: Settings, record: ServerRecord) -> int:
    try:
        bound = bind(settings, patience_seconds=_PATIENCE_SECONDS if record.was_left_behind else 0.0)
    except OSError as error:
        typer.echo(f"microflow: cannot listen on {settings.host}:{settings.port}: {error.strerror}", err=True)
        return 2
    with bound as listening:
        supervisor = Supervisor(settings, listening.fileno(), record, when_serving=_notify)
        try:
            prepared = _prepared(settings)
            listening.listen(_BACKLOG)
        except BaseException:
            supervisor.dismiss()
            raise
        port = listening.getsockname()[1]
        supervisor.start(port)
        _announce(settings, port, prepared)
        return supervisor.watch()


def _prepared(settings: Settings) -> "Prepared":
    """Load what preparing needs, which takes a while, and prepare, while the template loads what serving needs."""
    from microflow_runtime.cli.preparation import prepare
    from microflow_runtime.telemetry import configure_logs

    configure_logs(level=settings.log_level, log_format=settings.log_format)
    return prepare(settings)


def _announce(settings: Settings, port: int, prepared: "Prepared") -> None:
    """Say on standard error where the server is and how it is called; a password made up is shown here once."""
    first = prepared.first
    address = f"http://{settings.host}:{port}{settings.prefix}"
    lines = [f"microflow: serving at {address} with {settings.workers} workers"]
    if first is not None and first.was_made_up:
        lines.append(f"microflow: user {first.username}, password {first.password.reveal()} (shown this once)")
    elif first is not None:
        lines.append(f"microflow: user {first.username}, with the password of the settings")
    else:
        lines.append("microflow: user admin, or any other of `microflow user list`")
    if prepared.example is None:
        lines.append("microflow: no flow answers yet; deploy an app, or name its folder with --app")
    else:
        lines += [
            "microflow: log in, then call:",
            f"  TOKEN=$(microflow token add --user admin --home {shlex.quote(str(settings.home))})",
            f"  curl -s {address}/MicroflowRest/DoAction {_HEADERS} -d {shlex.quote(prepared.example)}",
        ]
    typer.echo("\n".join(lines), err=True)


def _notify() -> None:
    """Tell systemd that we serve, when it is the one that started us and wants to know (`Type=notify`)."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        address = "\0" + path[1:] if path.startswith("@") else path
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
            notifying.sendto(b"READY=1", address)
