"""Named places of files as one environment knows them: a folder of the machine, or a server of FTP, SFTP or S3."""

from typing import Final

import msgspec

from microflow_runtime.model.http_connection import SecretName

FILE_TYPES: Final = ("folder", "ftp", "ftps", "sftp", "s3")
"""The types of connections that hold files."""
_MOST_BYTES: Final = 256 * 1024 * 1024


class FileConnection(msgspec.Struct, frozen=True, kw_only=True):
    """What every place of files has: how many nodes of one worker use it at once, and the largest file, in bytes."""

    pool_size: int = 8
    file_bytes: int = _MOST_BYTES


class FolderConnection(FileConnection, frozen=True, kw_only=True):
    """A folder of the machine. A relative `path` is under the app's folder of files in the server's home."""

    path: str


class ServerConnection(FileConnection, frozen=True, kw_only=True):
    """A server of files. Names are looked for under `path`. `timeout_seconds` bounds each silence of the server."""

    host: str
    path: str = ""
    connect_seconds: float = 5.0
    timeout_seconds: float = 30.0


class FtpConnection(ServerConnection, frozen=True, kw_only=True):
    """FTP (RFC 959), in the passive mode; everything goes over the network readable, the password included."""

    port: int = 21
    username: str = "anonymous"
    password: SecretName | None = None


class FtpsConnection(FtpConnection, frozen=True, kw_only=True):
    """FTP over explicit TLS (RFC 4217), data included. `authority` is a secret: the PEM text of whom to trust."""

    authority: SecretName | None = None


class SftpConnection(ServerConnection, frozen=True, kw_only=True):
    """SFTP. `host_keys` are the server's public keys (`ssh-ed25519 AAAA…`); no other server is spoken to.

    `key` is a secret: the PEM text of our private key, not locked by a password.
    """

    port: int = 22
    username: str
    host_keys: tuple[str, ...]
    password: SecretName | None = None
    key: SecretName | None = None


class S3Connection(FileConnection, frozen=True, kw_only=True):
    """A bucket of an S3-like store. Keys begin with `prefix`. Without `endpoint` the bucket is at AWS."""

    bucket: str
    access_key: SecretName
    secret_key: SecretName
    endpoint: str | None = None
    region: str | None = None
    prefix: str = ""
    connect_seconds: float = 5.0
    timeout_seconds: float = 30.0
