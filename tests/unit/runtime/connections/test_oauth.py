"""Access tokens: one request for many calls, refresh tokens that are good once, token servers that fail."""

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.raw_http_server import RawServer, Visit, raw_server, reply
from tests.unit.runtime.connections.calls import Calls

from microflow_runtime.runtime.connections.token_file import TokenFile, Tokens

Make = Callable[..., Calls]
CANARY = "c4n4ry-first-refresh"


class TokenServer:
    """A server and its token server in one. A refresh token is good once; `fail_with` answers token requests instead."""

    def __init__(self) -> None:
        self.good_access = ""
        self.good_refresh = CANARY
        self.asked: list[dict[str, list[str]]] = []
        self.heads: list[str] = []
        self.fail_with: list[bytes] = []
        self.expires_in: Any = 3600
        self.pause = 0.05

    async def answer(self, visit: Visit) -> None:
        """Give a token, or what the token opens."""
        if visit.line.startswith("POST /token"):
            await self._give_token(visit)
        elif visit.header("authorization") == f"Bearer {self.good_access}":
            await visit.send(reply(b"open"))
        else:
            await visit.send(reply(b"", "401 Unauthorized"))

    async def _give_token(self, visit: Visit) -> None:
        form = parse_qs(visit.body.decode())
        self.asked.append(form)
        self.heads.append(visit.head)
        await asyncio.sleep(self.pause)
        if self.fail_with:
            await visit.send(self.fail_with.pop(0))
            return
        if form["grant_type"] == ["refresh_token"] and form["refresh_token"] != [self.good_refresh]:
            await visit.send(reply(b'{"error": "invalid_grant"}', "400 Bad Request"))
            return
        number = len(self.asked)
        self.good_access, self.good_refresh = f"access-{number}", f"refresh-{number}"
        found = {"access_token": self.good_access, "token_type": "Bearer", "refresh_token": self.good_refresh}
        await visit.send(reply(json.dumps(found | {"expires_in": self.expires_in}).encode()))


def connection(server: RawServer, **auth: Any) -> dict[str, Any]:
    """Give the settings of a connection that signs in by refresh tokens."""
    given = {
        "type": "oauth2",
        "token_url": f"{server.url}/token",
        "client_id": "us",
        "client_secret": {"secret": "client"},
        "grant": "refresh_token",
        "refresh_token": {"secret": "first"},
    }
    return {"url": server.url, "auth": given | auth}


SECRETS = {"client": "c4n4ry-client", "first": CANARY}


async def test_many_calls_over_two_workers_ask_once(calls: Make) -> None:
    """Twenty calls by two workers with an expired token make one request, and all use its result."""
    tokens = TokenServer()
    async with raw_server(tokens.answer) as server:
        one, two = (calls(connection(server), secrets=SECRETS) for _ in range(2))
        replies = await asyncio.gather(*(each.send() for each in [one, two] * 10))
        assert {each.body for each in replies} == {b"open"}
        assert len(tokens.asked) == 1
        later = calls(connection(server), secrets=SECRETS)
        assert (await later.send()).body == b"open"
        assert len(tokens.asked) == 1, "a worker that starts later takes the kept token"


async def test_a_rejected_token_is_replaced_once(calls: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the server takes a token no longer, one new one is asked for by the newest refresh token, for all."""
    monkeypatch.setattr("microflow_runtime.runtime.connections.oauth._FRESH_SECONDS", 0.0)
    tokens = TokenServer()
    async with raw_server(tokens.answer) as server:
        one, two = (calls(connection(server), secrets=SECRETS) for _ in range(2))
        await one.send()
        await two.send()
        tokens.good_access = "something else"
        replies = await asyncio.gather(*(each.send("POST") for each in [one, two] * 5))
    assert {each.body for each in replies} == {b"open"}
    assert [form["refresh_token"] for form in tokens.asked] == [[CANARY], ["refresh-1"]]


async def test_a_token_that_is_new_and_rejected_is_not_asked_for_again(calls: Make) -> None:
    """A server that rejects whatever it is given does not make a storm of token requests."""
    tokens = TokenServer()
    async with raw_server(tokens.answer) as server:
        api = calls(connection(server), secrets=SECRETS)
        await api.send()
        tokens.good_access = "none is good"
        assert [(await api.send()).status for _ in range(5)] == [401] * 5
    assert len(tokens.asked) == 1


async def test_after_a_failure_the_refresh_token_is_untouched(calls: Make) -> None:
    """A token server that answers 500 once: who waited is told, once for all, and the next call succeeds."""
    tokens = TokenServer()
    tokens.fail_with = [reply(b"{}", "500 Oops")]
    async with raw_server(tokens.answer) as server:
        one, two = (calls(connection(server), secrets=SECRETS) for _ in range(2))
        errors = await asyncio.gather(*(each.fails() for each in [one, two] * 10))
        assert {error.kind for error in errors} == {"http.auth"}
        assert len(tokens.asked) == 1
        assert (await one.send()).body == b"open"
        assert (await two.send()).body == b"open"
    assert [form["refresh_token"] for form in tokens.asked] == [[CANARY]] * 2


async def test_a_token_server_that_stays_broken_is_left_alone(calls: Make) -> None:
    """After a second failure in a row, calls fail without asking for a second, then ask again."""
    tokens = TokenServer()
    tokens.fail_with = [reply(b"{}", "503 Busy")] * 3
    async with raw_server(tokens.answer) as server:
        api = calls(connection(server), secrets=SECRETS)
        for _ in range(20):
            assert (await api.fails()).kind == "http.auth"
        assert len(tokens.asked) == 2
        await asyncio.sleep(1.1)
        await api.fails()
    assert len(tokens.asked) == 3


async def test_a_restart_goes_on_with_the_newest_refresh_token(calls: Make, tmp_path: Path) -> None:
    """What a token server gave is kept in a file that only its owner may read, and used after a restart."""
    tokens = TokenServer()
    tokens.expires_in = 1
    async with raw_server(tokens.answer) as server:
        for _ in range(2):
            api = calls(connection(server), secrets=SECRETS)
            assert (await api.send()).body == b"open"
            await api.connections.close()
            await asyncio.sleep(1.0)
    assert [form["refresh_token"] for form in tokens.asked] == [[CANARY], ["refresh-1"]]
    (file,) = (tmp_path / "tokens").glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_a_new_first_token_of_the_operator_counts(calls: Make) -> None:
    """When the operator gives another first refresh token, the old chain is forgotten."""
    tokens = TokenServer()
    async with raw_server(tokens.answer) as server:
        await calls(connection(server), secrets=SECRETS).send()
        tokens.good_refresh = "another-first"
        await calls(connection(server), secrets=SECRETS | {"first": "another-first"}).send()
    assert [form["refresh_token"] for form in tokens.asked] == [[CANARY], ["another-first"]]


async def test_a_caller_who_gives_up_does_not_lose_the_answer(calls: Make) -> None:
    """The request for a token ends well though its only caller is gone: it may hold the only refresh token there is."""
    tokens = TokenServer()
    tokens.pause = 0.3
    async with raw_server(tokens.answer) as server:
        api = calls(connection(server), secrets=SECRETS)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await api.send()
        assert (await api.send()).body == b"open"
    assert len(tokens.asked) == 1


@pytest.mark.parametrize("send_client", ["basic", "body"])
async def test_client_credentials(calls: Make, send_client: str) -> None:
    """The grant of a client sends who we are as the connection says, with scope and further parameters."""
    tokens = TokenServer()
    async with raw_server(tokens.answer) as server:
        settings = connection(
            server,
            grant="client_credentials",
            refresh_token=None,
            scope="a b",
            parameters={"audience": "x"},
            send_client=send_client,
        )
        assert (await calls(settings, secrets=SECRETS).send()).body == b"open"
    form = tokens.asked[0]
    assert (form["grant_type"], form["scope"], form["audience"]) == (["client_credentials"], ["a b"], ["x"])
    assert ("Basic" in tokens.heads[0], "client_secret" in form) == (send_client == "basic", send_client == "body")


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"not json", "200 OK", "not JSON"),
        (b"[1]", "200 OK", "no access token"),
        (b'{"access_token": "a\\r\\nb"}', "200 OK", "no access token"),
        (b'{"access_token": "a", "token_type": "mac"}', "200 OK", "another type"),
        (b'{"error": "invalid_grant", "error_description": "c4n4ry-client"}', "400 Bad", "400 (invalid_grant)"),
        (b'{"error": "C4N4RY <script>"}', "400 Bad", "answered 400."),
        (b"[" * 200_000, "400 Bad", "answered 400."),
        (b"x" * 300_000, "200 OK", "limit"),
    ],
)
async def test_answers_that_are_no_token(calls: Make, body: bytes, status: str, word: str) -> None:
    """Whatever else a token server answers is an error of kind `http.auth` that shows nothing of it but its code."""
    tokens = TokenServer()
    tokens.fail_with = [reply(body, status)]
    async with raw_server(tokens.answer) as server:
        error = await calls(connection(server), secrets=SECRETS).fails()
    assert error.kind == "http.auth"
    assert word in error.message
    assert "c4n4ry" not in error.message.lower()


@pytest.mark.parametrize(
    ("head", "codec"), [("", "utf-8-sig"), ("; charset=utf-8", "utf-16"), ("; charset=windows-874", "cp874")]
)
async def test_an_answer_in_another_encoding(calls: Make, head: str, codec: str) -> None:
    """A mark is skipped, and a declared charset is honoured."""
    tokens = TokenServer()
    tokens.good_access = "a"
    body = '{"access_token": "a", "expires_in": 100, "note": "ก"}'.encode(codec)
    tokens.fail_with = [reply(body, "200 OK", f"Content-Type: application/json{head}")]
    async with raw_server(tokens.answer) as server:
        got = await calls(connection(server), secrets=SECRETS).send()
    assert got.body == b"open"


async def test_a_file_that_is_broken_counts_as_none(tmp_path: Path) -> None:
    """A file that a crash of the machine has spoilt is begun anew."""
    file = TokenFile(tmp_path, "x")
    async with file.locked():
        assert file.read() == Tokens()
        file.write(Tokens(access_token="a"))
        assert file.read().access_token == "a"
        (tmp_path / "x.json").write_text("{")
        assert file.read() == Tokens()


def test_tokens_do_not_show_themselves() -> None:
    """The record of tokens prints none of them."""
    assert repr(Tokens(access_token="secret", refresh_token="secret")) == "Tokens(***)"
