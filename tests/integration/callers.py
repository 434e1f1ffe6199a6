"""Callers that keep calling a server from many threads, and write down how each call went."""

import http.client
import random
import threading
import time
from types import TracebackType
from typing import Final, NamedTuple, Self

from tests.integration.running_server import ACT, Server

OK: Final = "ok"
LOST: Final = "lost"


class Call(NamedTuple):
    """One call: when it began and ended on the monotonic clock, over whom, and how it went.

    `worker` is the number of the worker that the connection was to, as far as an earlier answer on it told; `is_first`
    says that it was the first on its connection. `outcome` is `ok`, `lost` when the connection ended without a byte of an
    answer, or what was wrong.
    """

    began: float
    ended: float
    caller: int
    worker: str
    is_first: bool
    outcome: str


class Callers:
    """Threads that call the flow Name with a text of their own each time and look whether it comes back.

    Callers keep their connections as long as the server does, one in four makes a new one for each call. Pauses between
    two calls are random, of at most `longest_pause` seconds.
    """

    def __init__(self, server: Server, *, count: int, longest_pause: float) -> None:
        self._server = server
        self._longest_pause = longest_pause
        self._stop = threading.Event()
        self._calls: list[Call] = []
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(count)]

    def __enter__(self) -> Self:
        """Begin to call."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Call no more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def calls(self) -> list[Call]:
        """Give the calls so far."""
        return list(self._calls)

    def _run(self, caller: int) -> None:
        chance = random.Random(caller)
        connection: http.client.HTTPConnection | None = None
        worker = ""
        turn = 0
        while not self._stop.is_set():
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=20)
                worker = ""
            turn += 1
            began = time.monotonic()
            is_first = connection.sock is None
            outcome, answered_by = self._call(connection, f"{caller}-{turn}")
            self._calls.append(Call(began, time.monotonic(), caller, worker, is_first, outcome))
            worker = answered_by
            if outcome != OK or caller % 4 == 0 or connection.sock is None:
                connection.close()
                connection = None
            self._stop.wait(chance.uniform(0, self._longest_pause))
        if connection is not None:
            connection.close()

    def _call(self, connection: http.client.HTTPConnection, text: str) -> tuple[str, str]:
        body = {"flowName": "Name", "object": {"NameBO": {"name": text}}}
        try:
            reply = self._server.send_over(connection, "POST", ACT, body, user=True)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            return LOST, ""
        except (OSError, http.client.HTTPException) as error:
            return repr(error), ""
        if reply.status != 200:
            return f"{reply.status} {reply.body!r}", ""
        told = reply.json["responseObjectsMap"]
        outcome = OK if told == {"TextBO": {"text": text}} else f"wrong answer to {text}: {told}"
        return outcome, reply.headers["x-microflow-worker"]
