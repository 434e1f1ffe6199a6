"""Connections that hold files: what they take, what they refuse, and what their variables come to."""

from typing import Any

import pytest

from microflow_runtime.compiler.reading.connections import CONNECTION, settings_in
from microflow_runtime.compiler.reading.findings import Findings
from microflow_runtime.compiler.reading.shapes import BAD
from microflow_runtime.errors import Place
from microflow_runtime.model.app import App, Environment
from microflow_runtime.model.file_connection import FolderConnection, FtpsConnection, S3Connection, SftpConnection

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMMjgXROeXrdPsCL3yLzY+TyGu3x8M9sGzYcVbVQKbXC"
SECRET = {"secret": "s"}
SFTP = {"type": "sftp", "host": "h.example", "username": "u", "host_keys": KEY, "key": SECRET}
S3 = {"type": "s3", "bucket": "shop", "access_key": SECRET, "secret_key": SECRET}


def _read(written: dict[str, Any]) -> tuple[Any, list[str]]:
    place = Place("app.yaml", 0, 0, 0)
    findings = Findings(lambda _: place, lambda _: place, lambda _: "")
    return CONNECTION.read(written, ("connections", "c"), findings), [fault.message for fault in findings.faults]


def _record(written: dict[str, Any], **variables: str) -> Any:
    connection, faults = _read(written)
    assert faults == []
    app = App(
        name="A", version="v.1.0.0", connections={"c": connection},
        environments={"DEV": Environment(name="DEV", variables=variables)},
    )  # fmt: skip
    return settings_in(app, "c", "DEV")


def test_each_type_has_its_record() -> None:
    """With its defaults, and variables of the environment in their places."""
    assert _record({"type": "folder", "path": "{where}"}, where="in/one") == FolderConnection(path="in/one")
    ftps = _record({"type": "ftps", "host": "{h}", "port": "{p}", "password": SECRET}, h="f.example", p="2121")
    assert isinstance(ftps, FtpsConnection)
    assert (ftps.host, ftps.port, ftps.username) == ("f.example", 2121, "anonymous")
    sftp = _record(SFTP)
    assert isinstance(sftp, SftpConnection)
    assert (sftp.port, sftp.host_keys) == (22, (KEY,))
    assert _record(S3 | {"endpoint": "https://s3.example"}) == S3Connection(
        bucket="shop",
        endpoint="https://s3.example",
        access_key=sftp.key,
        secret_key=sftp.key,
    )


@pytest.mark.parametrize(
    "written",
    [
        {"type": "folder"},
        {"type": "folder", "path": "../x"},
        {"type": "folder", "path": "a/.."},
        {"type": "folder", "path": "a\\b"},
        {"type": "ftp"},
        {"type": "ftp", "host": "h/x"},
        {"type": "ftp", "host": "h", "port": 0},
        {"type": "ftp", "host": "h", "username": "a\r\nDELE x"},
        {"type": "ftp", "host": "h", "password": "written down"},
        {"type": "ftp", "host": "h", "authority": SECRET},
        {key: value for key, value in SFTP.items() if key != "host_keys"},
        {key: value for key, value in SFTP.items() if key != "key"},
        SFTP | {"password": SECRET},
        SFTP | {"host_keys": []},
        SFTP | {"host_keys": "ssh-ed25519 AAAA"},
        SFTP | {"host_keys": KEY.replace("ssh-ed25519", "ssh-rsa")},
        {key: value for key, value in S3.items() if key != "secret_key"},
        S3 | {"bucket": "../x"},
        S3 | {"endpoint": "https://user@host"},
        S3 | {"prefix": "a/../b"},
    ],
)
def test_what_cannot_be_is_a_fault(written: dict[str, Any]) -> None:
    """One that tells of it; a secret that is written down is not repeated."""
    connection, faults = _read(written)
    assert faults or connection is BAD
    assert "written down" not in "".join(faults)
