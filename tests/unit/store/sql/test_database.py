"""Lists of values for statements, and transactions that are repeated."""

from pathlib import Path

import pytest

from microflow_runtime.errors import StoreError
from microflow_runtime.store.sql.database import repeated
from microflow_runtime.store.sql.failures import Interrupted
from microflow_runtime.store.sql.sqlite import open_sqlite


def test_a_long_list_is_cut_into_equal_pieces(tmp_path: Path) -> None:
    """Nothing is lost, and the last piece is filled up with its own last value."""
    values = [str(number) for number in range(1001)]
    pieces = open_sqlite(tmp_path / "x").pieces(values)
    assert [len(piece) for piece in pieces] == [500, 500, 500]
    assert {value for piece in pieces for value in piece} == set(values)
    assert set(pieces[2]) == {"1000"}


def test_short_lists_stay_as_they_are(tmp_path: Path) -> None:
    """A list that fits is one piece, an empty one is none."""
    database = open_sqlite(tmp_path / "x")
    assert database.pieces(["a", "b"]) == [["a", "b"]]
    assert database.pieces([]) == []


class Flaky:
    """Fails as often as told, then gives what it was given."""

    def __init__(self, failures: int, error: StoreError) -> None:
        self.failures = failures
        self.error = error
        self.runs = 0

    @repeated
    async def run(self, value: int, *, more: int) -> int:
        """Count the runs."""
        self.runs += 1
        if self.runs <= self.failures:
            raise self.error
        return value + more


async def test_an_interrupted_transaction_is_repeated() -> None:
    """With the same arguments, until it ends well."""
    flaky = Flaky(3, Interrupted("x"))
    assert await flaky.run(1, more=2) == 3
    assert flaky.runs == 4


async def test_repeating_has_an_end() -> None:
    """One that is interrupted each time fails at last, as a store that is too busy."""
    flaky = Flaky(99, Interrupted("busy"))
    with pytest.raises(StoreError, match="busy"):
        await flaky.run(1, more=2)
    assert flaky.runs == 5


async def test_other_failures_are_not_repeated() -> None:
    """Nobody knows what became of a transaction whose connection was lost."""
    flaky = Flaky(1, StoreError("lost"))
    with pytest.raises(StoreError, match="lost"):
        await flaky.run(1, more=2)
    assert flaky.runs == 1
