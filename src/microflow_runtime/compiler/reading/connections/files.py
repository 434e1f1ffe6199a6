"""The keys of connections that hold files: folders, and servers of FTP, FTPS, SFTP and S3."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.connections.words import HttpUrl, SecretRef
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, key_words
from microflow_runtime.compiler.reading.shapes import BAD, Key, ListOf, Record, Schema, Text, Whole, key
from microflow_runtime.compiler.reading.words import Duration
from microflow_runtime.model.file_connection import (
    FolderConnection,
    FtpConnection,
    FtpsConnection,
    S3Connection,
    SftpConnection,
)

Wrap = Callable[[Any], Any]
_MOST_BYTES: Final = 16 * 1024 * 1024 * 1024


class Plain(msgspec.Struct, frozen=True, kw_only=True):
    """A text that a pattern of RE describes; `what` says it in words."""

    pattern: str
    what: str
    example: str

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            findings.wrong_kind(path, self.what, value)
            return BAD
        if not re.fullmatch(self.pattern, value):
            findings.add(fault_codes.BAD_VALUE, f"{key_words(path)} is not {self.what}", path, expected=self.example)
            return BAD
        return value

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": f"^{self.pattern}$"}


class HostKey(msgspec.Struct, frozen=True):
    """A public key of an SSH server, as it stands in a file of known hosts: its type and its text in base64."""

    example: str = "ssh-ed25519 AAAA…"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            findings.wrong_kind(path, "a public key", value)
            return BAD
        if not _is_key(value):
            message = f"{key_words(path)} is not a public key: it is a type and a text in base64"
            findings.add(fault_codes.BAD_VALUE, message, path, expected=self.example)
            return BAD
        return value

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": r"^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?$"}


def _is_key(text: str) -> bool:
    kind, _, rest = text.partition(" ")
    try:
        blob = base64.b64decode(rest.partition(" ")[0], validate=True)
    except (binascii.Error, ValueError):
        return False
    return blob[:4] == len(kind).to_bytes(4) and blob[4 : 4 + len(kind)] == kind.encode()


_HOST: Final = Plain(
    pattern=r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}",
    what="the name or address of a host",
    example="files.example",
)
_PATH: Final = Plain(pattern=r"(?!(.*/)?\.\.(/|$))[^\x00-\x1f\x7f\\]*", what="a path without `..`", example="/outgoing")
_BUCKET: Final = Plain(pattern=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", what="the name of a bucket", example="orders")
_USER: Final = Plain(pattern=r"[^\x00-\x1f\x7f]+", what="a name on one line", example="shop")


def _common(wrap: Wrap) -> tuple[Key, ...]:
    return (
        key("pool_size", wrap(Whole(least=1, most=256)), "Nodes at once in one worker; 8 unless said."),
        key("file_bytes", wrap(Whole(least=1, most=_MOST_BYTES)), "The largest file; 268435456 unless said."),
    )


def _patience(wrap: Wrap) -> tuple[Key, ...]:
    return (
        key(
            "connect_timeout",
            wrap(Duration()),
            "How long finding and reaching the server may take; 5s unless said.",
            attribute="connect_seconds",
        ),
        key(
            "timeout",
            wrap(Duration()),
            "How long the server may be silent; 30s unless said.",
            attribute="timeout_seconds",
        ),
        *_common(wrap),
    )


def _server(wrap: Wrap, port: int) -> tuple[Key, ...]:
    return (
        key("host", wrap(_HOST), "The server's name or address.", required=True),
        key("port", wrap(Whole(least=1, most=65535)), f"Its port; {port} unless said."),
        key("path", wrap(_PATH), "The folder there that names of files are looked for in."),
        *_patience(wrap),
    )


def folder_shape(wrap: Wrap) -> Record:
    """Give the shape of a folder of the machine."""
    return Record(
        keys=(
            key(
                "path",
                wrap(_PATH),
                "A relative path is under `files/App` in the server's home, an absolute one in one of its `file_folders`.",
                required=True,
            ),
            *_common(wrap),
        ),
        build=FolderConnection,
    )


def ftp_shape(wrap: Wrap) -> Record:
    """Give the shape of a server of FTP without TLS."""
    return Record(keys=(*_server(wrap, 21), *_ftp_user(wrap)), build=FtpConnection)


def ftps_shape(wrap: Wrap) -> Record:
    """Give the shape of a server of FTP over TLS."""
    authority = key("authority", SecretRef(), "A secret: the PEM text of the authority to trust, and no other.")
    return Record(keys=(*_server(wrap, 21), *_ftp_user(wrap), authority), build=FtpsConnection)


def _ftp_user(wrap: Wrap) -> tuple[Key, ...]:
    return (
        key("username", wrap(_USER), "Who we are there; `anonymous` unless said."),
        key("password", SecretRef(), "The secret that is the password."),
    )


def _password_or_key(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    if (written.get("password") is None) == (written.get("key") is None):
        message = f"{key_words(path)} has one of `password` and `key`"
        findings.add(fault_codes.KEYS_DISAGREE, message, path, help="give one of the two")


def sftp_shape(wrap: Wrap) -> Record:
    """Give the shape of a server of SFTP."""
    return Record(
        keys=(
            *_server(wrap, 22),
            key("username", wrap(_USER), "Who we are there.", required=True),
            key(
                "host_keys",
                ListOf(item=wrap(HostKey()), lone=True, empty=False),
                "The server's public keys, as `ssh-keyscan` prints them behind the host's name; no other server is spoken to.",
                required=True,
            ),
            key("password", SecretRef(), "The secret that is the password."),
            key("key", SecretRef(), "A secret: the text of our private key, not locked by a password."),
        ),
        build=SftpConnection,
        check=_password_or_key,
    )


def s3_shape(wrap: Wrap) -> Record:
    """Give the shape of a bucket."""
    return Record(
        keys=(
            key("bucket", wrap(_BUCKET), "The name of the bucket.", required=True),
            key("endpoint", wrap(HttpUrl()), "The address of an S3-like server; AWS unless said."),
            key("region", wrap(Text(empty=False)), "The region, where the server has any."),
            key("access_key", SecretRef(), "The secret that is the access key.", required=True),
            key("secret_key", SecretRef(), "The secret that is the secret key.", required=True),
            key("prefix", wrap(_PATH), "What the keys of files begin with, as `outgoing`."),
            *_patience(wrap),
        ),
        build=S3Connection,
    )
