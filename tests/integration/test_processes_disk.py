"""A home on a disk that is full or read-only: clear errors, nothing lost that needs no writing, and recovery by itself.

The home is a small file system in memory, so these tests need the right to mount one.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app_folder import write_flow
from tests.integration.running_server import COMMAND, PASSWORD, Reply, Server
from tests.integration.version_app import VERSION, write_version, write_versions_app

_LOGIN = "/IAM2RESTService/services/v1/login"
_SIZE = "4m"


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"this test must be allowed to mount a file system: {done.stderr}"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder that is a disk of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={_SIZE},mode=0700", "microflow-test", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no room on a disk; give the file that fills it."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file:
        for piece in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * piece)
            except OSError:
                continue
    return path


def start(folder: Path, home: Path, app: Path) -> "subprocess.CompletedProcess[str]":
    """Start a server that is expected to end by itself."""
    environment = {**os.environ, "MICROFLOW_ADMIN_PASSWORD": PASSWORD}
    words = ["serve", "--home", str(home), "--app", str(app), "--port", "0"]
    return subprocess.run(
        [COMMAND, *words], check=False, env=environment, capture_output=True, text=True, timeout=60, cwd=folder
    )


def refused(done: "subprocess.CompletedProcess[str]", reason: str) -> None:
    """See that a start ended with 3 and one sentence, not with a stack trace."""
    assert done.returncode == 3, done.stderr
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_start_on_a_full_disk_says_so(disk: Path, tmp_path: Path) -> None:
    """Nothing can be made on a full disk: exit code 3 and the reason; with room again the same home starts."""
    app = write_versions_app(tmp_path)
    filler = fill(disk)
    refused(start(tmp_path, disk / "home", app), "No space left on device")
    filler.unlink()
    running = Server(tmp_path, [app], workers=1, home=disk / "home")
    try:
        running.log_in()
        assert running.stop() == 0
        filler = fill(disk)
        write_version(app, 2)
        refused(start(tmp_path, disk / "home", app), "full")
        filler.unlink()
        running.start_again()
        running.log_in()
        assert running.act("Version").outputs == {"VersionBO": {"number": 2, "outer": None}}
    finally:
        running.end()


def test_a_start_on_a_read_only_disk_says_so(disk: Path, tmp_path: Path) -> None:
    """A home that cannot be written, new or used before, is refused with exit code 3 and the reason."""
    app = write_versions_app(tmp_path)
    running = Server(tmp_path, [app], workers=1, home=disk / "home")
    running.log_in()
    assert running.stop() == 0
    _mount("-o", "remount,ro", str(disk))
    refused(start(tmp_path, disk / "home", app), "Read-only file system")
    refused(start(tmp_path, disk / "other", app), "Read-only file system")
    _mount("-o", "remount,rw", str(disk))
    running.start_again()
    try:
        assert running.act("Version").outputs == {"VersionBO": {"number": 1, "outer": None}}
    finally:
        running.end()


def told_plainly(reply: Reply, disk: Path) -> None:
    """See that what cannot be done now is a 503 without anything that only the operator may know."""
    assert reply.status == 503, reply
    text = reply.body.decode()
    assert "Traceback" not in text
    assert str(disk) not in text
    assert "sqlite" not in text.lower()


def test_a_disk_that_fills_while_serving(disk: Path, tmp_path: Path) -> None:
    """Refresh and login are refused and change nothing, calls go on, and all recovers when there is room."""
    app = write_versions_app(tmp_path)
    running = Server(tmp_path, [app], workers=2, home=disk / "home")
    try:
        running.log_in()
        for _ in range(20):
            running.act("Version")
        filler = fill(disk)
        write_version(app, 2)
        told_plainly(running.send("GET", "/MicroflowRest/refreshCache", user=True), disk)
        credentials = {"username": "admin", "password": PASSWORD}
        told_plainly(running.send("POST", _LOGIN, credentials), disk)
        until = time.monotonic() + 6  # sessions are looked at again every five seconds
        while time.monotonic() < until:
            assert running.act("Version").outputs == {"VersionBO": {"number": 1, "outer": None}}
            time.sleep(0.1)
        assert running.act("No Such Flow").status == 404
        assert running.send("POST", "/MicroflowRest/DoAction", {"flowName": "Version"}).status == 401
        old = running.workers()
        os.kill(old[0], 9)
        until = time.monotonic() + 5
        while len(running.workers()) < 2 or running.workers() == old:
            assert time.monotonic() < until, running.log.read_text()
        assert {running.act("Version").outputs["VersionBO"]["number"] for _ in range(20)} == {1}
        filler.unlink()
        assert running.send("GET", "/MicroflowRest/refreshCache", user=True).status == 200
        assert {running.act("Version").outputs["VersionBO"]["number"] for _ in range(20)} == {2}
        running.log_in()
        assert "Traceback" not in running.log.read_text()
        assert running.stop() == 0
    finally:
        running.end()


def test_a_home_that_becomes_read_only_while_serving(disk: Path, tmp_path: Path) -> None:
    """Where no file can be opened for writing any more, calls go on, what must write is refused, and all recovers."""
    app = write_versions_app(tmp_path)
    running = Server(tmp_path, [app], workers=2, home=disk / "home")
    try:
        running.log_in()
        other = running.command("token", "add", "--user", "admin")
        for _ in range(20):
            running.act("Version")
        old = running.workers()
        write_version(app, 2)
        _mount("--bind", str(disk), str(disk))
        try:
            _mount("-o", "remount,bind,ro", str(disk))
            told_plainly(running.send("GET", "/MicroflowRest/refreshCache", user=True), disk)
            assert running.send("GET", f"/IAM2RESTService/services/v1/logout/{other}").status in {200, 503}
            failed = subprocess.run(
                [COMMAND, "token", "add", "--user", "admin"],
                check=False, env=running.environment, capture_output=True, text=True,
            )  # fmt: skip
            assert (failed.returncode, "Traceback" in failed.stderr) == (3, False), failed.stderr
            os.kill(old[0], 9)
            until = time.monotonic() + 5
            while time.monotonic() < until:
                assert running.act("Version").outputs == {"VersionBO": {"number": 1, "outer": None}}
                time.sleep(0.1)
            assert "worker ends as soon as it starts" in running.log.read_text()
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)
        until = time.monotonic() + 10
        while len(running.workers()) < 2:
            assert time.monotonic() < until, running.log.read_text()
        assert running.send("GET", "/MicroflowRest/refreshCache", user=True).status == 200
        assert {running.act("Version").outputs["VersionBO"]["number"] for _ in range(20)} == {2}
        running.log_in()
        assert "Traceback" not in running.log.read_text()
        assert running.stop() == 0
    finally:
        running.end()


def test_folders_of_apps_and_packages_may_be_read_only(disk: Path, tmp_path: Path) -> None:
    """An app and packages on a read-only disk are served, refreshed and fetched from."""
    app = write_versions_app(disk)
    write_flow(app, "Another", VERSION.replace("NUMBER", "7"))
    packages = disk / "packages"
    packages.mkdir()
    package = [COMMAND, "package", "Another", "--app", str(app), "--out", str(packages)]
    subprocess.run(package, check=True, capture_output=True)
    (name,) = [path.name for path in packages.iterdir()]
    _mount("-o", "remount,ro", str(disk))
    running = Server(tmp_path, [app], workers=1, environment={"MICROFLOW_PACKAGES": str(packages)})
    try:
        running.log_in()
        assert running.act("Version").outputs["VersionBO"]["number"] == 1
        assert running.send("GET", "/MicroflowRest/refreshCache", user=True).status == 200
        fetched = running.send("POST", "/MicroflowRest/classAction", {"fileNames": [name], "event": "file"}, user=True)
        assert (fetched.status, fetched.json["responseStatus"]) == (200, "SUCCESS"), fetched
        assert running.act("Another", snapVersion="v.1.0.0").outputs["VersionBO"]["number"] == 7
        assert running.stop() == 0
    finally:
        running.end()
