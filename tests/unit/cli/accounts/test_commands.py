"""`microflow user|role|client|token|grant` on a home."""

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.servers.postgres import fresh_postgres
from typer.testing import CliRunner

from microflow_runtime.cli.accounts import client_app, grant_app, role_app, token_app, user_app
from microflow_runtime.cli.accounts.work import read_secret
from microflow_runtime.errors import NotAuthenticated
from microflow_runtime.runtime.page import SharedPage, page_path
from microflow_runtime.security import Credentials, Passwords, Security
from microflow_runtime.settings import Settings
from microflow_runtime.store import open_store

__all__ = ["fresh_postgres"]
app = typer.Typer()
_PARTS = {"user": user_app, "role": role_app, "client": client_app, "token": token_app, "grant": grant_app}
for name, part in _PARTS.items():
    app.add_typer(part, name=name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a home in the environment, and a folder without a settings file to stand in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MICROFLOW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments: str, text: str | None = None) -> Any:
    """Run a command; give its result."""
    return CliRunner().invoke(app, list(arguments), input=text, catch_exceptions=False)


def run_well(*arguments: str, text: str | None = None) -> str:
    """Run a command that succeeds; give what it printed."""
    result = run(*arguments, text=text)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def test_a_token_is_all_that_is_printed(home: Path) -> None:
    """Standard output of `token add` is the token on one line; it works on the home at once."""
    run_well("user", "add", "suda", "--role", "admin")
    printed = run_well("token", "add", "--user", "suda", "--name", "ci")
    assert printed.startswith("mf1_")
    assert printed.count("\n") == 1

    async def call() -> str:
        store = open_store(Settings(home=home))
        security = Security(store, Settings())
        principal = await security.authenticate(Credentials(iam_token=printed.strip().encode()))
        await security.close()
        await store.close()
        return principal.username

    assert asyncio.run(call()) == "suda"
    (row,) = json.loads(run_well("token", "list", "--json"))
    assert (row["user"], row["name"], row["kind"]) == ("suda", "ci", "token")
    assert printed.strip() not in json.dumps(row)


def test_grants_are_listed_with_where_they_stand(home: Path) -> None:
    """What the settings grant and what was granted by hand stand side by side; each is taken away where it stands."""
    assert home.name
    Path("microflow.toml").write_text('[grants.Shop]\nhost = ["https://api.example"]\n')
    run_well("grant", "add", "Shop", "secret", "fx_key")
    run_well("grant", "add", "My Shop", "host", "POSTGRESQL://db.internal")
    rows = json.loads(run_well("grant", "list", "--json"))
    assert [(row["app"], row["kind"], row["name"]) for row in rows] == [
        ("Shop", "host", "https://api.example:443"),
        ("My Shop", "host", "postgresql://db.internal:5432"),
        ("Shop", "secret", "fx_key"),
    ]
    assert rows[0]["origin"] == "settings: microflow.toml grants"
    assert rows[1]["origin"].startswith("operator, ")
    assert len(json.loads(run_well("grant", "list", "Shop", "--json"))) == 2
    run_well("grant", "remove", "My Shop", "host", "postgresql://db.internal:5432")
    assert "microflow.toml grants" in run("grant", "remove", "Shop", "host", "https://api.example").stderr
    assert run("grant", "add", "Shop", "secret", "fx_key").exit_code == 1
    assert run("grant", "add", "Shop", "host", "https://api.example/v1").exit_code == 2
    assert "has not been granted" in run("grant", "remove", "Shop", "secret", "other").stderr

    async def audited() -> list[tuple[str, str, str]]:
        store = open_store(Settings(home=home))
        rows = await store.list_audit()
        await store.close()
        return [(row.entry.action, row.entry.object_name, row.entry.detail) for row in rows]

    assert asyncio.run(audited())[:2] == [
        ("grant remove", "My Shop", "host postgresql://db.internal:5432"),
        ("grant add", "My Shop", "host postgresql://db.internal:5432"),
    ]


def test_a_running_server_hears_of_it(home: Path) -> None:
    """With a page in the home, a token that is removed is refused by a worker with its next call."""
    run_well("user", "add", "suda")
    token = run_well("token", "add", "--user", "suda").strip()
    page = SharedPage(page_path(home))

    async def work() -> None:
        store = open_store(Settings(home=home))
        security = Security(
            store, Settings(), read_revocation=lambda: page.revocation, bump_revocation=page.bump_revocation
        )
        header = b"Bearer " + token.encode()
        await security.authenticate(Credentials(authorization=header))
        assert security.authenticate_fast(header, None, None) is not None
        second = (await asyncio.to_thread(run_well, "token", "add", "--user", "suda")).strip()
        await security.authenticate(Credentials(authorization=b"Bearer " + second.encode()))
        rows = json.loads(await asyncio.to_thread(run_well, "token", "list", "--json"))
        for row in rows:
            await asyncio.to_thread(run_well, "token", "remove", row["handle"])
        assert security.authenticate_fast(header, None, None) is None
        with pytest.raises(NotAuthenticated):
            await security.authenticate(Credentials(authorization=header))
        await security.close()
        await store.close()

    asyncio.run(work())
    page.close()


def test_users_are_added_changed_and_removed(home: Path) -> None:
    """Roles, names, password and state, in columns and in JSON."""
    run_well("user", "add", "suda", "--field", "email=s@example.org", "--password-stdin", text="hunter2\n")
    run_well("user", "set", "suda", "--role", "admin", "--disable", "--field", "th_firstname=สุดา")
    (row,) = json.loads(run_well("user", "list", "--json"))
    assert row == {"name": "suda", "kind": "user", "state": "disabled", "roles": ["admin", "user"]}
    run_well("user", "set", "suda", "--drop-role", "admin", "--enable")
    lines = run_well("user", "list").splitlines()
    assert [line.split() for line in lines] == [["name", "kind", "state", "roles"], ["suda", "user", "active", "user"]]
    run_well("user", "remove", "suda")
    assert run_well("user", "list") == ""

    async def hashes() -> list[Any]:
        store = open_store(Settings(home=home))
        rows = await store.list_audit()
        await store.close()
        return rows

    assert "hunter2" not in repr(asyncio.run(hashes()))


def test_roles_permit_and_let(home: Path) -> None:
    """Permissions with spaces in names, grants with equal signs, given and taken away."""
    run_well("user", "add", "robot", "--service-account")
    run_well("role", "add", "open")
    run_well(
        "role", "set", "open", "--allow", "microflow:Tracking/Get Tracking List:execute", "--allow",
        "microflow:Demo/a:b:view", "--let", "Tracking/Get = List=robot",
    )  # fmt: skip
    rows = {row["name"]: row for row in json.loads(run_well("role", "list", "--json"))}
    assert rows["open"]["allows"] == ["microflow:Demo/a:b:view", "microflow:Tracking/Get Tracking List:execute"]
    assert rows["open"]["lets"] == ["Tracking/Get = List=robot"]
    run_well("role", "set", "open", "--deny", "microflow:Demo/a:b:view", "--unlet", "Tracking/Get = List=robot")
    rows = {row["name"]: row for row in json.loads(run_well("role", "list", "--json"))}
    assert (len(rows["open"]["allows"]), rows["open"]["lets"]) == (1, [])
    run_well("role", "remove", "open")


def test_a_system_prints_its_secret_once(home: Path) -> None:
    """A made-up secret is printed, a given one is not, and none is listed."""
    made = run_well("client", "add", "pos").strip()
    assert len(made) == 32
    assert run_well("client", "set", "pos", "--secret-stdin", text="own\n") == ""
    assert made not in run_well("client", "list")
    run_well("client", "remove", "pos")


def test_a_secret_behind_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell of Windows puts a byte order mark before what it pipes; it is no part of the secret."""
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeffown\r\n"))
    secret = read_secret(from_stdin=True)
    assert secret is not None
    assert secret.reveal() == "own"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["token", "add", "--user", "nobody"], 1, "nobody"),
        (["token", "set", "x", "--days", "1"], 1, "x"),
        (["user", "remove", "nobody"], 1, "nobody"),
        (["role", "remove", "admin"], 1, "built in"),
        (["role", "set", "admin", "--allow", "cache:*:burn"], 1, "classAction"),
        (["role", "set", "admin", "--allow", "cache"], 2, "TYPE:NAME:ACCESS"),
        (["role", "set", "admin", "--let", "x"], 2, "APP/FLOW=ACCOUNT"),
        (["user", "add", "x", "--field", "email"], 2, "NAME=VALUE"),
    ],
)
def test_failures_go_to_standard_error(home: Path, arguments: list[str], code: int, told: str) -> None:
    """One sentence, an exit code, and nothing on standard output."""
    result = run(*arguments)
    assert result.exit_code == code
    assert told in result.stderr
    assert result.stdout == ""


def test_wrong_settings_end_with_2(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that nobody knows is told before anything is done."""
    monkeypatch.setenv("MICROFLOW_PROT", "1")
    result = run("user", "list")
    assert (result.exit_code, home.exists()) == (2, False)
    assert "MICROFLOW_PORT" in result.stderr


def test_an_unusable_home_ends_with_3(home: Path) -> None:
    """A file in the way of the home is told without a stack trace."""
    home.write_text("in the way", encoding="utf-8")
    result = run("user", "list")
    assert result.exit_code == 3
    assert "MF-S002" in result.stderr


def test_tokens_are_changed(home: Path) -> None:
    """Name and life of a token can be set afterwards."""
    run_well("user", "add", "suda")
    run_well("token", "add", "--user", "suda", "--days", "1")
    (row,) = json.loads(run_well("token", "list", "--json", "--user", "suda"))
    run_well("token", "set", row["handle"], "--name", "build", "--days", "2")
    (changed,) = json.loads(run_well("token", "list", "--json", "--logins"))
    assert changed["name"] == "build"
    assert changed["ends"] > row["ends"]


def test_a_cheap_hasher_is_used_nowhere_here() -> None:
    """The commands hash with the parameters of the server."""
    passwords = Passwords()
    assert "m=65536,t=3,p=4" in passwords._dummy
    passwords.close()


def test_accounts_are_kept_where_the_store_is(home: Path, fresh_postgres: str) -> None:
    """With `--store`, or its variable, what is added is in that database and not in the home."""
    run_well("user", "add", "suda", "--store", fresh_postgres)
    assert "suda" in run_well("user", "list", "--store", fresh_postgres)
    assert "suda" not in run_well("user", "list")


def test_an_address_with_a_password_is_not_taken(home: Path) -> None:
    """It says where the password belongs, shows none of it, and ends with 2."""
    result = run("user", "list", "--store", "postgresql://suda:canary@127.0.0.1/db")
    assert result.exit_code == 2
    assert "store_password" in result.stderr
    assert "canary" not in result.output


def test_a_new_password_ends_tokens_unless_asked_not_to(home: Path) -> None:
    """With --keep-sessions they stay; without they end, as `token list` shows."""
    run_well("user", "add", "suda", "--password-stdin", text="first\n")
    run_well("token", "add", "--user", "suda", "--name", "ci")
    run_well("user", "set", "suda", "--password-stdin", "--keep-sessions", text="second\n")
    assert "ci" in run_well("token", "list")
    run_well("user", "set", "suda", "--password-stdin", text="third\n")
    assert "ci" not in run_well("token", "list")
    assert home.exists()
