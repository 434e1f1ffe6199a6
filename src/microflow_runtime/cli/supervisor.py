"""The parent of the workers: prepares the home, publishes the catalog, keeps N workers running, and stops them gently."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import Final

import typer

from microflow_runtime.cli.worker import WorkerStart, encode_start
from microflow_runtime.errors import DefinitionFaults, Fault, MicroflowError
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.security import FirstStart, Security
from microflow_runtime.settings import Settings
from microflow_runtime.store import open_store
from microflow_runtime.telemetry import Metrics, configure_logs, get_log

_log: Final = get_log("supervisor")
_LOOK_SECONDS: Final = 0.1
_KILL_SECONDS: Final = 5.0
_MANY_ENDS: Final = 10
_MANY_ENDS_SECONDS: Final = 10.0
_HEADERS: Final = """-H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'"""
_CALL: Final = '{"flowName": "ExchangeRate", "object": {"RequestBO": {"requestData": "USD"}}}'


def supervise(settings: Settings) -> int:
    """Serve until a signal says stop; give the exit code."""
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    try:
        first = asyncio.run(_prepare(settings))
    except DefinitionFaults as error:
        _show_faults(error.faults)
        typer.echo("microflow: nothing is served: there is no good catalog yet", err=True)
        return 1
    except MicroflowError as error:
        from microflow_runtime.cli.accounts.output import fail

        fail(error)
    try:
        listening = _listen(settings)
    except OSError as error:
        typer.echo(f"microflow: cannot listen on {settings.host}:{settings.port}: {error.strerror}", err=True)
        return 2
    with listening:
        supervisor = Supervisor(settings, listening)
        supervisor.start()
        _announce(settings, listening.getsockname()[1], first)
        return supervisor.watch()


async def _prepare(settings: Settings) -> FirstStart | None:
    """Make what the home lacks and publish the catalog. Raises DefinitionFaults when there is no good one."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = open_store(settings.home)
    page = SharedPage(page_path(settings.home))
    security = Security(store, settings, bump_revocation=page.bump_revocation)
    runtime = Runtime(settings, store, page, Metrics("supervisor"), NODE_TYPES)
    try:
        first = await security.first_start()
        faults = await runtime.start_up()
        if faults:
            _show_faults(faults)
        if any(fault.is_error for fault in faults):
            typer.echo("microflow: the definitions are broken; the last good catalog is served", err=True)
        return first
    finally:
        await runtime.close()
        await security.close()
        await store.close()
        page.close()


def _show_faults(faults: tuple[Fault, ...]) -> None:
    from microflow_runtime.cli.faults import color_wanted, render

    color = color_wanted(os.environ, is_terminal=sys.stderr.isatty())
    typer.echo(render(faults, "full", color=color), nl=False, err=True)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(2048)
        listening.set_inheritable(True)
    except OSError:
        listening.close()
        raise
    return listening


def _announce(settings: Settings, port: int, first: FirstStart | None) -> None:
    """Say on standard error where the server is and how it is called; a password made up is shown here once."""
    address = f"http://{settings.host}:{port}{settings.prefix}"
    lines = [f"microflow: serving at {address} with {settings.workers} workers"]
    if first is not None and first.was_made_up:
        lines.append(f"microflow: user {first.username}, password {first.password.reveal()} (shown this once)")
    elif first is not None:
        lines.append(f"microflow: user {first.username}, with the password of the settings")
    else:
        lines.append("microflow: user admin, or any other of `microflow user list`")
    lines += [
        "microflow: log in, then call:",
        f"  TOKEN=$(microflow token add --user admin --home {settings.home})",
        f"  curl -s {address}/MicroflowRest/DoAction {_HEADERS} -d '{_CALL}'",
    ]
    typer.echo("\n".join(lines), err=True)


class Supervisor:
    """Keeps the workers running: one that ends is started again at once, all end when told to."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._settings = settings
        self._listening = listening
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        self._ends: list[float] = []
        self._stopping = False

    def start(self) -> None:
        """Start all workers and take over the signals."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self._stop)
        for number in range(self._settings.workers):
            self._spawn(number)

    def watch(self) -> int:
        """Restart workers that end until told to stop; give the exit code."""
        while not self._stopping:
            time.sleep(_LOOK_SECONDS)
            for number, worker in list(self._workers.items()):
                if worker.poll() is not None and not self._stopping:
                    _log.warning("worker ended", worker=number, code=worker.returncode)
                    self._ends.append(time.monotonic())
                    if self._ends_too_often():
                        typer.echo("microflow: workers end as soon as they start; see the log above", err=True)
                        self._end_all()
                        return 70
                    self._spawn(number)
        self._end_all()
        return 0

    def _ends_too_often(self) -> bool:
        since = time.monotonic() - _MANY_ENDS_SECONDS
        self._ends = [end for end in self._ends if end > since]
        return len(self._ends) >= _MANY_ENDS * self._settings.workers

    def _spawn(self, number: int) -> None:
        command = [sys.executable, "-m", "microflow_runtime.cli.worker"]
        descriptor = self._listening.fileno()
        worker = subprocess.Popen(  # noqa: S603 - our own module, no shell
            command, stdin=subprocess.PIPE, pass_fds=(descriptor,), start_new_session=True
        )
        assert worker.stdin is not None
        worker.stdin.write(encode_start(WorkerStart(number, descriptor, self._settings)) + b"\n")
        worker.stdin.flush()
        self._workers[number] = worker

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _end_all(self) -> None:
        """Let running calls finish, then end what is left."""
        for worker in self._workers.values():
            if worker.poll() is None:
                worker.terminate()
        give_up_at = time.monotonic() + self._settings.drain_seconds + _KILL_SECONDS
        for number, worker in self._workers.items():
            try:
                worker.wait(max(0.0, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.error("worker did not end in time", worker=number)
                worker.kill()
                worker.wait()
