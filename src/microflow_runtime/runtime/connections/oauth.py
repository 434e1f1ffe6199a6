"""Access tokens of OAuth 2: one request to the token server, however many calls need its token, over all workers.

Source: RFC 6749, sections 4.4 (client credentials) and 6 (refreshing).
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from time import time
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import MicroflowError, NodeError
from microflow_runtime.model.http_connection import OAuthAuth
from microflow_runtime.runtime.connections.keyring import Keyring
from microflow_runtime.runtime.connections.token_file import TokenFile, Tokens
from microflow_runtime.text import UTF_8, BrokenText, declared_encoding, to_utf8

Post = Callable[[tuple[tuple[str, str], ...], bytes], Awaitable[HttpReply]]
"""Sends headers and body to the token server."""

_REQUEST_SECONDS: Final = 30.0
_UNSAID_SECONDS: Final = 300.0
_MARGIN_SECONDS: Final = 30.0
_FRESH_SECONDS: Final = 5.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")
_ERROR: Final = re.compile(r"[a-z0-9_]{1,60}")


class TokenSource:
    """Gives the access token of one connection in one worker; the file is what the workers have in common."""

    def __init__(
        self, auth: OAuthAuth, keyring: Keyring, file: TokenFile, post: Post, clock: Callable[[], float] = time
    ) -> None:
        self._auth = auth
        self._keyring = keyring
        self._file = file
        self._post = post
        self._clock = clock
        self._tokens = Tokens()
        self._asking: asyncio.Task[Tokens] | None = None

    async def get(self, rejected: str = "") -> str:
        """Give a token that is good as far as we know, and is not the one that was just `rejected`, if that can be.

        The request to the token server goes on to its end when its caller is cancelled: its answer may hold the only
        refresh token there is. Raises NodeError of kind `http.auth`.
        """
        if self._is_good(self._tokens, rejected):
            return self._tokens.access_token
        if self._asking is None:
            self._asking = asyncio.create_task(self._renew(rejected, self._clock()))
            self._asking.add_done_callback(self._asked)
        self._tokens = await asyncio.shield(self._asking)
        return self._tokens.access_token

    def known(self) -> list[str]:
        """Give the secret texts in use, so that they can be taken out of what others see."""
        return [text for text in (self._tokens.access_token, self._tokens.refresh_token) if text]

    async def close(self) -> None:
        """Wait for a request under way."""
        if self._asking is not None:
            await asyncio.wait((self._asking,), timeout=_REQUEST_SECONDS)

    def _asked(self, task: asyncio.Task[Tokens]) -> None:
        self._asking = None
        if not task.cancelled():
            task.exception()  # whoever waits is told; when nobody does any more, that is no error of its own

    def _is_good(self, tokens: Tokens, rejected: str) -> bool:
        if not tokens.access_token:
            return False
        now = self._clock()
        if tokens.access_token == rejected:
            return now - tokens.obtained_at < _FRESH_SECONDS  # a new one would be rejected as well
        life = tokens.expires_at - tokens.obtained_at
        return now < tokens.expires_at - min(_MARGIN_SECONDS, life / 10)

    async def _renew(self, rejected: str, asked_at: float) -> Tokens:
        async with self._file.locked():
            kept = self._file.read()
            if self._is_good(kept, rejected):
                return kept
            if kept.failed_at > asked_at:  # somebody else asked while we waited, and this is their answer
                raise _failed(kept.failure)
            wait = min(2.0 ** (kept.failures - 2), _LONGEST_PAUSE_SECONDS) if kept.failures > 1 else 0.0
            if self._clock() < kept.failed_at + wait:
                raise _failed(kept.failure)
            try:
                tokens = await self._ask(kept)
            except NodeError as error:
                failed = msgspec.structs.replace(
                    kept, failures=kept.failures + 1, failed_at=self._clock(), failure=error.message
                )
                self._file.write(failed)
                raise
            self._file.write(tokens)
            return tokens

    async def _ask(self, kept: Tokens) -> Tokens:
        headers, body = self._request(kept)
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                reply = await self._post(headers, body)
        except TimeoutError as error:
            raise _failed("it did not answer in time.") from error
        except MicroflowError as error:
            raise _failed(error.message) from error
        if reply.status != 200:
            raise _failed(f"it answered {reply.status}{_told(reply)}.")
        return self._read(reply, kept)

    def _request(self, kept: Tokens) -> tuple[tuple[tuple[str, str], ...], bytes]:
        auth = self._auth
        fields = {"grant_type": auth.grant, **auth.parameters}
        if auth.scope:
            fields["scope"] = auth.scope
        if auth.grant == "refresh_token" and auth.refresh_token is not None:
            fields["refresh_token"] = kept.refresh_token or self._keyring.reveal(auth.refresh_token)
        headers = [("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")]
        secret = self._keyring.reveal(auth.client_secret) if auth.client_secret is not None else None
        if secret is not None and auth.send_client == "basic":
            pair = f"{quote(auth.client_id, safe='')}:{quote(secret, safe='')}"
            headers.append(("Authorization", "Basic " + base64.b64encode(pair.encode()).decode()))
        else:
            fields["client_id"] = auth.client_id
            if secret is not None:
                fields["client_secret"] = secret
        return tuple(headers), urlencode(fields).encode()

    def _read(self, reply: HttpReply, kept: Tokens) -> Tokens:
        found = _object(reply)
        access, following, life = found.get("access_token"), found.get("refresh_token"), found.get("expires_in")
        if not isinstance(access, str) or not _TOKEN.fullmatch(access):
            raise _failed("its answer holds no access token.")
        if str(found.get("token_type", "bearer")).lower() != "bearer":
            raise _failed("its token is of another type than Bearer.")
        if isinstance(life, str) and life.isascii() and life.isdigit():
            life = float(life[:12])
        seconds = float(life) if isinstance(life, int | float) and 0 < life < 10**9 else _UNSAID_SECONDS
        now = self._clock()
        return Tokens(
            access_token=access,
            expires_at=now + seconds,
            obtained_at=now,
            refresh_token=following if isinstance(following, str) and following else kept.refresh_token,
        )


def file_name(app: str, connection: str, auth: OAuthAuth, keyring: Keyring) -> str:
    """Give the name of the sign-in's file: another one when anything of the sign-in is another, the first token included."""
    first = keyring.reveal(auth.refresh_token) if auth.refresh_token is not None else ""
    whole = msgspec.json.encode((app, connection, auth, first))
    return hashlib.sha256(whole).hexdigest()[:32]


def _object(reply: HttpReply) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(to_utf8(reply.body, declared_encoding(reply.content_type) or UTF_8))
    except BrokenText as error:
        raise _failed(f"its answer {error.reason}.") from error
    except (ValueError, RecursionError) as error:
        raise _failed("its answer is not JSON.") from error
    return found if isinstance(found, dict) else {}


def _told(reply: HttpReply) -> str:
    """Give the error code of the answer (RFC 6749, section 5.2); nothing else of it is shown."""
    try:
        found = msgspec.json.decode(to_utf8(reply.body[:65536], declared_encoding(reply.content_type) or UTF_8))
    except (ValueError, RecursionError, BrokenText):
        return ""
    code = found.get("error") if isinstance(found, dict) else None
    return f" ({code})" if isinstance(code, str) and _ERROR.fullmatch(code) else ""


def _failed(sentence: str) -> NodeError:
    prefix = "the token server gave no access token: "
    return NodeError(sentence if sentence.startswith(prefix) else prefix + sentence, kind="http.auth")
