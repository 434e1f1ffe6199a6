"""Packages that no server should take, sent to a real one: each is refused with its reason, at once, and changes nothing."""

import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.app_folder import write_app
from tests.integration.hostile_packages import GOOD, HOSTILE, NAME, Hostile, package
from tests.integration.running_server import Reply, Server

from microflow_runtime.runtime.packages import kept_name
from microflow_runtime.store.sql.opening import FILE_NAME

MOST_SECONDS = 1.0
MOST_MORE_BYTES = 150 * 1024 * 1024
_SHELF = "documents.sqlite3"
"""What the machine keeps beside the store to read it less often: it may hold what was looked at, and nothing depends on it."""
_QUIET = {"audit", "session", "login_attempt"}


class State(NamedTuple):
    """Everything that a refused package must leave as it is."""

    epoch: str
    answer: bytes
    rows: dict[str, int]
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve one app from two workers, the first good package fetched."""
    folder = tmp_path_factory.mktemp("hostile")
    app = write_app(
        folder / "Small", "app: Small\nversion: v.1.0.0\n", {"Note": "text: string?"},
        {"Echo": "inputs: {In: Note}\noutputs: {Out: Note}\nnodes:\n  Start: {type: start, next: End}\n"
                 "  End: {type: end, out: {Out: = In}}\n"},
    )  # fmt: skip
    server = Server(folder, [app], workers=2)
    try:
        server.log_in()
        yield server
    finally:
        server.end()


@pytest.fixture
def packages(post: Server) -> Iterator[Path]:
    """Give the folder of packages, empty."""
    folder = post.home / "packages"
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder)


def fetch(server: Server, name: str) -> Reply:
    """Let the server fetch a package."""
    body = {"fileNames": [name], "event": "file"}
    return server.send("POST", "/MicroflowRest/classAction", body, user=True)


def state_of(server: Server, packages: Path) -> State:
    """Look at the server from outside: what it answers, the rows of its store, the files of its folder."""
    reply = server.send(
        "POST", "/MicroflowRest/DoAction", {"flowName": "Echo", "object": {"In": {"text": "x"}}}, user=True
    )
    assert reply.outputs == {"Out": {"text": "x"}}
    answer = re.sub(rb'"tId":"[^"]*"', b"", reply.body)
    store = server.home / FILE_NAME
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        kept = [table for table in tables if table not in _QUIET]
        rows = {table: connection.execute(f'select count(*) from "{table}"').fetchone()[0] for table in kept}
    connection.close()
    files = {
        path.relative_to(server.folder).as_posix(): path.read_bytes()
        for path in server.folder.rglob("*")
        if path.is_file()
        and packages not in path.parents
        and not path.name.startswith((store.name, "server.log", _SHELF))
    }
    return State(reply.headers["x-microflow-epoch"], answer, rows, files)


def peak_bytes(pid: int) -> int:
    """Give the most memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


@pytest.fixture(scope="module")
def first_peak(post: Server) -> dict[int, int]:
    """Give the memory of the workers before any hostile package."""
    return {pid: peak_bytes(pid) for pid in post.workers()}


def expect_nothing_changed(server: Server, before: State, packages: Path, peaks: dict[int, int]) -> None:
    """Hold the server against what it was; both workers are the same processes, and did not grow."""
    assert state_of(server, packages) == before
    assert server.workers() == sorted(peaks)
    for pid, peak in peaks.items():
        assert peak_bytes(pid) - peak < MOST_MORE_BYTES


def timed(ask: Callable[[], Reply]) -> tuple[Reply, float]:
    """Give the answer and the seconds it took, the least of three where the machine was busy with something else."""
    least = MOST_SECONDS + 1
    for _ in range(3):
        began = time.monotonic()
        reply = ask()
        least = min(least, time.monotonic() - began)
        if least < MOST_SECONDS:
            break
    return reply, least


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_it_is_not_fetched(post: Server, packages: Path, first_peak: dict[int, int], hostile: Hostile) -> None:
    """The event `file` says why, within a second; epoch, answers, rows, files and memory stay."""
    (packages / kept_name(hostile.name)).write_bytes(hostile.make())
    before = state_of(post, packages)
    reply, took = timed(lambda: fetch(post, hostile.name))
    told = reply.json
    assert re.search(hostile.reason, told["exception"]), told["exception"]
    assert reply.status in (400, 404, 409, 503)
    assert (told["responseStatus"], told["process"], told["files"], len(told)) == ("ERROR", [], [], 10)
    assert took < MOST_SECONDS
    assert "Traceback" not in told["exception"]
    assert str(post.folder) not in told["exception"]
    expect_nothing_changed(post, before, packages, first_peak)


_SENT = {label: hostile for label, hostile in HOSTILE.items() if hostile.wrong_by_itself}


@pytest.mark.parametrize("hostile", _SENT.values(), ids=_SENT)
def test_it_is_not_published(post: Server, packages: Path, first_peak: dict[int, int], hostile: Hostile) -> None:
    """A package that is sent instead of fetched is refused alike, as a problem."""
    before = state_of(post, packages)
    content, headers = hostile.make(), {"Content-Type": "application/zip"}
    reply, took = timed(lambda: post.send("POST", "/snapshots?activate=true", content, headers, user=True))
    told = reply.json
    assert re.search(hostile.reason, str(told)), told
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.status in (400, 404, 409, 503)
    assert took < MOST_SECONDS
    expect_nothing_changed(post, before, packages, first_peak)


def test_a_good_package_is_taken_after_all_that(post: Server, packages: Path) -> None:
    """What differs from the hostile ones in nothing but their fault is fetched, and its flow answers."""
    for name in ("../app.yaml", "files/a.py"):
        bad: dict[str, Any] = {name: b"x"}
        (packages / NAME).write_bytes(package(bad))
        assert fetch(post, NAME).status == 400
    changed = {"app.yaml": GOOD["app.yaml"].replace(b"v.1.0.0", b"v.9.0.0"), "files/a.txt": b"x"}
    name = NAME.replace("v.1.0.0", "v.9.0.0")
    (packages / name).write_bytes(package(changed))
    told = fetch(post, name).json
    assert (told["responseStatus"], told["process"], told["files"]) == ("SUCCESS", ["Send"], [name])
    assert post.act("Send", {"In": {"text": "y"}}, snapVersion="v.9.0.0").outputs == {"Out": {"text": "y"}}


def test_a_hundred_bad_names_beside_a_good_one(post: Server, packages: Path) -> None:
    """One bad package in a call refuses the call: the good ones beside it are not published."""
    good = NAME.replace("v.1.0.0", "v.8.0.0")
    (packages / good).write_bytes(package({"app.yaml": GOOD["app.yaml"].replace(b"v.1.0.0", b"v.8.0.0")}))
    (packages / NAME).write_bytes(package({"files/a.py": b"x"}))
    before = state_of(post, packages)
    names = [good, NAME]
    reply = post.send("POST", "/MicroflowRest/classAction", {"fileNames": names, "event": "file"}, user=True)
    assert reply.status == 400
    assert "holds code" in reply.json["exception"]
    assert state_of(post, packages) == before
    assert post.act("Send", {"In": {}}, snapVersion="v.8.0.0").status == 404
