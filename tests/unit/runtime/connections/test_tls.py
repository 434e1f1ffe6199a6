"""TLS: the name is verified whatever the address, and our own certificate is shown."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.raw_http_server import always, raw_server, reply
from tests.unit.runtime.connections.authority import Authority
from tests.unit.runtime.connections.calls import Calls

Make = Callable[..., Calls]
NETWORKS = ("127.0.0.0/8",)


async def _here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Give an authority."""
    return Authority()


async def test_the_name_is_what_the_certificate_must_say(calls: Make, authority: Authority, tmp_path: Path) -> None:
    """The connection goes to a checked address and TLS verifies the name; another name's certificate is not good."""
    context = authority.server_context("good.example", tmp_path)
    async with raw_server(always(reply(b"safe")), tls=context) as server:
        for host, is_good in (("good.example", True), ("bad.example", False)):
            api = calls(
                {"url": f"https://{host}:{server.port}", "tls": {"authority": {"secret": "ca"}}},
                secrets={"ca": authority.pem},
                resolve=_here,
                private_networks=NETWORKS,
            )
            if is_good:
                assert (await api.send()).body == b"safe"
            else:
                error = await api.fails()
                assert error.kind == "http.connect"
                assert not error.retryable
                assert "certificate is not good" in error.message


async def test_an_unknown_authority_is_not_trusted(calls: Make, authority: Authority, tmp_path: Path) -> None:
    """Without a named authority the public ones count, and a test's own is none of them."""
    context = authority.server_context("good.example", tmp_path)
    async with raw_server(always(reply()), tls=context) as server:
        api = calls({"url": f"https://good.example:{server.port}"}, resolve=_here, private_networks=NETWORKS)
        assert "certificate is not good" in (await api.fails()).message


async def test_our_certificate_is_shown(calls: Make, authority: Authority, tmp_path: Path) -> None:
    """A server that wants a certificate takes ours, and refuses a connection that has none."""
    certificate, key = authority.issue("client")
    context = authority.server_context("good.example", tmp_path, wants_client=True)
    secrets = {"ca": authority.pem, "cert": certificate, "key": key}
    tls = {"authority": {"secret": "ca"}}
    async with raw_server(always(reply(b"known")), tls=context) as server:
        url = f"https://good.example:{server.port}"
        own = {**tls, "certificate": {"secret": "cert"}, "key": {"secret": "key"}}
        options = {"secrets": secrets, "resolve": _here, "private_networks": NETWORKS}
        assert (await calls({"url": url, "tls": own}, **options).send()).body == b"known"
        assert (await calls({"url": url, "tls": tls}, **options).fails()).kind in {"http.connect", "http.reply"}


async def test_a_server_without_tls(calls: Make) -> None:
    """A plain server at an https address is no agreement on TLS."""

    def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example at your service\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        error = await calls({"url": f"https://127.0.0.1:{port}"}).fails()
    assert (error.kind, "TLS" in error.message) == ("http.connect", True)


@pytest.mark.parametrize(
    ("tls", "word"),
    [
        ({"authority": {"secret": "junk"}}, "not the PEM text"),
        ({"certificate": {"secret": "junk"}, "key": {"secret": "junk"}}, "not a certificate"),
        ({"authority": {"secret": "none"}}, "no secret"),
    ],
)
async def test_secrets_that_are_no_certificates(calls: Make, tls: dict[str, object], word: str) -> None:
    """A wrong secret is told by its name, and what it holds is not."""
    error = await calls({"url": "https://good.example", "tls": tls}, secrets={"junk": "c4n4ry"}).fails()
    assert error.kind == "http.settings"
    assert word in error.message
    assert "c4n4ry" not in error.message
