"""Finds inputs that no rule of a table takes."""

from collections.abc import Sequence

from microflow_runtime.compiler.decisions.grid import Budget, Column, Point


def find_uncovered(
    pieces: Sequence[Sequence[int]], masks: Sequence[Sequence[int]], rules: int, budget: Budget
) -> Point | None:
    """Give a point of the columns that none of the rules takes; None when there is none.

    `pieces` are those of each column that are looked at, `masks` the rules of each piece of a column, `rules` the bits of
    the rules that count. Raises GivenUpError when the budget is spent.
    """
    search = _Search(pieces, masks, budget)
    return None if any(not each for each in pieces) else search.below(0, rules)


def find_gap(columns: Sequence[Column], rules: int, budget: Budget) -> tuple[Point | None, bool]:
    """Give a point that no rule takes, and whether that is the last word: cells that take nobody knows what may hide gaps.

    Raises GivenUpError.
    """
    pieces = [column.possible for column in columns]
    found = find_uncovered(pieces, [column.surely for column in columns], rules, budget)
    if found is None or all(column.is_known for column in columns):
        return found, True
    found = find_uncovered(pieces, [column.may for column in columns], rules, budget)
    return found, found is not None


class _Search:
    """Goes through the columns from left to right; pieces that the same rules take are looked at once."""

    def __init__(self, pieces: Sequence[Sequence[int]], masks: Sequence[Sequence[int]], budget: Budget) -> None:
        self._pieces = pieces
        self._masks = masks
        self._budget = budget
        self._covered: set[tuple[int, int]] = set()
        self._rest: list[int] = [-1]
        """For each column the rules that take all of it and all behind it."""
        for looked_at, column in zip(reversed(pieces), reversed(masks), strict=True):
            full = self._rest[0]
            for piece in looked_at:
                full &= column[piece]
            self._rest.insert(0, full)

    def below(self, column: int, rules: int) -> Point | None:
        """Give an uncovered point of the columns from this one on, when these rules take what stands before it."""
        if rules & self._rest[column] or (column, rules) in self._covered:
            return None
        if not rules:
            return tuple(pieces[0] for pieces in self._pieces[column:])
        masks, seen = self._masks[column], set()
        self._budget.spend(len(self._pieces[column]))
        for piece in self._pieces[column]:
            left = rules & masks[piece]
            if left in seen:
                continue
            seen.add(left)
            found = self.below(column + 1, left)
            if found is not None:
                return (piece, *found)
        self._covered.add((column, rules))
        return None
