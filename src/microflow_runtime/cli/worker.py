"""A worker process: one event loop that answers calls. Started by the supervisor only, `python -m microflow_runtime.cli.worker`.

Its standard input is a pipe from the supervisor: first the settings, then nothing, and its end means that the supervisor
is gone, so that the worker ends as well.
"""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Final, NoReturn

import uvicorn
import uvloop

from microflow_runtime.cli.worker_start import WorkerStart, decode_start
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.runtime.garbage import full_collections_held, settle
from microflow_runtime.security import Security
from microflow_runtime.store import open_store
from microflow_runtime.telemetry import Metrics, configure_logs, get_log
from microflow_runtime.web.app import Application
from microflow_runtime.web.whole_reply import WholeReplyProtocol

_log: Final = get_log("worker")
_PRUNE_SECONDS: Final = 300
_STORE_PATIENCE_SECONDS: Final = 30.0


def main() -> None:
    """Run one worker to its end. By the time that it is told the settings it has loaded its modules."""
    line = sys.stdin.buffer.readline()
    if not line:  # the supervisor is gone, or has nothing to serve
        return
    start = decode_start(line)
    settings = start.settings
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(start))


async def _serve(start: WorkerStart) -> None:
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
            http=WholeReplyProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            server_header=False,
            log_config=None,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
            timeout_keep_alive=75,
            backlog=2048,
            h11_max_incomplete_event_size=64 * 1024,
        )
    )
    background = [
        asyncio.create_task(runtime.follow()),
        asyncio.create_task(application.reader.sweep()),
        asyncio.create_task(_prune(security, start.number)),
    ]
    for task in background:
        task.add_done_callback(_end_on_bug)
    asyncio.get_running_loop().add_reader(0, server.end_with_supervisor)
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


class _Server(uvicorn.Server):
    """The HTTP server, which also ends when the pipe to the supervisor is closed."""

    def end_with_supervisor(self) -> None:
        """Look at the pipe; nothing is ever written to it after the settings."""
        if os.read(0, 64) == b"":
            asyncio.get_running_loop().remove_reader(0)
            self.should_exit = True


async def _prune(security: Security, number: int) -> None:
    """Remove ended sessions now and then. One worker does it for all."""
    while number == 0:
        await asyncio.sleep(_PRUNE_SECONDS)
        await security.prune()


def _end_on_bug(task: "asyncio.Task[None]") -> None:
    """End the process when a task that must run for ever has ended: the supervisor starts a sound one."""
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        _log.error("worker ends", reason=repr(error))
        os.kill(os.getpid(), signal.SIGTERM)


def _exit() -> NoReturn:
    with suppress(KeyboardInterrupt):
        main()
    sys.exit(0)


if __name__ == "__main__":
    _exit()
