"""Records that do not fit and were left out: where they stood, what is wrong with them, and their cells as they stand."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class BadRecord(NamedTuple):
    """A record that was left out: its row from 1, the column or `""`, what is wrong, and its cells as texts."""

    row: int
    column: str
    reason: str
    cells: list[str | None]


class BadRecords:
    """The records of one file that were left out. Without `shows_cells` nobody is given their cells."""

    def __init__(self, *, shows_cells: bool) -> None:
        self.found: list[BadRecord] = []
        self._shows_cells = shows_cells
        self._cells: dict[int, Sequence[Any]] = {}

    def seen(self, number: int, cells: Sequence[Any]) -> None:
        """Take note of a row until `forget`, by its number."""
        if self._shows_cells:
            self._cells[number] = cells

    def add(self, row: int, column: str, reason: str) -> None:
        """Leave a row out."""
        cells = [None if cell is None else str(cell) for cell in self._cells.get(row, ())]
        self.found.append(BadRecord(row, column, reason, cells))

    def forget(self) -> None:
        """Let go of the rows that were seen."""
        self._cells.clear()

    def take(self) -> list[BadRecord]:
        """Return what was left out since the last time, in the order of the rows."""
        taken, self.found = sorted(self.found), []
        return taken
