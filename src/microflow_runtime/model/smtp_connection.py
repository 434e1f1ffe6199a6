"""A named mail server as one environment knows it: where it is, who we are there, how patient we are."""

from typing import Final

import msgspec

from microflow_runtime.model.http_connection import ClientTls, SecretName
from microflow_runtime.model.mail_address import MailAddress
from microflow_runtime.model.microflow import Retry

SECURITY: Final = ("starttls", "tls", "none")
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


class SmtpConnection(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one server. Times in seconds, sizes in bytes.

    `security` says when TLS begins: `starttls` after the greeting, `tls` with the first byte, `none` never. `sender` is who
    a mail is from that does not say. `timeout_seconds` bounds each silence of the server, `connect_seconds` finding and
    reaching it. `pool_size` is how many mails one worker sends at once, `recipients` how many one mail has at most.
    """

    host: str
    port: int | None = None
    security: str = "starttls"
    username: str | None = None
    password: SecretName | None = None
    tls: ClientTls | None = None
    sender: MailAddress | None = None
    connect_seconds: float = 5.0
    timeout_seconds: float = 30.0
    pool_size: int = 10
    mail_bytes: int = 10 * 1024 * 1024
    recipients: int = 100
    retry: Retry | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Host and port, the usual one of the security where none is given."""
        return self.host, self.port or _PORTS[self.security]
