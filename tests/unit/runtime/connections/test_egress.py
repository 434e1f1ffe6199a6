"""Which addresses may be reached, and that the checked one is the one connected to."""

import asyncio
import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from tests.raw_http_server import always, raw_server, reply
from tests.unit.runtime.connections.calls import Calls

from microflow_runtime.errors import SettingsError
from microflow_runtime.runtime.connections.addresses import embedded
from microflow_runtime.runtime.connections.egress import EgressRules, read_networks

DENIED = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::7f00:1",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.9",
    "::ffff:0:7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:a00:1::",
    "2001:0:7f00:1::",
    "2001:0:5db8:d822:0:0:80ff:fffe",
    "2001:db8::1",
    "3fff::1",
    "fec0::1",
    "feff::1",
    "100::1",
    "4000::1",
    "2606:2800:220:1:0:5efe:7f00:1",
    "fe80::5efe:5db8:d822",
]


@pytest.mark.parametrize("address", DENIED)
def test_no_private_address_is_reached_by_a_name(address: str) -> None:
    """Whatever a name leads to, loopback, private, link-local, metadata and reserved addresses are denied."""
    rules = EgressRules((), ("api.example", 443))
    assert not rules.permits("api.example", 443, ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_public_addresses_are_reached(address: str) -> None:
    """Public addresses are what connections are for."""
    assert EgressRules((), ("api.example", 443)).permits("api.example", 443, ip_address(address))


@pytest.mark.parametrize(
    ("named", "host", "port", "address", "is_so"),
    [
        (("127.0.0.1", 9000), "127.0.0.1", 9000, "127.0.0.1", True),
        (("127.0.0.1", 9000), "127.0.0.1", 9001, "127.0.0.1", False),
        (("127.0.0.1", 9000), "127.0.0.2", 9000, "127.0.0.2", False),
        (("127.0.0.1", 9000), "::1", 9000, "::1", False),
        (("10.0.0.5", 80), "10.0.0.5", 80, "10.0.0.5", True),
        (("localhost", 9000), "localhost", 9000, "::1", True),
        (("localhost", 9000), "localhost", 9000, "10.0.0.1", False),
        (("169.254.169.254", 80), "169.254.169.254", 80, "169.254.169.254", True),
        (("internal.example", 80), "internal.example", 80, "10.0.0.5", False),
    ],
)
def test_what_the_url_names_literally_is_reached(
    named: tuple[str, int], host: str, port: int, address: str, *, is_so: bool
) -> None:
    """A private address is reached where the URL of the connection has it, at that port and nowhere else."""
    assert EgressRules((), named).permits(host, port, ip_address(address)) is is_so


@pytest.mark.parametrize(
    ("host", "address", "is_so"),
    [
        ("db.internal", "10.0.0.5", True),
        ("db.internal", "127.0.0.1", True),
        ("db.internal", "fd00::5", True),
        ("db.internal", "::ffff:10.0.0.5", True),
        ("db.internal", "169.254.169.254", False),
        ("db.internal", "64:ff9b::a9fe:a9fe", False),
        ("db.internal", "0.0.0.0", False),
        ("db.internal", "fe80::1", False),
        ("db.internal", "fec0::1", False),
        ("10.0.0.5", "10.0.0.5", True),
        ("10.0.0.5", "10.0.0.6", False),
        ("2130706433", "127.0.0.1", True),
        ("other.internal", "10.0.0.5", False),
    ],
)
def test_a_database_may_stand_in_a_private_network(host: str, address: str, *, is_so: bool) -> None:
    """The name of a database may lead into a private network, and never to a link-local address or to none."""
    named = "db.internal" if host.startswith("other") else host
    rules = EgressRules((), (named, 5432), is_private_by_name=True)
    assert rules.permits(host, 5432, ip_address(address)) is is_so


def test_what_is_not_allowed_is_not_reached_though_it_is_public() -> None:
    """Where only some hosts are allowed, a redirect to another one leads nowhere."""
    rules = EgressRules((), ("api.example", 443), allows=lambda host, _port: host == "api.example")
    assert rules.permits("api.example", 443, ip_address("93.184.216.34"))
    assert not rules.permits("evil.example", 443, ip_address("93.184.216.34"))


def test_networks_of_the_operator_are_reached() -> None:
    """The setting `private_networks` opens a network for every connection, however its addresses are written."""
    rules = EgressRules(read_networks(["10.20.0.0/16", "fd00::/8"]), ("api.example", 443))
    reached = ["10.20.3.4", "::ffff:10.20.3.4", "fd00::1"]
    assert all(rules.permits("api.example", 443, ip_address(each)) for each in reached)
    assert not rules.permits("api.example", 443, ip_address("10.21.0.1"))


def test_a_network_that_is_none_is_refused() -> None:
    """A slip in the setting is told when the server starts."""
    with pytest.raises(SettingsError, match="private_networks"):
        read_networks(["10.20.0.1/16"])


def test_embedded_addresses_are_found() -> None:
    """IPv6 addresses that stand for IPv4 ones are looked through."""
    assert embedded(ip_address("::ffff:10.0.0.1")) == (ip_address("10.0.0.1"),)
    assert embedded(ip_address("64:ff9b::a00:1")) == (ip_address("10.0.0.1"),)
    assert embedded(ip_address("93.184.216.34")) == ()


async def test_a_name_that_leads_inside_is_denied(calls: Callable[..., Calls]) -> None:
    """A name with a private address among its addresses is denied before anything is connected to."""
    async with raw_server(always(reply())) as server:

        async def resolve(_host: str, _port: int) -> list[str]:
            return ["93.184.216.34", "127.0.0.1"]

        api = calls({"url": f"http://inside.example:{server.port}"}, resolve=resolve)
        error = await api.fails()
    assert error.kind == "http.denied"
    assert not error.retryable
    assert server.connections == 0


async def test_the_checked_address_is_the_one_connected_to(calls: Callable[..., Calls]) -> None:
    """A name is looked up once for a connection: what it means a moment later is never asked for."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async with raw_server(always(reply())) as server:
        url = f"http://rebound.example:{server.port}"
        api = calls({"url": url}, resolve=resolve, private_networks=("127.0.0.0/8",))
        assert (await api.send()).status == 200
        assert (await api.send()).status == 200
    assert asked == ["rebound.example"]
    assert [visit.header("host") for visit in server.visits] == [f"rebound.example:{server.port}"] * 2


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
async def test_odd_ways_to_write_an_address_do_not_help(calls: Callable[..., Calls], host: str) -> None:
    """A host that only the system takes for an address is a name, so its private address is denied."""
    error = await calls({"url": f"http://{host}:1/"}).fails()
    assert error.kind in {"http.denied", "http.connect"}


async def test_the_second_address_is_tried(calls: Callable[..., Calls]) -> None:
    """An address that refuses is followed by the next one of the name."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    async with raw_server(always(reply())) as server:
        url = f"http://two.example:{server.port}"
        api = calls({"url": url}, resolve=resolve, private_networks=("127.0.0.0/8",))
        assert (await api.send()).status == 200


async def test_proxies_of_the_environment_are_ignored(
    calls: Callable[..., Calls], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`HTTP_PROXY` and its kin change nothing about where a request goes."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with raw_server(always(reply())) as server:
        assert (await calls({"url": server.url}).send()).status == 200


async def test_a_name_server_that_hangs_delays_nobody_else(
    calls: Callable[..., Calls], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Look-ups have threads of their own; whoever waits for one is given up in time, and other work goes on."""
    stuck = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: stuck.wait(10) and [])
    try:
        api = calls({"url": "http://slow.example", "connect_timeout": "100ms"})
        errors = await asyncio.gather(*(api.fails() for _ in range(20)))
        assert {error.kind for error in errors} == {"http.connect"}
        async with asyncio.timeout(1):
            assert await asyncio.to_thread(lambda: 1) == 1
    finally:
        stuck.set()
