"""What a failing database looks like from outside."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from microflow_runtime.errors import Conflict, StoreError
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, Session, SqlStore, User, open_store
from microflow_runtime.store.sql import sqlite
from microflow_runtime.store.sql.failures import describe_failure, translated

T = datetime(2026, 1, 1, tzinfo=UTC)
ENTRY = AuditEntry(at=T, actor="a", action="b")


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqlStore]:
    """Give a store that waits a tenth of a second for others."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    opened = open_store(Settings(home=tmp_path))
    yield opened
    await opened.close()


async def test_a_locked_store_says_so_and_recovers(store: SqlStore, tmp_path: Path) -> None:
    """While another process writes, a write fails in one sentence and reads go on; then all is well."""
    await store.put_meta("k", "1")
    with closing(sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked") as caught:
            await store.put_meta("k", "2")
        assert str(tmp_path) not in caught.value.message
        assert await store.find_meta("k") == "1"
        other.execute("ROLLBACK")
    await store.put_meta("k", "3")
    assert await store.find_meta("k") == "3"


async def test_a_full_disk_says_so_and_recovers(store: SqlStore) -> None:
    """A write that finds no room leaves nothing half done, and works again when there is room."""
    await store.put_definitions([("h", "k", b"x")])
    async with store._database.engine.connect() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar()
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        await connection.rollback()
    with pytest.raises(StoreError, match="disk is full"):
        await store.put_definitions([(f"h{number}", "k", b"x" * 5000) for number in range(100)])
    assert await store.find_known_hashes(["h", "h0", "h99"]) == {"h"}
    async with store._database.engine.connect() as connection:
        await connection.execute(text("PRAGMA max_page_count = 1000000"))
        await connection.rollback()
    await store.put_definitions([("h0", "k", b"x" * 5000)])


async def test_a_read_only_store_says_so(store: SqlStore) -> None:
    """Writing into a store that may only be read is one sentence."""
    async with store._database.engine.connect() as connection:
        await connection.execute(text("PRAGMA query_only = ON"))
        await connection.rollback()
    with pytest.raises(StoreError, match="read-only"):
        await store.put_meta("k", "1")


async def test_nothing_happens_without_its_audit_row(store: SqlStore) -> None:
    """When the audit refuses the row, the user is not there either."""
    async with store._database.write() as connection:
        await connection.execute(
            text("CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'no'); END")
        )
    with pytest.raises((StoreError, Conflict)):
        await store.add_user(User(username="suda", created_at=T), [], ENTRY)
    assert await store.find_user("suda") is None


async def test_the_audit_cannot_be_changed(store: SqlStore) -> None:
    """The database itself refuses to change or remove a row."""
    await store.append_audit(ENTRY)
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises((StoreError, Conflict)):
            async with store._database.write() as connection:
                await connection.execute(text(statement))
    assert (await store.list_audit())[0].entry == ENTRY


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET actor = 'x' WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 2", 3),
        ("UPDATE audit SET hash = 'x' WHERE number = 3", 3),
    ],
)
async def test_a_change_behind_the_back_is_found(store: SqlStore, tmp_path: Path, statement: str, broken: int) -> None:
    """Whoever takes the triggers away and changes a row leaves a break in the chain."""
    for _ in range(3):
        await store.append_audit(ENTRY)
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as other, other:
        other.execute("DROP TRIGGER audit_no_UPDATE")
        other.execute("DROP TRIGGER audit_no_DELETE")
        other.execute(statement)
    assert await store.find_audit_break() == broken


async def test_digests_are_given_once(store: SqlStore) -> None:
    """Two sessions cannot share a token, whatever a caller of the store does."""
    await store.add_user(User(username="suda", created_at=T), [], ENTRY)
    session = Session(
        handle="a", token_digest=b"t", id_digest=b"i", username="suda", client_id="", kind="login", name="",
        created_at=T, seen_at=T, ends_at=T,
    )  # fmt: skip
    await store.add_session(session, ENTRY)
    with pytest.raises(Conflict):
        await store.add_session(session, ENTRY)
    assert len(await store.list_audit()) == 2


async def test_text_that_is_no_text_is_refused(store: SqlStore) -> None:
    """A lone surrogate cannot be kept, and says so instead of failing inside the driver."""
    with pytest.raises(StoreError, match="does not fit"):
        await store.put_meta("k", "\ud800")


async def test_two_processes_write_side_by_side(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two stores on one file write at once, and no row of the audit is lost or doubled."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 30.0)  # holds for connections from now on, and there is none yet
    other = open_store(Settings(home=tmp_path))
    await asyncio.gather(*(one.append_audit(ENTRY) for one in (store, other) for _ in range(10)))
    assert [row.number for row in await other.list_audit()] == list(range(20, 0, -1))
    assert await store.find_audit_break() is None
    await other.close()


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (OSError(28, "No space left", "/secret/path"), "cannot be reached"),
        (OverflowError(), "does not fit"),
        (RuntimeError("/secret/path"), "failed"),
        (None, "failed"),
    ],
)
def test_a_failure_is_one_sentence_without_a_path(cause: BaseException | None, told: str) -> None:
    """Whatever a driver raises, the sentence tells what and not where."""
    sentence = describe_failure(cause)
    assert told in sentence
    assert "/" not in sentence


def test_errors_of_ours_pass_as_they_are() -> None:
    """A conflict found inside is not turned into a failure of the store."""
    with pytest.raises(Conflict, match="taken"), translated():
        raise Conflict("taken")
