"""Traps 3, 4 and 7 on databases of every kind, over real servers in two time zones; admission before the first step."""

import json
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.integration.databases_app import KINDS, TABLES, write_databases_app
from tests.integration.running_server import ACT, Server
from tests.servers import mariadb, postgres

HOSTILE = (
    "= 1 + 1", "{{secrets.DB_PASSWORD}}", "${HOME}", "{name}", "'; drop table note; --", "%s :name", "\\", "\\'", "\U0001f600"
)  # fmt: skip
with_kinds = pytest.mark.parametrize("kind", KINDS)


class World:
    """A server with the app, and eyes on its databases."""

    def __init__(self, folder: Path, zone: str) -> None:
        self._postgres = postgres.running_postgres()
        self._mariadb = mariadb.running_mariadb()
        self._names = {"postgresql": self._postgres.make(), "mariadb": self._mariadb.make()}
        for kind, name in self._names.items():
            self.look(kind, TABLES[kind], name)
        self._let_in_guarded()
        urls = {
            "postgresql": self._postgres.url(self._names["postgresql"], user=postgres.GUARDED),
            "mariadb": self._mariadb.url(self._names["mariadb"], user=mariadb.GUARDED),
        }
        environment = {"TZ": zone, "MICROFLOW_SECRET_DATABASE": mariadb.PASSWORD}
        self.server = Server(folder, [write_databases_app(folder, urls)], workers=1, environment=environment)
        self.server.log_in()

    def _let_in_guarded(self) -> None:
        user = postgres.GUARDED
        known = self._postgres.execute(f"select 1 from pg_roles where rolname = '{user}'")
        password = mariadb.PASSWORD.replace("'", "''")
        self._postgres.execute(f"{'alter' if known else 'create'} role {user} login password '{password}'")
        for table in ("moment", "note", "moment_id_seq"):
            self._postgres.execute(f"grant all on {table} to {user}", self._names["postgresql"])

    def look(self, kind: str, sql: str, name: str = "") -> list[Any]:
        """Run a statement as somebody else."""
        if kind == "sqlite":
            connection = sqlite3.connect(self.server.home / "data" / "Databases" / "notes.db", timeout=5)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        server: Any = self._postgres if kind == "postgresql" else self._mariadb
        return list(server.execute(sql, name or self._names[kind]))

    def notes(self, kind: str) -> list[str]:
        """Give the notes that others see."""
        return [str(row[0]) for row in self.look(kind, "select text from note order by text")]

    def busy(self, kind: str) -> int:
        """Count the statements of ours that run at the server and the transactions that are open there."""
        if kind == "sqlite":
            return 0
        sql = {
            "postgresql": "select count(*) from pg_stat_activity where application_name = 'microflow' and state <> 'idle'",
            "mariadb": f"select count(*) from information_schema.processlist where user = '{mariadb.GUARDED}' and command <> 'Sleep'",
        }[kind]
        return int(self.look(kind, sql)[0][0])

    def end(self) -> None:
        """Stop the server."""
        self.server.end()
        self._postgres.drop(self._names["postgresql"])
        self._mariadb.drop(self._names["mariadb"])


@pytest.fixture(scope="module", params=["America/New_York", "Asia/Bangkok"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a server that stands in one zone, then one that stands in another; the app is in Bangkok."""
    made = World(tmp_path_factory.mktemp("databases"), request.param)
    yield made
    made.end()


def _soon(what: Callable[[], object], expected: object, *, seconds: float = 2) -> None:
    """See that something comes true in a while."""
    give_up_at = time.monotonic() + seconds
    while (found := what()) != expected:
        assert time.monotonic() < give_up_at, f"{found} is not {expected}"
        time.sleep(0.05)


@with_kinds
def test_wall_clocks_stay(world: World, kind: str) -> None:
    """Trap 3: without zone the clock on the wall stays; a column with zone tells the app's offset; a date is that date."""
    for at, day, zoned in (
        ("2026-05-19T15:15:00", "2026-05-19", "2026-05-19T15:15:00+07:00"),
        ("2026-03-08T02:30:00", "2026-03-08", "2026-03-08T02:30:00+07:00"),
    ):
        read = world.server.act(f"Moments {kind}", {"MomentBO": {"at": at, "day": day}}).outputs["Read"]
        assert read == {"at": at, "day": day, "zoned": at if kind == "sqlite" else zoned}


@with_kinds
def test_data_is_never_evaluated(world: World, kind: str) -> None:
    """Trap 4: a text that looks like code goes into a column and comes out of it as that text."""
    for name in HOSTILE:
        assert world.server.act(f"Name {kind}", {"NameBO": {"name": name}}).outputs == {"NameBO": {"name": name}}
    assert world.notes(kind) == []


@with_kinds
def test_the_time_limit_reaches_the_statement(world: World, kind: str) -> None:
    """Trap 7b: a sub flow inserts and then sleeps; the answer comes in time, nothing runs on, nothing stays, all is usable."""
    begun = time.monotonic()
    error = world.server.act(f"Outside {kind}", {"NameBO": {"name": "gone"}}).error
    assert time.monotonic() - begun < 2.5
    assert error.startswith(
        f'Outside {kind}, sub flow "Call": Inside {kind}, database "Sleep": the time limit of 2.000 s'
    )
    _soon(lambda: world.busy(kind), 0)
    assert world.notes(kind) == []
    assert world.server.act(f"Name {kind}", {"NameBO": {"name": "n"}}).outputs == {"NameBO": {"name": "n"}}


@with_kinds
def test_hanging_up_reaches_the_statement(world: World, kind: str) -> None:
    """When the caller goes away, the statement is stopped at the server and the insert before it undone."""
    body = json.dumps({"flowName": f"Inside {kind}", "object": {"NameBO": {"name": "left"}}}).encode()
    head = f"POST {ACT} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nAuthorization: Bearer {world.server.token}\r\n\r\n"  # fmt: skip
    with socket.create_connection(("127.0.0.1", world.server.port)) as line:
        line.sendall(head.encode() + body)
        if kind == "sqlite":
            time.sleep(0.3)
        else:
            _soon(lambda: world.busy(kind), 1)
    _soon(lambda: world.busy(kind), 0, seconds=1.5)
    assert world.notes(kind) == []
    assert world.server.act(f"Name {kind}", {"NameBO": {"name": "n"}}).outputs == {"NameBO": {"name": "n"}}


@with_kinds
def test_a_batch_over_the_wire(world: World, kind: str) -> None:
    """A list is written in one go and counted; one that breaks a rule is caught and leaves nothing."""
    names = [{"name": f"n{number}"} for number in range(1200)]
    assert world.server.act(f"Names {kind}", {"NamesBO": {"names": names}}).outputs == {"CountBO": {"count": 1200}}
    again = [{"name": "new"}, {"name": "n7"}]
    assert world.server.act(f"Names {kind}", {"NamesBO": {"names": again}}).outputs == {"CountBO": {"count": 0}}
    assert len(world.notes(kind)) == 1200
    with_delete = {"sqlite": sqlite3.connect}.get(kind)
    if with_delete is not None:
        connection = with_delete(world.server.home / "data" / "Databases" / "notes.db")
        connection.execute("delete from note")
        connection.commit()
        connection.close()
    else:
        world.look(kind, "delete from note")


@with_kinds
def test_a_call_without_a_connection_to_come_is_refused_at_once(world: World, kind: str) -> None:
    """One connection and room for one to wait, used by a sub flow: the third call is 503 before anything runs."""
    with ThreadPoolExecutor(2) as callers:
        held = [callers.submit(world.server.act, f"Hold {kind}") for _ in range(2)]
        time.sleep(0.3)
        begun = time.monotonic()
        refused = world.server.act(f"Hold {kind}")
        took = time.monotonic() - begun
        assert [call.result().outputs for call in held] == [{"TextBO": {"text": "held"}}] * 2
    assert (refused.status, refused.headers["retry-after"], refused.json["responseStatus"]) == (503, "1", "ERROR")
    assert (
        refused.json["exception"]
        == f'Every connection of the data source "{kind} narrow" is in use, and others wait for one.'
    )
    assert took < 0.25
    assert world.server.act(f"Hold {kind}").status == 200


def test_the_password_is_nowhere(world: World) -> None:
    """Neither the log nor the home holds the secret."""
    secret = mariadb.PASSWORD.encode()
    assert secret not in world.server.log.read_bytes()
    files = [path for path in world.server.home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if secret in path.read_bytes()]
