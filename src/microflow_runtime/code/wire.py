"""What goes over the socket between a worker and a process of custom code: frames of MessagePack, each behind its length.

A value is a sequence of chunks: a long list is cut into pieces of `CHUNK` items, so that neither side is busy with all of
it at once. Numbers travel as texts with all their digits, dates and durations in ISO form.
"""

import struct
from typing import Final

import msgspec

from microflow_runtime.code.call import Call

CHUNK: Final = 500
NUMBER: Final = 1
"""The MessagePack extension of a number: its digits as text."""
LENGTH: Final = struct.Struct(">Q")


class CodeSetup(msgspec.Struct, frozen=True, array_like=True):
    """The first frame that a process reads: its search path, and the limits that it gives itself."""

    path: list[str]
    memory_bytes: int
    result_bytes: int


class CodeRequest(msgspec.Struct, frozen=True, array_like=True):
    """One call of a function. `types` is `CodeTypes`, encoded; `arguments` are the chunks of each value."""

    function: str
    types: bytes
    arguments: dict[str, list[bytes]]
    call: Call


class CodeTypes(msgspec.Struct, frozen=True, array_like=True):
    """The declared types: of the parameters by name, and the fields of the Business Objects among them. Written as `[Line]`, `date`."""

    parameters: dict[str, str]
    objects: dict[str, dict[str, str]]


class CodeReply(msgspec.Struct, frozen=True, array_like=True):
    """What came of it: the chunks of the value, or an error.

    `problem` is empty, or `load` (there is no such function), `raised` (by the function), or `value` (what it gave cannot
    be taken). `error` is the name of the exception's class. After `is_last` the process ends.
    """

    chunks: list[bytes] = []
    is_list: bool = False
    problem: str = ""
    error: str = ""
    message: str = ""
    trace: str = ""
    is_last: bool = False
