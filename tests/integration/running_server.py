"""A real server in processes of its own, and a client for it. Every process is ended by its own id."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from microflow_runtime.cli.server_record import ServerState, find_server

ROOT: Final = Path(__file__).parents[2]
PASSWORD: Final = "a password for tests"
_START_SECONDS: Final = 30.0
COMMAND: Final = str(Path(sys.executable).parent / "microflow")
ACT: Final = "/MicroflowRest/DoAction"


class Reply(NamedTuple):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Give the body as JSON, numbers with a fraction as text so that no digit is lost."""
        return json.loads(self.body, parse_float=str)

    @property
    def outputs(self) -> Any:
        """Give the outputs of a call that succeeded; fail the test when it did not."""
        told = self.json
        assert (self.status, told["responseStatus"]) == (200, "SUCCESS"), told["exception"]
        return told["responseObjectsMap"]

    @property
    def error(self) -> str:
        """Give the reason of a call that failed; fail the test when it did not."""
        told = self.json
        assert (self.status, told["responseStatus"], told["responseObjectsMap"]) == (200, "ERROR", {})
        return str(told["exception"])


class Server:
    """`microflow serve` on a free port. `log` is the file that its standard error goes to."""

    def __init__(
        self,
        folder: Path,
        apps: Iterable[Path],
        *,
        workers: int,
        environment: Mapping[str, str] = {},
        home: Path | None = None,
    ) -> None:
        self.folder = folder
        self.home = home or folder / "home"
        self.log = folder / "server.log"
        self._apps = tuple(apps)
        self._workers = workers
        self._environment = environment
        self.port = _free_port()
        self.token = ""
        self.process = self._begin()
        try:
            self._wait_until_live()
        except BaseException:
            self.end()
            raise

    def _begin(self) -> "subprocess.Popen[bytes]":
        folder_words = [word for app in self._apps for word in ("--app", str(app))]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [COMMAND, "serve", "--port", str(self.port), "--workers", str(self._workers), *folder_words],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def environment(self) -> dict[str, str]:
        """Give the environment of the server and of commands on its home."""
        return {
            **os.environ,
            "MICROFLOW_HOME": str(self.home),
            "MICROFLOW_ADMIN_PASSWORD": PASSWORD,
            "MICROFLOW_ANONYMOUS_PER_SECOND": "100000",
            **self._environment,
        }

    def _wait_until_live(self) -> None:
        give_up_at = time.monotonic() + _START_SECONDS
        while True:
            assert self.process.poll() is None, self.log.read_text(errors="replace")
            assert time.monotonic() < give_up_at, self.log.read_text(errors="replace")
            try:
                if self.send("GET", "/livez").status == 200:
                    return
            except OSError:
                time.sleep(0.02)

    def restart(self) -> None:
        """Stop the server gently and start it anew on the same port and home."""
        assert self.stop() == 0
        self.start_again()

    def start_again(self) -> None:
        """Start a server that has ended."""
        if self.process.poll() is not None:
            self.process = self._begin()
            self._wait_until_live()

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, *, user: bool = False,
        seconds: float = 20,
    ) -> Reply:  # fmt: skip
        """Make one request over a connection of its own; `user` sends the token of the administrator."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            return self.send_over(connection, method, path, body, headers, user=user)
        finally:
            connection.close()

    def send_over(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any = None,
        headers: Mapping[str, str] | None = None, *, user: bool = False,
    ) -> Reply:  # fmt: skip
        """Make one request over a connection that stays open."""
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        sent = {"Content-Type": "application/json"} if raw is not None else {}
        if user:
            sent["Authorization"] = f"Bearer {self.token}"
        connection.request(method, path, raw, {**sent, **(headers or {})})
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def act(self, flow: str, objects: Any = None, **more: Any) -> Reply:
        """Call a flow as the administrator."""
        return self.send("POST", ACT, {"flowName": flow, "object": objects or {}, **more}, user=True)

    def log_in(self) -> None:
        """Take a session of the administrator for the calls from now on."""
        body = {"username": "admin", "password": PASSWORD}
        self.token = self.send("POST", "/IAM2RESTService/services/v1/login", body).json["accessToken"]

    def command(self, *words: str) -> str:
        """Run a command of the command line on the server's home and give what it printed."""
        done = subprocess.run(
            [COMMAND, *words], check=False, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def workers(self) -> list[int]:
        """Give the process ids of the workers that take connections."""
        return sorted(pid for pid in self.state.workers.values() if lives(pid))

    @property
    def state(self) -> ServerState:
        """Give what the server tells about itself; fail the test when there is none."""
        state = find_server(self.home)
        assert state is not None
        return state

    def processes(self) -> list[int]:
        """Give the process ids of all that live below the supervisor."""
        return sorted(pid for pid in _below(self.process.pid) if lives(pid))

    def stop(self, number: int = signal.SIGTERM, *, seconds: float = 40) -> int:
        """Send a signal to the supervisor and give its exit code; no worker may be left."""
        workers = self.processes()
        self.process.send_signal(number)
        code = self.process.wait(seconds)
        assert not [pid for pid in workers if lives(pid)]
        return code

    def end(self) -> None:
        """Leave no process behind, whatever happened."""
        workers = self.processes() if self.process.poll() is None else []
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in filter(lives, workers):
            os.kill(pid, signal.SIGKILL)


def lives(pid: int) -> bool:
    """Say whether a process runs; one that has ended and was not asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _children(pid: int) -> set[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return {int(each) for task in tasks for each in (task / "children").read_text().split()}
    except (FileNotFoundError, ProcessLookupError):
        return set()


def _below(pid: int) -> set[int]:
    children = _children(pid)
    return children.union(*map(_below, children))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
