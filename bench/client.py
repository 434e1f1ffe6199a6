"""A small load client that keeps to a timetable: it measures each call from the moment it was due, not from when it was sent.

A server that stands still for a while therefore shows in every call that was due meanwhile, as it would to real callers.
"""

import asyncio
import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.quote import PATH
from bench.services import LOAD_CPU, Service


class Connection:
    """One kept connection to a service."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self._head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"

    @classmethod
    async def open(cls, service: Service) -> "Connection":
        """Connect."""
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        return cls(reader, writer, service.token)

    async def call(self, body: bytes, *, method: str = "POST", path: str = PATH) -> tuple[int, bytes]:
        """Make one call and give its status and body."""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answered = await self._reader.readuntil(b"\r\n\r\n")
        size = int(answered.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(answered[9:12]), await self._reader.readexactly(size)

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()


async def keep_to_timetable(
    connections: list[Connection], bodies: list[bytes], *, per_second: float, seconds: float
) -> list[float]:
    """Spread `per_second` calls a second evenly over the connections and give the latency of each in milliseconds.

    Raises RuntimeError when a call is refused or fails.
    """
    began = time.perf_counter()
    interval = len(connections) / per_second

    async def one(position: int, connection: Connection) -> list[float]:
        due = began + interval * position / len(connections)
        body = bodies[position % len(bodies)]
        took: list[float] = []
        while due < began + seconds:
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            status, reply = await connection.call(body)
            took.append((time.perf_counter() - due) * 1000)
            if status != 200 or b'"SUCCESS"' not in reply:
                message = f"a call beside the refreshes failed: {status} {reply[:300]!r}"
                raise RuntimeError(message)
            due += interval
        return took

    found = await asyncio.gather(*(one(position, connection) for position, connection in enumerate(connections)))
    return [each for took in found for each in took]


@contextmanager
def steady_client() -> Iterator[None]:
    """Pin this process to the load's CPU and hold its garbage collector, so that it does not measure itself."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(LOAD_CPU)})
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        os.sched_setaffinity(0, before)
