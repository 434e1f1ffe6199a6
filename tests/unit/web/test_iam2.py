"""IAM2 v1 over HTTP, through the ASGI door."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from microflow_runtime.errors import StoreError
from microflow_runtime.model.principal import Permission
from microflow_runtime.security import Security
from microflow_runtime.settings import Settings
from microflow_runtime.telemetry import Metrics
from microflow_runtime.web.iam2 import routes

V1 = "/IAM2RESTService/services/v1"
GOOD = {"username": "admin", "password": "correct horse"}


def make_client(
    security: Security, where: Settings, metrics: Metrics | None = None, base: str = "http://mf.example"
) -> Any:
    """Give a client that calls the routes in this process; an error that no handler caught is raised."""
    app = Starlette(routes=routes(security, where, metrics))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=("10.0.0.1", 1)), base_url=base)


@pytest.fixture
async def client(security: Security) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client at the root context."""
    async with make_client(security, Settings()) as made:
        yield made


async def log_in(client: httpx.AsyncClient, prefix: str = "") -> tuple[str, str]:
    """Log in; give token and session id."""
    reply = await client.post(f"{prefix}{V1}/login", json=GOOD)
    assert reply.status_code == 200, reply.text
    return reply.json()["accessToken"], reply.cookies["JSESSIONID"]


async def test_login_gives_a_token_and_a_cookie(client: httpx.AsyncClient) -> None:
    """The body has one key; the cookie holds another secret, closed to scripts and foreign pages, and nothing is cached."""
    reply = await client.post(f"{V1}/login", json={**GOOD, "system_id": "", "system_secret": None, "extra": [1]})
    assert reply.status_code == 200
    assert list(reply.json()) == ["accessToken"]
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    cookie = reply.headers["set-cookie"]
    assert reply.json()["accessToken"] not in cookie
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


@pytest.mark.parametrize(("root", "prefix"), [("/", ""), ("/oneweb", "/oneweb")])
async def test_everything_stands_under_the_context_root(security: Security, root: str, prefix: str) -> None:
    """Paths and the cookie's path follow the context root; over https the cookie is Secure."""
    where = Settings(context_root=root)
    async with make_client(security, where, base="https://mf.example") as client:
        reply = await client.post(f"{prefix}{V1}/login", json=GOOD)
        assert f"Path={root}" in reply.headers["set-cookie"].split("; ")
        assert "Secure" in reply.headers["set-cookie"].split("; ")
        token = reply.json()["accessToken"]
        assert (await client.get(f"{prefix}{V1}/userinfo/{token}")).status_code == 200
        if prefix:
            assert (await client.get(f"{V1}/userinfo/{token}")).status_code == 404


async def test_userinfo_is_what_iam2_calls_it(client: httpx.AsyncClient) -> None:
    """Every documented key is there as text, the roles besides."""
    token, _ = await log_in(client)
    reply = await client.get(f"{V1}/userinfo/{token}")
    assert reply.json() == {
        "User_info": {
            "username": "admin", "th_firstname": "", "th_lastname": "", "en_firstname": "", "en_lastname": "",
            "email": "", "mobile_number": "", "roles": ["admin", "user"],
        }
    }  # fmt: skip


async def test_perms_are_what_iam2_calls_them(client: httpx.AsyncClient, security: Security) -> None:
    """Roles with numbers, objects with type, name and accesses; one object by its path, spaces and slashes included."""
    entry = security.auditor.make("t", "t")
    await security.store.change_role("user", allow=[Permission("microflow", "T/Get List", "execute")], audit=entry)
    await security.store.put_user_roles("admin", ["user"], entry)
    token, _ = await log_in(client)
    reply = (await client.get(f"{V1}/perms/{token}")).json()
    number = reply["Permission"]["objectAccesses"][0]["object_id"]
    expected = {
        "Permission": {
            "role": [{"role_id": -2, "role_name": "user"}],
            "objectAccesses": [
                {
                    "object_id": number, "object_name": "T/Get List", "object_type": "microflow",
                    "access": [{"access_type": "execute"}],
                }
            ],
        }
    }  # fmt: skip
    assert reply == expected
    assert (await client.get(f"{V1}/perms/{token}/microflow/T/Get%20List")).json() == expected
    assert (await client.get(f"{V1}/perms/{token}/T/Get%20List")).json() == expected
    nothing = (await client.get(f"{V1}/perms/{token}/microflow/T/Other")).json()
    assert nothing["Permission"]["objectAccesses"] == []


async def test_sessions_are_checked_and_ended(client: httpx.AsyncClient) -> None:
    """Good, then logged out, then not good; the cookie is taken back."""
    token, session_id = await log_in(client)
    by_token = await client.get(f"{V1}/checksessionByAccessToken/{token}")
    by_id = await client.get(f"{V1}/checksession/{session_id}.pod1")
    assert by_token.json() == by_id.json()
    assert by_token.json()["active"] is True
    assert set(by_token.json()) == {"active", "username", "ends_at"}
    reply = await client.get(f"{V1}/logout/{token}")
    assert reply.json() == {"loggedOut": True}
    assert "Max-Age=0" in reply.headers["set-cookie"]
    assert (await client.get(f"{V1}/checksession/{session_id}")).json() == {"active": False}
    assert (await client.get(f"{V1}/checksessionByAccessToken/{token}")).json() == {"active": False}
    assert (await client.post(f"{V1}/logout/{token}")).status_code == 401


async def test_refusals_are_json_with_two_keys(client: httpx.AsyncClient) -> None:
    """Wrong password, wrong token, wrong method, unknown path: the status says it, in two keys, without a cookie."""
    for reply, status, error in (
        (await client.post(f"{V1}/login", json={**GOOD, "password": "x"}), 401, "not_authenticated"),
        (await client.get(f"{V1}/userinfo/mf1_wrong"), 401, "not_authenticated"),
        (await client.get(f"{V1}/perms/%00%ff"), 401, "not_authenticated"),
        (await client.get(f"{V1}/login"), 405, "method_not_allowed"),
        (await client.delete(f"{V1}/perms/x"), 405, "method_not_allowed"),
        (await client.get(f"{V1}/nothing"), 404, "not_found"),
        (await client.post("/IAM2RESTService/"), 404, "not_found"),
    ):
        assert reply.status_code == status
        assert set(reply.json()) == {"error", "error_description"}
        assert reply.json()["error"] == error
        assert "set-cookie" not in reply.headers
        assert reply.headers["content-type"] == "application/json; charset=utf-8"


async def test_headers_of_refusals(client: httpx.AsyncClient) -> None:
    """401 names the scheme, 405 the methods, 429 the seconds to wait."""
    assert (await client.get(f"{V1}/userinfo/x")).headers["www-authenticate"] == "Bearer"
    assert (await client.get(f"{V1}/login")).headers["allow"] == "POST"
    for _ in range(5):
        await client.post(f"{V1}/login", json={**GOOD, "password": "x"})
    reply = await client.post(f"{V1}/login", json=GOOD)
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "2")


async def test_a_failing_store_is_503_without_a_path(client: httpx.AsyncClient, security: Security) -> None:
    """The caller reads one sentence and may come again; the next good call succeeds."""
    token, _ = await log_in(client)
    store: Any = security.store
    store.error = StoreError("The store's disk is full.")
    reply = await client.get(f"{V1}/userinfo/{token}")
    assert reply.status_code == 503
    assert reply.json() == {"error": "not_available", "error_description": "The store's disk is full."}
    store.error = None
    assert (await client.get(f"{V1}/userinfo/{token}")).status_code == 200


async def test_logins_are_counted(security: Security) -> None:
    """Good ones and refused ones."""
    metrics = Metrics()
    async with make_client(security, Settings(), metrics) as client:
        await log_in(client)
        await client.post(f"{V1}/login", json={**GOOD, "password": "x"})
    assert metrics.logins == {"done": 1, "refused": 1}


HOSTILE = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "null": b"null",
    "wrong types": b'{"username": 1, "password": []}',
    "missing": b'{"username": "admin"}',
    "bad UTF-8": b'{"username": "\xff", "password": "x"}',
    "UTF-16": '{"username": "a", "password": "x"}'.encode("utf-16"),
    "BOM": b'\xef\xbb\xbf{"username": "a", "password": "x"}',
    "lone surrogate": b'{"username": "\\ud800", "password": "x"}',
    "surrogate password": b'{"username": "a", "password": "\\ud800"}',
    "NUL": b'{"username": "a\\u0000", "password": "\\u0000"}',
    "deep": b'{"x": ' + b"[" * 30_000 + b"]" * 30_000 + b', "username": "a", "password": "x"}',
    "deep unclosed": b"[" * 60_000,
    "huge number": b'{"username": "a", "password": "x", "n": 1e999999999}',
    "long number": b'{"username": "a", "password": "x", "n": ' + b"9" * 60_000 + b"}",
    "NaN": b'{"username": NaN, "password": "x"}',
    "twice": b'{"username": "a", "username": "b", "password": "x"}',
    "too large": b'{"username": "' + b"a" * 70_000 + b'", "password": "x"}',
    "10 MB": b"x" * 10_000_000,
    "long password": b'{"username": "a", "password": "' + b"x" * 5_000 + b'"}',
    "injection": b'{"username": "\' OR 1=1 --", "password": "x", "system_id": "\\r\\nSet-Cookie: a=b"}',
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_bodies_get_a_4xx(client: httpx.AsyncClient, name: str) -> None:
    """Whatever the body is, the answer is a refusal in JSON that repeats nothing of it, and the next login works."""
    reply = await client.post(f"{V1}/login", content=HOSTILE[name], headers={"content-type": "application/json"})
    assert 400 <= reply.status_code < 500, reply.text
    assert set(reply.json()) == {"error", "error_description"}
    assert len(reply.content) < 500
    assert "Traceback" not in reply.text
    await log_in(client)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 415),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/json; charset=klingon"}, 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, 415),
        ({"content-type": "Application/JSON; charset=UTF-8"}, 200),
        ({"content-type": "application/json; charset=windows-874"}, 200),
        ({"content-type": 'application/json;charset="utf-8"; x=y'}, 200),
    ],
)
async def test_only_plain_json_is_read(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    """A form of another page cannot log anybody in; a charset parameter is fine."""
    body = b'{"username": "admin", "password": "correct horse"}'
    assert (await client.post(f"{V1}/login", content=body, headers=headers)).status_code == status


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: text.encode("utf-8", "surrogatepass")))
async def test_no_body_is_a_failure_of_ours(client: httpx.AsyncClient, body: bytes) -> None:
    """Random bytes never lead to a 5xx."""
    reply = await client.post(f"{V1}/login", content=body, headers={"content-type": "application/json"})
    assert 400 <= reply.status_code < 500


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["perms", "userinfo", "checksession", "checksessionByAccessToken", "logout"]), st.text(max_size=40)
)
async def test_no_path_is_a_failure_of_ours(client: httpx.AsyncClient, operation: str, rest: str) -> None:
    """Random tokens and object paths never lead to a 5xx."""
    from urllib.parse import quote

    reply = await client.get(f"{V1}/{operation}/{quote(rest, safe='', errors='replace')}")
    assert reply.status_code < 500


async def test_a_body_that_never_comes_is_given_up(security: Security) -> None:
    """After the time for a body the call is refused, and nothing waits for it any more."""
    where = Settings(body_seconds=0.05)
    app = Starlette(routes=routes(security, where))
    sent: list[Any] = []

    async def receive() -> Any:
        import asyncio

        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": f"{V1}/login", "query_string": b"", "root_path": "",
        "headers": [(b"content-type", b"application/json")], "scheme": "http", "client": None, "server": ("x", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    assert sent[0]["status"] == 400


async def test_a_caller_who_hangs_up_is_no_failure_of_ours(security: Security) -> None:
    """A connection that ends within the body makes no error."""
    app = Starlette(routes=routes(security, Settings()))
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": f"{V1}/login", "query_string": b"", "root_path": "",
        "headers": [(b"content-type", b"application/json")], "scheme": "http", "client": ("10.0.0.1", 1),
        "server": ("x", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    assert sent[0]["status"] == 400


async def test_a_login_behind_a_mark(client: httpx.AsyncClient) -> None:
    """What a script of Windows sends begins with a byte order mark, which is skipped; a wrong byte is named."""
    headers = {"content-type": "application/json"}
    body = '{"username": "admin", "password": "correct horse"}'
    for codec in ("utf-8-sig", "utf-16"):
        assert (await client.post(f"{V1}/login", content=body.encode(codec), headers=headers)).status_code == 200
    refused = await client.post(f"{V1}/login", content=b'{"username": "\xff"}', headers=headers)
    assert refused.json()["error_description"] == "The body is not UTF-8: a wrong byte at position 14."
