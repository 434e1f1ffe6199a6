"""A server for the length of a demo, and a client that shows what it sends and what comes back. Standard library only."""

import http.client
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, NoReturn

ROOT: Final = Path(__file__).resolve().parent.parent
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0
_KILL_SECONDS: Final = 2.0
_SHOWN_LINES: Final = 24


class DemoError(Exception):
    """Something did not turn out as the demo says it does."""


class Reply(NamedTuple):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Give the body as JSON."""
        return json.loads(self.body)

    @property
    def worker(self) -> str:
        """Give the number of the worker that answered."""
        return self.headers.get("x-microflow-worker", "")


class Client:
    """Makes calls to one server, each over a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.token = ""

    def send(self, method: str, path: str, body: Any = None, *, with_token: bool = True) -> Reply:
        """Make one call without a word."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            self.start(connection, method, path, body, with_token=with_token)
            return finish(connection)
        finally:
            connection.close()

    def start(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any = None,
        *,
        with_token: bool = True,
    ) -> None:
        """Send a request and do not wait for its reply."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if with_token and self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection.request(
            method, path, None if body is None else json.dumps(body, ensure_ascii=False).encode(), headers
        )

    def show(
        self, method: str, path: str, body: Any = None, *, shown: Any = None, status: int = 200, with_token: bool = True
    ) -> Reply:
        """Make one call and print both sides of it. `shown` is printed in place of the body when that holds a secret.

        Raises DemoError when the status is not `status`.
        """
        print(f"  > {method} {path}")
        if body is not None:
            print(_indented(json.dumps(body if shown is None else shown, ensure_ascii=False), "  > "))
        reply = self.send(method, path, body, with_token=with_token)
        told = f", worker {reply.worker}" if reply.worker else ""
        print(f"  < {reply.status} {http.client.responses.get(reply.status, '')}{told}")
        print(_indented(_readable(reply.body), "  < "))
        expect(reply.status == status, f"the status should be {status} and is {reply.status}")
        return reply


def finish(connection: http.client.HTTPConnection) -> Reply:
    """Wait for the reply of a request that was sent."""
    reply = connection.getresponse()
    return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())


def expect(is_so: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like an assertion
    """Go on when it is so.

    Raises DemoError with the sentence when it is not.
    """
    if not is_so:
        raise DemoError(otherwise)


@contextmanager
def served(apps: list[Path], home: Path, *, workers: int, password: str) -> Iterator[Client]:
    """Serve the apps on a free port, from the first answer of /livez to the end of the block. No process is left behind."""
    port = _free_port()
    command = [microflow_command(), "serve", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    command += ["--home", str(home), *(word for app in apps for word in ("--app", str(app)))]
    log_file = home.parent / "server.log"
    with log_file.open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "MICROFLOW_ADMIN_PASSWORD": password},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the demo alone, which then stops the server
        )
    workers_seen: set[int] = set()
    try:
        client = Client(port)
        _wait_until_live(client, server)
        workers_seen |= _children(server.pid)
        yield client
        workers_seen |= _children(server.pid)
        _stop(server, workers_seen)
    except BaseException:
        said = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-20:]
        print("\nThe last lines of the server:", *said, sep="\n  ", file=sys.stderr)
        raise
    finally:
        _end(server, workers_seen | _children(server.pid))


def microflow_command() -> str:
    """Give the path of the command that is installed beside this interpreter."""
    return str(Path(sys.executable).parent / "microflow")


def start_command(*words: str, variables: Mapping[str, str] = MappingProxyType({})) -> "subprocess.Popen[str]":
    """Start a command of the command line and print it; `finish_command` waits for it.

    `variables` go into its environment and are not printed: they may be secret.
    """
    print(f"  $ microflow {shlex.join(words)}")
    return subprocess.Popen(
        [microflow_command(), *words],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish_command(command: "subprocess.Popen[str]") -> str:
    """Wait for a command and give what it printed.

    Raises DemoError when it failed.
    """
    said, errors = command.communicate(timeout=60)
    expect(command.returncode == 0, f"{command.args!r} ended with {command.returncode}: {errors.strip()}")
    return said


def new_password() -> str:
    """Make a password for one demo."""
    return secrets.token_urlsafe(24)


def stop_on_signal() -> None:
    """Let SIGTERM end the demo as Ctrl-C does, so that the server is stopped too."""

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _wait_until_live(client: Client, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            if client.send("GET", "/livez").status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass  # it does not listen yet; the loop ends when the process ends or the time is up
        expect(server.poll() is None, f"the server ended with {server.returncode} before it served")
        expect(time.monotonic() < end, f"the server did not serve within {_START_SECONDS:g} s")
        time.sleep(0.01)


def _stop(server: "subprocess.Popen[bytes]", workers: set[int]) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        code = server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired as error:
        message = f"the server did not stop within {_STOP_SECONDS:g} s of SIGTERM"
        raise DemoError(message) from error
    expect(code == 0, f"the server ended with {code} on SIGTERM")
    expect(not any(map(_lives, workers)), "the server stopped and left a worker behind")


def _end(server: "subprocess.Popen[bytes]", workers: set[int]) -> None:
    """End what is left of the server and its workers; nothing is when it stopped as asked."""
    if server.poll() is None:
        server.kill()
    server.wait()
    for pid in filter(_lives, workers):
        os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + _KILL_SECONDS
    while any(map(_lives, workers)) and time.monotonic() < end:
        time.sleep(0.01)


def _children(pid: int) -> set[int]:
    """Give the processes that a process has started; workers have process groups of their own."""
    try:
        return {
            int(each)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for each in (task / "children").read_text().split()
        }
    except FileNotFoundError:
        return set()


def _lives(pid: int) -> bool:
    """Say whether a process still runs; one that has ended and that nobody asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _readable(body: bytes) -> str:
    text = body.decode(errors="replace")
    try:
        value = json.loads(text)
    except ValueError:
        return text
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= 200 else json.dumps(value, ensure_ascii=False, indent=2)


def _indented(text: str, mark: str) -> str:
    lines = text.splitlines()
    shown = lines[:_SHOWN_LINES]
    if len(lines) > len(shown):
        shown.append(f"… and {len(lines) - len(shown)} lines more")
    return "\n".join(mark + line for line in shown)
