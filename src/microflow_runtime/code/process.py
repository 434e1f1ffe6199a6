"""A process of custom code: it reads a request, calls the function, writes the reply, and waits for the next.

Started by a worker, by its own interpreter, with the socket as the first argument and the worker's process id as the
second. It ends with the socket and, whatever it does, with the worker.
"""

import ctypes
import inspect
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Final

import msgspec

from microflow_runtime.code.installed import GROUP
from microflow_runtime.code.values_in import Readers
from microflow_runtime.code.values_out import write_value
from microflow_runtime.code.wire import LENGTH, CodeReply, CodeRequest, CodeSetup

_DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
_MOST_MESSAGE: Final = 2_000
_MOST_TRACE: Final = 20_000
_KEPT_READERS: Final = 1_000


def main(control: socket.socket, worker: int) -> None:
    """Answer requests until the worker is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != worker:  # it ended before it could be the death of this one
        return
    first = _receive(control)
    if first is None:
        return
    setup = msgspec.msgpack.decode(first, type=CodeSetup)
    sys.path[:] = setup.path
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (setup.memory_bytes, setup.memory_bytes))
    functions = Functions(setup.result_bytes)
    decode = msgspec.msgpack.Decoder(CodeRequest).decode
    encode = msgspec.msgpack.Encoder().encode
    while (frame := _receive(control)) is not None:
        reply = functions.answer(decode(frame))
        body = encode(reply)
        del frame
        sys.stdout.flush()
        sys.stderr.flush()
        control.sendall(LENGTH.pack(len(body)) + body)
        if reply.is_last:
            return


def _receive(control: socket.socket) -> bytearray | None:
    """Read a frame; None at the end of the socket."""
    head = _read(control, LENGTH.size)
    return None if head is None else _read(control, LENGTH.unpack(head)[0])


def _read(control: socket.socket, size: int) -> bytearray | None:
    body = bytearray(size)
    view, place = memoryview(body), 0
    while place < size:
        count = control.recv_into(view[place:])
        if count == 0:
            return None
        place += count
    return body


class Functions:
    """The functions that have been called, and the readers of their arguments. `most_bytes` bounds a result."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._functions: dict[str, tuple[Callable[..., Any], bool]] = {}
        self._readers: dict[bytes, Readers] = {}

    def answer(self, request: CodeRequest) -> CodeReply:
        """Call the function. Whatever it raises becomes the reply."""
        problem = "load"
        try:
            function, wants_call = self._function(request.function)
            problem = "value"
            arguments = self._reader(request.types).read(request.arguments)
            if wants_call:
                arguments["call"] = request.call
            problem = "raised"
            value = function(**arguments)
            problem = "value"
            chunks, is_list = write_value(value, self._most_bytes)
        except BaseException as error:  # noqa: BLE001 - the outermost edge: the worker is told, whatever it was
            return _failed(problem, error)
        return CodeReply(chunks=chunks, is_list=is_list)

    def _function(self, name: str) -> tuple[Callable[..., Any], bool]:
        found = self._functions.get(name)
        if found is None:
            points = entry_points(group=GROUP, name=name)
            if not points:
                raise LookupError(f"no installed distribution declares the function {name}")
            function = next(iter(points)).load()
            found = self._functions[name] = (function, "call" in inspect.signature(function).parameters)
        return found

    def _reader(self, types: bytes) -> Readers:
        found = self._readers.get(types)
        if found is None:
            if len(self._readers) >= _KEPT_READERS:
                self._readers.clear()
            found = self._readers[types] = Readers(types)
        return found


def _failed(problem: str, error: BaseException) -> CodeReply:
    try:
        message = str(error)
    except Exception as second:  # noqa: BLE001 - an exception that cannot even be shown is still an error of the function
        message = f"its message cannot be shown ({type(second).__name__})"
    behind = error.__traceback__.tb_next if error.__traceback__ is not None else None
    trace = "".join(traceback.format_exception(type(error), error, behind))
    return CodeReply(
        problem=problem,
        error=type(error).__name__,
        message=_whole(message)[:_MOST_MESSAGE],
        trace=_whole(trace)[-_MOST_TRACE:],
        is_last=isinstance(error, MemoryError | SystemExit | KeyboardInterrupt),
    )


def _whole(text: str) -> str:
    """Give a text that has an encoding."""
    return text.encode("utf-8", "backslashreplace").decode()


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as given:
        given.set_inheritable(False)
        main(given, int(sys.argv[2]))
