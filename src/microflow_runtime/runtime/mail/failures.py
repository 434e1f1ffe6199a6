"""What goes wrong between us and a mail server, as errors of a node. The library's own errors end here."""

import base64
import ssl
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPTimeoutError,
)

from microflow_runtime.errors import NodeError

FOREIGN: Final = (SMTPException, OSError, ValueError)
"""What the library raises, and the sockets below it."""
_MOST_CHARACTERS: Final = 500

CONNECTING: Final = "connecting"
SIGNING_IN: Final = "signing in"
ADDRESSING: Final = "addressing"
SENDING: Final = "sending"
"""How far a mail has come. While it is being sent nobody knows whether the server has taken it."""


def failure(error: Exception, phase: str, secrets: Iterable[str]) -> NodeError:
    """Give the error of a mail that failed in a phase. It may be tried again only where nothing was taken."""
    if isinstance(error, NodeError):
        return error
    if isinstance(error, SMTPResponseException) and error.code >= 400:
        return _refusal(error, phase, secrets)
    cause = _tls_error(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return NodeError(f"its certificate is not good: {cause.verify_message}.", kind="mail.connect")
    if cause is not None:
        return NodeError(f"there is no agreement with it on TLS ({cause.reason}).", kind="mail.connect")
    if isinstance(error, TimeoutError | SMTPTimeoutError):
        kind = "mail.connect" if phase == CONNECTING else "mail.timeout"
        return NodeError(f"it was silent for too long while {phase}.", kind=kind, retryable=phase != SENDING)
    if phase == CONNECTING:
        return NodeError("it cannot be reached, or hung up.", kind="mail.connect", retryable=True)
    if phase == SIGNING_IN and not isinstance(error, OSError):
        return NodeError("it offers no way to sign in that we know.", kind="mail.auth")
    known = "" if phase != SENDING else "; nobody knows whether it took the mail"
    return NodeError(f"it hung up while {phase}{known}.", kind="mail", retryable=phase != SENDING)


def _refusal(error: SMTPResponseException, phase: str, secrets: Iterable[str]) -> NodeError:
    told = said(error.message, secrets)
    data: dict[str, Any] = {"status": error.code, "message": told}
    for_now = error.code < 500
    if phase == CONNECTING:
        return NodeError(
            f"it does not serve us: {error.code} {told}", kind="mail.connect", data=data, retryable=for_now
        )
    if phase == SIGNING_IN or isinstance(error, SMTPAuthenticationError):
        return NodeError(
            f"it refused to sign us in: {error.code} {told}", kind="mail.auth", data=data, retryable=for_now
        )
    return NodeError(f"it refused the mail: {error.code} {told}", kind="mail.refused", data=data, retryable=for_now)


def said(text: str, secrets: Iterable[str]) -> str:
    """Give what a server said on one line of bounded length, our secrets taken out of it."""
    for secret in secrets:
        for form in (secret, base64.b64encode(secret.encode()).decode()):
            text = text.replace(form, "***")
    plain = "".join(" " if unicodedata.category(each)[0] == "C" else each for each in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= _MOST_CHARACTERS else f"{plain[:_MOST_CHARACTERS]}…"


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__
    return error
