"""The parent of the workers: prepares the home, publishes the catalog, keeps N workers running, and stops them gently."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import typer

from microflow_runtime.cli.worker_start import WorkerStart, encode_start
from microflow_runtime.settings import Settings

if TYPE_CHECKING:
    from microflow_runtime.security import FirstStart

_BACKLOG: Final = 2048
_LOOK_SECONDS: Final = 0.1
_KILL_SECONDS: Final = 5.0
_MANY_ENDS: Final = 10
_MANY_ENDS_SECONDS: Final = 10.0
_HEADERS: Final = """-H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'"""
_CALL: Final = '{"flowName": "ExchangeRate", "object": {"RequestBO": {"requestData": "USD"}}}'


def supervise(settings: Settings) -> int:
    """Serve until a signal says stop; give the exit code."""
    try:
        bound = _bind(settings)
    except OSError as error:
        typer.echo(f"microflow: cannot listen on {settings.host}:{settings.port}: {error.strerror}", err=True)
        return 2
    with bound as listening:
        supervisor = Supervisor(settings, listening)
        supervisor.spawn()
        try:
            first = _prepared(settings)
            listening.listen(_BACKLOG)
        except BaseException:
            supervisor.dismiss()
            raise
        supervisor.start()
        _announce(settings, listening.getsockname()[1], first)
        return supervisor.watch()


def _prepared(settings: Settings) -> "FirstStart | None":
    """Load what preparing needs, which takes a while, and prepare, while the workers load what serving needs."""
    from microflow_runtime.cli.preparation import prepare
    from microflow_runtime.telemetry import configure_logs

    configure_logs(level=settings.log_level, log_format=settings.log_format)
    return prepare(settings)


def _bind(settings: Settings) -> socket.socket:
    """Take the address; who calls before the catalog is published is still refused."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.set_inheritable(True)
    except OSError:
        listening.close()
        raise
    return listening


def _announce(settings: Settings, port: int, first: "FirstStart | None") -> None:
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


def _log() -> Any:
    from microflow_runtime.telemetry import get_log

    return get_log("supervisor")


class Supervisor:
    """Keeps the workers running: one that ends is started again at once, all end when told to."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._settings = settings
        self._listening = listening
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        self._ends: list[float] = []
        self._stopping = False

    def spawn(self) -> None:
        """Start all workers, which load their modules and then wait."""
        for number in range(self._settings.workers):
            self._spawn(number)

    def start(self) -> None:
        """Let all workers serve and take over the signals."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self._stop)
        for number in self._workers:
            self._tell(number)

    def dismiss(self) -> None:
        """Let the workers end that were never told to serve."""
        for worker in self._workers.values():
            assert worker.stdin is not None
            worker.stdin.close()
        for worker in self._workers.values():
            worker.wait()

    def watch(self) -> int:
        """Restart workers that end until told to stop; give the exit code."""
        while not self._stopping:
            time.sleep(_LOOK_SECONDS)
            for number, worker in list(self._workers.items()):
                if worker.poll() is not None and not self._stopping:
                    _log().warning("worker ended", worker=number, code=worker.returncode)
                    self._ends.append(time.monotonic())
                    if self._ends_too_often():
                        typer.echo("microflow: workers end as soon as they start; see the log above", err=True)
                        self._end_all()
                        return 70
                    self._spawn(number)
                    self._tell(number)
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
        self._workers[number] = worker

    def _tell(self, number: int) -> None:
        """Give a worker what it serves by. One that has ended meanwhile is noticed by `watch`."""
        pipe = self._workers[number].stdin
        assert pipe is not None
        with suppress(BrokenPipeError):
            pipe.write(encode_start(WorkerStart(number, self._listening.fileno(), self._settings)) + b"\n")
            pipe.flush()

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
                _log().error("worker did not end in time", worker=number)
                worker.kill()
                worker.wait()
