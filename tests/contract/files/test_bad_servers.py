"""Servers that stall, hang up, lie, refuse, or are others than they should be; and what nobody waits for any more."""

import asyncio
import io
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.contract.files.places import Places, PlaceUnderTest
from tests.servers.file_servers import FtpServer, FtpsServer, SftpServer, silent_server
from tests.unit.runtime.connections.authority import Authority

from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.files import FilePlaces
from microflow_runtime.settings import Secrets, Settings


async def _failure(work: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await work
    return caught.value


def _sockets() -> int:
    """Count the sockets and files of this process that are open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def _threads() -> set[threading.Thread]:
    """Give the threads of this process, without those that look names up or import libraries, which stay."""
    return {each for each in threading.enumerate() if not each.name.startswith(("look-up", "asyncio"))}


async def test_a_wrong_host_key_is_not_spoken_to(places: Places, sftp: SftpServer, authority: Authority) -> None:
    """Neither one of the same type, nor a server that has no key of the known type; nothing of us is told."""
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMMjgXROeXrdPsCL3yLzY+TyGu3x8M9sGzYcVbVQKbXC"
    error = await _failure(places.of("sftp", sftp, authority, host_keys=[other]).read("a"))
    assert (error.kind, error.retryable) == ("file.connect", False)
    assert "another host key" in error.message
    rsa = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg="
    error = await _failure(places.of("sftp", sftp, authority, host_keys=[rsa]).read("a"))
    assert (error.kind, error.retryable) == ("file.connect", False)


async def test_a_certificate_of_somebody_else_is_not_spoken_to(
    places: Places, ftps: FtpsServer, authority: Authority
) -> None:
    """One by another authority, and one for another name; the password is not sent."""
    error = await _failure(places.of("ftps", ftps, Authority()).read("a"))
    assert (error.kind, error.retryable) == ("file.connect", False)
    assert "its certificate is not good" in error.message
    error = await _failure(places.of("ftps", ftps, authority, host="127.0.0.1").read("a"))
    assert "its certificate is not good" in error.message


async def test_tls_is_not_done_without(places: Places, ftp: FtpServer, authority: Authority) -> None:
    """A server that takes no TLS gets no password by a connection of the type `ftps`."""
    settings = {"host": "127.0.0.1", "port": ftp.port, "username": "shop", "password": {"secret": "password"}}
    place = PlaceUnderTest(places, "ftps", ftp, settings)
    ftp.commands.clear()
    error = await _failure(place.read("a"))
    assert (error.kind, error.retryable) == ("file.connect", False)
    assert "PASS" not in ftp.commands


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp", "s3"])
async def test_a_login_that_is_refused_is_told(
    request: pytest.FixtureRequest, places: Places, authority: Authority, kind: str
) -> None:
    """As `file.connect`, which is not tried again, and without the secret; a bucket that is not there likewise."""
    place = places.of(kind, request.getfixturevalue(kind), authority)
    if kind == "s3":
        place.settings["bucket"] = "none"
    elif kind == "sftp":
        place.settings["username"] = "nobody-here"
    else:
        places.secrets["MICROFLOW_SECRET_WRONG"] = "canary-of-a-password"
        place.settings["password"] = {"secret": "wrong"}
    error = await _failure(place.read("a"))
    assert (error.kind, error.retryable) == ("file.connect", False)
    assert "canary" not in f"{error.message} {error.__cause__!r}"


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp", "s3"])
async def test_a_private_address_is_denied(
    request: pytest.FixtureRequest, places: Places, authority: Authority, kind: str
) -> None:
    """A name that leads to loopback is not connected to, whatever protocol."""
    place = places.of(kind, request.getfixturevalue(kind), authority)
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    places.files.resolve = resolve
    if kind == "s3":
        place.settings["endpoint"] = place.settings["endpoint"].replace("127.0.0.1", "billing.example")
    else:
        place.settings["host"] = "billing.example"
    error = await _failure(place.read("a"))
    assert (error.kind, error.retryable) == ("file.connect", False)
    assert "is private" in error.message
    assert asked == ["billing.example"]


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp", "s3"])
@pytest.mark.parametrize(
    ("first", "hangs_up"), [(b"", False), (b"220 ", False), (b"", True), (b"x" * 100_000 + b"\r\n", True)]
)
async def test_a_silent_or_mad_server_ends_within_its_time(
    places: Places, authority: Authority, kind: str, first: bytes, *, hangs_up: bool
) -> None:
    """One that says nothing, half a line, hangs up, or talks nonsense: `file.connect`, soon, and nothing stays open."""
    with silent_server(first, hangs_up=hangs_up) as port:
        place = _at(places, authority, kind, port)
        place.settings["timeout"] = "500ms"
        started = time.monotonic()
        error = await _failure(place.read("a"))
        assert error.kind == "file.connect", error.message
        assert time.monotonic() - started < 3


def _at(places: Places, authority: Authority, kind: str, port: int) -> PlaceUnderTest:
    """Give a place of a kind at a port where no such server is."""
    if kind == "s3":
        return places.of("s3", port, authority)
    places.secrets["MICROFLOW_SECRET_AUTHORITY"] = authority.pem
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "username": "shop",
        "password": {"secret": "password"},
    }
    if kind == "sftp":
        settings["host_keys"] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMMjgXROeXrdPsCL3yLzY+TyGu3x8M9sGzYcVbVQKbXC"
    return PlaceUnderTest(places, kind, None, settings)


async def test_nobody_listens(places: Places, authority: Authority) -> None:
    """A closed port is `file.connect`, which may be tried again, for each protocol."""
    with silent_server() as port:
        pass
    for kind in ("ftp", "ftps", "sftp", "s3"):
        error = await _failure(_at(places, authority, kind, port).read("a"))
        assert (error.kind, error.retryable) == ("file.connect", True)


async def test_a_transfer_that_stalls_or_breaks_off_is_told(
    places: Places, ftp: FtpServer, authority: Authority
) -> None:
    """As `file.connect`, which may be tried again; the silence is bounded by the connection's `timeout`."""
    place = places.of("ftp", ftp, authority, timeout="500ms")
    await place.make_empty()
    (place.folder / "a").write_bytes(b"x")
    try:
        for behaviour in ("stall", "hang up"):
            ftp.behaviour = behaviour
            error = await _failure(place.read("a"))
            assert (error.kind, error.retryable) == ("file.connect", True)
    finally:
        ftp.behaviour = ""
    assert await place.read("a") == b"x"


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp", "s3"])
async def test_whoever_is_cancelled_leaves_nothing_open(places: Places, authority: Authority, kind: str) -> None:
    """Within a moment: no socket, no thread, no use of the pool, although the server never answers."""
    before, threads = _sockets(), _threads()
    with silent_server() as port:
        base = _sockets()
        place = _at(places, authority, kind, port)
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await place.read("a")
        assert time.monotonic() - started < 1.0
        await _until(lambda: places.files.in_use == 0)
        await _until(lambda: _sockets() <= base + 1)  # the server's own end is still open
    await _until(lambda: _threads() <= threads)
    await _until(lambda: _sockets() <= before)


async def _until(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < ends_at
        await asyncio.sleep(0.02)


async def test_work_in_a_folder_stops_when_it_is_cancelled(
    places: Places, authority: Authority, tmp_path: Path
) -> None:
    """Reading without end ends at the next block; what was being written has no name, and is gone."""
    place = places.of("folder", None, authority)
    await place.make_empty()
    (place.folder / "a").write_bytes(b"x" * 1_000_000)

    def read_for_ever(files: Any) -> None:
        while True:
            files.open("a").read()

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            time.sleep(0.01)
            return b"y" * size

    for work in (read_for_ever, lambda files: files.store("b", Endless(), "refuse")):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await place.do(work)
        await _until(lambda: places.files.in_use == 0)
    assert [path.name for path in place.folder.iterdir()] == ["a"]


async def test_no_link_leads_out_of_a_folder(places: Places, authority: Authority, tmp_path: Path) -> None:
    """Neither as a file nor as a folder on the way, to be read, written, appended to, moved or removed."""
    place = places.of("folder", None, authority)
    await place.make_empty()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (place.folder / "link").symlink_to(outside / "secret")
    (place.folder / "way").symlink_to(outside)
    (place.folder / "a").write_text("a")
    os.mkfifo(place.folder / "pipe")
    for work in (
        lambda files: files.open("link"),
        lambda files: files.open("way/secret"),
        lambda files: files.open("pipe"),
        lambda files: files.store("link", io.BytesIO(b"x"), "append"),
        lambda files: files.store("way/secret", io.BytesIO(b"x"), "replace"),
        lambda files: files.store("way/new/x", io.BytesIO(b"x"), "replace"),
        lambda files: files.store("pipe", io.BytesIO(b"x"), "append"),
        lambda files: files.move("a", "way/secret", replace=True),
        lambda files: files.move("way/secret", "b", replace=True),
        lambda files: files.move("link", "b", replace=True),
        lambda files: files.remove("way/secret"),
        lambda files: files.remove("link"),
    ):
        error = await _failure(place.do(work))
        assert error.kind == "file"
    assert (outside / "secret").read_text() == "secret"
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]
    await place.store("link", b"x", "replace")  # the link itself is replaced, not what it leads to
    assert (outside / "secret").read_text() == "secret"


async def test_no_link_leads_out_of_the_path_of_sftp(
    places: Places, sftp: SftpServer, authority: Authority, tmp_path: Path
) -> None:
    """A link on the server that leads out of the connection's path is refused; so is a file that is a link."""
    place = places.of("sftp", sftp, authority)
    await place.make_empty()
    (tmp_path / "secret").write_text("secret")
    (place.folder / "way").symlink_to(tmp_path)
    (place.folder / "link").symlink_to(tmp_path / "secret")
    for work in (
        lambda files: files.open("way/secret"),
        lambda files: files.open("link"),
        lambda files: files.store("way/x", io.BytesIO(b"x"), "replace"),
        lambda files: files.store("link", io.BytesIO(b"x"), "append"),
    ):
        assert (await _failure(place.do(work))).kind == "file"
    assert (tmp_path / "secret").read_text() == "secret"


async def test_an_absolute_folder_lies_in_one_that_the_operator_named(tmp_path: Path) -> None:
    """Links followed; otherwise the connection cannot be used."""
    named, other = tmp_path / "named", tmp_path / "other"
    for folder in (named / "in", other):
        folder.mkdir(parents=True)
        (folder / "a").write_text("x")
    (named / "way").symlink_to(other)
    places = Places(tmp_path / "home")
    places.files = FilePlaces(Settings(home=tmp_path / "home", file_folders=(named,)), Secrets(tmp_path, {}))
    assert await PlaceUnderTest(places, "folder", None, {"path": str(named / "in")}).read("a") == b"x"
    for path in (other, named / "way", Path("/etc"), tmp_path):
        error = await _failure(PlaceUnderTest(places, "folder", None, {"path": str(path)}).read("a"))
        assert error.kind == "file"
        assert "file_folders" in error.message
    await places.close()


async def test_two_append_at_once_and_lose_nothing(places: Places, authority: Authority) -> None:
    """In a folder of the machine each goes behind the other, or is told to come again."""
    place = places.of("folder", None, authority, pool_size=20)
    await place.make_empty()

    async def append(number: int) -> int:
        line = f"{number}".encode() * 50_000 + b"\n"
        while True:
            try:
                await place.store("a", line, "append")
            except NodeError as error:
                if error.kind != "file.busy":
                    raise
                await asyncio.sleep(0.01)
            else:
                return number

    await asyncio.gather(*(append(number) for number in range(1, 9)))
    lines = (place.folder / "a").read_bytes().splitlines()
    assert sorted(line[:1] for line in lines) == [b"%d" % number for number in range(1, 9)]
    assert all(set(line) == {line[0]} for line in lines)


async def test_a_file_that_grows_is_read_as_far_as_it_was(places: Places, authority: Authority) -> None:
    """What comes behind its end meanwhile belongs to the next reading."""
    place = places.of("folder", None, authority)
    await place.make_empty()
    (place.folder / "a").write_bytes(b"one\n")

    def read(files: Any) -> bytes:
        file = files.open("a")
        with (place.folder / "a").open("ab") as other:
            other.write(b"two\n")
        return bytes(file.read())

    assert await place.do(read) == b"one\n"
