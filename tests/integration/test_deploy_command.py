"""The command line and a real server: packages are made, published, activated and rolled back while calls go on."""

import http.client
import shlex
import shutil
import subprocess
import threading
from pathlib import Path
from time import monotonic
from typing import Any, Final, Self

import pytest
from tests.app_folder import write_app
from tests.integration.running_server import ACT, COMMAND, Server

SAYS = """
    outputs: {{Said: Said}}
    nodes:
      Start: {{type: start, next: Say}}
      Say: {{type: mapping, out: {{Said.text: "{text}"}}, next: End}}
      End: {{type: end}}
    """


class Commands:
    """Runs commands against the server, as its administrator, with an app's folder at hand."""

    def __init__(self, server: Server, folder: Path, app: str) -> None:
        self.server = server
        self.folder = folder
        self.app = app

    def write(self, version: str, text: str, said: str = "text: string?") -> Path:
        """Write the app."""
        shutil.rmtree(self.folder / self.app, ignore_errors=True)
        flows = {"Deployed Flow": SAYS.format(text=text), "Other Flow": SAYS.format(text="other")}
        return write_app(self.folder / self.app, f"app: {self.app}\nversion: {version}\n", {"Said": said}, flows)

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command."""
        address = {"MICROFLOW_URL": f"http://127.0.0.1:{self.server.port}", "MICROFLOW_TOKEN": self.server.token}
        return subprocess.run(
            [COMMAND, *words], check=False, cwd=self.folder, env={**self.server.environment, **address},
            capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def do(self, *words: str) -> str:
        """Run a command that succeeds and give what it printed."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def said(self, **more: str) -> Any:
        """Give what the flow says, on whatever worker."""
        return self.server.act("Deployed Flow", appName=self.app, **more).outputs["Said"]["text"]


@pytest.fixture
def commands(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Commands:
    """Give the commands, with an app of the test's own."""
    return Commands(server, tmp_path, f"Deployed {len(request.node.name)}")


class Caller:
    """Calls the flow over and over in a thread; `refused` are the answers that were no text."""

    def __init__(self, server: Server, app: str) -> None:
        self.seen: list[str] = []
        self.refused: list[str] = []
        self._server = server
        self._app = app
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._call)

    def _call(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=10)
        while not self._stop.wait(0.002):
            try:
                body = {"flowName": "Deployed Flow", "appName": self._app}
                reply = self._server.send_over(connection, "POST", ACT, body, user=True)
                self.seen.append(reply.outputs["Said"]["text"])
            except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
                self.refused.append(repr(error))
                connection.close()
        connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()


def test_the_whole_way(commands: Commands) -> None:
    """Packed, published, patched, activated and rolled back, with what each command says, and no call that fails meanwhile."""
    commands.write("v.1.0", "one")
    assert "Nothing of this app answers yet." in commands.do("deploy", "--app", commands.app)
    assert commands.said() == "one"
    with Caller(commands.server, commands.app) as caller:
        commands.write("v.2.0", "two")
        assert commands.do("package", "--app", commands.app, "--out", "out").strip() == f"{commands.app}.v.2.0.jar"
        told = commands.do("deploy", f"out/{commands.app}.v.2.0.jar")
        assert "Compared with v.1.0, which answers now:\n" in told
        assert "  changed  flow Deployed Flow\n" in told
        assert {commands.said() for _ in range(16)} == {"one"}
        assert commands.said(snapVersion="v.2.0") == "two"
        commands.do("activate", commands.app, "v.2.0")
        assert {commands.said() for _ in range(16)} == {"two"}
        commands.write("v.2.1", "patched")
        commands.do("package", "Deployed Flow", "--app", commands.app, "--base", "v.2.0", "--out", "out")
        assert "a patch laid over v.2.0, 2 flows" in commands.do(
            "deploy", f"out/{commands.app}.v.2.1.jar", "--activate"
        )
        assert {commands.said() for _ in range(16)} == {"patched"}
        assert "patch of v.2.0" in commands.do("versions", commands.app)
        for expected in ("two", "one"):
            commands.do("activate", commands.app, "--back")
            assert {commands.said() for _ in range(16)} == {expected}
        failed = commands.run("activate", commands.app, "--back")
        assert (failed.returncode, "nothing to go back to" in failed.stderr) == (1, True)
        _take_back(commands)
    assert caller.refused == []
    assert set(caller.seen) == {"one", "two", "patched"}
    history = commands.do("versions", commands.app, "--history").splitlines()[1:]
    assert [line.split()[2] for line in history] == ["v.1.0", "v.2.0", "v.2.1", "v.2.0", "v.1.0"]


def _take_back(commands: Commands) -> None:
    """Withdraw, restore and delete a version; what was done is seen by the very next calls, whatever worker has them."""
    body = {"flowName": "Deployed Flow", "appName": commands.app, "snapVersion": "v.2.1"}

    def statuses() -> set[int]:
        return {commands.server.send("POST", ACT, body, user=True).status for _ in range(16)}

    commands.do("withdraw", commands.app, "v.2.1")
    assert statuses() == {404}
    assert "withdrawn" in commands.do("versions", commands.app)
    commands.do("withdraw", commands.app, "v.2.1", "--undo")
    assert statuses() == {200}
    commands.do("delete", commands.app, "v.2.1", "--yes")
    assert statuses() == {404}
    assert "v.2.1" not in commands.do("versions", commands.app)
    failed = commands.run("delete", commands.app, "v.1.0", "--yes")
    assert (failed.returncode, "answers from v.1.0; activate another version first" in failed.stderr) == (1, True)


def test_what_breaks_callers_is_not_published_without_a_yes(commands: Commands) -> None:
    """The command ends with 1, having said what breaks; faults end it too, and nothing is published."""
    commands.write("v.10.0", "ten")
    commands.do("deploy", "--app", commands.app, "--activate", "--yes")
    commands.write("v.11.0", "eleven", "more: string?\ntext: string?\nwords: [string]")
    commands.do("deploy", "--app", commands.app)
    broken = commands.write("v.12.0", "twelve", "txt: string?")
    (broken / "microflows" / "Other Flow.yaml").unlink()
    failed = commands.run("deploy", "--app", commands.app)
    assert (failed.returncode, "MF-" in failed.stderr) == (1, True)
    (broken / "microflows" / "Deployed Flow.yaml").unlink()
    write_app(
        broken, f"app: {commands.app}\nversion: v.12.0\n", {"Said": "text: string?"}, {"New": SAYS.format(text="new")}
    )
    failed = commands.run("deploy", "--app", commands.app)
    assert failed.returncode == 1
    assert "Breaking for callers: 2" in failed.stdout
    assert "2 changes break callers; nothing is published without --yes" in failed.stderr
    assert "v.12.0" not in commands.do("versions", commands.app)
    assert "is published" in commands.do("deploy", "--app", commands.app, "--yes")


def test_a_restart_goes_on_with_what_was_activated(tmp_path: Path) -> None:
    """Published snapshots and the active version outlive a stop, also where the server has no app folder of its own."""
    app = write_app(tmp_path / "apps" / "Empty", "app: Empty\nversion: v.0\n", {}, {})
    server = Server(tmp_path, [app], workers=2)
    try:
        server.log_in()
        commands = Commands(server, tmp_path, "Kept")
        for version, text in (("v.1", "one"), ("v.2", "two")):
            commands.write(version, text)
            commands.do("deploy", "--app", commands.app, "--activate")
        commands.do("activate", commands.app, "--back")
        server.restart()
        server.log_in()
        assert {commands.said() for _ in range(20)} == {"one"}
        assert commands.said(snapVersion="v.2") == "two"
        assert commands.run("activate", commands.app, "working").returncode == 1
    finally:
        server.end()


def test_large_bodies_are_refused_with_the_reason(server: Server) -> None:
    """Who may not, and who sends too much, gets the answer and no broken connection, however much is still under way."""
    zip_type = {"Content-Type": "application/zip"}
    megabyte = b"\0" * 1024 * 1024
    refused = server.send("POST", "/snapshots", megabyte * 20, zip_type)
    assert (refused.status, refused.json["code"]) == (401, "MF-R401")
    too_much = server.send("POST", "/snapshots", megabyte * 65, zip_type, user=True)
    assert (too_much.status, too_much.json["code"]) == (413, "MF-R413")
    nonsense = server.send("POST", "/snapshots", megabyte * 60, zip_type, user=True)
    assert (nonsense.status, nonsense.json["code"]) == (400, "MF-R400")


CALLS: Final = """
    outputs: {Said: Said}
    nodes:
      Start: {type: start, next: Call}
      Call: {type: rest, connection: far, method: GET, path: /, next: End}
      End: {type: end, out: {Said.text: ok}}
    """


def test_a_package_is_granted_what_it_asks_for(commands: Commands) -> None:
    """The refusal prints the commands; they open the way, on every worker, and taking one back closes it within a second."""
    app = f'app: {commands.app}\nversion: v.1\nconnections: {{far: {{url: "http://127.0.0.1:1"}}}}\n'
    write_app(commands.folder / commands.app, app, {"Said": "text: string?"}, {"Deployed Flow": CALLS})
    refused = commands.run("deploy", "--app", commands.app)
    assert refused.returncode == 1
    grant = f"microflow grant add '{commands.app}' host http://127.0.0.1:1"
    assert grant in refused.stderr.replace("\n", " ")
    commands.do(*shlex.split(grant)[1:])
    commands.do("deploy", "--app", commands.app)

    def told() -> str:
        return str(commands.server.act("Deployed Flow", appName=commands.app).body)

    assert "has not been granted" not in told()
    assert "cannot be reached" in told()
    commands.do("grant", "remove", *shlex.split(grant)[3:])
    ends_at = monotonic() + 10
    while "has not been granted" not in told():
        assert monotonic() < ends_at
