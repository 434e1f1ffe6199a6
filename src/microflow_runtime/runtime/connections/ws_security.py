"""The username token of WS-Security, as text or as digest. Source: OASIS Web Services Security UsernameToken Profile 1.1."""

import base64
import hashlib
import secrets
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from microflow_runtime.errors import NodeError

_BASE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_TOKEN: Final = f"{_BASE}-username-token-profile-1.0"
_ENCODING: Final = f"{_BASE}-soap-message-security-1.0#Base64Binary"


def username_token(username: str, password: str, *, is_digest: bool) -> bytes:
    """Give the header `Security`, for a place where the prefix `s` is that of the envelope.

    A digest is good once, for the server and the moment that it was made in. Raises NodeError of kind `http.auth` when
    name or password hold what XML cannot.
    """
    if not all(text.isprintable() for text in (username, password)):
        raise NodeError("its user name or password holds what no SOAP envelope can.", kind="http.auth")
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    nonce = secrets.token_bytes(16)
    kind, shown = "PasswordText", escape(password)
    if is_digest:
        # The profile says SHA-1; the nonce and the moment are hashed with the password.
        digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()  # noqa: S324
        kind, shown = "PasswordDigest", base64.b64encode(digest).decode()
    return (
        f'<w:Security xmlns:w="{_BASE}-wssecurity-secext-1.0.xsd" xmlns:u="{_BASE}-wssecurity-utility-1.0.xsd" '
        f's:mustUnderstand="1"><w:UsernameToken><w:Username>{escape(username)}</w:Username>'
        f'<w:Password Type="{_TOKEN}#{kind}">{shown}</w:Password>'
        f'<w:Nonce EncodingType="{_ENCODING}">{base64.b64encode(nonce).decode()}</w:Nonce>'
        f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    ).encode()
