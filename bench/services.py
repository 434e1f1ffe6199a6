"""Starts and stops the compared services, each pinned to the server's CPU, each answering on a port of its own."""

import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from bench import processes, quote

ROOT: Final = Path(__file__).parent.parent
SERVER_CPU: Final = "0"
LOAD_CPU: Final = "1" if (os.cpu_count() or 1) > 1 else "0"
_START_SECONDS: Final = 600.0
_STOP_SECONDS: Final = 15.0


class Service(msgspec.Struct, frozen=True):
    """A running service: its name in the report, process id, port, and the access token that it takes."""

    name: str
    pid: int
    port: int
    token: str

    def post(self, body: bytes, path: str = quote.PATH) -> tuple[int, bytes]:
        """Make one call with the token over a connection of its own."""
        return self._request("POST", path, body)

    def get(self, path: str) -> tuple[int, bytes]:
        """Make one GET with the token over a connection of its own."""
        return self._request("GET", path, None)

    def pids(self) -> list[int]:
        """Give the processes that serve now."""
        return processes.family(self.pid)

    def _request(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()


def free_port() -> int:
    """Give a port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def uvicorn_service(name: str, module: str) -> Iterator[Service]:
    """Run `module:app` on uvicorn with uvloop and httptools, one worker, access log off."""
    token, port = secrets.token_urlsafe(32), free_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", f"{module}:app", "--host", "127.0.0.1", "--port", str(port), *options]
    with running(command, port, {"BENCH_TOKEN": token}) as pid:
        yield Service(name, pid, port, token)


@contextmanager
def microflow_home(app: Path) -> Iterator[tuple[Path, str]]:
    """Make a home of the server for the length of the block, and an access token of its administrator."""
    home = Path(tempfile.mkdtemp(prefix="microflow-bench-"))
    try:
        password = secrets.token_urlsafe(24)
        environment = {"MICROFLOW_ADMIN_PASSWORD": password}
        port = free_port()
        with running(serve_command(app, home, port), port, environment):
            token = microflow("token", "add", "--user", "admin", "--home", str(home)).strip().splitlines()[-1]
        yield home, token
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def microflow_service(app: Path, home: Path, token: str) -> Iterator[Service]:
    """Run this project's server with everything on, one worker."""
    port = free_port()
    with running(serve_command(app, home, port), port) as pid:
        yield Service("microflow", pid, port, token)


def serve_command(app: Path, home: Path, port: int) -> list[str]:
    """Give the command line that serves one app."""
    listen = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [_command(), "serve", "--app", str(app), *listen, "--home", str(home)]


def microflow(*arguments: str) -> str:
    """Run the command line tool and give what it printed."""
    done = subprocess.run([_command(), *arguments], check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
    if done.returncode != 0:
        message = f"microflow {' '.join(arguments[:2])} ended with {done.returncode}: {done.stderr.strip()}"
        raise RuntimeError(message)
    return done.stdout


@contextmanager
def running(
    command: list[str], port: int, environment: dict[str, str] | None = None, *, cpu: str | None = SERVER_CPU
) -> Iterator[int]:
    """Run a server on one CPU (None: on all) for the length of the block, from the moment that it answers /livez."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            ["taskset", "-c", cpu, *command] if cpu else command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_live(port, process.poll)
            yield process.pid
        except BaseException:
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace")[-4000:])
            raise
        finally:
            _stop(process)


def wait_until_live(port: int, ended: Callable[[], int | None]) -> None:
    """Wait until /livez answers 200.

    Raises RuntimeError when the process has ended or ten minutes have passed.
    """
    end = time.monotonic() + _START_SECONDS
    while not is_live(port):
        if ended() is not None:
            message = f"the server ended with {ended()} before it served"
            raise RuntimeError(message)
        if time.monotonic() > end:
            message = f"the server did not serve within {_START_SECONDS:g} s"
            raise RuntimeError(message)
        time.sleep(0.005)


def is_live(port: int) -> bool:
    """Say whether /livez answers 200 now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask the process to end; when it does not, end it and the children it still has."""
    if process.poll() is not None:
        return
    members = processes.family(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait(_STOP_SECONDS)


def _command() -> str:
    return str(Path(sys.executable).parent / "microflow")
