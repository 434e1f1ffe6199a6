"""An HTTP server that does what a test tells it: stall, drip, lie, hang up. What it sends are bytes, not replies."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Answer = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One request that came: its bytes, and the way to answer it."""

    def __init__(self, head: bytes, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = head.decode("latin-1")
        self.body = body
        self.reader = reader
        self.writer = writer

    @property
    def line(self) -> str:
        """Give the request line."""
        return self.head.split("\r\n")[0]

    def header(self, name: str) -> str | None:
        """Give a header's value."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Wait until the client has closed its end."""
        while await self.reader.read(65536):
            pass


class RawServer:
    """A server that answers every request by one function. `visits` are the requests that came, in their order."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.visits: list[Visit] = []
        self.connections = 0
        self.closed = 0
        self.port = 0

    @property
    def url(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                visit = Visit(head, b"", reader, writer)
                length = int(visit.header("content-length") or 0)
                visit.body = await reader.readexactly(length)
                self.visits.append(visit)
                await self.answer(visit)
                if writer.is_closing():
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            self.closed += 1
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()


@asynccontextmanager
async def raw_server(
    answer: Answer, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[RawServer]:
    """Serve on a free port until the block is left."""
    made = RawServer(answer)
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(made._serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    patience = {"ssl_shutdown_timeout": 1.0} if tls else {}
    server = await asyncio.start_server(begin, host, 0, ssl=tls, **patience)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def reply(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """Give the bytes of a good reply."""
    given = {line.partition(":")[0].lower() for line in headers}
    lines = [f"HTTP/1.1 {status}", *headers]
    if "content-type" not in given:
        lines.append("Content-Type: application/json")
    if "content-length" not in given:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def always(data: bytes) -> Answer:
    """Answer every request with the same bytes."""

    async def answer(visit: Visit) -> None:
        await visit.send(data)

    return answer
