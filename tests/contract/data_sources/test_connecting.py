"""Signing in to servers: passwords by reference, TLS, time zones, and what is told when it does not work."""

from pathlib import Path
from typing import Any

import pytest
from tests.contract.data_sources.conftest import Database, ask
from tests.servers import mariadb, postgres

from microflow_runtime.errors import NodeError
from microflow_runtime.model.http_connection import SecretName

with_servers = pytest.mark.parametrize("kind", ["postgresql", "mariadb"])


def _guarded_url(kind: str) -> str:
    """Give the address of a database for a user that has to give a password."""
    if kind == "mariadb":
        return mariadb.running_mariadb().url(mariadb.running_mariadb().make(), user=mariadb.GUARDED)
    server = postgres.running_postgres()
    known = server.execute(f"select 1 from pg_roles where rolname = '{postgres.GUARDED}'")
    password = mariadb.PASSWORD.replace("'", "''")
    server.execute(f"{'alter' if known else 'create'} role {postgres.GUARDED} login password '{password}'")
    return server.url(server.make(), user=postgres.GUARDED)


def _database(kind: str, url: str, home: Path, **source: Any) -> Database:
    return Database(kind, url, home, **source)


@with_servers
async def test_a_password_comes_from_a_secret(kind: str, tmp_path: Path) -> None:
    """A file of the secrets' folder gives it, whatever characters are in it; it is read anew for each connection."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "orders").write_text("wrong one")
    database = _database(kind, _guarded_url(kind), tmp_path, password=SecretName("orders"))
    with pytest.raises(NodeError) as caught:
        await ask(database, "select 1 as n")
    (folder / "orders").write_text(mariadb.PASSWORD + "\n")
    assert (await ask(database, "select 1 as n"))["n"] == 1
    await database.sources.close()
    assert caught.value.kind == "database.unreachable"


async def test_no_password_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the process or a file of its user holds for the library is handed to no data source, and nothing warns of it."""
    kept = tmp_path / "pgpass"
    kept.write_text("*:*:*:*:" + mariadb.PASSWORD.replace("\\", "\\\\").replace(":", "\\:") + "\n")
    kept.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(kept))
    monkeypatch.setenv("PGPASSWORD", mariadb.PASSWORD)
    database = _database("postgresql", _guarded_url("postgresql"), tmp_path)
    with pytest.raises(NodeError) as caught:
        await ask(database, "select 1 as n")
    assert caught.value.kind == "database.unreachable"
    assert "password file" not in capfd.readouterr().err


@pytest.mark.parametrize("secret", ["wrong", None])
@with_servers
async def test_a_refused_password_shows_nothing(
    kind: str, secret: str | None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither the error nor the log shows a password; a secret that is not there is told in the log by its name."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    if secret is not None:
        (folder / "orders").write_text("s3cr3t-that-is-wrong")
    database = _database(kind, _guarded_url(kind), tmp_path, password=SecretName("orders"))
    with pytest.raises(NodeError) as caught:
        await ask(database, "select 1 as n")
    assert caught.value.message == 'the data source "orders" cannot be reached; the server\'s log tells why.'
    shown = capfd.readouterr()
    assert "s3cr3t" not in shown.out + shown.err
    assert "no connection" in shown.out + shown.err


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_mariadb_over_tls(mode: str, tmp_path: Path) -> None:
    """A user that has to come encrypted gets in with each mode, where the certificate is known."""
    server = mariadb.running_mariadb()
    settings = {"sslmode": mode, "sslrootcert": str(server.certificate)}
    database = _database("mariadb", server.url(server.make(), user="secured"), tmp_path, settings=settings)
    row = await ask(
        database,
        "select variable_value as v from information_schema.session_status where variable_name = 'Ssl_version'",
    )
    assert row["v"].startswith("TLS")
    await database.sources.close()


@pytest.mark.parametrize("settings", [{"sslmode": "disable"}, {"sslmode": "verify-full"}])
async def test_mariadb_without_the_right_tls(settings: dict[str, str], tmp_path: Path) -> None:
    """Neither plain nor with a certificate that nobody vouches for."""
    server = mariadb.running_mariadb()
    database = _database("mariadb", server.url(server.make(), user="secured"), tmp_path, settings=settings)
    with pytest.raises(NodeError) as caught:
        await ask(database, "select 1 as n")
    assert caught.value.kind == "database.unreachable"


async def test_postgresql_asks_for_tls(tmp_path: Path) -> None:
    """A server that has none is not talked to in the clear when TLS is asked for."""
    server = postgres.running_postgres()
    database = _database("postgresql", server.url(server.make()), tmp_path, settings={"sslmode": "require"})
    with pytest.raises(NodeError) as caught:
        await ask(database, "select 1 as n")
    assert caught.value.kind == "database.unreachable"


async def test_a_zone_that_mariadb_does_not_know(tmp_path: Path) -> None:
    """A zone of one offset goes by that; one of several is refused with what to do, before a moment could go wrong."""
    server = mariadb.running_mariadb()
    for zone, offset in (("Asia/Bangkok", "07:00:00"), ("UTC", "00:00:00"), ("Asia/Kolkata", "05:30:00")):
        database = Database("mariadb", server.url(server.make()), tmp_path, time_zone=zone)
        row = await ask(database, "select cast(timediff(now(), utc_timestamp()) as char) as o")
        assert row["o"] == offset
        await database.sources.close()
    database = Database("mariadb", server.url(server.make()), tmp_path, time_zone="America/New_York")
    with pytest.raises(NodeError, match=r"no tables of time zones, which it needs for America/New_York"):
        await ask(database, "select 1 as n")


@with_servers
async def test_sessions_are_set_up(kind: str, tmp_path: Path) -> None:
    """The server's limits are set a little above ours, so that nothing runs on when we are gone."""
    server: Any = postgres.running_postgres() if kind == "postgresql" else mariadb.running_mariadb()
    database = _database(kind, server.url(server.make()), tmp_path)
    if kind == "postgresql":
        row = await ask(database, "select current_setting('statement_timeout') as s, current_setting('idle_in_transaction_session_timeout') as i, current_setting('TimeZone') as z")  # fmt: skip
        assert row == {"s": "35s", "i": "35s", "z": "Europe/Berlin"}
    else:
        row = await ask(database, "select @@max_statement_time as s, @@idle_transaction_timeout as i, @@time_zone as z, @@character_set_connection as c")  # fmt: skip
        assert row == {"s": 35, "i": 36, "z": "Europe/Berlin", "c": "utf8mb4"}
    await database.sources.close()
