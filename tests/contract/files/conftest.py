"""Every place of files, each with a server that the tests start, under one name: `place`."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.contract.files.places import Places, PlaceUnderTest
from tests.servers.file_servers import (
    FtpServer,
    FtpsServer,
    SftpServer,
    ftp_server,
    ftps_server,
    s3_server,
    sftp_server,
)
from tests.unit.runtime.connections.authority import Authority

KINDS: Final = ("folder", "ftp", "ftps", "sftp", "s3")


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Give an authority that issues certificates."""
    return Authority()


@pytest.fixture(scope="session")
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpServer]:
    """Run a server of FTP."""
    with ftp_server(tmp_path_factory.mktemp("ftp") / "served") as server:
        yield server


@pytest.fixture(scope="session")
def ftps(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[FtpsServer]:
    """Run a server of FTP over TLS."""
    with ftps_server(tmp_path_factory.mktemp("ftps") / "served", *authority.issue("localhost")) as server:
        yield server


@pytest.fixture(scope="session")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    """Run OpenSSH."""
    with sftp_server(tmp_path_factory.mktemp("sftp") / "served") as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[int]:
    """Run a store of buckets."""
    with s3_server() as port:
        yield port


@pytest.fixture
async def places(tmp_path: Path) -> AsyncIterator[Places]:
    """Give what opens places; nothing is left open behind it."""
    made = Places(tmp_path / "home")
    yield made
    await made.close()


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, places: Places) -> PlaceUnderTest:
    """Give a place of each kind, with nothing in it."""
    kind: str = request.param
    server: Any = None if kind == "folder" else request.getfixturevalue(kind)
    under_test = places.of(kind, server, request.getfixturevalue("authority"))
    await under_test.make_empty()
    return under_test
