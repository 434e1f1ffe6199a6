"""What every store does with executions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from microflow_runtime.errors import StoreError
from microflow_runtime.store import ExecutionFilter, Store, StoredExecution

T = datetime(2026, 5, 19, 15, 15, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def make(number: int, **changes: Any) -> StoredExecution:
    """Give an execution that began so many seconds after T."""
    plain = StoredExecution(
        execution_id=f"id{number:04}", app="Demo", flow="Exchange Rate", snapshot="v.0.1.0", epoch=7, username="suda",
        status="SUCCESS", started_at=T + number * SECOND, duration_us=1234, trace=b"\x00\xfftrace",
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def bare(*executions: StoredExecution) -> list[StoredExecution]:
    """Give executions as lists give them: without traces."""
    return [msgspec.structs.replace(each, trace=b"") for each in executions]


def ids(executions: list[StoredExecution]) -> list[str]:
    """Name executions shortly."""
    return [each.execution_id for each in executions]


async def test_an_execution_comes_back_as_it_went_in(store: Store) -> None:
    """Every field survives; only finding it by its id gives the trace."""
    keys = (("order", "ก-1"), ("order", "ก-2"), ("customer", ""))
    one = make(1, status="ERROR", error="MF-E010 ผิด\nline", search_keys=keys)
    await store.add_executions([one])
    assert await store.find_execution("id0001") == one
    assert await store.find_execution("id") is None
    assert await store.list_executions() == bare(one)


async def test_a_batch_is_kept_whole_or_not_at_all(store: Store) -> None:
    """One that cannot be kept keeps the others out; what is there under an id already stays as it was."""
    await store.add_executions([])
    await store.add_executions([make(1), make(2)])
    await store.add_executions([make(2, error="other", search_keys=(("a", "b"),)), make(3)])
    with pytest.raises(StoreError, match="does not fit"):
        await store.add_executions([make(4), make(5, error="NUL \0")])
    assert await store.list_executions() == bare(make(3), make(2), make(1))


async def test_executions_are_listed_page_by_page(store: Store) -> None:
    """Newest first, those of one moment by id; each page begins where the last ended, and none is given twice or lost."""
    many = [make(number, started_at=T + number // 3 * SECOND) for number in range(20)]
    await store.add_executions(many)
    expected = [each.execution_id for each in reversed(many)]
    found: list[str] = []
    before = None
    while page := await store.list_executions(before=before, limit=3):
        assert len(page) <= 3
        found += ids(page)
        before = (page[-1].started_at, page[-1].execution_id)
        await store.add_executions([make(1000 + len(found))])  # newer ones do not shift the pages
    assert found == expected


async def test_executions_are_filtered(store: Store) -> None:
    """Each part of a filter alone and all together; the end of a span is not part of it."""
    await store.add_executions(
        [
            make(1), make(2, app="Tracking"), make(3, flow="Other"), make(4, status="ERROR"), make(5, username="robot"),
            make(6, app="Tracking", flow="Other", status="ERROR", username="robot"),
        ]
    )  # fmt: skip
    for wanted, expected in (
        (ExecutionFilter(app="Tracking"), ["id0006", "id0002"]),
        (ExecutionFilter(flow="Other"), ["id0006", "id0003"]),
        (ExecutionFilter(app="Demo", flow="Other"), ["id0003"]),
        (ExecutionFilter(status="ERROR"), ["id0006", "id0004"]),
        (ExecutionFilter(status="SUCCESS", username="suda"), ["id0003", "id0002", "id0001"]),
        (ExecutionFilter(username="robot"), ["id0006", "id0005"]),
        (ExecutionFilter(since=T + 2 * SECOND, until=T + 4 * SECOND), ["id0003", "id0002"]),
        (ExecutionFilter(app="Tracking", flow="Other", status="ERROR", username="robot"), ["id0006"]),
        (ExecutionFilter(app="Demo", username="robot", status="ERROR"), []),
    ):
        assert ids(await store.list_executions(wanted)) == expected, wanted
    page = await store.list_executions(ExecutionFilter(status="ERROR"), before=(T + 6 * SECOND, "id0006"))
    assert ids(page) == ["id0004"]


async def test_executions_are_found_by_a_search_key(store: Store) -> None:
    """By name and value, exactly, page by page and with other filters."""
    await store.add_executions(
        [make(number, search_keys=(("order", f"A{number % 2}"), ("customer", "ก"))) for number in range(6)]
    )
    wanted = ExecutionFilter(search_key=("order", "A1"))
    page = await store.list_executions(wanted, limit=2)
    assert ids(page) == ["id0005", "id0003"]
    assert page[0].search_keys == (("order", "A1"), ("customer", "ก"))
    rest = await store.list_executions(wanted, before=(page[-1].started_at, page[-1].execution_id))
    assert ids(rest) == ["id0001"]
    narrow = ExecutionFilter(search_key=("customer", "ก"), since=T + SECOND, until=T + 3 * SECOND, app="Demo")
    assert ids(await store.list_executions(narrow)) == ["id0002", "id0001"]
    for other in (("order", "a1"), ("customer", "A1"), ("Order", "A1")):
        assert await store.list_executions(ExecutionFilter(search_key=other)) == []


async def test_a_long_value_is_found_by_its_beginning(store: Store) -> None:
    """The first 256 characters of a value are kept and looked for, so that no value is too long to be kept."""
    value = "ยาว" * 200
    await store.add_executions([make(1, search_keys=(("name", value),))])
    (found,) = await store.list_executions(ExecutionFilter(search_key=("name", value)))
    assert found.search_keys == (("name", value[:256]),)
    assert await store.list_executions(ExecutionFilter(search_key=("name", value[:255]))) == []


async def test_old_executions_are_pruned(store: Store) -> None:
    """The oldest go first, as many as asked, with the keys they were found by; newer ones stay."""
    await store.add_executions([make(number, search_keys=(("order", "x"),)) for number in range(10)])
    assert await store.prune_executions(T + 6 * SECOND, limit=4) == 4
    assert ids(await store.list_executions())[-1] == "id0004"
    assert await store.prune_executions(T + 6 * SECOND) == 2
    assert await store.prune_executions(T + 6 * SECOND) == 0
    assert ids(await store.list_executions(ExecutionFilter(search_key=("order", "x")))) == [
        "id0009", "id0008", "id0007", "id0006",
    ]  # fmt: skip
    assert await store.find_execution("id0000") is None
