"""The keys of a connection of the type `smtp`."""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.connections.http import TLS
from microflow_runtime.compiler.reading.connections.words import VARIABLE, SecretRef
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, key_words
from microflow_runtime.compiler.reading.node_definition import RETRY
from microflow_runtime.compiler.reading.shapes import BAD, Record, Schema, Text, Whole, key
from microflow_runtime.compiler.reading.words import Duration
from microflow_runtime.model.mail_address import read_address
from microflow_runtime.model.smtp_connection import SECURITY, SmtpConnection

Wrap = Callable[[Any], Any]
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}", re.ASCII)
_MOST_BYTES: Final = 256 * 1024 * 1024


class Host(msgspec.Struct, frozen=True):
    """The name or the address of a host."""

    example: str = "mail.example"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            findings.wrong_kind(path, "the name or address of a host", value)
            return BAD
        if not _HOST.fullmatch(value):
            message = f"{key_words(path)} is not the name or address of a host"
            findings.add(fault_codes.BAD_VALUE, message, path, expected=self.example)
            return BAD
        return value

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": f"^({_HOST.pattern})$"}


class Mailbox(msgspec.Struct, frozen=True):
    """An address of mail, perhaps with a name: `Shop <orders@shop.example>`. Read as a MailAddress."""

    example: str = "Shop <orders@shop.example>"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if not isinstance(value, str):
            findings.wrong_kind(path, "an address of mail", value)
            return BAD
        try:
            return read_address(value)
        except ValueError as error:
            message = f"{key_words(path)} is not an address of mail: {error}"
            findings.add(fault_codes.BAD_VALUE, message, path, expected=self.example)
            return BAD

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": "@"}


def _signs_in_safely(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    """Check that user and password come together, and that no password travels readable but on this machine."""
    if (written.get("username") is None) != (written.get("password") is None):
        message = f"{key_words(path)} has one of `username` and `password`"
        findings.add(fault_codes.KEYS_DISAGREE, message, path, help="give both, or neither")
    elif written.get("password") is not None and written.get("security") == "none":
        host = written.get("host")
        if isinstance(host, str) and not VARIABLE.search(host) and not _is_here(host):
            message = f"{key_words(path)} would send a password readable, as its `security` is `none`"
            help_text = "use `starttls` or `tls`"
            findings.add(fault_codes.KEYS_DISAGREE, message, (*path, "security"), at_key=True, help=help_text)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def smtp_shape(wrap: Wrap) -> Record:
    """Give the shape of a whole connection; `wrap` is put around each setting that may name a variable."""
    duration = wrap(Duration())
    return Record(
        keys=(
            key("host", wrap(Host()), "The name or address of the mail server.", required=True),
            key(
                "port",
                wrap(Whole(least=1, most=65535)),
                "Its port; 587 for `starttls`, 465 for `tls`, 25 for `none` unless said.",
            ),
            key(
                "security",
                wrap(Text(words=SECURITY)),
                "When TLS begins: `starttls` after the greeting, `tls` at once, or `none`; `starttls` unless said.",
            ),
            key("username", wrap(Text(empty=False)), "Who we are there."),
            key("password", SecretRef(), "The secret that is the password."),
            key("tls", TLS, "Whom to trust, and our own certificate."),
            key("from", wrap(Mailbox()), "Who a mail is from that does not say it.", attribute="sender"),
            key(
                "connect_timeout",
                duration,
                "How long finding and reaching the server may take; 5s unless said.",
                attribute="connect_seconds",
            ),
            key(
                "timeout",
                duration,
                "How long the server may be silent; 30s unless said.",
                attribute="timeout_seconds",
            ),
            key("pool_size", wrap(Whole(least=1, most=1000)), "Mails at once from one worker; 10 unless said."),
            key(
                "mail_bytes",
                wrap(Whole(least=1, most=_MOST_BYTES)),
                "The largest mail as it is sent, attachments encoded; 10485760 unless said.",
            ),
            key("recipients", wrap(Whole(least=1, most=10_000)), "Recipients of one mail at most; 100 unless said."),
            key("retry", RETRY, "How nodes without `retry` of their own try again; it takes no variables."),
        ),
        build=SmtpConnection,
        check=_signs_in_safely,
    )
