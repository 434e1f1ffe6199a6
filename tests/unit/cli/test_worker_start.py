"""What the supervisor tells a worker."""

from pathlib import Path

import msgspec

from microflow_runtime.cli.worker_start import (
    WorkerStart,
    WorkerState,
    decode_start,
    decode_state,
    encode_start,
    encode_state,
)
from microflow_runtime.settings import Secret, Settings


def test_the_settings_arrive_as_they_were() -> None:
    """A worker reads the same settings with the secrets it needs; the password of the first start stays behind."""
    settings = Settings(
        home=Path("/tmp/home"),
        apps=(Path("a"), Path("b")),
        workers=3,
        admin_password=Secret("canary"),
        store_password=Secret("ไทย\n"),
    )
    line = encode_start(WorkerStart(2, 7, settings))
    assert b"canary" not in line
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    start = decode_start(line)
    assert (start.number, start.socket) == (2, 7)
    assert start.settings == msgspec.structs.replace(settings, admin_password=None)
    assert start.settings.store_password is not None
    assert start.settings.store_password.reveal() == "ไทย\n"


def test_a_state_arrives_on_one_short_line() -> None:
    """A reason of any length and with line ends is told on one line that a pipe takes at once."""
    line = encode_state(WorkerState(is_ready=False, code="MF-S002", message="two\nlines " * 1000))
    assert line.count(b"\n") == 1
    assert len(line) < 4096
    state = decode_state(line)
    assert (state.is_ready, state.code) == (False, "MF-S002")
    assert state.message.startswith("two\nlines two")
