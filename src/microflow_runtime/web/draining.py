"""Ending a worker's HTTP server without failing a call, also where a client is just sending on a connection it kept.

A server that closes its idle connections at once closes some of them under a request that is on its way: the client gets
no answer and cannot know whether it was heard. So a draining server takes no new connections, answers what still comes
on those it has with `Connection: close`, and closes an idle one only after it has lingered for some seconds.
Why: docs/decisions/0040-rolling-restart.md.
"""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

RETIRE_LINGER_SECONDS: Final = 5.0
"""How long the idle connections of a worker live on that another worker has replaced."""
STOP_LINGER_SECONDS: Final = 1.0
"""The same for a server that stops: nobody waits for long, and a caller in full swing is still answered."""
_LOOK_SECONDS: Final = 0.05
_CANCEL_SECONDS: Final = 1.0
_TICKS: Final = 20


class DrainingProtocol(HttpToolsProtocol):
    """The server's protocol for one connection that can be told to close after its next answer."""

    is_draining = False

    def drain(self, *, close_idle: bool) -> None:
        """Answer with `Connection: close` from now on; with `close_idle`, close the connection when nothing is under way."""
        self.is_draining = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False  # the last of those that wait to be answered
        elif close_idle:
            self.transport.close()

    def shutdown(self) -> None:
        """Do what the server asks of a connection when it ends."""
        self.drain(close_idle=True)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.is_draining and not self.pipeline:
            cycle.keep_alive = False
        super()._start_asgi_task(cycle, app)


class DrainingServer(uvicorn.Server):
    """An HTTP server that ends when `stop` or `retire` is called, or by SIGTERM and SIGINT, which stop it.

    `drain_seconds` bounds how long calls under way may take after that; what is left then is cancelled.
    """

    def __init__(self, config: uvicorn.Config, *, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._idle_until = float("inf")

    def stop(self) -> None:
        """End; callers on open connections get a moment."""
        self._end(STOP_LINGER_SECONDS)

    def retire(self) -> None:
        """End for another worker that has taken over; callers on open connections get some seconds to come to it."""
        self._end(RETIRE_LINGER_SECONDS)

    def _end(self, linger_seconds: float) -> None:
        """End. Told again, the shorter time holds: a second signal never cuts off a call, the supervisor's kill does."""
        self.should_exit = True
        self._idle_until = min(self._idle_until, asyncio.get_running_loop().time() + linger_seconds)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop by a signal, and end normally after it, so that everything behind the server is closed as well."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT)
        for number in numbers:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and let those there are come to their end."""
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._drain_seconds
        state = self.server_state
        ticks = 0
        while (state.connections or state.tasks) and loop.time() < give_up_at:
            close_idle = loop.time() >= self._idle_until
            for connection in list(state.connections):
                assert isinstance(connection, DrainingProtocol)
                connection.drain(close_idle=close_idle)
            if ticks % _TICKS == 0:
                await self.on_tick(0)  # the date in the answers
            ticks += 1
            await asyncio.sleep(_LOOK_SECONDS)
        await self._cut_off()

    async def _cut_off(self) -> None:
        """Cancel what is still under way, and give the cancelled a moment to clean up."""
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
