"""A MariaDB of our own for tests: a server in a temporary folder, a fresh database for each who asks.

The server is made when it is first asked for and ends with the test process. It speaks TLS with a certificate of its own,
its clock is set to a zone that no test expects, and it knows the rules of one zone alone, Europe/Berlin.
"""

import atexit
import datetime as dt
import functools
import ipaddress
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT: Final = Path(__file__).parents[2]
_SECONDS: Final = 60.0
_KNOWN_ZONE: Final = "Europe/Berlin"
GUARDED: Final = "guarded"
"""A user that has to give a password; `tester` has not."""
PASSWORD: Final = "a 'pässword' \\ of %s"


class MariadbServer:
    """One server. It listens on 127.0.0.1 and on a socket in its own folder."""

    def __init__(self) -> None:
        """Make the files and start."""
        self._numbers = itertools.count(1)
        self.folder = Path(tempfile.mkdtemp(prefix="microflow-mariadb-", dir=_quick_folder()))
        self.port = _free_port()
        self.certificate = self.folder / "certificate.pem"
        self._key = self.folder / "key.pem"
        self._log = self.folder / "log"
        _write_certificate(self.certificate, self._key)
        self._process: subprocess.Popen[bytes] | None = None
        owner = ["--user=root"] if os.getuid() == 0 else []
        words = ["--no-defaults", f"--datadir={self.folder / 'data'}", "--auth-root-authentication-method=normal"]
        command = [_find("mariadb-install-db"), *words, "--skip-test-db", *owner]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.start()
        self.execute("create user tester@'127.0.0.1'")
        self.execute(f"create user {GUARDED}@'127.0.0.1' identified by '{_quoted(PASSWORD)}'")
        self.execute("create user secured@'127.0.0.1' require ssl")
        for user in ("tester", GUARDED, "secured"):
            self.execute(f"grant all on *.* to {user}@'127.0.0.1'")
        self._teach_zone()

    def start(self) -> None:
        """Start the server and wait until it answers. It ends with the process that starts it, however that ends."""
        words = {
            "datadir": str(self.folder / "data"),
            "socket": str(self.folder / "socket"),
            "pid-file": str(self.folder / "pid"),
            "port": str(self.port),
            "bind-address": "127.0.0.1",
            "default-time-zone": "-03:00",
            "character-set-server": "latin1",
            "sql-mode": "",
            "innodb-buffer-pool-size": "32M",
            "innodb-flush-log-at-trx-commit": "0",
            "innodb-lock-wait-timeout": "1",
            "max-connections": "200",
            "ssl-cert": str(self.certificate),
            "ssl-key": str(self._key),
        }
        owner = ["--user=root"] if os.getuid() == 0 else []
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "setpriv", "--pdeathsig", "TERM", _find("mariadbd"), "--no-defaults", *owner,
                    *(f"--{name}={value}" for name, value in words.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )  # fmt: skip
        give_up_at = time.monotonic() + _SECONDS
        while True:
            try:
                self.execute("select 1")
            except subprocess.CalledProcessError as cause:
                if self._process.poll() is not None or time.monotonic() > give_up_at:
                    raise RuntimeError(self._log.read_text(errors="replace")) from cause
                time.sleep(0.05)
            else:
                return

    def _teach_zone(self) -> None:
        path = f"/usr/share/zoneinfo/{_KNOWN_ZONE}"
        if not Path(path).exists():
            subprocess.run(["bash", ROOT / "scripts" / "need.sh", "--package", "tzdata"], check=True)
        found = subprocess.run(
            [_find("mariadb-tzinfo-to-sql"), path, _KNOWN_ZONE], check=True, capture_output=True, text=True
        )
        self.execute(found.stdout, "mysql")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server: SIGTERM ends its connections in order, SIGKILL is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_SECONDS)
            self._process = None

    def restart(self) -> None:
        """Let the server crash and come back."""
        self.stop(signal.SIGKILL)
        self.start()

    def end(self) -> None:
        """Stop the server and remove its files."""
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, *, user: str = "tester") -> str:
        """Give the address of a database."""
        return f"mariadb://{user}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "") -> list[list[str]]:
        """Run statements by themselves, as root; give the rows of the last as texts."""
        words = ["--no-defaults", "-uroot", f"--socket={self.folder / 'socket'}", "--default-character-set=utf8mb4"]
        done = subprocess.run(
            [_find("mariadb"), *words, "--batch", "--skip-column-names", *([database] if database else [])],
            input=statement, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return [line.split("\t") for line in done.stdout.splitlines()]

    def make(self) -> str:
        """Make an empty database; give its name."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.execute(f"create database {name} character set utf8mb4")
        return name

    def drop(self, name: str) -> None:
        """Remove a database."""
        self.execute(f"drop database if exists {name}")


@functools.cache
def running_mariadb() -> MariadbServer:
    """Give the server that all tests of this process share."""
    server = MariadbServer()
    atexit.register(server.end)
    return server


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")


def _write_certificate(certificate: Path, key_file: Path) -> None:
    """Make a certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))


def _quick_folder() -> str | None:
    """Give the folder in memory where there is one with room."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3 else None


def _find(command: str) -> str:
    """Give the path of a command of MariaDB, bringing it in where it is not there."""
    folders = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    if (found := shutil.which(command, path=folders)) is not None:
        return found
    subprocess.run(["bash", ROOT / "scripts" / "need.sh", "--package", "mariadb-server"], check=True)
    if (found := shutil.which(command, path=folders)) is not None:
        return found
    raise RuntimeError(f"{command} is not there, although MariaDB was brought in")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
