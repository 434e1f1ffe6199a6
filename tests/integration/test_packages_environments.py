"""One package, several environments: each server fills in its own values, and the package stays as it is."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from tests.app_folder import write_app
from tests.integration.running_server import Server

NAME = "id-of-Where.Shop.Where.v.1.0.0.jar"
APP = """
    app: Shop
    version: v.1.0.0
    data_sources:
      shop: {url: "{shop_url}", create_from: files/shop.sql}
    environments:
      DEV: {variables: {shop_url: "sqlite:///dev.db"}}
      PROD: {variables: {shop_url: "sqlite:///prod.db"}}
    """
FLOW = """
    outputs: {Answer: Answer}
    nodes:
      Start: {type: start, next: Ask}
      Ask: {type: database, source: shop, command: select, sql: select name from place, out: {Answer.name: = row.name},
            next: End}
      End: {type: end}
    """
COMMAND = str(Path(sys.executable).parent / "microflow")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the app that is packaged."""
    script = "create table place (name text);\ninsert into place values ('new');\n"
    folder = tmp_path_factory.mktemp("shop") / "Shop"
    return write_app(folder, dedent(APP), {"Answer": "name: string?"}, {"Where": FLOW}, {"shop.sql": script})


def package(shop: Path, out: Path) -> bytes:
    """Build the package with the command line and give its bytes."""
    words = ["package", "Where", "--app", str(shop), "--out", str(out)]
    done = subprocess.run([COMMAND, *words], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == f"{NAME}\n"
    return (out / NAME).read_bytes()


@contextmanager
def serving(folder: Path, environment: str, name: str, **variables: str) -> Iterator[Server]:
    """Serve an app of no interest in an environment, whose database `name` tells where it is."""
    other = write_app(folder / "Other", "app: Other\nversion: v.1.0.0\n", {}, {"Nothing": _NOTHING})
    place = folder / "home" / "data" / "Shop"
    place.mkdir(parents=True)
    with sqlite3.connect(place / name) as database:
        database.execute("create table place (name text)")
        database.execute("insert into place values (?)", (f"the database of {environment}",))
    database.close()
    server = Server(folder, [other], workers=1, environment={"MICROFLOW_ENVIRONMENT": environment, **variables})
    try:
        server.log_in()
        yield server
    finally:
        server.end()


_NOTHING = """
    nodes:
      Start: {type: start, next: End}
      End: {type: end}
    """


def test_one_package_serves_two_environments(shop: Path, tmp_path: Path) -> None:
    """The same bytes, fetched in DEV and in PROD, read the database of each; a third gets its value from the operator."""
    content = package(shop, tmp_path)
    given = {"MICROFLOW_VARIABLES": "shop_url=sqlite:///nowhere.db,Shop/shop_url=sqlite:///uat.db"}
    with ExitStack() as running:
        for environment, name, variables in (("DEV", "dev.db", {}), ("PROD", "prod.db", {}), ("UAT", "uat.db", given)):
            server = running.enter_context(serving(tmp_path / environment, environment, name, **variables))
            (server.home / "packages").mkdir()
            (server.home / "packages" / NAME).write_bytes(content)
            body = {"fileNames": [NAME], "event": "file"}
            fetched = server.send("POST", "/MicroflowRest/classAction", body, user=True)
            assert fetched.json["responseStatus"] == "SUCCESS", fetched.json
            outputs = server.act("Where", snapVersion="v.1.0.0").outputs
            assert outputs == {"Answer": {"name": f"the database of {environment}"}}


def test_an_environment_that_is_not_there_refuses_the_package(shop: Path, tmp_path: Path) -> None:
    """Where a data source has no address nothing is published; the operator finds the reason in the log."""
    content = package(shop, tmp_path)
    with serving(tmp_path / "TEST", "TEST", "test.db") as server:
        (server.home / "packages").mkdir()
        (server.home / "packages" / NAME).write_bytes(content)
        body = {"fileNames": [NAME], "event": "file"}
        reply = server.send("POST", "/MicroflowRest/classAction", body, user=True)
        assert (reply.status, reply.json["responseStatus"]) == (503, "ERROR")
        assert "shop_url" in server.log.read_text()
        assert server.act("Where", snapVersion="v.1.0.0").status == 404
