"""Where names stand in the frame of a decision file. Names that a box binds for itself have slots of their own."""

from collections.abc import Iterable, Mapping


class Slots:
    """The slot of each name that an expression sees. All that come from one share one frame, `size` slots long."""

    __slots__ = ("_counter", "names")

    def __init__(self, names: Mapping[str, int], counter: list[int]) -> None:
        """Use `over` to begin with names; the counter is that of the whole frame."""
        self.names = names
        self._counter = counter

    @classmethod
    def over(cls, names: Iterable[str]) -> "Slots":
        """Return slots for these names, in their order."""
        numbered = {name: slot for slot, name in enumerate(names)}
        return cls(numbered, [len(numbered)])

    @property
    def size(self) -> int:
        """The length of the frame, once everything is bound."""
        return self._counter[0]

    def also(self, aliases: Mapping[str, str]) -> "Slots":
        """Return these with further names for slots that there are; `aliases` has the known name of each."""
        return Slots({**self.names, **{alias: self.names[name] for alias, name in aliases.items()}}, self._counter)

    def inside(self, names: Iterable[str]) -> tuple["Slots", tuple[int, ...]]:
        """Return these with new slots for names that a box binds, which hide those outside, and the new slots."""
        wanted = tuple(names)
        first = self._counter[0]
        self._counter[0] += len(wanted)
        slots = tuple(range(first, first + len(wanted)))
        return Slots({**self.names, **dict(zip(wanted, slots, strict=True))}, self._counter), slots
