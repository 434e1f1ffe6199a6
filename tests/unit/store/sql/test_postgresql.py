"""PostgreSQL as the database of the store: what it promises, and what a failing one looks like from outside."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from tests.servers.postgres import GUARDED, PostgresServer, fresh_postgres, running_postgres

from microflow_runtime.errors import Conflict, StoreError
from microflow_runtime.settings import Secret, Settings
from microflow_runtime.store import AuditEntry, Session, SqlStore, User, open_store
from microflow_runtime.store.sql.failures import Interrupted, describe_failure, store_error
from microflow_runtime.store.sql.postgresql import PostgresDatabase

__all__ = ["fresh_postgres"]
T = datetime(2026, 1, 1, tzinfo=UTC)
ENTRY = AuditEntry(at=T, actor="a", action="b")


@pytest.fixture
async def store(fresh_postgres: str) -> AsyncIterator[SqlStore]:
    """Give a store on a fresh database."""
    opened = open_store(Settings(store=fresh_postgres))
    yield opened
    await opened.close()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """Give a server that may be mistreated."""
    server = PostgresServer()
    yield server
    server.end()


def database_of(store: SqlStore) -> PostgresDatabase:
    """Look at the database behind a store."""
    assert isinstance(store._database, PostgresDatabase)
    return store._database


async def run(store: SqlStore, *statements: str) -> None:
    """Run statements in one transaction of the store."""
    async with store._database.change() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def add_sessions(store: SqlStore, *handles: str) -> None:
    """Add a user with sessions."""
    await store.add_user(User(username="suda", created_at=T), [], ENTRY)
    for handle in handles:
        await store.add_session(
            Session(
                handle=handle, token_digest=handle.encode(), id_digest=None, username="suda", client_id="",
                kind="login", name="", created_at=T, seen_at=T, ends_at=T,
            ),
            ENTRY,
        )  # fmt: skip


def test_the_store_says_what_it_is(fresh_postgres: str) -> None:
    """Server and version are named, for `doctor` and the log."""
    store = open_store(Settings(store=fresh_postgres))
    named = list(store.describe())
    assert named[0].startswith("PostgreSQL 1")
    assert named[1].startswith("schema 0")
    asyncio.run(store.close())


async def test_the_audit_cannot_be_changed(store: SqlStore) -> None:
    """The database itself refuses to change or remove a row, or all of them; so it does for activations."""
    await store.append_audit(ENTRY)
    for table in ("audit", "activation"):
        for statement in (f"UPDATE {table} SET at = 1", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(Conflict):
                async with store._database.write() as connection:
                    await connection.execute(text(statement))
    assert (await store.list_audit())[0].entry == ENTRY


async def test_a_read_sees_one_moment(store: SqlStore) -> None:
    """What others commit while a read goes on is not seen by it, and it cannot write."""
    await store.put_meta("k", "1")
    query = text("SELECT value FROM meta WHERE key = 'k'")
    async with store._database.read() as connection:
        assert (await connection.execute(query)).scalar() == "1"
        await store.put_meta("k", "2")
        assert (await connection.execute(query)).scalar() == "1"
    with pytest.raises(StoreError, match="read-only"):
        async with store._database.read() as connection:
            await connection.execute(text("DELETE FROM meta"))
    assert await store.find_meta("k") == "2"


async def test_what_is_written_often_does_not_wait_for_who_audits(store: SqlStore) -> None:
    """While a publication holds the lock, touches, counters, executions, keys and values go on; another audit waits."""
    await add_sessions(store, "one")
    async with store._database.write():
        await asyncio.wait_for(store.touch_sessions(["one"], T + timedelta(1)), 5)
        await asyncio.wait_for(store.count_attempt([b"a"], T, T), 5)
        await asyncio.wait_for(store.add_executions([]), 5)
        await asyncio.wait_for(store.put_cached("s", "k", b"v", T), 5)
        claim = store.claim_key("s", "k", digest=b"", execution_id="e", at=T, lease_ends_at=T, ends_at=T + timedelta(1))
        assert (await asyncio.wait_for(claim, 5)).state == "new"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(store.append_audit(ENTRY), 0.3)
    await store.append_audit(ENTRY)
    assert await store.find_audit_break() is None


async def test_a_lock_is_not_waited_for_for_ever(store: SqlStore, fresh_postgres: str) -> None:
    """A machine that hangs while it holds the lock makes the others fail, not hang."""
    with psycopg.connect(fresh_postgres) as other:
        other.execute("SELECT pg_advisory_xact_lock(7270341, 1)")
        async with database_of(store).engine.begin() as connection:
            waits = (await connection.execute(text("SHOW lock_timeout"))).scalar()
        assert waits == "5s"
        with pytest.raises(StoreError, match="locked"):
            await run(store, "SET LOCAL lock_timeout = 50", "SELECT pg_advisory_xact_lock(7270341, 1)")


async def test_a_statement_that_takes_too_long_is_stopped(store: SqlStore) -> None:
    """It ends in one sentence, and the connection is good afterwards."""
    with pytest.raises(StoreError, match="took too long"):
        await run(store, "SET LOCAL statement_timeout = 50", "SELECT pg_sleep(10)")
    await store.put_meta("k", "1")


async def test_of_two_that_wait_for_each_other_both_end_well(store: SqlStore, fresh_postgres: str) -> None:
    """The database takes one transaction back; the store runs it again."""
    await add_sessions(store, "one", "two")
    locked = "SELECT 1 FROM session WHERE handle = %s FOR UPDATE"
    async with await psycopg.AsyncConnection.connect(fresh_postgres) as other:
        await other.execute("SET deadlock_timeout = '10s'")  # so that ours is the one that is taken back
        await other.execute(locked, ("two",))
        touch = asyncio.create_task(_touch_in_order(store))
        await asyncio.sleep(0.3)
        await other.execute(locked, ("one",))
        await other.commit()
        assert await touch >= 2
    assert {session.seen_at for session in await store.list_sessions()} == {T + timedelta(1)}


async def _touch_in_order(store: SqlStore) -> int:
    """Touch both sessions in one transaction, first the one and then the other; give how often it was tried."""
    from microflow_runtime.store.sql.database import repeated

    runs = 0

    @repeated
    async def touch() -> None:
        nonlocal runs
        runs += 1
        async with store._database.change() as connection:
            for handle in ("one", "two"):
                moved = text("UPDATE session SET seen_at = seen_at + 86400000000 WHERE handle = :handle")
                await connection.execute(moved, {"handle": handle})

    await touch()
    return runs


async def test_nothing_happens_without_its_audit_row(store: SqlStore, fresh_postgres: str) -> None:
    """When the audit refuses the row, the user is not there either."""
    with psycopg.connect(fresh_postgres) as other:
        other.execute("ALTER TABLE audit ADD CONSTRAINT never CHECK (number < 0)")
    with pytest.raises(Conflict):
        await store.add_user(User(username="suda", created_at=T), [], ENTRY)
    assert await store.find_user("suda") is None


async def test_names_are_listed_by_character(store: SqlStore) -> None:
    """The order is that of SQLite and of memory, whatever language the database was made for."""
    for name in ("ก", "b", "B", "a", "é", "-"):
        await store.add_user(User(username=name, created_at=T), [], ENTRY)
    assert [user.username for user in await store.list_users()] == ["-", "B", "a", "b", "é", "ก"]


async def test_a_cancelled_call_leaves_nothing_behind(store: SqlStore) -> None:
    """A caller that goes away in the middle of a write gives the lock and the connection back."""
    for _ in range(12):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), store._database.write() as connection:
                await connection.execute(text("SELECT pg_sleep(10)"))
    await asyncio.wait_for(store.append_audit(ENTRY), 5)


async def test_a_restart_in_the_middle_is_survived(own_server: PostgresServer) -> None:
    """What is under way fails in one sentence, nothing hangs, and the store recovers by itself without loss."""
    store = open_store(Settings(store=own_server.url(own_server.make())))
    stop, well = asyncio.Event(), asyncio.Event()
    before = 0
    written: list[int] = []
    failures: list[str] = []

    async def write_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                await store.put_meta(f"k{number}", "v")
                await store.append_audit(ENTRY)
                await store.find_meta(f"k{number}")
            except StoreError as error:
                failures.append(error.message)
                await asyncio.sleep(0.01)
            else:
                written.append(number)
                if failures and len(written) > before + 5:
                    well.set()

    tasks = [asyncio.create_task(write_on()) for _ in range(3)]
    await asyncio.sleep(0.5)
    before = len(written)
    await asyncio.to_thread(own_server.restart)
    async with asyncio.timeout(20):
        await well.wait()
    stop.set()
    await asyncio.gather(*tasks)
    assert before > 0
    assert set(failures) <= {"The store cannot be reached."}
    assert await store.find_audit_break() is None
    await store.close()


async def test_a_lost_connection_is_not_handed_out(own_server: PostgresServer) -> None:
    """Connections that died while they lay idle are replaced before anybody gets one."""
    store = open_store(Settings(store=own_server.url(own_server.make())))
    await asyncio.gather(*(store.find_meta("k") for _ in range(4)))
    await asyncio.to_thread(own_server.restart)
    for _ in range(5):
        assert await store.find_meta("k") is None
    await store.close()


async def test_a_server_that_is_not_there_is_told(own_server: PostgresServer) -> None:
    """At start and later alike, without address or user; a patient start waits until it is there."""
    settings = Settings(store=own_server.url(own_server.make()))
    store = open_store(settings)
    own_server.stop()
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        await store.find_meta("k")
    assert "127.0.0.1" not in caught.value.message
    with pytest.raises(StoreError, match="cannot be reached"):
        open_store(settings)
    waiting = asyncio.create_task(asyncio.to_thread(open_store, settings, patience_seconds=20))
    await asyncio.sleep(0.7)
    await asyncio.to_thread(own_server.start)
    other = await waiting
    await other.close()
    assert await store.find_meta("k") is None
    await store.close()


def test_a_replica_is_refused(own_server: PostgresServer) -> None:
    """A server that only follows another is never read from: what it knows may be of yesterday."""
    name = own_server.make()
    own_server.stop()
    (own_server.data / "standby.signal").touch()
    own_server.start()
    assert own_server.execute("SELECT pg_is_in_recovery()") == [(True,)]
    with pytest.raises(StoreError, match="primary"):
        open_store(Settings(store=own_server.url(name)))


async def test_a_server_that_becomes_a_replica_is_refused(own_server: PostgresServer) -> None:
    """A store that was open before notices with its next connection."""
    store = open_store(Settings(store=own_server.url(own_server.make())))
    await store.put_meta("k", "1")
    own_server.stop()
    (own_server.data / "standby.signal").touch()
    await asyncio.to_thread(own_server.start)
    with pytest.raises(StoreError, match="primary"):
        await store.find_meta("k")
    await store.close()


def test_the_password_comes_beside_the_address(fresh_postgres: str) -> None:
    """With the right one the store opens; without it, or with another, it says so and shows none."""
    server = running_postgres()
    name = fresh_postgres.rpartition("/")[2]
    server.execute(f"DROP ROLE IF EXISTS {GUARDED}")
    server.execute(f"CREATE ROLE {GUARDED} LOGIN PASSWORD 'canary ไทย'")
    server.execute(f"ALTER DATABASE {name} OWNER TO {GUARDED}")
    address = server.url(name, user=GUARDED)
    asyncio.run(open_store(Settings(store=address, store_password=Secret("canary ไทย"))).close())
    for wrong in (None, Secret("canary")):
        with pytest.raises(StoreError, match="user or password") as caught:
            open_store(Settings(store=address, store_password=wrong))
        assert "canary" not in caught.value.message
    server.execute(f"ALTER DATABASE {name} OWNER TO postgres")
    server.execute(f"DROP OWNED BY {GUARDED}", database=name)
    server.execute(f"DROP ROLE {GUARDED}")


def test_a_database_that_is_not_there_is_told(fresh_postgres: str) -> None:
    """The name is wrong or nobody has made it yet."""
    with pytest.raises(StoreError, match="does not exist"):
        open_store(Settings(store=fresh_postgres + "_not"))


def test_a_database_in_another_encoding_is_refused() -> None:
    """One that cannot keep Thai is not begun with."""
    server = running_postgres()
    name = server.make()
    server.drop(name)
    server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    with pytest.raises(StoreError, match="UTF8"):
        open_store(Settings(store=server.url(name)))
    server.drop(name)


def test_a_socket_in_a_folder_will_do(fresh_postgres: str) -> None:
    """The address may name the folder of a Unix socket instead of a host."""
    server = running_postgres()
    name = fresh_postgres.rpartition("/")[2]
    address = f"postgresql://postgres@/{name}?host={server.folder}&port={server.port}"
    asyncio.run(open_store(Settings(store=address)).close())


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (psycopg.errors.DiskFull("/secret"), "disk is full"),
        (psycopg.errors.TooManyConnections("x"), "no more connections"),
        (psycopg.errors.OutOfMemory("x"), "memory"),
        (psycopg.errors.InsufficientPrivilege("x"), "may not be written"),
        (psycopg.errors.NumericValueOutOfRange("x"), "does not fit"),
        (psycopg.errors.ProgramLimitExceeded("x"), "too large"),
        (psycopg.errors.AdminShutdown("x"), "cannot be reached"),
        (psycopg.errors.DataCorrupted("x"), "damaged"),
        (psycopg.errors.IoError("x"), "disk failed"),
        (psycopg.errors.UndefinedTable("/secret"), "The store failed."),
        (psycopg.OperationalError("/secret: connection refused"), "cannot be reached"),
        (psycopg.OperationalError("FATAL: sorry, too many clients already"), "no more connections"),
        (psycopg.DataError("PostgreSQL text fields cannot contain NUL"), "does not fit"),
        (psycopg.ProgrammingError("/secret"), "The store failed."),
    ],
)
def test_a_failure_is_one_sentence(cause: psycopg.Error, told: str) -> None:
    """Whatever the driver raises, the sentence tells what and not where."""
    sentence = describe_failure(cause)
    assert told in sentence
    assert "/" not in sentence


def test_a_transaction_that_was_taken_back_can_be_repeated() -> None:
    """Deadlocks and failed serializations are told apart from other failures."""
    for cause in (psycopg.errors.DeadlockDetected("x"), psycopg.errors.SerializationFailure("x")):
        assert isinstance(store_error(cause), Interrupted)
    assert not isinstance(store_error(psycopg.errors.DiskFull("x")), Interrupted)


def test_the_folder_of_the_home_is_not_needed(fresh_postgres: str, tmp_path: Path) -> None:
    """With PostgreSQL nothing is kept in the home by the store."""
    asyncio.run(open_store(Settings(store=fresh_postgres, home=tmp_path / "home")).close())
    assert not (tmp_path / "home").exists()
