"""Rings of things that refer to each other, in the order in which they can be settled one after the other."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

_Thing = TypeVar("_Thing", bound=Hashable)


def rings_of(refers: Mapping[_Thing, Sequence[_Thing]]) -> list[list[_Thing]]:
    """Give the rings, each after all rings that it refers to; what is in no ring is one of its own. Takes linear time.

    Every thing that is referred to must be a key. This is Tarjan's algorithm without recursion, so that a long chain is
    no deeper than a short one.
    """
    number: dict[_Thing, int] = {}
    lowest: dict[_Thing, int] = {}
    open_things: list[_Thing] = []
    is_open: set[_Thing] = set()
    rings: list[list[_Thing]] = []
    for first in refers:
        if first in number:
            continue
        path: list[tuple[_Thing, Iterator[_Thing]]] = []
        entering: _Thing | None = first
        while entering is not None or path:
            if entering is not None:
                number[entering] = lowest[entering] = len(number)
                open_things.append(entering)
                is_open.add(entering)
                path.append((entering, iter(refers[entering])))
                entering = None
            thing, others = path[-1]
            for other in others:
                if other not in number:
                    entering = other
                    break
                if other in is_open:
                    lowest[thing] = min(lowest[thing], number[other])
            if entering is not None:
                continue
            path.pop()
            if path:
                above = path[-1][0]
                lowest[above] = min(lowest[above], lowest[thing])
            if lowest[thing] == number[thing]:
                ring = []
                while thing in is_open:
                    ring.append(open_things.pop())
                    is_open.discard(ring[-1])
                rings.append(ring)
    return rings
