"""A server whose store is a PostgreSQL that asks for a password, and what happens when that one falls over."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.running_server import Server
from tests.integration.version_app import write_version, write_versions_app
from tests.servers.postgres import GUARDED, PostgresServer

_PASSWORD = "canary-of-the-store"


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """Give a PostgreSQL of its own, with a user that has to give a password and owns the database `kept`."""
    made = PostgresServer()
    made.execute(f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{_PASSWORD}'")
    made.execute(f"CREATE DATABASE kept OWNER {GUARDED}")
    yield made
    made.end()


@pytest.fixture
def server(postgres: PostgresServer, tmp_path: Path) -> Iterator[Server]:
    """Serve Versions from that database; the password comes from a file."""
    secret = tmp_path / "password"
    secret.write_text(_PASSWORD + "\n", encoding="utf-8")
    running = Server(
        tmp_path,
        [write_versions_app(tmp_path / "apps")],
        workers=1,
        environment={
            "MICROFLOW_STORE": postgres.url("kept", user=GUARDED),
            "MICROFLOW_STORE_PASSWORD_FILE": str(secret),
        },
    )
    yield running
    running.end()


def _version(server: Server) -> int:
    return int(server.act("Version").outputs["VersionBO"]["number"])


def test_a_server_lives_through_the_end_of_its_store(server: Server, postgres: PostgresServer, tmp_path: Path) -> None:
    """Calls of known sessions go on without the store, a refresh says that it cannot, and all is well when it is back."""
    server.log_in()
    assert not (server.home / "store.sqlite3").exists()
    assert postgres.execute("SELECT count(*) FROM user_account", "kept") == [(1,)]
    for pid in server.processes():
        for name in ("environ", "cmdline"):
            assert _PASSWORD.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()

    app = tmp_path / "apps" / "Versions"
    write_version(app, 2)
    assert server.send("GET", "/MicroflowRest/refreshCache", user=True).status == 200
    assert {_version(server) for _ in range(20)} == {2}

    postgres.stop()
    write_version(app, 3)
    assert {_version(server) for _ in range(20)} == {2}
    refused = server.send("GET", "/MicroflowRest/refreshCache", user=True)
    assert refused.status == 503
    assert str(postgres.port).encode() not in refused.body

    postgres.start()
    give_up_at = time.monotonic() + 20
    while server.send("GET", "/MicroflowRest/refreshCache", user=True).status != 200:
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
    assert {_version(server) for _ in range(20)} == {3}
    assert "cannot be reached" in server.log.read_text(encoding="utf-8")
    assert _PASSWORD not in server.log.read_text(encoding="utf-8")


def test_a_command_works_beside_the_server(server: Server) -> None:
    """A token that is made on the command line is good on the server, which keeps it in the same database."""
    server.token = server.command("token", "add", "--user", "admin")
    assert server.act("Version").outputs == {"VersionBO": {"number": 1, "outer": None}}
