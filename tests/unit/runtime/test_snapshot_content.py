"""What a published snapshot consists of, and how it is told from others."""

import pytest
from tests.unit.small_apps import files_of
from tests.unit.small_homes import TEXT, app_text, flow_text

from microflow_runtime.compiler.reading import AppSource, source_of_files
from microflow_runtime.errors import NotFound, StoreError
from microflow_runtime.runtime.snapshot_content import (
    content_key,
    content_of,
    read_content,
    read_sources,
    rows_of,
)
from microflow_runtime.store import MemoryStore


def _source(value: str, label: str = "Shop") -> AppSource:
    return source_of_files(label, files_of(app_text("v.1"), TEXT, flow_text("Say", value), files={"files/a": b"\xff"}))


def test_the_hash_stands_for_the_files() -> None:
    """Labels do not matter, nor does the order in which packages came; a byte does."""
    one, same, other = _source("x"), _source("x", "Other label"), _source("y")
    assert content_of([("", one)]).hash == content_of([("", same)]).hash
    assert content_of([("", one)]).hash != content_of([("", other)]).hash
    together = content_of([("b", other)], content_of([("a", one)]))
    assert together.hash == content_of([("a", one)], content_of([("b", other)])).hash
    assert content_of([("a", one)], together) == together


async def test_what_was_kept_is_read_again() -> None:
    """Every byte of every file comes back, whatever it is, under the name of its package."""
    store = MemoryStore()
    sources = [("a.jar", _source("x")), ("b.jar", _source("y"))]
    content = content_of(sources)
    await store.put_definitions(rows_of(content, [source for _, source in sources]))
    again = await read_content(store, content.hash)
    assert again == content
    found = dict(await read_sources(store, again, "Shop.v.1"))
    assert {name: source.fingerprint for name, source in found.items()} == {
        name: source.fingerprint for name, source in sources
    }
    assert len({source.label for source in found.values()}) == 2


async def test_what_cannot_be_read_is_told() -> None:
    """A list that is not there, and one that something else wrote."""
    store = MemoryStore()
    with pytest.raises(NotFound):
        await read_content(store, "gone")
    await store.put_definitions([(content_key("odd"), "snapshot", b'{"x": 1}')])
    with pytest.raises(StoreError, match="cannot be read"):
        await read_content(store, "odd")
