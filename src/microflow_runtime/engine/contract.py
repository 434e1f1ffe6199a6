"""What the engine asks of node types, and what node types may ask of the runtime around them."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Protocol

import msgspec

from microflow_runtime.code import CodeReply, CodeRequest
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.engine.files import FileSession
from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.engine.mail import Mail, MailReceipt
from microflow_runtime.engine.sql import SqlConnection
from microflow_runtime.feel import Type
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


Stream = Callable[[Frame, Any], AsyncGenerator[Any]]
"""Opens a source of items for the frame of a run, and the run. Whoever stops before the end closes the generator."""


class StreamingNodeType(NodeType, Protocol):
    """A kind of node that can also give items one by one, to a loop that names it as its source."""

    def prepare_stream(self, context: NodeContext) -> tuple[Type, Callable[[], Stream]]:
        """Check a source of this kind; give the type of its items, and what builds the stream once the flow is without faults."""
        ...


class Resources(Protocol):
    """The pools and clients that a node may ask the runtime for, by the names an application gave them."""

    def open_transaction(self, app: App, source: str) -> AbstractAsyncContextManager[SqlConnection]:
        """Borrow a connection of a data source and begin a transaction; closing gives it back to its pool.

        `app` is the definition that the calling plan was compiled with, so that a call ends on what it began with.
        """
        ...

    async def require_data_source(self, app: App, source: str) -> None:
        """Let an app use a data source. Raises NodeError of kind `database.denied` where it came in a package without the grant."""
        ...

    async def get_cached(self, space: str, key: str) -> bytes | None:
        """Give a cached value unless its time has passed. Raises StoreError."""
        ...

    async def put_cached(self, space: str, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for some seconds, in the place of one that is there. Raises StoreError."""
        ...

    async def remove_cached(self, space: str, key: str) -> None:
        """Forget a value. Raises StoreError."""
        ...

    async def send_http(self, app: App, connection: str, request: HttpRequest) -> HttpReply:
        """Send one request to a named connection of the type `http` and give the whole reply, whatever its status.

        The egress rules, the sign-in, redirects, the breaker and the bounds of the reply are the connection's. Raises
        NodeError of a kind `http…` that shows no secret; whoever is cancelled leaves a closed socket behind.
        """
        ...

    def http_address(self, app: App, connection: str) -> str:
        """Give the URL of a named connection of the type `http`. Raises NodeError of kind `http.settings`."""
        ...

    def open_files(self, app: App, connection: str) -> AbstractAsyncContextManager[FileSession]:
        """Open a named connection that holds files, for one node; closing it leaves no file and no socket open.

        Raises NodeError of kind `file.connect` or `file.busy`.
        """
        ...

    async def send_mail(self, app: App, connection: str, mail: Mail) -> MailReceipt:
        """Send one mail by a named connection of the type `smtp`; it was taken for at least one recipient.

        Raises NodeError of a kind `mail…` that shows no secret and may be retried only where nothing was taken. Whoever is
        cancelled leaves a closed socket behind, and nobody knows whether a mail that was on its way arrived.
        """
        ...

    async def call_code(self, app: App, request: CodeRequest) -> CodeReply:
        """Call a function of the operator in a process of its own and give its value.

        `app` is the definition that the calling plan was compiled with. Raises NodeError of a kind `code…`; whoever is cancelled kills the process.
        """
        ...
