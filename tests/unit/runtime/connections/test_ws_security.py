"""Signing in inside SOAP envelopes: the token, where it goes, and where it does not."""

import base64
import hashlib
import re
from collections.abc import Callable

import pytest
from tests.raw_http_server import always, raw_server, reply
from tests.unit.runtime.connections.calls import Calls

from microflow_runtime.engine.http import SoapHeader
from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.connections.ws_security import username_token

BODY = b'<s:Envelope xmlns:s="urn:e"><s:Header></s:Header><s:Body/></s:Envelope>'
SOAP = SoapHeader(at=BODY.index(b"</s:Header>"), envelope="urn:e")
AUTH = {"type": "ws-security", "username": "clerk", "password": {"secret": "password"}}


def test_a_digest() -> None:
    """The digest is SHA-1 over nonce, time and password, as the profile says; the password is not in it."""
    token = username_token("cl<rk", "pass&word", is_digest=True).decode()
    nonce = base64.b64decode(re.findall("<w:Nonce[^>]*>([^<]*)<", token)[0])
    created = re.findall("<u:Created>([^<]*)<", token)[0]
    expected = hashlib.sha1(nonce + created.encode() + b"pass&word").digest()
    assert f'#PasswordDigest">{base64.b64encode(expected).decode()}<' in token
    assert "pass" not in token.replace("PasswordDigest", "")
    assert "<w:Username>cl&lt;rk</w:Username>" in token
    assert len(nonce) == 16


def test_a_text_that_no_envelope_holds() -> None:
    """A password with a control character is told without showing it."""
    with pytest.raises(NodeError) as caught:
        username_token("clerk", "c4n4ry\x00", is_digest=False)
    assert caught.value.kind == "http.auth"
    assert "c4n4ry" not in str(caught.value)


async def test_the_token_goes_into_the_header(calls: Callable[..., Calls]) -> None:
    """Each request has a token of its own in the header of the envelope, and nothing in the headers of HTTP."""
    async with raw_server(always(reply())) as server:
        api = calls({"url": server.url, "auth": AUTH}, secrets={"password": "c4n4ry"})
        for _ in range(2):
            await api.send("POST", "/x", body=BODY, soap=SOAP)
        bodies = [visit.body.decode() for visit in server.visits]
        assert all("<s:Header><w:Security" in body and ">c4n4ry</w:Password>" in body for body in bodies)
        assert bodies[0] != bodies[1]
        assert "c4n4ry" not in "".join(visit.head for visit in server.visits)
        await api.send("GET", "/x?wsdl")
        assert server.visits[-1].body == b""


async def test_a_body_that_is_no_envelope(calls: Callable[..., Calls]) -> None:
    """Another body cannot be signed in, and is not sent."""
    async with raw_server(always(reply())) as server:
        api = calls({"url": server.url, "auth": AUTH}, secrets={"password": "c4n4ry"})
        error = await api.fails("POST", "/x", body=b"{}")
        assert error.kind == "http.auth"
        assert server.visits == []


async def test_a_failing_server_that_repeats_the_password(calls: Callable[..., Calls]) -> None:
    """The password is taken out of what a failing server repeats."""
    async with raw_server(always(reply(b"you sent c4n4ry", "500 Oops"))) as server:
        api = calls({"url": server.url, "auth": AUTH}, secrets={"password": "c4n4ry"})
        assert (await api.send("POST", "/x", body=BODY, soap=SOAP)).body == b"you sent ***"
