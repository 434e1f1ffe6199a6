"""Writing the audit."""

from typing import Any

import pytest

from microflow_runtime.errors import StoreError
from microflow_runtime.security.auditing import Auditor

TOKEN = "mf1_2qG_k6F2voKhhB12J1aRvII-L7p7TqCXtw2vWScydgIihB4z"


@pytest.fixture
def auditor(memory_store: Any, clock: Any) -> Auditor:
    """Give an auditor on an empty store."""
    return Auditor(memory_store, clock)


async def test_an_entry_is_masked_and_bounded(auditor: Auditor, memory_store: Any) -> None:
    """No token, no lone surrogate and no novel gets into the audit."""
    await auditor.write(auditor.make("suda\ud800", "x", "microflow", "n" * 5000, detail=f"with {TOKEN}"))
    (row,) = await memory_store.list_audit()
    assert row.entry.actor == "suda\ufffd"
    assert len(row.entry.object_name) == 1000
    assert row.entry.detail == "with mf1_***"


async def test_the_like_of_a_refusal_is_written_once_a_minute(auditor: Auditor, memory_store: Any, clock: Any) -> None:
    """A flood of the same refusal makes one row; another object or a minute later makes another."""
    for _ in range(100):
        await auditor.note_refusal(auditor.make("suda", "execute", "microflow", "Demo/X", outcome="refused"))
    await auditor.note_refusal(auditor.make("suda", "execute", "microflow", "Demo/Y", outcome="refused"))
    clock.move(61)
    await auditor.note_refusal(auditor.make("suda", "execute", "microflow", "Demo/X", outcome="refused"))
    assert [row.entry.object_name for row in await memory_store.list_audit()] == ["Demo/X", "Demo/Y", "Demo/X"]


async def test_memory_of_refusals_is_bounded(auditor: Auditor) -> None:
    """Refusals of thousands of names do not pile up."""
    for number in range(1500):
        await auditor.note_refusal(auditor.make(str(number), "execute", outcome="refused"))
    assert len(auditor._refused_at) == 1000


async def test_a_failing_store_stops_a_deed_but_not_a_refusal(auditor: Auditor, memory_store: Any) -> None:
    """What must be audited raises; a refusal is refused all the same."""
    memory_store.error = StoreError("full")
    await auditor.note_refusal(auditor.make("suda", "execute", outcome="refused"))
    with pytest.raises(StoreError):
        await auditor.write(auditor.make("suda", "deploy"))
