"""What holds when several processes use one SQLite file or one PostgreSQL at once."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.servers.postgres import running_postgres

from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, Session, User, open_store

PROGRAM = Path(__file__).with_name("store_process.py")
T = datetime(2026, 5, 19, tzinfo=UTC)
PROCESSES = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Give the settings of an empty store that processes can share."""
    if request.param == "sqlite":
        yield Settings(home=tmp_path / "home")
        return
    server = running_postgres()
    name = server.make()
    yield Settings(home=tmp_path / "home", store=server.url(name))
    server.drop(name)


async def run_together(settings: Settings, work: str, count: int) -> list[Any]:
    """Let processes do the same work at once, on a store that none of them has made yet; give what each told."""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, PROGRAM, settings.home, settings.store, work, f"p{number}", str(count),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    told = await asyncio.wait_for(asyncio.gather(*(each.communicate(b"go\n") for each in processes)), 60)
    assert [each.returncode for each in processes] == [0] * PROCESSES
    return [json.loads(output) for output, _ in told]


async def test_epochs_of_many_publishers_strictly_grow(settings: Settings) -> None:
    """Each epoch is published by one, none is left out, and each has its audit row and its activation."""
    told = await run_together(settings, "publish", 8)
    total = PROCESSES * 8
    assert sorted(epoch for epochs in told for epoch in epochs) == list(range(1, total + 1))
    store = open_store(settings)
    for number, epochs in enumerate(told):
        assert epochs == sorted(epochs)
        for epoch in epochs:
            assert (await store.get_catalog(epoch)).manifest == f"p{number}".encode()
    assert await store.find_audit_break() is None
    assert [row.number for row in await store.list_audit()] == list(range(total, 0, -1))
    active = await store.list_activations(limit=total + 1)
    assert [(row.number, row.version) for row in active] == [(number, str(number)) for number in range(total, 0, -1)]
    await store.close()


async def test_a_key_is_new_for_one_process_alone(settings: Settings) -> None:
    """Of all that ask for a key at once exactly one is told to run, for each key."""
    told = await run_together(settings, "claim", 50)
    for states in zip(*told, strict=True):
        assert sorted(states) == ["new"] + ["running"] * (PROCESSES - 1)


async def test_what_is_written_often_is_not_lost(settings: Settings) -> None:
    """Touches, counters, executions, cached values and audit of all processes on the same rows all end well."""
    store = open_store(settings)
    entry = AuditEntry(at=T, actor="test", action="prepare")
    await store.add_user(User(username="suda", created_at=T), [], entry)
    for number in range(5):
        handle = f"handle{number}"
        await store.add_session(
            Session(
                handle=handle, token_digest=handle.encode(), id_digest=None, username="suda", client_id="",
                kind="login", name="", created_at=T, seen_at=T, ends_at=T + timedelta(days=1),
            ),
            entry,
        )  # fmt: skip
    assert await run_together(settings, "mix", 10) == [10] * PROCESSES
    assert {session.seen_at for session in await store.list_sessions()} == {T + timedelta(seconds=9)}
    assert {found.failures for found in (await store.find_attempts([b"account", b"address"])).values()} == {
        10 * PROCESSES
    }
    assert len(await store.list_executions(limit=100)) == 10 * PROCESSES
    assert [row.number for row in await store.list_audit()] == list(range(6 + 10 * PROCESSES, 0, -1))
    assert await store.find_audit_break() is None
    await store.close()
