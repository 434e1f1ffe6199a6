"""A PostgreSQL of our own for tests: one cluster in a temporary folder, a fresh database for each who asks.

`postgres_url()` gives the address of an empty database; `fresh_postgres` is the fixture around it. The cluster is made
when it is first asked for and ends with the test process. Its databases survive
a crash of the server but, to be quick, no loss of power.
"""

import atexit
import functools
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest

ROOT: Final = Path(__file__).parents[2]
_SECONDS: Final = 60.0
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}
GUARDED: Final = "guarded"
"""A user that has to give a password; `postgres` has not."""
_HBA: Final = f"""
local all all trust
host all {GUARDED} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


class PostgresServer:
    """One cluster and its server. It listens on 127.0.0.1 and on a socket in its own folder."""

    def __init__(self, data: Path | None = None) -> None:
        """Make a cluster, or take over the files in `data`, and start it."""
        self._numbers = itertools.count(1)
        self.folder = Path(tempfile.mkdtemp(prefix="microflow-postgres-", dir=_quick_folder()))
        self.data = self.folder / "data"
        self._log = self.folder / "log"
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if data is None:
            _give(self.folder)
            words = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
            command = [*_as_postgres(), _find("initdb"), "-D", str(self.data), *words]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            (self.data / "pg_hba.conf").write_text(_HBA, encoding="ascii")
        else:
            shutil.copytree(data, self.data)
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            _give(self.folder)
            self.data.chmod(0o700)
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers. It ends with the process that starts it, however that ends."""
        options = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_postgres(), "setpriv", "--pdeathsig", "INT", _find("postgres"), "-D", str(self.data), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )
        give_up_at = time.monotonic() + _SECONDS
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError as cause:
                if self._process.poll() is not None or time.monotonic() > give_up_at:
                    raise RuntimeError(self._log.read_text(errors="replace")) from cause
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its connections in order, SIGQUIT is what `pg_ctl stop -m immediate` sends."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_SECONDS)
            self._process = None

    def restart(self) -> None:
        """Do what `pg_ctl restart -m immediate` does: no connection ends in order, the log is gone through at start."""
        self.stop(signal.SIGQUIT)
        self.start()

    def end(self) -> None:
        """Stop the server and remove its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, *, user: str = "postgres") -> str:
        """Give the address of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement by itself; give its rows."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True, connect_timeout=5
        ) as connection:
            cursor = connection.execute(statement.encode())
            return [] if cursor.description is None else cursor.fetchall()

    def make(self, template: str = "template1") -> str:
        """Make a database as a copy of another that nobody is connected to; give its name."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@functools.cache
def running_postgres() -> PostgresServer:
    """Give the server that all tests of this process share."""
    server = PostgresServer()
    atexit.register(server.end)
    return server


def postgres_url(template: str = "template1") -> str:
    """Give the address of a fresh database, as `postgresql://postgres@127.0.0.1:PORT/NAME`; it needs no password."""
    server = running_postgres()
    return server.url(server.make(template))


@pytest.fixture
def fresh_postgres() -> Iterator[str]:
    """Give the address of an empty database that is removed afterwards."""
    server = running_postgres()
    name = server.make()
    yield server.url(name)
    server.drop(name)


def _quick_folder() -> str | None:
    """Give the folder in memory where there is one with room: copying a database takes a tenth of the time there."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3 else None


def _find(command: str) -> str:
    """Give the path of a command of PostgreSQL, bringing it in where it is not there."""
    for again in (True, False):
        folders = [*os.environ.get("PATH", "").split(os.pathsep), *map(str, _debian_folders())]
        if (found := shutil.which(command, path=os.pathsep.join(folders))) is not None:
            return found
        if again:
            subprocess.run(["bash", ROOT / "scripts" / "need.sh", "--package", "postgresql"], check=True)
    raise RuntimeError(f"{command} is not there, although PostgreSQL was brought in")


def _debian_folders() -> list[Path]:
    """Debian keeps the commands of the server off the path, one folder a version; the newest comes first."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda folder: float(folder.parent.name), reverse=True)


def _as_postgres() -> list[str]:
    """Give the words that run a command as the user `postgres`: the server refuses to run as root."""
    if os.getuid() != 0:
        return []
    user = _account()
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _account() -> pwd.struct_passwd:
    _find("initdb")  # its package makes the account
    return pwd.getpwnam("postgres")


def _give(folder: Path) -> None:
    """Make a folder and what is in it the server's own."""
    if os.getuid() == 0:
        user = _account()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
