"""What every place of files does alike: folders, FTP, FTPS, SFTP and S3 against real servers."""

import asyncio
import os

import pytest
from tests.contract.files.places import PlaceUnderTest

from microflow_runtime.errors import NodeError

LARGE = os.urandom(9 * 1024 * 1024)
NAMES = [
    "",
    ".",
    "..",
    "../x",
    "a/../../x",
    "/etc/passwd",
    "a//b",
    "a/",
    "a\0b",
    "a\nb",
    "a\r\nDELE b",
    "a\\..\\b",
    "x" * 256,
    "a/" * 40 + "b",
    "\ud800",
]


async def _kind(work: object) -> tuple[str, dict[str, object]]:
    with pytest.raises(NodeError) as caught:
        await work  # type: ignore[misc]
    assert caught.value.message.startswith('the connection "place": ')
    return caught.value.kind, caught.value.data


async def test_what_is_stored_is_read(place: PlaceUnderTest) -> None:
    """Under its name, in folders that are made, and nothing else is there afterwards."""
    for name, content in {"a.csv": b"x\n", "in/two/ü ä.csv": b"", "large": LARGE}.items():
        await place.store(name, content)
        assert await place.read(name) == content
        assert await place.do(lambda files, name=name: files.size(name)) == len(content)
    assert set(await asyncio.to_thread(place.there)) == {"a.csv", "in/two/ü ä.csv", "large"}


async def test_a_file_that_is_there_is_refused_replaced_or_gone_behind(place: PlaceUnderTest) -> None:
    """As it was said; what was refused changes nothing."""
    await place.store("a", b"one")
    assert await _kind(place.store("a", b"two")) == ("file.exists", {"file": "a"})
    assert await asyncio.to_thread(place.there) == {"a": b"one"}
    await place.store("a", b"three", "replace")
    await place.store("a", b"four", "append")
    await place.store("b", b"new", "append")
    assert await asyncio.to_thread(place.there) == {"a": b"threefour", "b": b"new"}


async def test_a_file_is_moved_and_removed(place: PlaceUnderTest) -> None:
    """Into a folder that is made; over another file only where that is said."""
    await place.store("a", b"one")
    await place.store("b", b"two")
    assert (await _kind(place.do(lambda files: files.move("a", "b", replace=False))))[0] == "file.exists"
    await place.do(lambda files: files.move("a", "done/x/a", replace=False))
    assert await asyncio.to_thread(place.there) == {"done/x/a": b"one", "b": b"two"}
    await place.do(lambda files: files.move("done/x/a", "b", replace=True))
    assert await asyncio.to_thread(place.there) == {"b": b"one"}
    await place.do(lambda files: files.remove("b"))
    assert await asyncio.to_thread(place.there) == {}


async def test_a_file_that_is_missing_is_told(place: PlaceUnderTest) -> None:
    """By reading, moving and removing, with the file in the data; its size is None."""
    assert await place.do(lambda files: files.size("none")) is None
    assert await place.do(lambda files: files.size("no/none")) is None
    for work in (
        place.read("none"),
        place.read("no/none"),
        place.do(lambda files: files.move("none", "x", replace=True)),
        place.do(lambda files: files.remove("none")),
    ):
        kind, data = await _kind(work)
        assert kind == "file.missing"
        assert data["file"] in {"none", "no/none"}


@pytest.mark.parametrize("name", NAMES)
async def test_no_name_leads_out(place: PlaceUnderTest, name: str) -> None:
    """Nor breaks the protocol: it is refused before anything is asked, for each thing that can be done."""
    async with place.session() as session:
        await session.do(lambda files: files.scratch())
        for work in (
            lambda files: files.open(name),
            lambda files: files.size(name),
            lambda files: files.store(name, files.scratch(), "replace"),
            lambda files: files.move("a", name, replace=True),
            lambda files: files.move(name, "a", replace=True),
            lambda files: files.remove(name),
        ):
            with pytest.raises(NodeError) as caught:
                await session.do(work)
            assert caught.value.kind in {"file", "file.missing"}
    assert await asyncio.to_thread(place.there) == {}


async def test_a_file_that_is_too_large_is_refused(place: PlaceUnderTest) -> None:
    """By the connection's `file_bytes`."""
    await place.store("a", b"12345")
    place.settings["file_bytes"] = 4
    assert (await _kind(place.read("a")))[0] == "file"
    place.settings["file_bytes"] = 5
    assert await place.read("a") == b"12345"


async def test_as_many_use_it_as_its_pool_allows(place: PlaceUnderTest) -> None:
    """One more is `file.busy` at once, and may try again; afterwards there is room."""
    place.settings["pool_size"] = 1
    async with place.session():
        with pytest.raises(NodeError) as caught:
            await place.read("a")
        assert caught.value.kind == "file.busy"
        assert caught.value.retryable
    await place.store("a", b"x")
    assert await place.read("a") == b"x"


async def test_a_folder_in_the_way_of_a_file_is_an_error(place: PlaceUnderTest) -> None:
    """A name of a folder is no file, and a file is no folder; a bucket knows no folders."""
    await place.store("a/b", b"x")
    if place.kind == "s3":
        assert await place.do(lambda files: files.size("a")) is None
        return
    assert (await _kind(place.read("a")))[0] in {"file", "file.missing"}
    assert (await _kind(place.store("a/b/c", b"y")))[0] in {"file", "file.missing"}
    assert (await _kind(place.store("a", b"y")))[0].startswith("file")
    assert await asyncio.to_thread(place.there) == {"a/b": b"x"}
