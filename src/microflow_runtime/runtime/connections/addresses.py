"""What an address is: public, of somebody's own network, or of no server at all; and what an IPv6 address stands for.

The tables name what the registries of special-purpose addresses of IANA name, those that Python's own module takes for
public among them: site-local addresses, and the prefixes by which IPv4 is reached or written in IPv6.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOPBACK_NAME: Final = "localhost"
"""The one name that stands for loopback addresses."""

_NOT_PUBLIC: Final[tuple[Network, ...]] = (
    *map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    ),
    *map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID and their kind
            "2001:db8::/32",
            "2002::/16",
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    ),
)
_GLOBAL: Final = IPv6Network("2000::/3")
"""All that is assigned to the public of IPv6; what lies beside it is nobody's, or special."""
_INNER: Final[tuple[Network, ...]] = (
    *map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    *map(IPv6Network, ("::1/128", "fc00::/7")),
)
"""Where servers of one's own stand: private networks, and this machine."""
_LAST_BITS: Final[tuple[IPv6Network, ...]] = tuple(
    map(
        IPv6Network,
        (
            "::ffff:0:0/96",  # mapped
            "::ffff:0:0:0/96",  # translated
            "64:ff9b::/96",  # NAT64
        ),
    )
)
"""Prefixes behind which an IPv4 address stands in the last 32 bits."""
_COMPATIBLE: Final = IPv6Network("::/96")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
_ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)


def is_literal(host: str) -> bool:
    """Tell whether a host is an address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to a server of the public net. What it stands for is not looked at."""
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return isinstance(address, IPv4Address) or address in _GLOBAL


def is_inner(address: Address) -> bool:
    """Tell whether an address is one where servers of one's own stand."""
    return any(address in network for network in _INNER)


def embedded(address: Address) -> tuple[Address, ...]:
    """Give the IPv4 addresses that an IPv6 address stands for or leads to, all of them."""
    if isinstance(address, IPv4Address):
        return ()
    last = IPv4Address(int(address) & 0xFFFF_FFFF)
    if any(address in network for network in _LAST_BITS) or (address in _COMPATIBLE and int(address) > 1):
        return (last,)
    if address in _SIX_TO_FOUR:
        return (IPv4Address(int(address) >> 80 & 0xFFFF_FFFF),)
    if address.teredo is not None:
        return address.teredo
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return (*((address,) if not is_public(address) else ()), last)
    return ()
