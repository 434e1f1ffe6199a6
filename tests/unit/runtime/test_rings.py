"""Rings of things that refer to each other."""

from itertools import product
from random import Random

from microflow_runtime.runtime.rings import rings_of


def test_what_is_referred_to_comes_first() -> None:
    """A chain is given from its end."""
    assert rings_of({"a": ["b"], "b": ["c"], "c": []}) == [["c"], ["b"], ["a"]]


def test_a_ring_is_one() -> None:
    """Things that reach each other are together, before those that refer to them and after those they refer to."""
    rings = [sorted(ring) for ring in rings_of({"x": ["a"], "a": ["b"], "b": ["c", "end"], "c": ["a"], "end": []})]
    assert rings == [["end"], ["a", "b", "c"], ["x"]]


def test_a_thing_that_refers_to_itself_is_a_ring_of_its_own() -> None:
    """One that calls itself is given once."""
    assert rings_of({"a": ["a"]}) == [["a"]]


def test_rings_are_what_reaches_each_other() -> None:
    """In random references, two things are in one ring exactly when each reaches the other, and order holds."""
    random = Random(7)
    for _ in range(100):
        names = range(random.randint(1, 9))
        refers = {name: [other for other in names if random.random() < 0.2] for name in names}
        reached = {name: _reach(refers, name) for name in names}
        rings = rings_of(refers)
        place = {name: index for index, ring in enumerate(rings) for name in ring}
        assert sorted(place) == list(names)
        for one, other in product(names, names):
            together = other in reached[one] and one in reached[other]
            assert (place[one] == place[other]) == (together or one == other)
            assert place[one] >= place[other] or other not in reached[one]


def _reach(refers: dict[int, list[int]], start: int) -> set[int]:
    seen: set[int] = set()
    waiting = list(refers[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += refers[name]
    return seen


def test_a_long_chain_is_no_deeper_than_a_short_one() -> None:
    """A chain of 20,000 needs no stack."""
    size = 20_000
    assert len(rings_of({name: [name + 1] if name < size else [] for name in range(size + 1)})) == size + 1
