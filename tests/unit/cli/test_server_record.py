"""The record of the server that runs on a home."""

import os
import stat
from pathlib import Path

import msgspec
import pytest

from microflow_runtime.cli.server_record import ServerRecord, ServerState, find_server, record_path
from microflow_runtime.errors import StoreError


def test_what_a_server_tells_is_found(tmp_path: Path) -> None:
    """As long as the server has the record, what it told last is read beside it; then there is no server."""
    home = tmp_path / "home"
    assert find_server(home) is None
    record = ServerRecord(home)
    assert find_server(home) == ServerState(pid=os.getpid())
    state = ServerState(pid=os.getpid(), port=80, workers=dict.fromkeys(range(256), 4_000_000), restarts_begun=1)
    record.tell(state)
    assert find_server(home) == state
    record.tell(msgspec.structs.replace(state, workers={}))
    assert find_server(home) == msgspec.structs.replace(state, workers={})
    record.close()
    assert find_server(home) is None


def test_a_home_is_for_one_server(tmp_path: Path) -> None:
    """A second one is refused with the process id of the first."""
    record = ServerRecord(tmp_path)
    with pytest.raises(StoreError, match=rf"process {os.getpid()}\) runs on this home"):
        ServerRecord(tmp_path)
    record.close()
    ServerRecord(tmp_path).close()


def test_a_record_left_behind_is_no_server(tmp_path: Path) -> None:
    """After a server that was killed the file is there, unlocked: nobody runs, and the next one knows."""
    path = record_path(tmp_path)
    path.parent.mkdir()
    path.write_bytes(msgspec.json.encode(ServerState(pid=1, port=80)))
    assert find_server(tmp_path) is None
    record = ServerRecord(tmp_path)
    assert record.was_left_behind
    record.close()
    record = ServerRecord(tmp_path)
    assert not record.was_left_behind
    record.close()


def test_the_record_is_the_owner_s_alone(tmp_path: Path) -> None:
    """Folders and file can be read by nobody else."""
    home = tmp_path / "home"
    ServerRecord(home).close()
    for path, mode in ((home, 0o700), (home / "run", 0o700), (record_path(home), 0o600)):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file in the place of the home is a StoreError, not a stack trace, and so is a link in the place of the record."""
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError, match="The home cannot be used"):
        ServerRecord(tmp_path / "home")
    (tmp_path / "other" / "run").mkdir(parents=True)
    record_path(tmp_path / "other").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="The home cannot be used"):
        ServerRecord(tmp_path / "other")
    assert not (tmp_path / "elsewhere").exists()
