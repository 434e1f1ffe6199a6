"""Servers of files for tests: FTP by pyftpdlib, FTPS by vsftpd, SFTP by OpenSSH, S3 by moto; each on a free port of 127.0.0.1.

They serve a folder of the test, end with the `with` that starts them, and have faults that a test switches on.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

ROOT: Final = Path(__file__).parents[2]
USER: Final = "shop"
PASSWORD: Final = "a 'pässword"
FTPS_PASSWORD: Final = "secret@example"


class FtpServer:
    """A server of FTP over a folder. `behaviour` is `stall` or `hang up` when a file is fetched, or nothing."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # its own old modules
            from pyftpdlib.authorizers import DummyAuthorizer
            from pyftpdlib.handlers import FTPHandler
            from pyftpdlib.servers import ThreadedFTPServer

        self.folder = folder
        self.behaviour = ""
        self.commands: list[str] = []
        self.open = 0
        outer = self
        authorizer = DummyAuthorizer()
        authorizer.add_user(USER, PASSWORD, str(folder), perm="elradfmwMT")

        class Handler(FTPHandler):  # type: ignore[misc]
            timeout = 60

            def on_connect(self) -> None:
                outer.open += 1

            def on_disconnect(self) -> None:
                outer.open -= 1

            def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
                outer.commands.append(cmd)
                super().pre_process_command(line, cmd, arg)

            def ftp_RETR(self, file: str) -> Any:  # noqa: N802 - the library's
                if outer.behaviour == "stall":
                    time.sleep(30)
                if outer.behaviour == "hang up":
                    self.close()
                    return None
                return super().ftp_RETR(file)

        Handler.authorizer = authorizer
        Handler.use_sendfile = False
        self._server = ThreadedFTPServer(("127.0.0.1", 0), Handler)
        self._server.handler = Handler
        self.port: int = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"timeout": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._server.close_all()
        self._thread.join(5)


@contextmanager
def ftp_server(folder: Path) -> Iterator[FtpServer]:
    """Serve a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    server = FtpServer(folder)
    try:
        yield server
    finally:
        server.close()


class FtpsServer:
    """Vsftpd over a folder, for `anonymous` with the password. It demands TLS, for the data in the session of the commands.

    The address that it names for the data is a wrong one.
    """

    user: Final = "anonymous"

    def __init__(self, folder: Path, certificate: str, key: str) -> None:
        self.folder = folder
        self.port = _free_port()
        own = folder.parent / "vsftpd"
        (own / "empty").mkdir(parents=True)
        (own / "passwords").write_text(f"{FTPS_PASSWORD}\n")
        (own / "tls.pem").write_text(key + certificate)
        (own / "tls.pem").chmod(0o600)
        words = {
            "listen_address": "127.0.0.1",
            "listen_port": self.port,
            "pasv_address": "10.99.99.99",
            "anon_umask": "022",
            "anon_root": folder,
            "email_password_file": own / "passwords",
            "ftp_username": pwd.getpwuid(os.getuid()).pw_name,
            "nopriv_user": pwd.getpwuid(os.getuid()).pw_name,
            "secure_chroot_dir": own / "empty",
            "rsa_cert_file": own / "tls.pem",
            "rsa_private_key_file": own / "tls.pem",
            "ssl_ciphers": "HIGH",
        }
        yes = [
            "listen",
            "anonymous_enable",
            "write_enable",
            "anon_upload_enable",
            "anon_mkdir_write_enable",
            "anon_other_write_enable",
            "secure_email_list_enable",
            "allow_writeable_chroot",
            "run_as_launching_user",
            "ssl_enable",
            "allow_anon_ssl",
            "force_anon_logins_ssl",
            "force_anon_data_ssl",
            "require_ssl_reuse",
            "utf8_filesystem",
        ]
        no = [
            "background",
            "local_enable",
            "anon_world_readable_only",
            "seccomp_sandbox",
            "isolate",
            "isolate_network",
            "xferlog_enable",
        ]
        lines = [*words.items(), *((word, "YES") for word in yes), *((word, "NO") for word in no)]
        (own / "config").write_text("".join(f"{name}={value}\n" for name, value in lines))
        self._process = subprocess.Popen([_find("vsftpd", "vsftpd"), str(own / "config")], start_new_session=True)
        _wait_for(self.port)

    def close(self) -> None:
        """End, and the processes of its connections with it."""
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(10)


@contextmanager
def ftps_server(folder: Path, certificate: str, key: str) -> Iterator[FtpsServer]:
    """Serve a folder over TLS only."""
    folder.mkdir(parents=True, exist_ok=True)
    server = FtpsServer(folder, certificate, key)
    try:
        yield server
    finally:
        server.close()


class SftpServer:
    """OpenSSH over a folder, with keys of its own. `host_key` is as a file of known hosts has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own = folder.parent / "sshd"
        self.own.mkdir(mode=0o700)
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.host_key = self._key("host")
        (self.own / "authorized").write_text(self._key("client") + "\n")
        (self.own / "authorized").chmod(0o600)
        self.client_key = (self.own / "client").read_text()
        self.port = _free_port()
        (self.own / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.own}/host\nPidFile none\nUsePAM no\n"
            f"PermitRootLogin prohibit-password\nPasswordAuthentication no\nStrictModes no\nLogLevel ERROR\n"
            f"AuthorizedKeysFile {self.own}/authorized\nSubsystem sftp internal-sftp\nMaxStartups 100\n"
        )
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        command = [_find("sshd", "openssh-server"), "-D", "-e", "-f", str(self.own / "config")]
        with (self.own / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log)
        _wait_for(self.port)

    def _key(self, name: str) -> str:
        key = ed25519.Ed25519PrivateKey.generate()
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        (self.own / name).write_bytes(key.private_bytes(*form))
        (self.own / name).chmod(0o600)
        return (
            key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        )

    def close(self) -> None:
        """End."""
        self._process.terminate()
        self._process.wait(10)


def _find(command: str, package: str) -> str:
    """Give the path of a server, which is installed where it is not there."""
    path = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
    found = shutil.which(command, path=path)
    if found is None:
        subprocess.run(["bash", str(ROOT / "scripts" / "need.sh"), "--package", package], check=True)
        found = shutil.which(command, path=path)
    assert found, "it was installed just now"
    return found


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    """Serve the machine's files to us by a key, with `folder` as the path to use."""
    folder.mkdir(parents=True, exist_ok=True)
    server = SftpServer(folder)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def s3_server() -> Iterator[int]:
    """Serve buckets in memory; give the port."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()[1]
    finally:
        server.stop()


@contextmanager
def silent_server(first: bytes = b"", *, hangs_up: bool = False) -> Iterator[int]:
    """Take connections, say something, and then nothing; give the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    taken: list[socket.socket] = []
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.sendall(first)
            taken.append(connection)
            if hangs_up:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        is_over.set()
        thread.join(5)
        listener.close()
        for each in taken:
            each.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _wait_for(port: int) -> None:
    ends_at = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.05)
        else:
            return
