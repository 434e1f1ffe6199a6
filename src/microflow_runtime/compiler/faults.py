"""Collecting what is wrong in one definition, each fault with its place in the file."""

from collections.abc import Iterable
from typing import Protocol

from microflow_runtime.compiler.reading import nearest
from microflow_runtime.errors import Fault, Place

Path = tuple[str | int, ...]


class Places(Protocol):
    """Where the parts of a definition stand in its file. A `Document` of the reading room is one."""

    def place_of(self, path: Path) -> Place | None:
        """Give the place of the value at `path`."""
        ...

    def place_of_key(self, path: Path) -> Place | None:
        """Give the place of the key at `path`."""
        ...

    def place_in_formula(self, path: Path, start: int, end: int) -> Place | None:
        """Give the place of the characters `start` to `end` of the formula at `path`."""
        ...

    def line_text(self, line: int) -> str:
        """Give the text of a line, counted from 1."""
        ...


class FaultList:
    """The faults of one definition in the order they were found."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.faults: list[Fault] = []

    def add(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        at_key: bool = False,
        span: tuple[int, int] | None = None,
        expected: str = "",
        found: str = "",
        help: str = "",  # noqa: A002 - the word of the record
        replacement: str | None = None,
        is_error: bool = True,
    ) -> None:
        """Record a fault at the value of `path`, at its key, or at a span of characters of its formula."""
        if span is not None:
            place = self.places.place_in_formula(path, *span)
        elif at_key:
            place = self.places.place_of_key(path)
        else:
            place = self.places.place_of(path)
        self.faults.append(
            Fault(
                code=code,
                message=message,
                place=place,
                source_line=self.places.line_text(place.line) if place else "",
                expected=expected,
                found=found,
                help=help,
                replacement=replacement,
                is_error=is_error,
            )
        )

    def cut(self, start: int) -> list[Fault]:
        """Take out the faults from an index on, for who puts them back in another order."""
        found = self.faults[start:]
        del self.faults[start:]
        return found

    @property
    def has_errors(self) -> bool:
        """Tell whether at least one fault is more than a warning."""
        return any(fault.is_error for fault in self.faults)


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Give `did you mean "X"?`, or `""` when nothing is near."""
    found = nearest(word, candidates)
    return f'did you mean "{found}"?' if found else ""
