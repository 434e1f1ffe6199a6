"""The services that are compared do the same job: same replies, same refusals."""

import importlib
from collections.abc import AsyncIterator

import httpx
import pytest
from bench import quote

_SERVICES = ("bench.floor", "bench.fastapi_service")


@pytest.fixture(params=_SERVICES)
async def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of one of the services."""
    monkeypatch.setenv("BENCH_TOKEN", "t0ken")
    module = importlib.reload(importlib.import_module(request.param))
    transport = httpx.ASGITransport(module.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("body", quote.bodies())
async def test_reply_is_right(client: httpx.AsyncClient, body: bytes) -> None:
    """Each body of the load gets the reply that exact decimals give."""
    reply = await _post(client, body)
    assert reply.status_code == 200
    assert quote.fault_in_reply(body, reply.content) is None


@pytest.mark.parametrize("token", ["", "Bearer other"])
async def test_unknown_token_is_refused(client: httpx.AsyncClient, token: str) -> None:
    """A call without the session's token does not get in."""
    assert (await _post(client, quote.bodies()[0], token)).status_code == 401


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"flowName":"Quote","object":{"RequestBO":{"customer":1}}}'])
async def test_bad_body_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    """A body that is not the call is refused, not answered."""
    assert (await _post(client, body)).status_code in {400, 422}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (('"net":1188.2125', '"net":1188.21'), "expected"),
        (("SUCCESS", "ERROR"), "failed"),
        (('"tId":"1"', '"tId":""'), "ids"),
    ],
)
def test_wrong_reply_is_noticed(change: tuple[str, str], word: str) -> None:
    """A service that answers quickly and wrongly cannot win."""
    reply = (
        '{"exception":"","responseStatus":"SUCCESS","responseObjectsMap":{"ResponseBO":{"customer":"Somchai Trading",'
        '"tier":"wholesale","net":1188.2125,"total":3814.16}},"flowName":"Quote","flowId":"1","tId":"1"}'
    )
    body = quote.bodies()[0]
    assert quote.fault_in_reply(body, reply.encode()) is None
    assert word in (quote.fault_in_reply(body, reply.replace(*change).encode()) or "")


async def _post(client: httpx.AsyncClient, body: bytes, token: str = "Bearer t0ken") -> httpx.Response:
    headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
    return await client.post(quote.PATH, content=body, headers=headers)
