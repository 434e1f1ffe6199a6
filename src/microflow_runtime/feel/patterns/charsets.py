"""Sets of characters: what the classes of a pattern hold, as ranges that can be joined, turned round and subtracted."""

import unicodedata
from functools import cache
from typing import Final

Ranges = tuple[tuple[int, int], ...]
"""Ascending, apart from each other, both ends included."""

LAST: Final = 0x10FFFF

CATEGORIES: Final = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cn",
    ]
)


def joined(*sets: Ranges) -> Ranges:
    """Give the characters of any of the sets."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(pair for one in sets for pair in one):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def others(ranges: Ranges) -> Ranges:
    """Give the characters that are not in the set."""
    found: list[tuple[int, int]] = []
    position = 0
    for first, last in ranges:
        if first > position:
            found.append((position, first - 1))
        position = last + 1
    if position <= LAST:
        found.append((position, LAST))
    return tuple(found)


def without(ranges: Ranges, removed: Ranges) -> Ranges:
    """Give the characters of one set that are not in the other."""
    return others(joined(others(ranges), removed))


@cache
def _by_category() -> dict[str, list[tuple[int, int]]]:
    """Sort all characters by category, once, when a subtraction first needs it."""
    found: dict[str, list[tuple[int, int]]] = {}
    start, current = 0, unicodedata.category("\0")
    for number in range(1, LAST + 2):
        category = unicodedata.category(chr(number)) if number <= LAST else ""
        if category != current:
            found.setdefault(current, []).append((start, number - 1))
            start, current = number, category
    return found


@cache
def category_ranges(name: str) -> Ranges:
    """Give the characters of a category, `L` or `Lu`."""
    return joined(*(tuple(ranges) for category, ranges in _by_category().items() if category.startswith(name)))


SPACE: Final[Ranges] = ((9, 10), (13, 13), (32, 32))

NAME_START: Final[Ranges] = joined(
    (
        (0x3A, 0x3A), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2FF), (0x370, 0x37D),
        (0x37F, 0x1FFF), (0x200C, 0x200D), (0x2070, 0x218F), (0x2C00, 0x2FEF), (0x3001, 0xD7FF), (0xF900, 0xFDCF),
        (0xFDF0, 0xFFFD), (0x10000, 0xEFFFF),
    )
)  # fmt: skip
"""XML's `\\i`: what a name begins with."""

NAME_PART: Final[Ranges] = joined(
    NAME_START, ((0x2D, 0x2E), (0x30, 0x39), (0xB7, 0xB7), (0x300, 0x36F), (0x203F, 0x2040))
)
"""XML's `\\c`: what a name goes on with."""
