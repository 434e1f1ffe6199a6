"""The named connections of the apps in one process: each opened when it is first used, closed when no app has it."""

import ssl
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import msgspec

from microflow_runtime.compiler.reading.connections import settings_in
from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.model.app import App
from microflow_runtime.model.http_connection import HttpConnection, OAuthAuth
from microflow_runtime.runtime.connections.egress import (
    CheckedNetwork,
    EgressRules,
    Resolve,
    SystemResolver,
    read_networks,
)
from microflow_runtime.runtime.connections.endpoint import Endpoint, named_place
from microflow_runtime.runtime.connections.exchange import Exchange
from microflow_runtime.runtime.connections.keyring import Keyring
from microflow_runtime.runtime.connections.message import Sent, split_url
from microflow_runtime.runtime.connections.oauth import TokenSource, file_name
from microflow_runtime.runtime.connections.sign_in import SignIn
from microflow_runtime.runtime.connections.tls import own_context, usual_context
from microflow_runtime.runtime.connections.token_file import TokenFile
from microflow_runtime.runtime.environment import in_environment
from microflow_runtime.settings import Secrets, Settings

_TOKEN_BYTES: Final = 256 * 1024
_Key = tuple[str, str, bytes]
"""What a definition of a connection is known by: app, name, and how it is defined with the variables of the environment."""


class Connections:
    """The connections of one process. Implements the part of `Resources` that calls of HTTP servers use."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets | None = None,
        *,
        resolve: Resolve | None = None,
        allows: Callable[[str, str, int], bool] | None = None,
    ) -> None:
        """Open nothing yet. `resolve` stands in for the system's look-up of names.

        `allows` tells of an app, a host and a port whether packages of the app may speak to it. Raises SettingsError when `private_networks` names what is no network.
        """
        self._settings = settings
        self._secrets = secrets or Secrets(settings.secrets_folder)
        self._networks = read_networks(settings.private_networks)
        self._system = SystemResolver()
        self._resolve = resolve or self._system
        self._allows = allows
        self._open: dict[tuple[_Key, bool], Endpoint] = {}
        """The open connections, those of packages apart from those of folders: they may speak to fewer hosts."""
        self._unwanted: list[Endpoint] = []
        self._token_servers: dict[int, Exchange] = {}
        self._usual_tls: ssl.SSLContext | None = None

    async def send_http(self, app: App, connection: str, request: HttpRequest) -> HttpReply:
        """Send one request. Source of the contract: `engine.contract.Resources`."""
        endpoint = self._endpoint(app, connection)
        try:
            return await endpoint.send(request)
        finally:
            if self._unwanted:
                await self._close_unwanted()

    def http_address(self, app: App, connection: str) -> str:
        """Give the URL of a connection. Source of the contract: `engine.contract.Resources`."""
        return self._endpoint(app, connection).url

    def keep_only(self, apps: Iterable[App]) -> None:
        """Close the connections that none of these apps defines so, each when its last call has ended.

        A call that still runs by an older definition may open its connection once more.
        """
        wanted = {self._key(app, name) for app in apps for name in app.connections}
        for key in [key for key in self._open if key[0] not in wanted]:
            self._unwanted.append(self._open.pop(key))

    async def close(self) -> None:
        """Close everything."""
        for endpoint in [*self._unwanted, *self._open.values()]:
            await self._close_one(endpoint)
        self._open.clear()
        self._unwanted.clear()
        self._system.close()

    def _key(self, app: App, connection: str) -> _Key:
        environment = in_environment(app, self._settings).environments.get(self._settings.environment)
        variables = environment.variables if environment else {}
        return app.name, connection, msgspec.json.encode((app.connections[connection], variables))

    def _endpoint(self, app: App, connection: str) -> Endpoint:
        key = self._key(app, connection), app.is_package
        found = self._open.get(key)
        if found is None:
            try:
                found = self._open[key] = self._make(app, connection)
            except SettingsError as error:
                message = f'the connection "{connection}" cannot be used: {error.message}'
                raise NodeError(message, kind="http.settings") from error
        return found

    def _make(self, app: App, connection: str) -> Endpoint:
        http: HttpConnection = settings_in(in_environment(app, self._settings), connection, self._settings.environment)
        if not isinstance(http, HttpConnection):
            raise SettingsError(f'"{connection}" of {app.name} is no connection of the type http')
        keyring = Keyring(self._secrets)
        tls = self._tls(http)
        tokens = exchange = None
        if isinstance(http.auth, OAuthAuth):
            tokens, exchange = self._token_source(app, connection, http, http.auth, keyring, tls)
        network = self._network(app, http.url, *http.origins)
        sign_in = SignIn(http, keyring, tokens)
        endpoint = Endpoint(connection, http, network, tls, sign_in, self._settings.reply_bytes, self._away_tls(http))
        if exchange is not None:
            self._token_servers[id(endpoint)] = exchange
        return endpoint

    def _tls(self, http: HttpConnection) -> ssl.SSLContext:
        if http.tls is not None:
            return own_context(http.tls, self._secrets)
        if self._usual_tls is None:
            self._usual_tls = usual_context()
        return self._usual_tls

    def _away_tls(self, http: HttpConnection) -> ssl.SSLContext | None:
        """Give whom to trust at other origins, where the certificate that we show at home is not shown."""
        if http.tls is None or http.tls.certificate is None or not (http.redirects or http.origins):
            return None
        return own_context(msgspec.structs.replace(http.tls, certificate=None, key=None), self._secrets)

    def _network(self, app: App, url: str, *others: str) -> CheckedNetwork:
        allows = partial(self._allows, app.name) if app.is_package and self._allows is not None else None
        rules = EgressRules(self._networks, named_place(url), further=map(named_place, others), allows=allows)
        return CheckedNetwork(rules, self._resolve)

    def _token_source(
        self,
        app: App,
        connection: str,
        http: HttpConnection,
        auth: OAuthAuth,
        keyring: Keyring,
        tls: ssl.SSLContext,
    ) -> tuple[TokenSource, Exchange]:
        origin, target = split_url(auth.token_url)
        exchange = Exchange(http, self._network(app, auth.token_url), tls, _TOKEN_BYTES)

        async def post(headers: tuple[tuple[str, str], ...], body: bytes) -> HttpReply:
            sent = Sent(method="POST", origin=origin, target=target, headers=headers, body=body)
            return await exchange.send(sent, repeats=False)

        file = TokenFile(self._settings.home / "tokens", file_name(app.name, connection, auth, keyring))
        return TokenSource(auth, keyring, file, post), exchange

    async def _close_unwanted(self) -> None:
        free = [endpoint for endpoint in self._unwanted if not endpoint.under_way]
        self._unwanted = [endpoint for endpoint in self._unwanted if endpoint.under_way]
        for endpoint in free:
            await self._close_one(endpoint)

    async def _close_one(self, endpoint: Endpoint) -> None:
        exchange = self._token_servers.pop(id(endpoint), None)
        await endpoint.close()
        if exchange is not None:
            await exchange.close()
