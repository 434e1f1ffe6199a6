"""One process of custom code as its worker sees it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from typing import Final

import msgspec

from microflow_runtime.code.wire import LENGTH, CodeReply, CodeRequest, CodeSetup
from microflow_runtime.runtime.code.output import Output

_MODULE: Final = "microflow_runtime.code.process"
_OURS: Final = "MICROFLOW_"
_PATIENCE_SECONDS: Final = 2.0
_FRAME_SLACK: Final = 1024 * 1024
"""A reply has its chunks and little beside them."""
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(CodeReply).decode


class CodeProcess:
    """A new interpreter in a session of its own. `idle_since` is on the loop's clock."""

    def __init__(self, setup: CodeSetup) -> None:
        """Start it. Raises OSError when the machine has no process left. The thread that does it must live on: with it the process ends."""
        self._most_bytes = setup.result_bytes + _FRAME_SLACK
        self._loop = asyncio.get_running_loop()
        self.idle_since = 0.0
        self.ended = asyncio.Event()
        self.exit_code = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._first = _framed(_encode(setup))
        self._control, theirs = socket.socketpair()
        output, their_output = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module by our own interpreter
                [sys.executable, "-I", "-u", "-m", _MODULE, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=their_output,
                stderr=their_output,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            )
        except BaseException:
            self._control.close()
            os.close(output)
            raise
        finally:
            theirs.close()
            os.close(their_output)
        self.output = Output(output)
        self._handle = os.pidfd_open(self._process.pid)
        self._loop.add_reader(self._handle, self._reap)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def ask(self, request: CodeRequest) -> CodeReply:
        """Have a function called. Raises EOFError when the process ends instead of answering."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_unix_connection(sock=self._control)
        reader, writer = self._reader, self._writer
        assert reader is not None
        self.output.begin(request.function, request.call.execution_id)
        try:
            writer.write(self._first + _framed(_encode(request)))
            self._first = b""
            await writer.drain()
            length = LENGTH.unpack(await reader.readexactly(LENGTH.size))[0]
            if length > self._most_bytes:
                raise EOFError("the reply is too large")
            return _decode(await reader.readexactly(length))
        except (ConnectionError, EOFError, msgspec.DecodeError) as error:
            raise EOFError("the process ended") from error
        finally:
            self.output.end()

    def retire(self) -> None:
        """Let it end by itself, or end it after a moment."""
        self._hang_up()
        self._loop.call_later(_PATIENCE_SECONDS, self.kill)

    def kill(self) -> None:
        """End it now, with the processes that it has started."""
        if not self.ended.is_set():
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._hang_up()

    def kill_and_wait(self) -> None:
        """End it and see that it has ended."""
        self.kill()
        if not self.ended.is_set():
            self._reap()

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        else:
            self._control.close()

    def _reap(self) -> None:
        if self.ended.is_set():
            return
        self.exit_code = self._process.wait()
        self._loop.remove_reader(self._handle)
        os.close(self._handle)
        with suppress(ProcessLookupError):  # what it has started and left behind in its session
            os.killpg(self._process.pid, signal.SIGKILL)
        self.output.close()
        self.ended.set()


def _framed(body: bytes) -> bytes:
    return LENGTH.pack(len(body)) + body
