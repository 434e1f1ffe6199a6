"""The relations of the header `Link` (RFC 8288): where the next page is, and its kin."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin

_LINK: Final = re.compile(r"\s*<([^<>]*)>([^,\"]*(?:\"(?:[^\"\\]|\\.)*\"[^,\"]*)*)(?:,|$)")
_PARAMETER: Final = re.compile(r';\s*([^\s=;,"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*)')
_MOST_CHARACTERS: Final = 64 * 1024


def links_of(header: str, address: str) -> dict[str, str]:
    """Give the addresses by relation, in small letters, each as it came or beside `address` where it is relative.

    Of a relation that comes twice the first counts. A link that speaks of another page, by `anchor`, is left out, and so is
    all behind what cannot be read.
    """
    found: dict[str, str] = {}
    for target, parameters in _read(header[:_MOST_CHARACTERS]):
        if "anchor" in parameters:
            continue
        for relation in parameters.get("rel", "").lower().split():
            found.setdefault(relation, _beside(address, target))
    return found


def _read(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    at = 0
    while at < len(header) and (link := _LINK.match(header, at)) is not None:
        parameters: dict[str, str] = {}
        for name, value in _PARAMETER.findall(link[2]):
            plain = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
            parameters.setdefault(name.lower(), plain)
        yield link[1].strip(), parameters
        at = link.end()


def _beside(address: str, target: str) -> str:
    try:
        return urljoin(address, target)
    except ValueError:  # an address that cannot be read is told when it is requested
        return target
