"""The shelf: what is put on it is read by every process, and nothing that happens to the file is more than a loss of time."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from microflow_runtime.errors import StoreError
from microflow_runtime.runtime.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Give a shelf in a folder that does not exist yet."""
    made = Shelf(tmp_path / "run" / "documents.sqlite3")
    yield made
    made.close()


async def test_what_is_put_is_there_for_other_processes(shelf: Shelf, tmp_path: Path) -> None:
    """Another view of the same file finds it; what is not there is told."""
    await shelf.put({"a": b"one", "b": b"two"})
    other = Shelf(tmp_path / "run" / "documents.sqlite3")
    assert (other["a"], other.get("b"), "a" in other, "c" in other) == (b"one", b"two", True, False)
    assert other.get("c") is None
    with pytest.raises(KeyError):
        _ = other["c"]
    assert await other.find(["a", "c", "b"]) == {"a", "b"}
    other.close()


async def test_a_body_stays_unless_it_is_put_anew(shelf: Shelf) -> None:
    """What stands under a key never changes, except what is said to."""
    await shelf.put({"a": b"one"})
    await shelf.put({"a": b"two"})
    assert shelf["a"] == b"one"
    await shelf.put({"a": b"two"}, anew=True)
    assert shelf["a"] == b"two"


async def test_many_are_put_and_taken_away(shelf: Shelf) -> None:
    """More than one transaction's worth; then only what is named stays."""
    await shelf.put({f"k{number}": b"x" * number for number in range(1000)})
    assert len(await shelf.find([f"k{number}" for number in range(2000)])) == 1000
    await shelf.keep_only(["k7", "none"])
    assert await shelf.find([f"k{number}" for number in range(2000)]) == {"k7"}


async def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    """Everything on it can be had from the store."""
    path = tmp_path / "documents.sqlite3"
    path.write_bytes(b"this is no database at all, " * 400)
    shelf = Shelf(path)
    assert shelf.get("a") is None
    await shelf.put({"a": b"one"})
    assert shelf["a"] == b"one"
    shelf.close()


async def test_only_the_owner_reads_it(shelf: Shelf, tmp_path: Path) -> None:
    """Definitions are nobody else's business."""
    await shelf.put({"a": b"one"})
    assert stat.S_IMODE((tmp_path / "run" / "documents.sqlite3").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


async def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """As where something else stands in its place."""
    (tmp_path / "run").write_text("a file where the folder should be")
    shelf = Shelf(tmp_path / "run" / "documents.sqlite3")
    with pytest.raises(StoreError, match="kept on this machine"):
        shelf.get("a")
    with pytest.raises(StoreError, match="kept on this machine"):
        await shelf.put({"a": b"one"})
