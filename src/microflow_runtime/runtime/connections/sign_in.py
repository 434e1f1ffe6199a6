"""What a connection adds to a request so that the server knows who calls."""

import base64
from urllib.parse import quote, unquote_plus

from microflow_runtime.engine.http import SoapHeader
from microflow_runtime.errors import NodeError
from microflow_runtime.model.http_connection import (
    ApiKeyAuth,
    BasicAuth,
    BearerAuth,
    HttpConnection,
    SecretName,
    WsSecurityAuth,
)
from microflow_runtime.runtime.connections.keyring import Keyring
from microflow_runtime.runtime.connections.oauth import TokenSource
from microflow_runtime.runtime.connections.ws_security import username_token


class SignIn:
    """The sign-in of one connection, headers from its settings included."""

    def __init__(self, http: HttpConnection, keyring: Keyring, tokens: TokenSource | None) -> None:
        self._http = http
        self._keyring = keyring
        self.tokens = tokens

    def headers(self, token: str) -> tuple[tuple[str, str], ...]:
        """Give the headers of each request to the connection's own origin; `token` is the access token, if there is one."""
        found = [
            (name, self._keyring.reveal(value) if isinstance(value, SecretName) else value)
            for name, value in self._http.headers.items()
        ]
        auth = self._http.auth
        if token:
            found.append(("Authorization", f"Bearer {token}"))
        elif isinstance(auth, BasicAuth):
            pair = f"{auth.username}:{self._keyring.reveal(auth.password)}"
            found.append(("Authorization", "Basic " + base64.b64encode(pair.encode()).decode()))
        elif isinstance(auth, BearerAuth):
            found.append(("Authorization", f"Bearer {self._keyring.reveal(auth.token)}"))
        elif isinstance(auth, ApiKeyAuth) and auth.place == "header":
            found.append((auth.name, self._keyring.reveal(auth.key)))
        for name, value in found:
            if not value.isascii() or not value.isprintable():
                raise NodeError(f"what the header {name} of the connection should hold is no header.", kind="http.auth")
        return tuple(found)

    def target(self, target: str) -> str:
        """Give the target with a key in its query, for connections that have it there, in the place of one that is there."""
        auth = self._http.auth
        if not isinstance(auth, ApiKeyAuth) or auth.place != "query":
            return target
        path, _, query = target.partition("?")
        others = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != auth.name]
        target = f"{path}?{'&'.join(others)}" if others else path
        sign = "&" if others else "?"
        return f"{target}{sign}{quote(auth.name, safe='')}={quote(self._keyring.reveal(auth.key), safe='')}"

    def body(self, body: bytes, soap: SoapHeader | None) -> bytes:
        """Give the body with a username token in its envelope, for connections that sign in so; it is new each time."""
        auth = self._http.auth
        if not isinstance(auth, WsSecurityAuth) or not body:
            return body
        if soap is None:
            raise NodeError("it signs in inside SOAP envelopes, and the body is none.", kind="http.auth")
        token = username_token(auth.username, self._keyring.reveal(auth.password), is_digest=auth.digest)
        return body[: soap.at] + token + body[soap.at :]

    def secrets(self) -> list[str]:
        """Give every secret text in use."""
        return [*self._keyring.texts(), *(self.tokens.known() if self.tokens else ())]
