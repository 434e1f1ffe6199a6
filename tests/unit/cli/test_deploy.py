"""`microflow deploy`, `versions`, `activate`, `withdraw` and `delete` against a server that answers as it is told."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pytest_httpserver import HTTPServer
from tests.unit.small_apps import files_of
from tests.unit.small_homes import TEXT, app_text, flow_text
from typer.testing import CliRunner
from werkzeug import Request, Response

from microflow_runtime.cli.main import app
from microflow_runtime.runtime.packages import read_package
from microflow_runtime.runtime.packages.archive import write_archive

_EVERY_PATH = re.compile(".*")
TOKEN = "mf1_a-token-that-nobody-may-see"
DEPLOYED: dict[str, Any] = {
    "app": "Shop", "version": "v.2", "kind": "full", "base": "", "flows": 2, "is_new": True, "is_active": False,
    "is_trial": False, "epoch": 7, "compared_with": "v.1", "difference": {}, "impacts": [], "warnings": [],
}  # fmt: skip
BREAKS = {
    "flow": "Say", "side": "input", "path": "In.count", "kind": "required", "breaking": True, "sentence": "Send it.",
}  # fmt: skip
FITS = {
    **BREAKS,
    "side": "flow",
    "path": "",
    "kind": "flow limits",
    "breaking": False,
    "sentence": "Its limits changed.",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a package in a folder without settings to stand in."""
    monkeypatch.chdir(tmp_path)
    content = write_archive(files_of(app_text("v.2"), TEXT, flow_text("Say", "x")))
    (tmp_path / "Shop.v.2.jar").write_bytes(content)
    return tmp_path / "Shop.v.2.jar"


def _run(httpserver: HTTPServer, *arguments: str, text: str | None = None, token: str = TOKEN) -> Any:
    """Run a command against the server; nothing that it prints may hold the token."""
    environment = {"MICROFLOW_URL": httpserver.url_for("/oneweb"), "MICROFLOW_TOKEN": token}
    result = CliRunner().invoke(app, list(arguments), input=text, env=environment, catch_exceptions=False)
    assert TOKEN not in result.output
    return result


def _answer(httpserver: HTTPServer, body: dict[str, Any]) -> list[Request]:
    """Let the server answer deployments so; give the requests it gets."""
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        request.get_data()
        seen.append(request)
        told = {**body, "is_trial": request.args["dry_run"] == "true"}
        return Response(msgspec.json.encode(told), 200, content_type="application/json")

    httpserver.expect_request("/oneweb/snapshots", method="POST").respond_with_handler(handle)
    return seen


def test_a_package_is_tried_shown_and_published(httpserver: HTTPServer, package: Path) -> None:
    """First a dry run, then the same for real, with the token and the app's name; the answer tells what was done."""
    seen = _answer(httpserver, {**DEPLOYED, "is_active": True, "impacts": [FITS]})
    result = _run(httpserver, "deploy", str(package), "--activate")
    assert result.exit_code == 0, result.output
    assert [(request.args["dry_run"], request.args["activate"], request.args["app"]) for request in seen] == [
        ("true", "true", "Shop"),
        ("false", "true", "Shop"),
    ]
    for request in seen:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["Content-Type"] == "application/zip"
        assert request.get_data() == package.read_bytes()
    assert result.stdout == (
        "Shop v.2: the whole app, 2 flows.\n"
        "It does not differ from v.1, which answers now.\n"
        "\n"
        "Compatible for callers: 1\n"
        "  Say\n"
        "    Its limits changed.\n"
        "\n"
        "Shop v.2 is published, and answers on every worker (epoch 7).\n"
    )


def test_the_difference_and_both_kinds_of_impact_are_shown(httpserver: HTTPServer, package: Path) -> None:
    """Breaking ones first; with --dry-run nothing else is sent and nobody is asked."""
    difference = {
        "app": ["Version `v.1` becomes `v.2`."],
        "flows": [
            {"name": "Say", "how": "changed", "details": ["Inputs added: `In`."]},
            {"name": "Old", "how": "removed"},
        ],
        "business_objects": [{"name": "Text", "how": "added"}],
        "files": [{"name": "files/a.sql", "how": "changed"}],
    }
    seen = _answer(httpserver, {**DEPLOYED, "difference": difference, "impacts": [FITS, BREAKS]})
    result = _run(httpserver, "deploy", str(package), "--dry-run")
    assert (result.exit_code, len(seen)) == (0, 1)
    assert result.stdout == (
        "Shop v.2: the whole app, 2 flows.\n"
        "Compared with v.1, which answers now:\n"
        "  Version `v.1` becomes `v.2`.\n"
        "  changed  flow Say\n"
        "             Inputs added: `In`.\n"
        "  removed  flow Old\n"
        "  added    Business Object Text\n"
        "  changed  file files/a.sql\n"
        "\n"
        "Breaking for callers: 1\n"
        "  Say, input In.count\n"
        "    Send it.\n"
        "\n"
        "Compatible for callers: 1\n"
        "  Say\n"
        "    Its limits changed.\n"
    )


def test_breaking_changes_need_a_yes(httpserver: HTTPServer, package: Path) -> None:
    """Without a terminal nothing is published and the exit code is 1; with --yes it goes on."""
    seen = _answer(httpserver, {**DEPLOYED, "impacts": [BREAKS]})
    result = _run(httpserver, "deploy", str(package), text="y\n")
    assert (result.exit_code, len(seen)) == (1, 1)
    assert "1 change breaks callers; nothing is published without --yes" in result.stderr
    result = _run(httpserver, "deploy", str(package), "--yes")
    assert (result.exit_code, len(seen)) == (0, 3)
    assert result.stdout.endswith('is published. It answers when it is activated: microflow activate "Shop" v.2\n')


@pytest.mark.parametrize(("reply", "code", "sent"), [("y\n", 0, 2), ("n\n", 1, 1), ("\n", 1, 1)])
def test_at_a_terminal_it_asks(
    httpserver: HTTPServer, package: Path, monkeypatch: pytest.MonkeyPatch, reply: str, code: int, sent: int
) -> None:
    """Only a yes goes on."""
    seen = _answer(httpserver, {**DEPLOYED, "impacts": [BREAKS, BREAKS]})
    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = _run(httpserver, "deploy", str(package), text=reply)
    assert "2 changes break callers. Publish all the same?" in result.stderr
    assert (result.exit_code, len(seen)) == (code, sent)


def test_an_app_folder_is_packed_on_the_way(httpserver: HTTPServer, package: Path) -> None:
    """Without a package the app is checked here first, and sent whole; --json prints the answer as it came."""
    folder = package.parent / "Shop"
    for path, content in files_of(app_text("v.2"), TEXT, flow_text("Say", "x")).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    seen = _answer(httpserver, DEPLOYED)
    result = _run(httpserver, "deploy", "--app", str(folder), "--json")
    assert result.exit_code == 0, result.output
    assert msgspec.json.decode(result.stdout) == DEPLOYED
    sent = read_package("x", seen[1].get_data())
    assert [file.path for file in sent.source.files] == [
        "app.yaml",
        "business_objects/Text.yaml",
        "microflows/Say.yaml",
    ]
    (folder / "microflows" / "Say.yaml").write_text(flow_text("Say", "= nothing") + "id: x\n")
    result = _run(httpserver, "deploy", "--app", str(folder))
    assert (result.exit_code, len(seen)) == (1, 2)
    assert "MF-F002" in result.stderr


def test_faults_of_the_server_are_told_as_check_tells_them(httpserver: HTTPServer, package: Path) -> None:
    """With the line and a caret, to standard error; warnings too."""
    place = {"file": "Shop/microflows/Say.yaml", "line": 4, "column": 3, "end_column": 6}
    fault = {"code": "MF-D074", "message": "No flow.", "place": place, "source_line": "  abc", "help": "do it"}
    problem = {"status": 409, "code": "MF-D000", "detail": "1 fault", "fault_count": 1500, "faults": [fault]}
    httpserver.expect_request("/oneweb/snapshots").respond_with_data(
        msgspec.json.encode(problem), 409, content_type="application/problem+json"
    )
    result = _run(httpserver, "deploy", str(package))
    assert result.exit_code == 1
    assert result.stderr == (
        "MF-D074 No flow.\n --> Shop/microflows/Say.yaml:4:3\n  |\n4 |   abc\n  |   ^^^\n  = help: do it\n"
        "  = see: docs/reference/errors.md#mf-d074\n\n1 fault.\n"
        "microflow: there are 1500 faults; these are the first\n"
    )


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [(401, 4, "MF-R401: why"), (403, 4, "MF-R403: why"), (409, 1, "MF-R409: why"), (404, 1, "MF-R404: why"),
     (503, 3, "MF-R503: why")],
)  # fmt: skip
@pytest.mark.parametrize("command", ["deploy", "versions", "activate", "withdraw", "delete"])
def test_refusals_have_their_exit_codes(
    httpserver: HTTPServer, package: Path, command: str, status: int, code: int, sentence: str
) -> None:
    """4 for what is not allowed, 3 for a server that cannot, 1 for the rest; the sentence is the server's."""
    problem = {"status": status, "code": f"MF-R{status}", "detail": "why"}
    httpserver.expect_request(_EVERY_PATH).respond_with_data(
        msgspec.json.encode(problem), status, content_type="application/problem+json"
    )
    arguments = {"deploy": [str(package)], "versions": ["Shop"], "delete": ["Shop", "v.1", "--yes"]}.get(
        command, ["Shop", "v.1"]
    )
    result = _run(httpserver, command, *arguments)
    assert (result.exit_code, result.stderr) == (code, f"error {sentence}\n")


def test_a_server_that_is_none(httpserver: HTTPServer, package: Path) -> None:
    """Another program's answer, a port that nobody listens on, and addresses that are none."""
    httpserver.expect_request(_EVERY_PATH).respond_with_data("<html>", 502, content_type="text/html")
    result = _run(httpserver, "versions")
    assert (result.exit_code, "not as a microflow server does" in result.stderr) == (3, True)
    result = _run(httpserver, "versions", "--url", "http://127.0.0.1:1")
    assert (result.exit_code, "cannot be reached" in result.stderr) == (3, True)
    for url in ("ftp://x", "localhost:8080", "http://", "http://host:99999", "http://user:secret@host"):
        result = _run(httpserver, "versions", "--url", url)
        assert result.exit_code == 2
        assert "secret" not in result.stderr


USAGE: dict[str, Callable[[Path], list[str]]] = {
    "no package and no app": lambda _: ["deploy"],
    "a package that is not there": lambda path: ["deploy", str(path.with_name("none.jar"))],
    "neither version nor back": lambda _: ["activate", "Shop"],
    "delete without a yes": lambda _: ["delete", "Shop", "v.1"],
    "version and back": lambda _: ["activate", "Shop", "v.1", "--back"],
    "history of no app": lambda _: ["versions", "--history"],
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage(httpserver: HTTPServer, package: Path, name: str) -> None:
    """Exit code 2, before anything is sent."""
    assert _run(httpserver, *USAGE[name](package)).exit_code == 2
    assert httpserver.log == []


def test_a_file_that_is_no_package(httpserver: HTTPServer, package: Path) -> None:
    """It is looked at here and not sent."""
    package.write_bytes(b"PK nonsense")
    result = _run(httpserver, "deploy", str(package))
    assert (result.exit_code, "no readable zip archive" in result.stderr) == (1, True)
    assert httpserver.log == []


SNAPSHOT = {
    "version": "v.1", "kind": "full", "base": "", "flows": 2, "content_hash": "h", "created_by": "ci",
    "created_at": "2026-05-19T15:15:00Z", "is_active": False,
}  # fmt: skip
SHOP = {
    "app": "Shop", "active": "v.1.1", "working": "v.0+00000000",
    "snapshots": [{**SNAPSHOT, "version": "v.1.1", "kind": "patch", "base": "v.1", "is_active": True}, SNAPSHOT],
    "history": [{"number": 3, "version": "v.1.1", "at": "2026-05-19T15:16:07Z", "actor": "ci"}],
}  # fmt: skip


def test_versions_are_listed(httpserver: HTTPServer, package: Path) -> None:
    """Each with what it is and whether it answers; of one app or all, with history, or as JSON."""
    httpserver.expect_request("/oneweb/snapshots/My Shop").respond_with_json(SHOP)
    httpserver.expect_request("/oneweb/snapshots").respond_with_json({"apps": [SHOP]})
    listed = (
        "app   version       state   kind            flows  published (UTC)   by\n"
        "Shop  v.0+00000000          working folder\n"
        "Shop  v.1.1         active  patch of v.1    2      2026-05-19 15:15  ci\n"
        "Shop  v.1                   full            2      2026-05-19 15:15  ci\n"
    )
    assert _run(httpserver, "versions").stdout == listed
    assert _run(httpserver, "versions", "My Shop").stdout == listed
    history = _run(httpserver, "versions", "My Shop", "--history").stdout
    assert history == "activated (UTC)      version  by\n2026-05-19 15:16:07  v.1.1    ci\n"
    assert msgspec.json.decode(_run(httpserver, "versions", "My Shop", "--json").stdout) == SHOP


def test_activate_and_back(httpserver: HTTPServer, package: Path) -> None:
    """The path names app and version; the answer is told."""
    done = {"app": "Shop", "version": "v.1", "before": "working", "changed": True, "epoch": 9}
    httpserver.expect_request("/oneweb/snapshots/Shop/v.1/activate", method="POST").respond_with_json(done)
    back = {**done, "version": "working", "before": "v.1"}
    httpserver.expect_request("/oneweb/snapshots/Shop/rollback", method="POST").respond_with_json(back)
    same = {**done, "version": "v.2", "changed": False}
    httpserver.expect_request("/oneweb/snapshots/Shop/v.2/activate", method="POST").respond_with_json(same)
    assert (
        _run(httpserver, "activate", "Shop", "v.1").stdout == "Shop answers from v.1, before from working (epoch 9).\n"
    )
    assert (
        _run(httpserver, "activate", "Shop", "--back").stdout
        == "Shop answers from working, before from v.1 (epoch 9).\n"
    )
    assert _run(httpserver, "activate", "Shop", "v.2").stdout == "Shop answers from v.2 already.\n"


def test_withdraw_restore_and_delete(httpserver: HTTPServer, package: Path) -> None:
    """Each is one request to its path, and a sentence with the epoch."""
    for method, path in (("POST", "/withdraw"), ("POST", "/restore"), ("DELETE", "")):
        httpserver.expect_request(f"/oneweb/snapshots/Shop/v.1{path}", method=method).respond_with_json({"epoch": 9})
    withdrawn = _run(httpserver, "withdraw", "Shop", "v.1").stdout
    assert withdrawn == "Shop v.1 is withdrawn; it is kept, and nobody can call it (epoch 9).\n"
    assert _run(httpserver, "withdraw", "Shop", "v.1", "--undo").stdout == "Shop v.1 can be called again (epoch 9).\n"
    assert _run(httpserver, "delete", "Shop", "v.1", "--yes").stdout == "Shop v.1 is deleted (epoch 9).\n"
