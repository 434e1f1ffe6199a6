"""What the engine asks of node types, and what node types may ask of the runtime around them."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Protocol

import msgspec

from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action
from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.model.app import App

Build = Callable[[], Action]


class NodeType(Protocol):
    """One kind of node. The object has no state; everything about a node is in the context and the action.

    `settings` declares the keys of YAML that belong to this kind. `exits` is `next`, `links` or `none`. `waits` tells
    whether its actions wait for something outside the process.
    """

    name: ClassVar[str]
    settings: ClassVar[type[msgspec.Struct]]
    exits: ClassVar[str]
    waits: ClassVar[bool]

    def prepare(self, context: NodeContext) -> Build:
        """Check a node, telling the context every fault; return what builds its action once the flow is without faults."""
        ...


class SqlConnection(Protocol):
    """An open transaction on one data source, as a database node uses it."""

    async def run(
        self, sql: str, values: dict[str, Any], row_limit: int, *, undo_alone: bool
    ) -> tuple[list[dict[str, Any]], int]:
        """Run one statement; give its rows as formula values and the number of rows it returned or touched.

        With `undo_alone` a failed statement leaves the rest of the transaction usable. Raises NodeError of a kind
        `database…`, and LimitExceeded when there are more rows than `row_limit`.
        """
        ...

    async def commit(self) -> None:
        """Make the changes last."""
        ...

    async def rollback(self) -> None:
        """Undo the changes."""
        ...


class Resources(Protocol):
    """The pools and clients that a node may ask the runtime for, by the names an application gave them."""

    def open_transaction(self, app: App, source: str) -> AbstractAsyncContextManager[SqlConnection]:
        """Borrow a connection of a data source and begin a transaction; closing gives it back to its pool.

        `app` is the definition that the calling plan was compiled with, so that a call ends on what it began with.
        """
        ...

    async def send_http(self, app: App, connection: str, request: HttpRequest) -> HttpReply:
        """Send one request to a named connection of the type `http` and give the whole reply, whatever its status.

        The egress rules, the sign-in, redirects, the breaker and the bounds of the reply are the connection's. Raises
        NodeError of a kind `http…` that shows no secret; whoever is cancelled leaves a closed socket behind.
        """
        ...
