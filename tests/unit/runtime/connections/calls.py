"""Requests over one connection, in short words."""

from time import perf_counter_ns
from typing import Any

import pytest

from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.errors import NodeError
from microflow_runtime.model.app import App, Connection, Environment
from microflow_runtime.runtime.connections import Connections


class Calls:
    """Sends requests over the connection `api`."""

    def __init__(self, connections: Connections, settings: dict[str, Any], variables: dict[str, str] | None) -> None:
        self.connections = connections
        self.app = App(
            name="Shop",
            version="v.1.0.0",
            connections={"api": Connection(name="api", settings=settings)},
            environments={"DEV": Environment(name="DEV", variables=variables or {})},
        )

    async def send(self, method: str = "GET", path: str = "/x", **more: Any) -> HttpReply:
        """Send a request with ten seconds of time."""
        given = {"deadline_ns": perf_counter_ns() + 10**10, "repeats": method == "GET"} | more
        return await self.connections.send_http(self.app, "api", HttpRequest(method=method, path=path, **given))

    async def fails(self, method: str = "GET", path: str = "/x", **more: Any) -> NodeError:
        """Send a request that has to fail, and give its error."""
        with pytest.raises(NodeError) as caught:
            await self.send(method, path, **more)
        return caught.value
