"""The keys of a connection of the type `http`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.connections.words import (
    Choice,
    Either,
    HeaderName,
    HeaderValue,
    HttpUrl,
    OriginUrl,
    SecretRef,
)
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, key_words
from microflow_runtime.compiler.reading.node_definition import RETRY
from microflow_runtime.compiler.reading.shapes import ListOf, MapOf, Record, Text, Truth, Whole, key
from microflow_runtime.compiler.reading.words import Duration
from microflow_runtime.model.http_connection import (
    ApiKeyAuth,
    BasicAuth,
    BearerAuth,
    Breaker,
    ClientTls,
    HttpConnection,
    OAuthAuth,
    WsSecurityAuth,
)

Wrap = Callable[[Any], Any]
_MIB: Final = 1024 * 1024
_GRANTS: Final = ("client_credentials", "refresh_token")


def _no_auth() -> None:
    return None


def _grant_has_its_token(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    wants, has = written.get("grant") == "refresh_token", written.get("refresh_token") is not None
    if wants and not has:
        message = f"{key_words(path)} has the grant `refresh_token` and no `refresh_token`"
        findings.add(fault_codes.KEYS_DISAGREE, message, path, help="add `refresh_token: {secret: name}`")
    elif has and not wants:
        message = f"{key_words(path)} has a `refresh_token` and another grant"
        findings.add(
            fault_codes.KEYS_DISAGREE, message, (*path, "refresh_token"), at_key=True, help="add `grant: refresh_token`"
        )


def _certificate_has_its_key(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    if (written.get("certificate") is None) != (written.get("key") is None):
        message = f"{key_words(path)} has one of `certificate` and `key`"
        findings.add(fault_codes.KEYS_DISAGREE, message, path, help="give both, or neither")


TLS: Final = Record(
    keys=(
        key("authority", SecretRef(), "A secret: the PEM text of the authority to trust, and no other."),
        key("certificate", SecretRef(), "A secret: the PEM text of our certificate."),
        key("key", SecretRef(), "A secret: the PEM text of its key."),
    ),
    build=ClientTls,
    check=_certificate_has_its_key,
)
"""Whom a connection trusts, and the certificate it shows."""


def auth_shape(wrap: Wrap) -> Choice:
    """Give the shape of `auth`."""
    text, secret = wrap(Text(empty=False)), SecretRef()
    return Choice(
        records={
            "none": Record(keys=(), build=_no_auth),
            "basic": Record(
                keys=(
                    key("username", text, "The user.", required=True),
                    key("password", secret, "The secret that is the password.", required=True),
                ),
                build=BasicAuth,
            ),
            "bearer": Record(
                keys=(key("token", secret, "The secret that is the token.", required=True),), build=BearerAuth
            ),
            "api key": Record(
                keys=(
                    key("name", wrap(HeaderName()), "The name of the header or query parameter.", required=True),
                    key("in", wrap(Text(words=("header", "query"))), "Where it stands.", attribute="place"),
                    key("key", secret, "The secret that is the key.", required=True),
                ),
                build=ApiKeyAuth,
            ),
            "ws-security": Record(
                keys=(
                    key("username", text, "The user.", required=True),
                    key("password", secret, "The secret that is the password.", required=True),
                    key("digest", Truth(), "Whether a digest is sent in place of the password; `false` unless said."),
                ),
                build=WsSecurityAuth,
            ),
            "oauth2": Record(
                keys=(
                    key("token_url", wrap(HttpUrl()), "Where access tokens are asked for.", required=True),
                    key("client_id", text, "Who we are there.", required=True),
                    key("client_secret", secret, "The secret that proves it."),
                    key(
                        "grant", wrap(Text(words=_GRANTS)), "How they are asked for; `client_credentials` unless said."
                    ),
                    key("refresh_token", secret, "The first refresh token; those that follow are kept by the server."),
                    key("scope", wrap(Text()), "What is asked for, words with spaces between."),
                    key(
                        "send_client",
                        wrap(Text(words=("basic", "body"))),
                        "Where the client's credentials stand: in the header `Authorization`, or in the body.",
                    ),
                    key("parameters", MapOf(value=wrap(Text())), "Further parameters, as `audience`."),
                ),
                build=OAuthAuth,
                check=_grant_has_its_token,
            ),
        },
    )


def http_shape(wrap: Wrap) -> Record:
    """Give the shape of a whole connection; `wrap` is put around each setting that may name a variable."""
    duration = wrap(Duration())
    return Record(
        keys=(
            key("url", wrap(HttpUrl()), "Where the server is; the paths of nodes come behind it.", required=True),
            key("auth", auth_shape(wrap), "Who we are there."),
            key("tls", TLS, "Whom to trust, and our own certificate."),
            key("headers", MapOf(value=Either(wrap(HeaderValue())), key=HeaderName()), "Headers of each request."),
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
            key("idle", duration, "How long an unused connection is kept; 10s unless said.", attribute="idle_seconds"),
            key("pool_size", wrap(Whole(least=1, most=1000)), "Calls at once from one worker; 50 unless said."),
            key(
                "reply_bytes",
                wrap(Whole(least=1, most=1024 * _MIB)),
                "The largest reply, inflated; 33554432 unless said, and never more than the server's own limit.",
            ),
            key("redirects", wrap(Whole(least=0, most=5)), "How many redirects are followed; none unless said."),
            key(
                "origins",
                ListOf(item=wrap(OriginUrl()), lone=True),
                "Further origins that an address which the server gave may lead to; they are told no credential.",
            ),
            key(
                "retry",
                RETRY,
                "How nodes without `retry` of their own try again; it takes no variables.",
            ),
            key(
                "breaker",
                Record(
                    keys=(
                        key("failures", wrap(Whole(least=1, most=1000)), "How many in a row open it.", required=True),
                        key("open", duration, "How long it stays open; 30s unless said.", attribute="open_seconds"),
                    ),
                    build=Breaker,
                ),
                "When calls are not even tried for a while.",
            ),
        ),
        build=HttpConnection,
    )
