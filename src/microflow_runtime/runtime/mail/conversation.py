"""One conversation with a mail server: from the socket to the goodbye. The only module that speaks by the library."""

import asyncio
import socket
import ssl
from time import monotonic
from typing import Any, Final

from aiosmtplib import SMTP, SMTPRecipientRefused, SMTPResponseException
from aiosmtplib.errors import SMTPServerDisconnected

from microflow_runtime.engine.mail import RefusedRecipient
from microflow_runtime.errors import NodeError
from microflow_runtime.model.smtp_connection import SmtpConnection
from microflow_runtime.runtime.connections.egress import EgressRules, Resolve, permitted_addresses
from microflow_runtime.runtime.mail import failures

_READY: Final = 354
_TAKEN: Final = 250


class Conversation:
    """Sends one mail. `phase` says how far it has come; `close` leaves no socket behind, however it ended."""

    def __init__(self, smtp: SmtpConnection) -> None:
        self._settings = smtp
        self._socket: socket.socket | None = None
        self._client: SMTP | None = None
        self.phase = failures.CONNECTING

    async def open(self, rules: EgressRules, resolve: Resolve, tls: ssl.SSLContext | None) -> None:
        """Reach the server, by TLS when `tls` is given. Raises NodeError, and errors of the library."""
        settings = self._settings
        ends_at = monotonic() + settings.connect_seconds
        host, port = settings.place
        addresses = await permitted_addresses(rules, resolve, host, port, ends_at, kind="mail.denied")
        connected = self._socket = await _connected(addresses, port, ends_at)
        client = self._client = SMTP(
            hostname=host,
            sock=connected,
            timeout=settings.timeout_seconds,
            local_hostname=_own_name(connected),
            use_tls=settings.security == "tls",
            start_tls=False,
            tls_context=tls,
        )
        await client.connect()
        await client.ehlo()
        if settings.security == "starttls":
            if not client.supports_extension("starttls"):
                raise NodeError("it offers no STARTTLS.", kind="mail.connect")
            await client.starttls(tls_context=tls)
            await client.ehlo()

    async def sign_in(self, username: str, password: str) -> None:
        """Tell who we are."""
        self.phase = failures.SIGNING_IN
        await self._opened.login(username, password)

    async def send(
        self, sender: str, recipients: list[str], message: bytes, secrets: list[str], *, is_international: bool
    ) -> list[RefusedRecipient]:
        """Send the mail and give the recipients that the server refused; when it refuses all of them that is an error."""
        self.phase = failures.ADDRESSING
        client = self._opened
        if is_international and not client.supports_extension("smtputf8"):
            raise NodeError("it takes no addresses beyond ASCII.", kind="mail.refused")
        most = client.esmtp_extensions.get("size", "")
        if most.isdigit() and 0 < int(most) < len(message):
            raise NodeError(f"the mail has {len(message)} bytes; it takes {most} at most.", kind="mail.refused")
        options = [f"SIZE={len(message)}"] if "size" in client.esmtp_extensions else []
        encoding: Any = "utf-8" if is_international else "ascii"
        await client.mail(sender, options=[*options, "SMTPUTF8"] if is_international else options, encoding=encoding)
        refused: list[RefusedRecipient] = []
        for recipient in recipients:
            try:
                await client.rcpt(recipient, encoding=encoding)
            except SMTPRecipientRefused as error:
                told = failures.said(error.message, secrets)
                refused.append(RefusedRecipient(address=recipient, status=error.code, message=told))
        if len(refused) == len(recipients):
            raise _all_refused(refused)
        await self._transfer(message)
        return refused

    async def _transfer(self, message: bytes) -> None:
        protocol, seconds = self._opened.protocol, self._settings.timeout_seconds
        if protocol is None:
            raise SMTPServerDisconnected("Connection lost")
        reply = await protocol.execute_command(b"DATA", timeout=seconds)
        if reply.code != _READY:
            raise SMTPResponseException(max(reply.code, 400), reply.message)
        self.phase = failures.SENDING
        protocol.write(message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n"))
        reply = await protocol.read_response(timeout=seconds)
        if reply.code != _TAKEN:
            raise SMTPResponseException(max(reply.code, 400), reply.message)
        protocol.write(b"QUIT\r\n")  # nobody waits for the goodbye

    @property
    def _opened(self) -> SMTP:
        assert self._client is not None
        return self._client

    def close(self, *, at_once: bool) -> None:
        """Close the socket; `at_once` drops what has not been sent yet."""
        transport: Any = self._client.transport if self._client is not None else None
        if self._client is not None:
            if at_once and transport is not None:
                transport.abort()
            self._client.close()
        if transport is None and self._socket is not None:
            self._socket.close()


async def _connected(addresses: list[str], port: int, ends_at: float) -> socket.socket:
    """Connect to the first of the checked addresses that answers. Raises OSError."""
    failed: OSError = OSError("the name has no address")
    for index, address in enumerate(addresses):
        made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        made.settimeout(0)
        share = (ends_at - monotonic()) / (len(addresses) - index)
        try:
            async with asyncio.timeout(max(share, 0.001)):
                await asyncio.get_running_loop().sock_connect(made, (address, port))
        except OSError as error:
            made.close()
            failed = error
        except BaseException:
            made.close()
            raise
        else:
            return made
    raise failed


def _own_name(connected: socket.socket) -> str:
    """Say who we are as an address: a name of ours that others could look up is not known (RFC 5321, 4.1.3)."""
    address = connected.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _all_refused(refused: list[RefusedRecipient]) -> NodeError:
    first = refused[0]
    others = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    return NodeError(
        f"it refused {first.address}{others}: {first.status} {first.message}",
        kind="mail.refused",
        data={"status": first.status, "message": first.message, "refused": [shown(each) for each in refused]},
        retryable=all(each.status < 500 for each in refused),
    )


def shown(refused: RefusedRecipient) -> dict[str, Any]:
    """Give a refused recipient as flows see it."""
    return {"address": refused.address, "status": refused.status, "message": refused.message}
