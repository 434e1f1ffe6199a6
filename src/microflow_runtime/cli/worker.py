"""A worker: one event loop that answers calls, in a process that was forked from the template.

Its standard input is a pipe from the supervisor: first the settings, then perhaps `retire`, and its end means that the
supervisor is gone, so that the worker ends as well. On another pipe the worker tells that it takes connections, or why it
cannot.
"""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import uvicorn
import uvloop

from microflow_runtime.cli.worker_start import RETIRE, WorkerStart, WorkerState, decode_start, encode_state
from microflow_runtime.errors import MicroflowError, StoreError
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.runtime.garbage import full_collections_held, settle
from microflow_runtime.security import Security
from microflow_runtime.store import Store, open_store
from microflow_runtime.telemetry import Metrics, configure_logs, get_log
from microflow_runtime.web.app import Application
from microflow_runtime.web.at_once import AtOnceProtocol
from microflow_runtime.web.draining import DrainingServer

_log: Final = get_log("worker")
_PRUNE_SECONDS: Final = 300
_STORE_PATIENCE_SECONDS: Final = 30.0


def run(state_pipe: int) -> int:
    """Run one worker to its end and give the exit code. It tells its state into this pipe."""
    line = sys.stdin.buffer.readline()
    if not line:  # the supervisor is gone, or has nothing to serve
        return 0
    start = decode_start(line)
    settings = start.settings
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    for inherited in (start.socket, state_pipe):
        os.set_inheritable(inherited, False)  # the end of the process is to be the end of them
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(start, state_pipe))
    except MicroflowError as error:
        _log.error("worker cannot serve", code=error.code, reason=error.message, cause=repr(error.__cause__))
        _tell(state_pipe, WorkerState(is_ready=False, code=error.code, message=error.message))
        return 1
    return 0


def _tell(state_pipe: int, state: WorkerState) -> None:
    """Tell the supervisor; one that is gone is noticed elsewhere."""
    with suppress(BrokenPipeError):
        os.write(state_pipe, encode_state(state))


async def _serve(start: WorkerStart, state_pipe: int) -> None:
    settings = start.settings
    worker = str(start.number)
    store = open_store(settings, patience_seconds=_STORE_PATIENCE_SECONDS)
    page = SharedPage(page_path(settings.home))
    metrics = Metrics(worker)
    runtime = Runtime(settings, store, page, metrics, NODE_TYPES, building=full_collections_held)
    security = Security(store, settings, read_revocation=lambda: page.revocation, bump_revocation=page.bump_revocation)
    await runtime.catch_up()
    application = Application(runtime, security, worker=worker)
    settle()
    server = _Server(
        uvicorn.Config(
            application,
            loop="none",
            http=AtOnceProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            server_header=False,
            log_config=None,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_keep_alive=75,
            backlog=2048,
            h11_max_incomplete_event_size=64 * 1024,
        ),
        drain_seconds=settings.drain_seconds,
        state_pipe=state_pipe,
    )
    background = [
        asyncio.create_task(runtime.follow()),
        asyncio.create_task(application.reader.sweep()),
        asyncio.create_task(_prune(security, store, start.number)),
    ]
    for task in background:
        task.add_done_callback(_end_on_bug)
    asyncio.get_running_loop().add_reader(0, server.hear_supervisor)
    try:
        await server.serve(sockets=[socket.socket(fileno=start.socket)])
    finally:
        for task in background:
            task.remove_done_callback(_end_on_bug)
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await security.close()
        await runtime.close()
        await store.close()


class _Server(DrainingServer):
    """The HTTP server, which tells when it takes connections, and ends by what comes through the supervisor's pipe."""

    def __init__(self, config: uvicorn.Config, *, drain_seconds: float, state_pipe: int) -> None:
        super().__init__(config, drain_seconds=drain_seconds)
        self._state_pipe = state_pipe

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections, and say so."""
        await super().startup(sockets)
        _tell(self._state_pipe, WorkerState(is_ready=True))

    def hear_supervisor(self) -> None:
        """Take in what came through the pipe, or that it has been closed."""
        heard = os.read(0, 64)
        if heard == RETIRE:
            self.retire()
        elif heard == b"":
            asyncio.get_running_loop().remove_reader(0)
            self.stop()


async def _prune(security: Security, store: Store, number: int) -> None:
    """Remove what has ended now and then: sessions, cached values, keys of calls. One worker does it for all."""
    while number == 0:
        await asyncio.sleep(_PRUNE_SECONDS)
        try:
            await security.prune()
            now = datetime.now(UTC)
            await store.prune_cached(now)
            await store.prune_keys(now)
        except StoreError as error:
            _log.warning("nothing pruned", reason=error.message)


def _end_on_bug(task: "asyncio.Task[None]") -> None:
    """End the process when a task that must run for ever has ended: the supervisor starts a sound one."""
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        _log.error("worker ends", reason=repr(error))
        os.kill(os.getpid(), signal.SIGTERM)
