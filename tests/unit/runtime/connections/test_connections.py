"""Connections by name: their variables, their secrets, and what becomes of them when definitions change."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.raw_http_server import Visit, always, raw_server, reply
from tests.unit.runtime.connections.calls import Calls

from microflow_runtime.model.app import Connection

Make = Callable[..., Calls]
CANARY = "c4n4ry"


async def test_any_setting_may_name_a_variable(calls: Make) -> None:
    """Addresses, durations, counts, texts and names of secrets come from the environment, and numbers stay texts in texts."""
    settings = {
        "url": "http://127.0.0.1:{port}{base}",
        "timeout": "{patience}",
        "pool_size": "{size}",
        "headers": {"X-Shop": "{shop}"},
        "auth": {"type": "basic", "username": "{user}", "password": {"secret": "{stage}-password"}},
        "breaker": {"failures": "{size}", "open": "{patience}"},
    }
    async with raw_server(always(reply())) as server:
        variables = {
            "port": str(server.port),
            "base": "/v1",
            "patience": "2s",
            "size": "3",
            "user": "0815",
            "stage": "dev",
        }
        api = calls(settings, variables=variables | {"shop": "{user}"}, secrets={"dev_password": "p"})
        assert (await api.send()).status == 200
        visit = server.visits[0]
    assert visit.line == "GET /v1/x HTTP/1.1"
    assert visit.header("authorization") == "Basic MDgxNTpw"
    assert visit.header("x-shop") == "{user}"


@pytest.mark.parametrize(
    ("settings", "variables", "word"),
    [
        ({"url": "{nowhere}"}, {}, "'nowhere'"),
        ({"url": "{url}"}, {"url": f"http://user:{CANARY}@h/"}, "belong into `auth`"),
        ({"url": "{url}"}, {"url": f"ftp://{CANARY}/"}, "http"),
        ({"url": "http://h", "timeout": "{t}"}, {"t": "soon"}, "duration"),
        ({"url": "http://h", "pool_size": "{n}"}, {"n": "1e9"}, "pool_size"),
        ({"url": "http://h", "headers": {"X": {"secret": "none"}}}, {}, 'no secret "none"'),
        (
            {"url": "http://h", "auth": {"type": "bearer", "token": {"secret": "{n}"}}},
            {"n": "../../etc/passwd"},
            "name",
        ),
    ],
)
async def test_a_connection_that_cannot_be_used(
    calls: Make, settings: dict[str, Any], variables: dict[str, str], word: str
) -> None:
    """A missing variable, a value that does not fit and a missing secret are errors of the call that show no value."""
    error = await calls(settings, variables=variables, secrets={}).fails()
    assert error.kind in {"http.settings", "http.auth"}
    assert word in error.message
    assert CANARY not in error.message


async def test_a_secret_comes_from_a_file(calls: Make, tmp_path: Path) -> None:
    """The file of a secret's name in the folder of secrets gives it, without the line's end."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "api.token").write_text("from-file\n")
    async with raw_server(always(reply())) as server:
        settings = {"url": server.url, "auth": {"type": "bearer", "token": {"secret": "api.token"}}}
        await calls(settings).send()
    assert server.visits[0].header("authorization") == "Bearer from-file"


@pytest.mark.parametrize("secret", ["a\r\nX-Evil: 1", "a\x00", "ü"])
async def test_a_secret_cannot_break_out_of_its_header(calls: Make, secret: str) -> None:
    """A secret that no header can hold is an error without the secret."""
    async with raw_server(always(reply())) as server:
        settings = {"url": server.url, "auth": {"type": "api key", "name": "X-Key", "key": {"secret": "s"}}}
        error = await calls(settings, secrets={"s": secret}).fails()
    assert (error.kind, server.visits) == ("http.auth", [])
    assert "Evil" not in error.message


async def test_a_server_that_repeats_our_secrets(calls: Make) -> None:
    """What a failing server tells back of our credentials is taken out of its reply."""

    async def echo(visit: Visit) -> None:
        await visit.send(reply(visit.head.encode(), "500 Oops", f"X-Sent: {visit.header('authorization')}"))

    async with raw_server(echo) as server:
        settings = {"url": server.url, "auth": {"type": "bearer", "token": {"secret": "s"}}}
        got = await calls(settings, secrets={"s": CANARY}).send()
    assert CANARY.encode() not in got.body
    assert got.headers["x-sent"] == "Bearer ***"


async def test_what_no_app_defines_is_closed_after_its_last_call(calls: Make) -> None:
    """A connection that was changed is closed when its running call has ended; one that stayed keeps its sockets."""
    go = asyncio.Event()

    async def answer(visit: Visit) -> None:
        if visit.line.startswith("GET /slow"):
            await go.wait()
        await visit.send(reply(b"ok"))

    async with raw_server(answer) as server:
        api = calls({"url": server.url})
        running = asyncio.ensure_future(api.send(path="/slow"))
        await asyncio.sleep(0.05)
        api.connections.keep_only([api.app])
        assert api.connections._unwanted == []
        changed = msgspec.structs.replace(
            api.app, connections={"api": Connection(name="api", settings={"url": server.url, "pool_size": 1})}
        )
        api.connections.keep_only([changed])
        go.set()
        assert (await running).body == b"ok"
        assert api.connections._unwanted == []
        async with asyncio.timeout(2):
            while not server.closed:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.01)


async def test_the_trace_goes_on(calls: Make) -> None:
    """The trace context that a request carries is on the wire."""
    async with raw_server(always(reply())) as server:
        await calls({"url": server.url}).send(trace_parent="00-a-b-01", trace_state="v=1")
    assert server.visits[0].header("traceparent") == "00-a-b-01"
    assert server.visits[0].header("tracestate") == "v=1"
