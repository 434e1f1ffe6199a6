"""Fetching packages from real web servers, a real bucket and real folders, well-behaved and not."""

import asyncio
import base64
import gzip
import os
import re
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pytest_httpserver import HTTPServer
from tests.unit.small_apps import LINE, ORDER, files_of
from werkzeug import Request, Response

from microflow_runtime.compiler.reading import read_definitions, source_of_files
from microflow_runtime.errors import BadRequest, MicroflowError, NotAvailable, NotFound, SettingsError, StoreError
from microflow_runtime.runtime.packages import (
    Package,
    check_place,
    fetch_packages,
    kept_name,
    places,
    record,
    remote,
    write_package,
)
from microflow_runtime.settings import Secret, Settings

FLOW = """
microflow: Copy
inputs: {In: Order}
outputs: {Out: Order}
nodes:
  Start: {type: start, next: End}
  End: {type: end, out: {Out: = In}}
"""
NAME = "an id.Shop.Copy.v.1.0.0.jar"
CANARY = "canary-4f1c"


@pytest.fixture(scope="module")
def content() -> bytes:
    """Give a good package."""
    return write_package(read_definitions(source_of_files("shop", files_of(ORDER, LINE, FLOW))), ["Copy"])


def fetch(place: str, *names: str, **settings: Any) -> dict[str, Package]:
    """Fetch packages as a server with these settings does."""
    given = Settings(packages=place, **{"packages_seconds": 5.0, **settings})
    return asyncio.run(fetch_packages(given, names or (NAME,)))


def refused(kind: type[MicroflowError], told: str, place: str, *names: str, **settings: Any) -> MicroflowError:
    """Expect the refusal, and that neither it nor what caused it holds the secret."""
    with pytest.raises(kind, match=told) as caught:
        fetch(place, *names, **settings)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in repr(caught.value.__cause__)
    return caught.value


# An address of the web


@pytest.fixture
def web(httpserver: HTTPServer) -> HTTPServer:
    """Give a web server; `address` is where its packages stand."""
    return httpserver


def address(web: HTTPServer) -> str:
    """Give the address that the setting names."""
    return web.url_for("/packages/")


def answer_with(web: HTTPServer, respond: Callable[[Request], Response]) -> None:
    """Let every request be answered so."""
    web.expect_request("/packages/" + NAME).respond_with_handler(respond)


def test_a_package_comes_from_the_web(web: HTTPServer, content: bytes) -> None:
    """It is asked for by one encoded segment, once, without a length being asked first."""
    answer_with(web, lambda _: Response(content))
    for place in (address(web), address(web).rstrip("/")):
        package = fetch(place, NAME, NAME)[NAME]
        assert (package.name, package.kind) == (NAME, "flows")
    assert [(request.method, request.path) for request, _ in web.log] == [("GET", f"/packages/{NAME}")] * 2


@pytest.mark.parametrize(
    "name",
    ["../Copy.jar", "a/b.jar", "..", ".", "%2e%2e%2fx", "a?x=1#y", "a\r\nX: y", "", "\ud800", "x" * 10_000, "หนึ่ง.jar"],
)
def test_a_name_is_one_segment(web: HTTPServer, name: str) -> None:
    """Whatever a name holds, what is asked for lies directly under the address and is what the name is kept under."""
    asked: list[str] = []

    def tell(request: Request) -> Response:
        asked.append(request.environ["REQUEST_URI"])
        return Response(status=404)

    web.expect_request(re.compile(".*")).respond_with_handler(tell)
    refused(NotFound, "There is no such package", address(web), name)
    (uri,) = asked
    assert uri.startswith("/packages/")
    assert "/" not in uri.removeprefix("/packages/")
    assert "?" not in uri
    assert len(uri) < 900
    assert unquote(uri.removeprefix("/packages/")) == kept_name(name)


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({"packages_token": Secret(CANARY)}, f"Bearer {CANARY}"),
        (
            {"packages_user": "reader", "packages_password": Secret(CANARY)},
            "Basic " + base64.b64encode(f"reader:{CANARY}".encode()).decode(),
        ),
        ({}, None),
    ],
)
def test_the_credential_goes_along(
    web: HTTPServer, content: bytes, settings: dict[str, Any], header: str | None
) -> None:
    """The operator's token, or user and password, is sent; without any, nothing is."""
    seen: list[str | None] = []

    def tell(request: Request) -> Response:
        seen.append(request.headers.get("Authorization"))
        return Response(content)

    answer_with(web, tell)
    fetch(address(web), **settings)
    assert seen == [header]


@pytest.mark.parametrize(
    "settings",
    [
        {"packages_user": "reader"},
        {"packages_password": Secret(CANARY)},
        {"packages_token": Secret(CANARY), "packages_user": "reader", "packages_password": Secret(CANARY)},
    ],
)
def test_half_a_credential_is_an_error(web: HTTPServer, settings: dict[str, Any]) -> None:
    """What is missing or too much is told before anything is asked."""
    refused(SettingsError, "packages_user with packages_password", address(web), **settings)
    assert web.log == []


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (401, StoreError, "refuses the credential"),
        (403, StoreError, "refuses the credential"),
        (404, NotFound, "no such package"),
        (410, NotFound, "no such package"),
        (418, StoreError, "the status 418"),
        (429, NotAvailable, "does not serve now"),
        (500, NotAvailable, "does not serve now"),
        (503, NotAvailable, "does not serve now"),
        (204, StoreError, "the status 204"),
        (206, StoreError, "the status 206"),
    ],
)
def test_each_status_has_its_meaning(
    web: HTTPServer, content: bytes, status: int, kind: type[MicroflowError], told: str
) -> None:
    """A missing package, a refused credential, a server that is down and one that does something odd are told apart."""
    answer_with(web, lambda _: Response(content if status > 204 else b"", status=status))
    refused(kind, told, address(web), packages_token=Secret(CANARY))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["same", "other"])
def test_no_redirect_is_followed(web: HTTPServer, content: bytes, status: int, target: str) -> None:
    """Neither to another server nor to the same; the credential goes nowhere else."""
    with HTTPServer() as other:
        other.expect_request("/x").respond_with_data(content)
        web.expect_request("/x").respond_with_data(content)
        location = web.url_for("/x") if target == "same" else other.url_for("/x")
        answer_with(web, lambda _: Response(content, status=status, headers={"Location": location}))
        refused(StoreError, "a redirect, which is not followed", address(web), packages_token=Secret(CANARY))
        assert other.log == []
        assert [request.path for request, _ in web.log] == [f"/packages/{NAME}"]


def test_a_compressed_answer_is_refused(web: HTTPServer, content: bytes) -> None:
    """It is asked for as it is; one that comes compressed could unpack to anything."""
    bomb = gzip.compress(bytes(50_000_000))
    answer_with(web, lambda _: Response(bomb, headers={"Content-Encoding": "gzip"}))
    refused(StoreError, "compresses", address(web))
    assert web.log[0][0].headers["Accept-Encoding"] == "identity"


def test_an_answer_without_end_is_cut(web: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted is what comes, in pieces, without a length; reading stops soon after the limit."""
    monkeypatch.setattr(record, "MAX_PACKAGE_BYTES", 1_000_000)
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(10_000):
            sent += 65536
            yield bytes(65536)

    answer_with(web, lambda _: Response(pieces()))
    refused(BadRequest, "larger than 1000000 bytes", address(web))
    assert sent < 20_000_000


class RawServer:
    """A server that answers each connection with what a function writes, byte for byte."""

    def __init__(self, respond: Callable[[socket.socket], object]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}/packages/"
        self._respond = respond
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    self._respond(connection)
                except OSError:
                    continue

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("hangs up at once", "cannot be reached, or broke off"),
        ("hangs up in its head", "cannot be reached, or broke off"),
        ("hangs up in its body", "cannot be reached, or broke off"),
        ("says it is longer", "cannot be reached, or broke off"),
        ("is no web server", "cannot be reached, or broke off"),
        ("breaks off in a piece", "cannot be reached, or broke off"),
    ],
)
def test_a_server_that_breaks_off(content: bytes, kind: str, told: str) -> None:
    """Half an answer is no package and no fault of the caller."""
    ok = b"HTTP/1.1 200 OK\r\n"
    written = {
        "hangs up at once": b"",
        "hangs up in its head": ok + b"Content-Le",
        "hangs up in its body": ok + b"Content-Length: %d\r\n\r\n" % len(content) + content[:100],
        "says it is longer": ok + b"Content-Length: 99999999999\r\n\r\n" + content,
        "is no web server": b"SSH-2.0-OpenSSH_9.2\r\n",
        "breaks off in a piece": ok + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + content[:100],
    }[kind]
    with RawServer(lambda connection: connection.sendall(written)) as server:
        error = refused(NotAvailable, told, server.address)
    assert getattr(error, "retry_after_seconds", None) == 5


def test_a_server_that_says_it_is_shorter(content: bytes) -> None:
    """The rest is not read, and what is there is no package."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    with RawServer(lambda connection: connection.sendall(head + content)) as server:
        refused(MicroflowError, "no readable zip archive|broke off", server.address)


@pytest.mark.parametrize("kind", ["stalls before its head", "stalls in its body", "drips"])
def test_a_slow_server_is_given_up(kind: str) -> None:
    """The time for a call holds for all of it, whether nothing comes or a byte now and then; and other work goes on."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    ended = threading.Event()
    import_module("fsspec.implementations.http")  # loading it takes longer than the server is given here

    def respond(connection: socket.socket) -> None:
        if kind != "stalls before its head":
            connection.sendall(head)
        for _ in range(200):
            if ended.wait(0.02):
                return
            if kind == "drips":
                connection.sendall(b"x")

    async def beside(place: str) -> int:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.005)
                turns += 1

        counting = asyncio.create_task(count())
        with pytest.raises(NotAvailable, match=r"within 0.5 seconds|broke off"):
            await fetch_packages(Settings(packages=place, packages_seconds=0.5), [NAME])
        counting.cancel()
        return turns

    with RawServer(respond) as server:
        began = time.monotonic()
        assert asyncio.run(beside(server.address)) > 10
        assert time.monotonic() - began < 1.5
        ended.set()


def test_a_place_that_is_not_there() -> None:
    """A port where nobody listens and a host without an address are told as not available."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    refused(NotAvailable, "cannot be reached", f"http://127.0.0.1:{port}/")
    refused(NotAvailable, "cannot be reached|within", "http://nowhere.invalid/")


def test_packages_are_large_together(web: HTTPServer, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many packages that are small alone are refused when they hold too much together."""
    monkeypatch.setattr(places, "MAX_TOGETHER_BYTES", 1500)
    web.expect_request(re.compile("/packages/.*")).respond_with_data(content)
    refused(BadRequest, "more than 1500 bytes together", address(web), *(f"{number}.jar" for number in range(9)))
    assert len(web.log) < 9


# A bucket


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Serve S3."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Give the settings of a bucket that holds the package with and without a prefix."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": CANARY, "region_name": "eu-central-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **keys)
    client.create_bucket(Bucket="packages", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.put_object(Bucket="packages", Key=NAME, Body=content)
    client.put_object(Bucket="packages", Key=f"prod/a b/{NAME}", Body=content)
    client.put_object(Bucket="packages", Key="secret.jar", Body=content)
    yield {
        "packages_s3_endpoint": endpoint,
        "packages_s3_region": "eu-central-1",
        "packages_s3_key": Secret("key"),
        "packages_s3_secret": Secret(CANARY),
    }
    for item in client.list_objects_v2(Bucket="packages").get("Contents", []):
        client.delete_object(Bucket="packages", Key=item["Key"])
    client.delete_bucket(Bucket="packages")
    client.close()


@pytest.mark.parametrize(
    "place", ["s3://packages", "s3://packages/", "s3://packages/prod/a b", "s3://packages/prod/a b/"]
)
def test_a_package_comes_from_a_bucket(bucket: dict[str, Any], place: str) -> None:
    """It is the object whose key is the prefix and the name."""
    assert fetch(place, **bucket)[NAME].kind == "flows"


@pytest.mark.parametrize(
    "name", ["nothing.jar", "../secret.jar", "/secret.jar", "../../secret.jar", "secret.jar?versionId=1"]
)
def test_what_is_not_in_the_bucket(bucket: dict[str, Any], name: str) -> None:
    """A key that is not there is a package that is not there, and no name leads out of the prefix."""
    refused(NotFound, "no such package", "s3://packages/prod", name, **bucket)


def test_a_bucket_that_is_not_there(bucket: dict[str, Any]) -> None:
    """That is the operator's mistake, not the caller's."""
    refused(StoreError, "no such bucket", "s3://nothing/", **bucket)


def test_an_object_that_is_too_large(bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """An object is counted while it comes."""
    monkeypatch.setattr(record, "MAX_PACKAGE_BYTES", len(content) - 1)
    refused(BadRequest, "larger than", "s3://packages/", **bucket)


def test_half_a_key_is_an_error(bucket: dict[str, Any]) -> None:
    """A key without its secret is told before anything is asked."""
    refused(SettingsError, "packages_s3_key together with", "s3://packages/", **{**bucket, "packages_s3_secret": None})


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (403, StoreError, "refuses the credential"),
        (301, StoreError, "a redirect, which is not followed"),
        (500, NotAvailable, "does not serve now"),
        (503, NotAvailable, "does not serve now"),
    ],
)
def test_a_bucket_that_refuses(
    bucket: dict[str, Any], web: HTTPServer, status: int, kind: type[MicroflowError], told: str
) -> None:
    """What the server of the bucket answers has the meanings that it has on the web."""
    body = b"<Error><Code>Any</Code><Message>no</Message></Error>"
    web.expect_request(f"/packages/{NAME}").respond_with_handler(
        lambda _: Response(body, status=status, headers={"Location": "http://127.0.0.1:1/"})
    )
    refused(kind, told, "s3://packages", **{**bucket, "packages_s3_endpoint": web.url_for("/").rstrip("/")})


def test_a_bucket_that_stalls(bucket: dict[str, Any]) -> None:
    """The time for a call holds for a bucket, too."""
    ended = threading.Event()
    with RawServer(lambda _: bool(ended.wait(3))) as server:
        endpoint = server.address.removesuffix("/packages/")
        began = time.monotonic()
        settings = {**bucket, "packages_s3_endpoint": endpoint, "packages_seconds": 1.0}
        refused(NotAvailable, "within 1 seconds|broke off", "s3://packages", **settings)
        assert time.monotonic() - began < 2.5
        ended.set()


def test_a_bucket_without_its_library(bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    error = refused(SettingsError, "need the extra s3", "s3://packages", **bucket)
    assert error.help == "Install it: pip install 'microflow-runtime[s3]'."


# A folder


@pytest.fixture
def folder(tmp_path: Path, content: bytes) -> Path:
    """Give a folder with a package."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / NAME).write_bytes(content)
    return tmp_path / "packages"


def test_a_package_comes_from_a_folder(folder: Path) -> None:
    """Also from one that nothing can be written to."""
    folder.chmod(0o500)
    assert fetch(str(folder))[NAME].kind == "flows"
    folder.chmod(0o700)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Nothing was put there yet."""
    refused(NotFound, "no such package", str(tmp_path / "nowhere"))


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """That is told to the operator, without its path."""
    (tmp_path / "file").write_bytes(b"")
    error = refused(StoreError, "The folder of packages cannot be opened: Not a directory", str(tmp_path / "file"))
    assert str(tmp_path) not in error.message


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"packages": "s3://packages", "packages_s3_key": Secret("key")}, "packages_s3_key together with"),
        ({"packages": "https://a.example/", "packages_user": "reader"}, "packages_user with packages_password"),
    ],
)
def test_what_does_not_fit_together_is_told_at_the_start(settings: dict[str, Any], told: str) -> None:
    """A server does not begin to serve by settings that cannot fetch anything."""
    with pytest.raises(SettingsError, match=told):
        check_place(Settings(**settings))
    check_place(Settings())
    check_place(Settings(packages="s3://packages"))


def test_a_server_without_the_library_for_its_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not start, and says what to install."""
    monkeypatch.setattr(remote, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'microflow-runtime\[s3\]'"):
        check_place(Settings(packages="s3://packages"))
