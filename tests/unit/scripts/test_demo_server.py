"""The demo's server ends whatever happens, and the demo notices what does not hold."""

import stat
import sys
from pathlib import Path

import demo_server
import pytest
from demo_server import DemoError, expect, served

_FAKE = """#!{python}
import http.server, os, signal, sys, time
if {ignores}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: os._exit({code}))
if {child} and os.fork() == 0:
    time.sleep(60)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
port = int(sys.argv[sys.argv.index("--port") + 1])
if {broken}:
    sys.exit("it is broken")
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Fake":
    """Put a server of a few lines in place of the real one."""
    monkeypatch.setattr(demo_server, "_STOP_SECONDS", 0.5)
    command = tmp_path / "microflow"
    monkeypatch.setattr(demo_server, "microflow_command", lambda: str(command))
    return Fake(command)


class Fake:
    """Writes the server, and says whether it still runs."""

    def __init__(self, command: Path) -> None:
        self.command = command
        self.home = command.parent / "home"

    def write(self, *, ignores: bool = False, child: bool = False, broken: bool = False, code: int = 0) -> None:
        """Write a server that may ignore SIGTERM, leave a child behind, end at once, or end with a code."""
        text = _FAKE.format(python=sys.executable, ignores=ignores, child=child, broken=broken, code=code)
        self.command.write_text(text, encoding="utf-8")
        self.command.chmod(self.command.stat().st_mode | stat.S_IXUSR)

    def runs(self) -> bool:
        """Say whether any process of the fake is left."""
        return any(str(self.command).encode() in line for line in map(_command_line, Path("/proc").iterdir()))


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # not a process, or one that ended meanwhile
        return b""


def test_good_server_is_stopped(fake: Fake) -> None:
    """A server that ends on SIGTERM ends the block well and is gone."""
    fake.write()
    with served([], fake.home, workers=1, password="x") as client:
        assert client.send("GET", "/livez").status == 200
        assert fake.runs()
    assert not fake.runs()


@pytest.mark.parametrize(
    ("kind", "word"),
    [({"ignores": True}, "SIGTERM"), ({"child": True}, "left a worker"), ({"code": 3}, "ended with 3")],
)
def test_server_that_does_not_stop_is_ended_and_told(fake: Fake, kind: dict[str, bool], word: str) -> None:
    """A server that stays, leaves a worker or fails at the end is a failed demo, and nothing of it is left."""
    fake.write(**kind)
    with pytest.raises(DemoError, match=word), served([], fake.home, workers=1, password="x"):
        pass
    assert not fake.runs()


def test_server_that_does_not_start_is_told(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that ends before it serves is told with its last lines."""
    fake.write(broken=True)
    with pytest.raises(DemoError, match="before it served"), served([], fake.home, workers=1, password="x"):
        pass
    assert "it is broken" in capsys.readouterr().err


def test_failure_inside_ends_the_server(fake: Fake) -> None:
    """A failed expectation, or Ctrl-C, leaves no process behind."""
    fake.write(ignores=True)
    with pytest.raises(KeyboardInterrupt), served([], fake.home, workers=1, password="x"):
        raise KeyboardInterrupt
    assert not fake.runs()


def test_expectation() -> None:
    """What holds passes, what does not ends the demo with its sentence."""
    expect(is_so=True, otherwise="never")
    with pytest.raises(DemoError, match="two and two"):
        expect(is_so=False, otherwise="two and two")


def test_long_replies_say_that_they_are_cut() -> None:
    """A reply of many lines is cut, and says how many are left out."""
    text = demo_server._indented("\n".join(map(str, range(30))), "> ")
    assert text.splitlines()[-1] == "> … and 6 lines more"
    assert len(text.splitlines()) == 25


def test_a_command_gets_its_secret_unseen(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """A token reaches the command by its environment, and is not printed."""
    fake.command.write_text('#!/bin/sh\necho "$1 $TOKEN"\n', encoding="utf-8")
    fake.command.chmod(0o755)
    command = demo_server.start_command("deploy", variables={"TOKEN": "hush"})
    assert demo_server.finish_command(command) == "deploy hush\n"
    assert capsys.readouterr().out == "  $ microflow deploy\n"
