"""Shared files of an app: what names them finds them, in the folder, in published snapshots, and in other processes."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.small_apps import files_of
from tests.unit.small_homes import TEXT, SmallHome, app_text, audit, flow_text, package_of

from microflow_runtime.compiler.reading import read_definitions, source_of_files
from microflow_runtime.runtime import Catalog
from microflow_runtime.runtime.builder import records_of
from microflow_runtime.runtime.keys import with_keys
from microflow_runtime.runtime.manifest import FlowRecord, file_key
from microflow_runtime.runtime.publishing import deploy

SOURCES = 'data_sources: {orders: {url: "sqlite:///orders.db", create_from: files/orders.sql}}\n'
SQL = b"create table t (x);"
QUERY = """
microflow: Ask
outputs: {Out: Text}
nodes:
  Start: {type: start, next: Ask}
  Ask: {type: database, source: orders, command: select, sql: select x from t, next: End}
  End: {type: end}
"""


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[SmallHome]:
    """Give a home without app folders."""
    made = SmallHome(tmp_path)
    yield made
    await made.close()


def _record(name: str, files: dict[str, bytes], *texts: str) -> FlowRecord:
    definitions = read_definitions(source_of_files("Shop", files_of(*texts, files=files)))
    records = with_keys(records_of(definitions, origin="folder", snapshot="s"))
    return next(record for record in records if record.name == name)


def test_a_file_that_a_flow_or_its_app_names_enters_the_key() -> None:
    """Its content does, and that of no other file."""
    names = flow_text("Named", "x").replace("Start: {type: start", "Start: {type: start, wsdl: files/a.wsdl")
    texts = (app_text("v.1", SOURCES), TEXT, names, flow_text("Other", "x"))
    one = {"files/a.wsdl": b"1", "files/orders.sql": SQL, "files/unused.txt": b"1"}
    named, other = (_record(name, one, *texts) for name in ("Named", "Other"))
    assert set(named.files) == {"files/a.wsdl", "files/orders.sql"}
    assert set(other.files) == {"files/orders.sql"}
    for path, changes in (
        ("files/a.wsdl", (True, False)),
        ("files/orders.sql", (True, True)),
        ("files/unused.txt", (False, False)),
    ):
        files = {**one, path: b"2"}
        again = [_record(name, files, *texts) for name in ("Named", "Other")]
        assert (again[0].key != named.key, again[1].key != other.key) == changes


def _found(catalog: Catalog, flow: str, snapshot: str) -> bytes | None:
    (entry,) = (entry for entry in catalog.find_named(flow) if entry.record.group == snapshot)
    return entry.lazy_plan.library().find_file("files/orders.sql")


async def test_a_flow_finds_the_files_of_its_snapshot(home: SmallHome) -> None:
    """Each snapshot has its own, here and in a process that only follows."""
    runtime, worker = await home.runtime(), home.worker()
    for number, sql in (("1", SQL), ("2", SQL + b" -- two")):
        await deploy(runtime, package_of(app_text(f"v.{number}", SOURCES), TEXT, QUERY, orders_sql=sql), audit)
    for catalog in (runtime.catalog, await worker.catch_up(), (await home.runtime()).catalog):
        assert _found(catalog, "Ask", "v.1") == SQL
        assert _found(catalog, "Ask", "v.2") == SQL + b" -- two"
    assert await home.store.find_known_hashes([file_key("0")]) == set()


async def test_the_database_of_a_published_app_is_made_at_a_start(home: SmallHome) -> None:
    """A home that lost its data gets what the snapshot's script makes, as an app folder's does."""
    runtime = await home.runtime()
    await deploy(runtime, package_of(app_text("v.1", SOURCES), TEXT, QUERY, orders_sql=SQL), audit)
    database = home.root / "home" / "data" / "Shop" / "orders.db"
    assert database.exists()
    shutil.rmtree(home.root / "home" / "data")
    await home.runtime()
    assert database.exists()
