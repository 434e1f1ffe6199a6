"""The chain of the audit."""

from datetime import UTC, datetime

import msgspec
import pytest

from microflow_runtime.store import AuditEntry
from microflow_runtime.store.chain import FIRST, chain_hash

ENTRY = AuditEntry(at=datetime(2026, 1, 1, tzinfo=UTC), actor="a", action="b")


def test_the_same_row_has_the_same_hash() -> None:
    """A hash is 64 hexadecimal digits and does not change."""
    assert chain_hash(FIRST, 1, ENTRY) == chain_hash(FIRST, 1, ENTRY)
    assert len(chain_hash(FIRST, 1, ENTRY)) == 64


@pytest.mark.parametrize("field", [name for name in AuditEntry.__struct_fields__ if name != "at"])
def test_every_field_is_covered(field: str) -> None:
    """Any text that is changed changes the hash, and text cannot move from one field to the next."""
    changed = msgspec.structs.replace(ENTRY, **{field: "changed"})
    assert chain_hash(FIRST, 1, changed) != chain_hash(FIRST, 1, ENTRY)
    moved = AuditEntry(at=ENTRY.at, actor="ab", action="")
    assert chain_hash(FIRST, 1, moved) != chain_hash(FIRST, 1, ENTRY)


def test_place_and_time_are_covered() -> None:
    """Another number, another time or another row before gives another hash."""
    later = msgspec.structs.replace(ENTRY, at=datetime(2026, 1, 2, tzinfo=UTC))
    hashes = {
        chain_hash(FIRST, 1, ENTRY), chain_hash(FIRST, 2, ENTRY), chain_hash("1" * 64, 1, ENTRY),
        chain_hash(FIRST, 1, later),
    }  # fmt: skip
    assert len(hashes) == 4
