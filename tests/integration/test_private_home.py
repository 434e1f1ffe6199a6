"""A home is for its owner alone, whatever the umask of who starts the server."""

import os
from pathlib import Path

from tests.app_folder import write_app
from tests.integration.running_server import Server

_APP = """
    app: Private
    version: v.1
    data_sources:
      made: {url: "sqlite:///made.db", create_from: files/made.sql}
      bare: {url: "sqlite:///bare.db"}
    connections:
      out: {type: folder, path: out}
    """
_WRITE = """
    outputs: {Rows: [Row]}
    variables: {One: [Number]}
    nodes:
      Start: {type: start, next: Read}
      Read: {type: database, source: made, command: select, sql: select text from row, out: {Rows: = rows}, next: Other}
      Other: {type: database, source: bare, command: select, sql: "select 1 as text", out: {One: = rows}, next: Write}
      Write:
        {type: file write, connection: out, file: a/b.csv, records: = Rows, record: Row, format: delimited,
         existing: replace, next: End}
      End: {type: end}
    """
_FILES = {"made.sql": "create table row (text text); insert into row values ('x');"}


def _open_to_others(home: Path) -> set[str]:
    """Give what somebody else may read, write or enter."""
    return {str(path.relative_to(home)) for path in (home, *home.rglob("*")) if path.stat().st_mode & 0o077}


def test_nobody_else_reads_a_home(tmp_path: Path) -> None:
    """Databases with what lies beside them, the run folder and written files, new ones and those of an older version."""
    app = write_app(
        tmp_path / "Private", _APP, {"Row": "text: string?", "Number": "text: integer"}, {"Write": _WRITE}, _FILES
    )
    home, before = tmp_path / "home", os.umask(0)
    try:
        server = Server(tmp_path, [app], workers=1)
        try:
            server.log_in()
            assert server.act("Write").outputs == {"Rows": [{"text": "x"}]}
            made = {path.relative_to(home).as_posix() for path in home.rglob("*")}
            assert {
                "store.sqlite3-wal",
                "data/Private/made.db",
                "data/Private/bare.db",
                "files/Private/out/a/b.csv",
            } <= made
            assert _open_to_others(home) == set()
            for path in (home, *home.rglob("*")):
                path.chmod(0o777 if path.is_dir() else 0o666)
            server.restart()
            assert _open_to_others(home) == set()
        finally:
            server.end()
    finally:
        os.umask(before)
