"""A flow with one rest node, and a connection that answers as told without a network."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.unit.small_apps import LINE, ORDER, FakeSources, SmallApp

from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.model.app import App

APP = """
app: Shop
version: v.1.0.0
connections:
  api: {url: "https://api.example", CONNECTION}
"""
FLOW = """
microflow: F
inputs: {In: Order}
outputs: {Out: Order}
variables: {Line: Line, Note: Text}
nodes:
  Start: {type: start, next: Ask}
  Ask:
    type: rest
    connection: api
"""
TEXT = """
business_object: Text
fields: {a: string?, b: string?, c: decimal?, d: boolean?}
"""
END = """
    next: End
  End: {type: end}
"""


class FakeHttp(FakeSources):
    """Resources whose HTTP server is a function."""

    def __init__(self, answer: Callable[[HttpRequest], Awaitable[HttpReply]] | HttpReply) -> None:
        super().__init__()
        self.answer = answer
        self.requests: list[HttpRequest] = []

    async def send_http(self, app: App, connection: str, request: HttpRequest) -> HttpReply:
        """Note the request and answer."""
        assert connection in app.connections
        self.requests.append(request)
        return self.answer if isinstance(self.answer, HttpReply) else await self.answer(request)

    @property
    def request(self) -> HttpRequest:
        """Give the last request."""
        return self.requests[-1]


def got(body: bytes = b"{}", status: int = 200, **headers: str) -> HttpReply:
    """Give a reply."""
    return HttpReply(status=status, headers={"content-type": "application/json"} | headers, body=body)


def app_of(keys: str, sources: Any, *, connection: str = "") -> SmallApp:
    """Give the app whose node has these keys, indented by four."""
    flow = FLOW + keys.strip("\n") + END
    shop = APP.replace(", CONNECTION", f", {connection}" if connection else "")
    return SmallApp(shop, ORDER, LINE, TEXT, flow, sources=sources)
