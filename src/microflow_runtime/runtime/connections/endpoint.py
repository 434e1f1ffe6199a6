"""One connection in use: its pool, breaker and sign-in, and the way of a request through them."""

import asyncio
import ssl
from time import perf_counter_ns
from typing import Final

import msgspec

from microflow_runtime.engine.http import HttpReply, HttpRequest
from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.model.http_connection import HttpConnection
from microflow_runtime.runtime.connections.breaker import CircuitBreaker
from microflow_runtime.runtime.connections.egress import CheckedNetwork
from microflow_runtime.runtime.connections.exchange import Exchange
from microflow_runtime.runtime.connections.given_address import towards
from microflow_runtime.runtime.connections.message import Origin, Sent, shown_origin, split_url
from microflow_runtime.runtime.connections.redirects import REDIRECTS, next_hop, too_many
from microflow_runtime.runtime.connections.sign_in import SignIn

_FAR_END: Final = frozenset({"http.connect", "http.timeout", "http.reply"})
"""Kinds of error that speak of the server, not of us."""
_LATE_NS: Final = 100_000_000
"""Who is cancelled so shortly before the deadline, or after it, has waited for the server in vain."""


class Endpoint:
    """Carries out the requests of one connection in one worker."""

    def __init__(
        self,
        name: str,
        http: HttpConnection,
        network: CheckedNetwork,
        tls: ssl.SSLContext | None,
        sign_in: SignIn,
        reply_limit: int,
        away_tls: ssl.SSLContext | None = None,
    ) -> None:
        """Open nothing yet. `away_tls` is for other origins, where `tls` shows our certificate."""
        self._name = name
        self._http = http
        self._exchange = Exchange(http, network, tls, min(http.reply_bytes, reply_limit))
        self._away = Exchange(http, network, away_tls, min(http.reply_bytes, reply_limit)) if away_tls else None
        self._breaker = CircuitBreaker(http.breaker, name)
        self._sign_in = sign_in
        self._home, base = split_url(http.url)
        self._base = base.rstrip("/")
        self._origins = frozenset(split_url(origin)[0] for origin in http.origins)
        self.url = http.url
        self.under_way = 0

    async def send(self, request: HttpRequest) -> HttpReply:
        """Carry out a request. Raises NodeError as `Resources.send_http` says."""
        if self.under_way >= self._http.pool_size:
            message = f'{self.under_way} calls of the connection "{self._name}" are under way, which is its limit.'
            raise NodeError(message, kind="http.busy", retryable=True)
        self._breaker.enter()
        self.under_way += 1
        tell = self._breaker.leave
        try:
            reply = await self._signed(request)
            tell = self._breaker.fail if reply.status >= 500 else self._breaker.succeed
            return self._without_secrets(reply)
        except NodeError as error:
            if error.kind in _FAR_END:
                tell = self._breaker.fail
            raise self._named(error) from error.__cause__
        except SettingsError as error:
            raise NodeError(
                f'the connection "{self._name}" cannot be used: {error.message}', kind="http.auth"
            ) from error
        except asyncio.CancelledError:
            if request.deadline_ns and perf_counter_ns() > request.deadline_ns - _LATE_NS:
                tell = self._breaker.fail
            raise
        finally:
            self.under_way -= 1
            tell()

    async def _signed(self, request: HttpRequest) -> HttpReply:
        """Send with the sign-in; when the server does not take the access token, once more with a new one."""
        tokens = self._sign_in.tokens
        if tokens is None:
            return await self._follow(request, "")
        token = await tokens.get()
        reply = await self._follow(request, token)
        if reply.status == 401 and self._is_home(reply.url):
            following = await tokens.get(rejected=token)
            if following != token:
                reply = await self._follow(request, following)
        return reply

    def _is_home(self, url: str) -> bool:
        """Tell whether an address is at our own origin: what another one says of a token that it never saw counts for nothing."""
        return split_url(url)[0] == self._home

    async def _follow(self, request: HttpRequest, token: str) -> HttpReply:
        sent = self._first_hop(request)
        for hops in range(self._http.redirects + 1):
            exchange = self._exchange if sent.at_home or self._away is None else self._away
            reply = await exchange.send(self._dressed(sent, token), repeats=request.repeats)
            if not self._http.redirects or reply.status not in REDIRECTS:
                return msgspec.structs.replace(reply, url=shown_origin(sent.origin) + sent.target)
            if hops < self._http.redirects:
                sent = next_hop(sent, reply, self._home)
        raise too_many(self._http.redirects)

    def _first_hop(self, request: HttpRequest) -> Sent:
        trace = (("traceparent", request.trace_parent),) if request.trace_parent else ()
        state = (("tracestate", request.trace_state),) if request.trace_state else ()
        first = Sent(
            method=request.method,
            origin=self._home,
            target=(self._base + request.path or "/") + (f"?{request.query}" if request.query else ""),
            headers=(("User-Agent", "microflow"), *request.headers, *trace, *state),
            body=request.body,
            soap=request.soap,
        )
        return towards(first, request.url, self._origins) if request.url else first

    def _dressed(self, sent: Sent, token: str) -> Sent:
        """Add what only the connection's own origin may see; what the connection says wins over the node."""
        if not sent.at_home:
            return sent
        own = self._sign_in.headers(token)
        names = {name.lower() for name, _ in own}
        headers = (*(each for each in sent.headers if each[0].lower() not in names), *own)
        target, body = self._sign_in.target(sent.target), self._sign_in.body(sent.body, sent.soap)
        return msgspec.structs.replace(sent, headers=headers, target=target, body=body)

    def _named(self, error: NodeError) -> NodeError:
        error.message = f'the connection "{self._name}": {error.message}'
        return error

    def _without_secrets(self, reply: HttpReply) -> HttpReply:
        """Take our secrets out of a reply that tells of a failure, for servers that repeat what they were sent."""
        if reply.status < 300:
            return reply
        body, headers = reply.body, dict(reply.headers)
        for secret in self._sign_in.secrets():
            body = body.replace(secret.encode(), b"***")
            headers = {name: value.replace(secret, "***") for name, value in headers.items()}
        return msgspec.structs.replace(reply, headers=headers, body=body)

    async def close(self) -> None:
        """Close every socket, after a request for a token that is under way."""
        if self._sign_in.tokens is not None:
            await self._sign_in.tokens.close()
        await self._exchange.close()
        if self._away is not None:
            await self._away.close()


def named_place(url: str) -> tuple[str, int]:
    """Give host and port of a URL of a connection, a place that its author has named."""
    origin: Origin = split_url(url)[0]
    return origin[1], origin[2]
