"""A client that speaks ASGI to an application and keeps every byte of what comes back."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Header = tuple[bytes, bytes]


class Answer(NamedTuple):
    """What an application sent: status, headers in their order with lower-case names, the bytes of the body."""

    status: int
    headers: tuple[Header, ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Give a header's value; None when it was not sent. A header that was sent twice is joined."""
        found = [value.decode("latin-1") for key, value in self.headers if key == name.encode()]
        return ", ".join(found) if found else None


async def send(
    application: Any,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    *,
    pause_seconds: float = 0.0,
    host: str = "localhost",
) -> Answer:
    """Make one request. A body that is given in pieces arrives so, with a pause before each; None sends no body."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    pieces = [body] if isinstance(body, bytes) else list(body or [b""])
    raw = [(b"host", host.encode()), *((name.lower().encode(), value.encode("latin-1")) for name, value in pairs)]
    path_only, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path_only,
        "raw_path": path_only.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": raw,
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }
    waiting = list(pieces)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()  # the caller stays on the line and says nothing more
        if pause_seconds:
            await asyncio.sleep(pause_seconds)
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def take(message: dict[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, take)
    start, *rest = sent
    assert start["type"] == "http.response.start"
    assert all(message["type"] == "http.response.body" for message in rest)
    assert not rest[-1].get("more_body", False)
    return Answer(start["status"], tuple(start["headers"]), b"".join(message.get("body", b"") for message in rest))
