"""FTP and FTP over TLS, by the standard library. The one module that knows it; its errors end here.

Everything stays on the address that was checked: the passive mode's own address is not believed. What a server says is
not repeated, only its codes.
"""

import ftplib
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from microflow_runtime.engine.files import Existing
from microflow_runtime.errors import NodeError
from microflow_runtime.model.file_connection import FtpConnection
from microflow_runtime.runtime.files.names import already_there, failure, missing, parts_of
from microflow_runtime.runtime.files.network import unreachable
from microflow_runtime.runtime.files.place import BLOCK_BYTES, Place

_FOREIGN: Final[tuple[type[Exception], ...]] = (ftplib.Error, OSError, EOFError, ValueError)
_ALL: Final[tuple[type[Exception], ...]] = (*_FOREIGN, NodeError)
_NOT_THERE: Final = "550"
_UNKNOWN: Final = ("500", "501", "502", "504")
_BUSY: Final = ("421", "425", "450")
_NO_ROOM: Final = ("452", "552")


class _Client(ftplib.FTP_TLS):
    """The library's client on a socket that is there already."""

    def __init__(self, control: socket.socket, connection: FtpConnection, tls: ssl.SSLContext | None) -> None:
        super().__init__(context=tls, timeout=connection.connect_seconds)
        self.host = connection.host
        self._silence = connection.timeout_seconds
        self._data: socket.socket | None = None
        control.settimeout(connection.timeout_seconds)
        self.sock = control
        self.af = control.family
        self.file = control.makefile("r", encoding=self.encoding)

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """Open the way of the data; a session of TLS goes on there, as careful servers demand."""
        opened, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - without TLS only where a connection says so
        opened.settimeout(self._silence)
        self._data = opened
        if isinstance(self.sock, ssl.SSLSocket):
            try:
                opened = self.context.wrap_socket(opened, server_hostname=self.host, session=self.sock.session)
            except BaseException:
                opened.close()
                raise
            self._data = opened
        return opened, size

    def break_off(self) -> None:
        """End what waits, from another thread."""
        for each in (self._data, self.sock):
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


class FtpPlace(Place):
    """A server of FTP in use, with TLS when there is a context for it."""

    def __init__(
        self,
        control: socket.socket,
        connection: FtpConnection,
        password: str,
        tls: ssl.SSLContext | None,
        scratch_folder: Path,
    ) -> None:
        super().__init__(scratch_folder, connection.file_bytes)
        self._control = control
        self._connection = connection
        self._password = password
        self._tls = tls
        self._client: _Client | None = None

    def begin(self) -> None:
        """See Place."""
        connection = self._connection
        try:
            client = self._client = _Client(self._control, connection, self._tls)
            client.welcome = client.getresp()
            if self._tls is not None:
                client.auth()
            client.login(connection.username, self._password, secure=False)
            if self._tls is not None:
                client.prot_p()
            client.voidcmd("TYPE I")
        except ssl.SSLCertVerificationError as error:
            raise unreachable(f"its certificate is not good: {error.verify_message}", retryable=False) from error
        except ssl.SSLError as error:
            raise unreachable(f"there is no agreement with it on TLS ({error.reason})", retryable=False) from error
        except ftplib.error_perm as error:
            what = "takes no TLS" if _code(error) in _UNKNOWN else "refuses the login"
            raise unreachable(f"it {what} ({_code(error)})", retryable=False) from _said(error)
        except _FOREIGN as error:
            raise _broken(error) from _said(error)

    def open(self, name: str) -> BinaryIO:
        """See Files. The file is fetched whole."""
        path = self._path(name)
        with self._telling(name) as client:
            size = self._size(client, path)
            if size is not None:
                self.check_size(name, size)
            target = self.scratch()
            got = 0
            with client.transfercmd(f"RETR {path}") as data:
                while block := data.recv(BLOCK_BYTES):
                    self.go_on()
                    got += len(block)
                    self.check_size(name, got)
                    target.write(block)
            client.voidresp()
            if size is not None and got != size:
                raise failure(name, f"came with {got} of its {size} bytes", kind="file.connect", retryable=True)
        return self.reader(name, target, got)

    def size(self, name: str) -> int | None:
        """See Files."""
        with self._telling(name) as client:
            return self._size(client, self._path(name))

    def store(self, name: str, content: BinaryIO, existing: Existing) -> None:
        """See Files. The file is sent under a name of its own and then given its name; what is appended is sent as it is."""
        path = self._path(name)
        with self._telling(name) as client:
            if existing == "refuse" and self._size(client, path) is not None:
                raise already_there(name)
            self._make_folders(client, name)
            if existing == "append":
                self._send(client, f"APPE {path}", content)
                return
            folder = path.rpartition("/")[0]
            unfinished = f"{folder}/" * bool(folder) + f".microflow-{os.urandom(8).hex()}.part"
            try:
                self._send(client, f"STOR {unfinished}", content)
                self._rename(client, unfinished, path, replace=existing == "replace")
            except _ALL:
                with suppress(*_FOREIGN):
                    client.delete(unfinished)
                raise

    def _send(self, client: _Client, command: str, content: BinaryIO) -> None:
        with client.transfercmd(command) as data:
            while block := content.read(BLOCK_BYTES):
                self.go_on()
                data.sendall(block)
            if isinstance(data, ssl.SSLSocket):
                with suppress(OSError):  # some servers hang up first; whether all came, the answer says
                    data.unwrap()
        client.voidresp()

    def _rename(self, client: _Client, path: str, to: str, *, replace: bool) -> None:
        """Rename, also by servers that give nobody the name of a file that is there."""
        try:
            client.rename(path, to)
        except ftplib.error_perm:
            if not replace or self._size(client, to) is None:
                raise
            client.delete(to)
            client.rename(path, to)

    def move(self, name: str, to: str, *, replace: bool) -> None:
        """See Files."""
        path, to_path = self._path(name), self._path(to)
        with self._telling(name) as client:
            if self._size(client, path) is None:
                raise missing(name)
            if not replace and self._size(client, to_path) is not None:
                raise already_there(to)
            self._make_folders(client, to)
            self._rename(client, path, to_path, replace=replace)

    def remove(self, name: str) -> None:
        """See Files."""
        with self._telling(name) as client:
            client.delete(self._path(name))

    def _path(self, name: str) -> str:
        path = "/".join(parts_of(name))
        base = self._connection.path
        return f"{base.rstrip('/')}/{path}" if base else path

    def _size(self, client: _Client, path: str) -> int | None:
        try:
            return client.size(path)
        except ftplib.error_perm as error:
            if _code(error) == _NOT_THERE:
                return None
            raise

    def _make_folders(self, client: _Client, name: str) -> None:
        parts = parts_of(name)
        for count in range(1, len(parts)):
            with suppress(ftplib.error_perm):  # it is there already, or the next command tells that it is not
                client.mkd(self._path("/".join(parts[:count])))

    @contextmanager
    def _telling(self, name: str) -> Iterator[_Client]:
        """Translate what happens to a file."""
        client = self._client
        assert client is not None, "a place is used after it has begun"
        try:
            yield client
        except ftplib.error_perm as error:
            code = _code(error)
            if code == _NOT_THERE:
                raise missing(name) from _said(error)
            what = "does not fit on the server" if code in _NO_ROOM else "is refused by the server"
            raise failure(name, f"{what} ({code})") from _said(error)
        except ftplib.error_temp as error:
            code = _code(error)
            if code == "450":
                raise failure(name, "is in use", kind="file.busy", retryable=True) from _said(error)
            raise _broken(error) from _said(error)
        except _FOREIGN as error:
            raise _broken(error) from _said(error)

    def break_off(self) -> None:
        """See Place."""
        if self._client is not None:
            self._client.break_off()
        else:
            with suppress(OSError):
                self._control.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """See Place."""
        if self._client is not None and not self._is_stopped:
            with suppress(*_FOREIGN):
                if self._client.sock is not None:
                    self._client.sock.settimeout(1.0)
                self._client.quit()
        if self._client is not None:
            with suppress(OSError):
                self._client.close()
        self._control.close()


def _code(error: Exception) -> str:
    return str(error)[:3]


def _said(error: Exception) -> Exception:
    """Give the cause of an error as it may stand in a log: without the server's words, which may repeat what it was sent."""
    return type(error)(_code(error)) if isinstance(error, ftplib.Error) else error


def _broken(error: Any) -> NodeError:
    if isinstance(error, ssl.SSLError):
        return unreachable(f"there is no agreement with it on TLS ({error.reason})")
    if isinstance(error, TimeoutError):
        return unreachable("it was silent for too long")
    if isinstance(error, ftplib.error_temp):
        busy = "is busy" if _code(error) in _BUSY else "failed for now"
        return unreachable(f"it {busy} ({_code(error)})")
    if isinstance(error, ftplib.error_reply | ftplib.error_proto | ValueError):
        return unreachable("what it sent is no FTP")
    return unreachable("it hung up")
