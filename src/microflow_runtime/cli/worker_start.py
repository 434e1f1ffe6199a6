"""What the supervisor tells a worker in the first line of its standard input."""

from pathlib import Path
from typing import Any

import msgspec

from microflow_runtime.settings import Secret, Settings


class WorkerStart(msgspec.Struct, frozen=True):
    """What the supervisor tells a worker: its number, the listening socket it inherits, the settings."""

    number: int
    socket: int
    settings: Settings


def encode_start(start: WorkerStart) -> bytes:
    """Give the line that a worker reads first. Secrets stay with the supervisor."""
    return msgspec.json.encode(start, enc_hook=_encode)


def decode_start(line: bytes) -> WorkerStart:
    """Read the line."""
    return msgspec.json.decode(line, type=WorkerStart, dec_hook=_decode)


def _encode(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Secret):
        return None
    raise NotImplementedError(f"{type(value).__name__} has no place in the settings")


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"{kind.__name__} has no place in the settings")
