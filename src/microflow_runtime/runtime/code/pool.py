"""The processes of one worker: as many as settings allow, each for one call at a time, replaced when one is lost."""

import asyncio
import signal
import sys
from contextlib import suppress
from time import perf_counter_ns
from typing import Final

from microflow_runtime.code import CodeReply, CodeRequest
from microflow_runtime.code.wire import CodeSetup
from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.code.process import CodeProcess
from microflow_runtime.settings import Settings
from microflow_runtime.telemetry import get_log

_log: Final = get_log("code")
_END_SECONDS: Final = 1.0
_DEATH_SECONDS: Final = 0.5
_MOST_MESSAGE: Final = 500


class CodePool:
    """Calls functions. A process starts when a call finds none idle, and ends when it was idle for long."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._size = settings.code_processes
        self._turn = asyncio.Semaphore(self._size)
        self._under_way = 0
        self._all: set[CodeProcess] = set()
        self._idle: list[CodeProcess] = []
        self._timer: asyncio.TimerHandle | None = None

    async def call(self, request: CodeRequest) -> CodeReply:
        """Call a function and give its value. Raises NodeError of a kind `code…`; whoever is cancelled kills the process."""
        if self._under_way >= self._size + self._settings.code_waiting:
            message = f"{self._under_way} calls of custom code are under way or wait, which is the limit."
            raise NodeError(message, kind="code.busy", retryable=True)
        self._under_way += 1
        try:
            async with self._turn:
                return await self._call(request)
        finally:
            self._under_way -= 1

    async def _call(self, request: CodeRequest) -> CodeReply:
        process = self._take()
        try:
            reply = await process.ask(request)
        except EOFError as error:
            with suppress(TimeoutError):
                async with asyncio.timeout(_DEATH_SECONDS):
                    await process.ended.wait()
            self._drop(process)
            raise _crashed(request, process) from error
        except BaseException:
            self._drop(process)
            raise
        if reply.is_last or process.ended.is_set():
            self._drop(process)
        else:
            process.idle_since = asyncio.get_running_loop().time()
            self._idle.append(process)
            self._watch_idle()
        if reply.problem:
            raise _failed(request, reply)
        return reply

    def _take(self) -> CodeProcess:
        """Give the process that worked last and still lives, or a new one."""
        while self._idle:
            process = self._idle.pop()
            if not process.ended.is_set():
                return process
            self._drop(process)
        return self._start()

    def _start(self) -> CodeProcess:
        setup = CodeSetup(
            path=[folder for folder in sys.path if folder],
            memory_bytes=self._settings.code_memory_bytes,
            result_bytes=self._settings.code_result_bytes,
        )
        began = perf_counter_ns()
        try:
            process = CodeProcess(setup)
        except OSError as error:
            raise NodeError("no process could be started for custom code.", kind="code.busy", retryable=True) from error
        self._all.add(process)
        _log.debug("process started", pid=process.pid, ms=(perf_counter_ns() - began) // 1_000_000)
        return process

    def _drop(self, process: CodeProcess) -> None:
        process.kill()
        self._all.discard(process)

    def _watch_idle(self) -> None:
        if self._timer is None and self._idle:
            due = self._idle[0].idle_since + self._settings.code_idle_seconds
            self._timer = asyncio.get_running_loop().call_at(due, self._retire_idle)

    def _retire_idle(self) -> None:
        """End those that were idle for long; the one that worked last stands at the end."""
        self._timer = None
        last = asyncio.get_running_loop().time() - self._settings.code_idle_seconds + 0.001
        while self._idle and (self._idle[0].idle_since <= last or self._idle[0].ended.is_set()):
            self._idle.pop(0).retire()
        self._watch_idle()

    async def close(self) -> None:
        """End every process; who has not ended within a second is killed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._idle.clear()
        processes = list(self._all)
        for process in processes:
            process.retire()
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                for process in processes:
                    await process.ended.wait()
        for process in processes:
            process.kill_and_wait()
        self._all.clear()


def _crashed(request: CodeRequest, process: CodeProcess) -> NodeError:
    how = "was ended"
    if process.ended.is_set():
        how = f"ended with exit code {process.exit_code}"
        if process.exit_code < 0:
            with suppress(ValueError):
                how = f"was ended by {signal.Signals(-process.exit_code).name}"
    call = request.call
    _log.warning("process lost", function=request.function, execution=call.execution_id, pid=process.pid, how=how)
    return NodeError(
        f'the process in which the function "{request.function}" ran {how}.',
        kind="code.crash",
        data={"type": "", "message": how},
    )


def _failed(request: CodeRequest, reply: CodeReply) -> NodeError:
    shown = reply.message if len(reply.message) <= _MOST_MESSAGE else f"{reply.message[:_MOST_MESSAGE]}…"
    told = f"{reply.error}: {shown}" if shown else reply.error
    kind, sentence = {
        "load": ("code.load", f'the function "{request.function}" cannot be loaded: {told}'),
        "value": ("code.value", f'a value of the function "{request.function}" does not fit: {shown}.'),
        "raised": ("code", f'the function "{request.function}" failed: {told}'),
    }[reply.problem]
    error = NodeError(sentence, kind=kind, data={"type": reply.error, "message": reply.message})
    error.trace = reply.trace
    return error
