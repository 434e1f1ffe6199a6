"""What the supervisor, the template of the workers and a worker tell each other.

Supervisor to template, over a socket: `FORK`, with the two pipes of the new worker; back come `TemplateNews`. Supervisor
to worker, over the worker's standard input: a line of JSON (`WorkerStart`), later perhaps `RETIRE`; back, over a pipe of
its own, comes its `WorkerState`. A pipe or socket whose other end is closed says that the process behind it is gone.
"""

from pathlib import Path
from typing import Any, Final

import msgspec

from microflow_runtime.settings import Secret, Settings

FORK: Final = b"fork"
"""Make a worker."""
RETIRE: Final = b"retire\n"
"""Another worker has taken over: end without failing a call."""


class WorkerStart(msgspec.Struct, frozen=True):
    """What a worker serves by: its number, the listening socket that it inherits, the settings.

    A worker may be of a newer version than its supervisor (a rolling restart): fields are added with defaults.
    """

    number: int
    socket: int
    settings: Settings


class WorkerState(msgspec.Struct, frozen=True):
    """What a worker tells once: that it takes connections, or why it cannot, by code and message of an error."""

    is_ready: bool
    code: str = ""
    message: str = ""


class TemplateNews(msgspec.Struct, frozen=True):
    """What the template tells: that it forked a worker of this process id, or that one ended, with which exit code.

    A code below zero is the number of the signal that ended it.
    """

    pid: int
    is_end: bool = False
    code: int = 0


def encode_start(start: WorkerStart) -> bytes:
    """Give the line that a worker reads first, with the secrets that serving needs: the pipe is theirs alone.

    The password of the first administrator stays with the supervisor.
    """
    settings = msgspec.structs.replace(start.settings, admin_password=None)
    return msgspec.json.encode(msgspec.structs.replace(start, settings=settings), enc_hook=_encode) + b"\n"


def decode_start(line: bytes) -> WorkerStart:
    """Read the line."""
    return msgspec.json.decode(line, type=WorkerStart, dec_hook=_decode)


def encode_state(state: WorkerState) -> bytes:
    """Give the line that a worker tells its state with; short enough to be written at once."""
    return msgspec.json.encode(msgspec.structs.replace(state, message=state.message[:500])) + b"\n"


def decode_state(line: bytes) -> WorkerState:
    """Read the line."""
    return msgspec.json.decode(line, type=WorkerState)


def _encode(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(f"{type(value).__name__} has no place in the settings")


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    if kind is Secret:
        return Secret(value)
    raise NotImplementedError(f"{kind.__name__} has no place in the settings")
