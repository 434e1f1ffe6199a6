"""A mail server of our own, which takes mail, or stalls, hangs up and refuses as it is told."""

import asyncio
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

Answer = str | Callable[[], Awaitable[str]] | None
"""What it says at some point; None is the usual."""


class Received:
    """A mail that came."""

    def __init__(self, envelope: Any) -> None:
        self.sender: str = envelope.mail_from
        self.recipients: list[str] = list(envelope.rcpt_tos)
        self.content: bytes = envelope.content
        message = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.message = message

    @property
    def text(self) -> str:
        """The body as text, lines ended by a line feed."""
        return str(self.message.get_body(("plain",)).get_content()).replace("\r\n", "\n")


class MailServer:
    """What came, and how it answers. `raw` has the bytes as they came. `answers` are by command (`MAIL`, `DATA`) or by recipient; `hangs_up` names a command."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Received] = []
        self.raw = bytearray()
        self.answers: dict[str, Answer] = {}
        self.hangs_up: set[str] = set()
        self.password = ""
        self.logins: list[str] = []
        self.open = 0
        self.stalls = threading.Event()

    async def _said(self, point: str, server: Any) -> str | None:
        if point in self.hangs_up:
            server.transport.abort()
            await asyncio.sleep(0)
        while self.stalls.is_set():  # noqa: ASYNC110 - another thread clears it
            await asyncio.sleep(0.01)
        answer = self.answers.get(point)
        return await answer() if callable(answer) else answer

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - the library's word
        """Take the sender."""
        said = await self._said("MAIL", server)
        if said is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return said or "250 OK"

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - the library's word
        """Take a recipient."""
        said = await self._said(address, server)
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's word
        """Take the mail."""
        said = await self._said("DATA", server)
        if said is None:
            self.received.append(Received(envelope))
        return said or "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Take the one password."""
        self.logins.append(mechanism)
        given = getattr(data, "password", b"")
        return AuthResult(success=given == self.password.encode(), handled=False)

    async def serve(self, **options: Any) -> asyncio.Server:
        """Listen on a free port, by the running loop. `tls` begins at once, `tls_context` with STARTTLS."""
        loop = asyncio.get_running_loop()
        tls: ssl.SSLContext | None = options.pop("tls", None)
        if self.password:
            options |= {"authenticator": self.authenticate, "auth_require_tls": False, "auth_required": True}
        counting = self

        class Counted(SMTP):
            def connection_made(self, transport: Any) -> None:
                counting.open += 1
                super().connection_made(transport)

            def data_received(self, data: bytes) -> None:
                counting.raw += data
                super().data_received(data)

            def connection_lost(self, error: Exception | None) -> None:
                counting.open -= 1
                super().connection_lost(error)

        def make() -> SMTP:
            with warnings.catch_warnings():  # it warns of a login without TLS
                warnings.simplefilter("ignore")
                return Counted(self, hostname="mail.test", loop=loop, **options)

        server = await loop.create_server(make, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        return server


@asynccontextmanager
async def mail_server(*, password: str = "", **options: Any) -> AsyncIterator[MailServer]:
    """Run one by the running loop."""
    made = MailServer()
    made.password = password
    server = await made.serve(**options)
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()


@contextmanager
def mail_server_in_a_thread(*, password: str = "") -> Iterator[MailServer]:
    """Run one by a loop of its own."""
    made = MailServer()
    made.password = password
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(made.serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
