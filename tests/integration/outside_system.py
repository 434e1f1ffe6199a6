"""An outside system in a thread: HTTP with a token server, a server that stalls, one that redirects, one that repeats."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from tests.raw_http_server import RawServer, Visit, raw_server, reply

CANARY = "c4n4ry"
"""A part of every secret there is."""


class OutsideSystem:
    """What it was asked, and what it knows. Its refresh tokens are good once."""

    def __init__(self) -> None:
        self.server: RawServer
        self.elsewhere: RawServer
        self.good_access = "none yet"
        self.good_refresh = f"{CANARY}-refresh-0"
        self.token_requests = 0
        self.token_failures = 0
        self.expires_in = 4
        self.closed_while_stalling = 0

    async def answer(self, visit: Visit) -> None:
        """Answer by the first segment of the path."""
        place = visit.line.split(" ")[1].split("/")[1].partition("?")[0]
        await getattr(self, f"_{place}")(visit)

    async def _token(self, visit: Visit) -> None:
        self.token_requests += 1
        await asyncio.sleep(0.3)
        if self.token_failures:
            self.token_failures -= 1
            await visit.send(reply(b'{"error": "server_error"}', "500 Oops"))
            return
        if parse_qs(visit.body.decode()).get("refresh_token") != [self.good_refresh]:
            await visit.send(reply(b'{"error": "invalid_grant"}', "400 Bad Request"))
            return
        number = self.token_requests
        self.good_access, self.good_refresh = f"{CANARY}-access-{number}", f"{CANARY}-refresh-{number}"
        given = {"access_token": self.good_access, "refresh_token": self.good_refresh, "expires_in": self.expires_in}
        await visit.send(reply(json.dumps(given).encode()))

    async def _guarded(self, visit: Visit) -> None:
        is_good = visit.header("authorization") == f"Bearer {self.good_access}"
        await visit.send(reply(b'{"text": "in"}', "200 OK" if is_good else "401 Unauthorized"))

    async def _stall(self, visit: Visit) -> None:
        await visit.gone()
        self.closed_while_stalling += 1

    async def _redirect(self, visit: Visit) -> None:
        target = {
            "elsewhere": f"{self.elsewhere.url}/",
            "metadata": "http://169.254.169.254/latest",
            "loopback": f"http://[::1]:{self.server.port}/",
            "itself": "/redirect/itself",
        }[visit.line.split(" ")[1].split("/")[2]]
        await visit.send(reply(b"", "302 Found", f"Location: {target}"))

    async def _echo(self, visit: Visit) -> None:
        told = {"text": visit.line.split(" ")[1].split("/")[2], "body": visit.body.decode(), "head": visit.head}
        status = "400 Bad Request" if "fail" in visit.line else "200 OK"
        await visit.send(reply(json.dumps(told).encode(), status))


async def _elsewhere(visit: Visit) -> None:
    await visit.send(reply(b'{"text": "elsewhere"}'))


@contextmanager
def outside_system() -> Iterator[OutsideSystem]:
    """Run one until the block is left."""
    made = OutsideSystem()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    is_ready = threading.Event()

    async def serve() -> None:
        async with raw_server(made.answer) as made.server, raw_server(_elsewhere) as made.elsewhere:
            is_ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert is_ready.wait(10)
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
