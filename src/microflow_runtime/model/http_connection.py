"""A named HTTP server as one environment knows it: where it is, who we are there, how patient we are."""

import msgspec

from microflow_runtime.model.microflow import Retry


class SecretName(msgspec.Struct, frozen=True):
    """A reference to a secret of the operator. The secret itself is never part of a definition."""

    secret: str


class BasicAuth(msgspec.Struct, frozen=True, kw_only=True):
    """A user name and a password with each request (RFC 7617)."""

    username: str
    password: SecretName


class BearerAuth(msgspec.Struct, frozen=True, kw_only=True):
    """A fixed token with each request (RFC 6750)."""

    token: SecretName


class ApiKeyAuth(msgspec.Struct, frozen=True, kw_only=True):
    """A key in a header or a query parameter called `name`. `place` is `header` or `query`."""

    name: str
    key: SecretName
    place: str = "header"


class OAuthAuth(msgspec.Struct, frozen=True, kw_only=True):
    """An access token that is asked for when it is needed (RFC 6749). `grant` is `client_credentials` or `refresh_token`.

    `send_client` says where the token server wants the client's credentials: `basic` or `body`. `parameters` go into the
    request as they are. `refresh_token` is the first one; those that follow are kept by the runtime.
    """

    token_url: str
    client_id: str
    client_secret: SecretName | None = None
    grant: str = "client_credentials"
    refresh_token: SecretName | None = None
    scope: str = ""
    send_client: str = "basic"
    parameters: dict[str, str] = {}


class WsSecurityAuth(msgspec.Struct, frozen=True, kw_only=True):
    """A username token in the header of each SOAP envelope (WS-Security). `digest` sends a digest in place of the password."""

    username: str
    password: SecretName
    digest: bool = False


Auth = BasicAuth | BearerAuth | ApiKeyAuth | OAuthAuth | WsSecurityAuth


class ClientTls(msgspec.Struct, frozen=True, kw_only=True):
    """Secrets that hold PEM texts: the authority to trust instead of the system's, our certificate and its key."""

    authority: SecretName | None = None
    certificate: SecretName | None = None
    key: SecretName | None = None


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """After `failures` failures in a row no call is let through for `open_seconds`, then one that tries."""

    failures: int
    open_seconds: float = 30.0


class HttpConnection(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one server. Times in seconds, sizes in bytes.

    `url` is the address that paths are put behind. `timeout_seconds` bounds each silence of the server, `connect_seconds`
    finding and reaching it. `pool_size` is how many calls one worker makes at once. `redirects` is how many are followed.
    `origins` are the further servers that an address which a server gave may lead to; they are told no credential.
    """

    url: str
    auth: Auth | None = None
    tls: ClientTls | None = None
    headers: dict[str, str | SecretName] = {}
    connect_seconds: float = 5.0
    timeout_seconds: float = 30.0
    idle_seconds: float = 10.0
    pool_size: int = 50
    reply_bytes: int = 32 * 1024 * 1024
    redirects: int = 0
    origins: tuple[str, ...] = ()
    retry: Retry | None = None
    breaker: Breaker | None = None
