"""What the supervisor tells a worker."""

from pathlib import Path

import msgspec

from microflow_runtime.cli.worker_start import WorkerStart, decode_start, encode_start
from microflow_runtime.settings import Secret, Settings


def test_the_settings_arrive_as_they_were_without_secrets() -> None:
    """A worker reads the same settings, and the password of the first start stays behind."""
    settings = Settings(home=Path("/tmp/home"), apps=(Path("a"), Path("b")), workers=3, admin_password=Secret("canary"))
    line = encode_start(WorkerStart(2, 7, settings))
    assert b"canary" not in line
    assert b"\n" not in line
    start = decode_start(line)
    assert (start.number, start.socket) == (2, 7)
    assert start.settings == msgspec.structs.replace(settings, admin_password=None)
