"""SFTP, by paramiko. The one module that knows it; its errors end here.

The server has to show one of the keys that its connection knows before we say who we are; none is learned.
"""

import errno
import io
import logging
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from microflow_runtime.engine.files import Existing
from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.model.file_connection import SftpConnection
from microflow_runtime.runtime.files.names import already_there, failure, missing, parts_of
from microflow_runtime.runtime.files.network import unreachable
from microflow_runtime.runtime.files.place import BLOCK_BYTES, Place

_KEYS: Final[tuple[type[paramiko.PKey], ...]] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_RSA: Final = ("rsa-sha2-512", "rsa-sha2-256")
_FOREIGN: Final = (paramiko.SSHException, paramiko.SFTPError, EOFError, OSError)
_REQUESTS: Final = 64
_log: Final = logging.getLogger("paramiko")


def private_key(text: str, secret: str) -> paramiko.PKey:
    """Read our private key. Raises SettingsError, which shows the name of the secret alone, when it is none."""
    for kind in _KEYS:
        with suppress(paramiko.SSHException, ValueError, IndexError, TypeError):
            return kind.from_private_key(io.StringIO(text.strip() + "\n"))
    raise SettingsError(f'The secret "{secret}" is no private key that can be read, or it is locked by a password.')


class SftpPlace(Place):
    """A server of SFTP in use."""

    def __init__(
        self,
        control: socket.socket,
        connection: SftpConnection,
        password: str,
        key: paramiko.PKey | None,
        scratch_folder: Path,
    ) -> None:
        super().__init__(scratch_folder, connection.file_bytes)
        self._control = control
        self._connection = connection
        self._password = password
        self._key = key
        self._transport: paramiko.Transport | None = None
        self._client: paramiko.SFTPClient | None = None
        self._base = ""

    def begin(self) -> None:
        """See Place."""
        if not _log.handlers:
            _log.addHandler(logging.NullHandler())  # what goes wrong is told by our own errors
        connection = self._connection
        known = [" ".join(each.split()[:2]) for each in connection.host_keys]
        try:
            transport = self._transport = paramiko.Transport(self._control)
            transport.banner_timeout = transport.handshake_timeout = connection.timeout_seconds
            transport.auth_timeout = transport.channel_timeout = connection.timeout_seconds
            kinds = dict.fromkeys(each.split()[0] for each in known)
            transport.get_security_options().key_types = [
                each for kind in kinds for each in (_RSA if kind == "ssh-rsa" else (kind,))
            ]
            transport.start_client(timeout=connection.timeout_seconds)
            shown = transport.get_remote_server_key()
            if f"{shown.get_name()} {shown.get_base64()}" not in known:
                raise unreachable("it shows another host key than those that are known", retryable=False)
            if self._key is not None:
                transport.auth_publickey(connection.username, self._key)
            else:
                transport.auth_password(connection.username, self._password)
            client = self._client = paramiko.SFTPClient.from_transport(transport)
            if client is None:
                raise unreachable("it offers no SFTP", retryable=False)
            channel = client.get_channel()
            assert channel is not None, "the channel of a client that was just opened"
            channel.settimeout(connection.timeout_seconds)
            self._base = client.normalize(connection.path or ".").rstrip("/")
        except paramiko.AuthenticationException as error:
            raise unreachable("it refuses the login", retryable=False) from error
        except IncompatiblePeer as error:
            raise unreachable(
                "it has none of the host keys that are known, or speaks nothing that we do", retryable=False
            ) from error
        except ValueError as error:
            raise unreachable("its connection knows no host key of a type that is spoken", retryable=False) from error
        except FileNotFoundError as error:
            raise unreachable("it has no folder of the path of its connection", retryable=False) from error
        except _FOREIGN as error:
            raise _broken(error) from error

    def open(self, name: str) -> BinaryIO:
        """See Files. The file is fetched whole."""
        with self._telling(name) as client:
            path = self._path(client, name)
            found = client.lstat(path)
            if not stat.S_ISREG(found.st_mode or 0):
                raise failure(name, "is no plain file")
            self.check_size(name, found.st_size or 0)
            target = self.scratch()
            got = 0
            with client.open(path, "rb") as source:
                size = source.stat().st_size or 0
                self.check_size(name, size)
                if size:
                    source.prefetch(size, max_concurrent_requests=_REQUESTS)
                while block := source.read(BLOCK_BYTES // 2):
                    self.go_on()
                    got += len(block)
                    self.check_size(name, got)
                    target.write(block)
            if got < size:
                raise failure(name, f"came with {got} of its {size} bytes", kind="file.connect", retryable=True)
        return self.reader(name, target, got)

    def size(self, name: str) -> int | None:
        """See Files."""
        with self._telling(name) as client:
            try:
                return client.lstat(self._path(client, name)).st_size or 0
            except FileNotFoundError:
                return None

    def store(self, name: str, content: BinaryIO, existing: Existing) -> None:
        """See Files. The file is sent under a name of its own and then given its name; what is appended is sent as it is."""
        with self._telling(name) as client:
            path = self._path(client, name, makes=True)
            if existing == "append":
                self._check_no_link(client, name, path)
                self._send(client, path, "ab", content)
                return
            if existing == "refuse" and self._is_there(client, path):
                raise already_there(name)
            unfinished = f"{path.rpartition('/')[0]}/.microflow-{os.urandom(8).hex()}.part"
            try:
                self._send(client, unfinished, "wbx", content)
                self._rename(client, name, unfinished, path, replace=existing == "replace")
            except (*_FOREIGN, NodeError):
                with suppress(*_FOREIGN):
                    client.remove(unfinished)
                raise

    def _send(self, client: paramiko.SFTPClient, path: str, mode: str, content: BinaryIO) -> None:
        with client.open(path, mode) as target:
            target.set_pipelined(True)
            while block := content.read(BLOCK_BYTES // 2):
                self.go_on()
                target.write(block)

    def _rename(self, client: paramiko.SFTPClient, name: str, path: str, to: str, *, replace: bool) -> None:
        """Rename: the plain way of the protocol never replaces a file; `posix-rename` of OpenSSH does, in one step."""
        try:
            if replace:
                client.posix_rename(path, to)
            else:
                client.rename(path, to)
        except OSError as error:
            if not replace:
                raise (already_there(name) if self._is_there(client, to) else error) from error
            with suppress(FileNotFoundError):
                client.remove(to)
            client.rename(path, to)

    def move(self, name: str, to: str, *, replace: bool) -> None:
        """See Files."""
        with self._telling(name) as client:
            path = self._path(client, name)
            if not stat.S_ISREG(client.lstat(path).st_mode or 0):
                raise failure(name, "is no plain file")
            self._rename(client, to, path, self._path(client, to, makes=True), replace=replace)

    def remove(self, name: str) -> None:
        """See Files."""
        with self._telling(name) as client:
            client.remove(self._path(client, name))

    def _path(self, client: paramiko.SFTPClient, name: str, *, makes: bool = False) -> str:
        """Give the path of a file in a folder that, links followed, lies in the folder of the connection."""
        *folders, last = parts_of(name)
        at = self._base
        for part in folders:
            inner = f"{at}/{part}"
            try:
                client.stat(inner)
            except FileNotFoundError:
                if not makes:
                    raise
                client.mkdir(inner)
            at = client.normalize(inner).rstrip("/")
            if not f"{at}/".startswith(f"{self._base}/"):
                raise failure(name, "leads out of the folder of its connection")
        return f"{at}/{last}"

    def _check_no_link(self, client: paramiko.SFTPClient, name: str, path: str) -> None:
        with suppress(FileNotFoundError):
            if not stat.S_ISREG(client.lstat(path).st_mode or 0):
                raise failure(name, "is no plain file")

    def _is_there(self, client: paramiko.SFTPClient, path: str) -> bool:
        try:
            client.lstat(path)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _telling(self, name: str) -> Iterator[paramiko.SFTPClient]:
        """Translate what happens to a file."""
        client = self._client
        assert client is not None, "a place is used after it has begun"
        try:
            yield client
        except FileNotFoundError as error:
            raise missing(name) from error
        except (paramiko.SSHException, EOFError, TimeoutError) as error:
            raise _broken(error) from error
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EPERM}:
                raise failure(name, "is refused by the server") from error
            if isinstance(error, ConnectionError) or "closed" in str(error).lower():
                raise unreachable("it hung up") from error
            raise failure(name, "cannot be used: the server failed at it") from error
        except paramiko.SFTPError as error:
            raise unreachable("what it sent is no SFTP") from error

    def break_off(self) -> None:
        """See Place. Closing by the library would wait for its thread; without its socket the thread ends by itself."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """See Place."""
        if self._transport is not None:
            with suppress(*_FOREIGN):
                self._transport.close()
        self._control.close()


def _broken(error: Exception) -> NodeError:
    if isinstance(error, TimeoutError):
        return unreachable("it was silent for too long")
    if isinstance(error, EOFError | ConnectionError):
        return unreachable("it hung up")
    return unreachable("what it sent is no SSH that we understand, or it hung up")
