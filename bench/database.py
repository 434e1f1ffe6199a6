"""Compares a flow of one database node with the same query hand-written in SQLAlchemy async, on every kind of database."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from tests.app_folder import write_app
from tests.servers.mariadb import running_mariadb
from tests.servers.postgres import running_postgres

from bench.figures import Figure, Section, Table, median_of_ratios, spread
from microflow_runtime.compiler import Plan
from microflow_runtime.compiler.business_objects import Notes
from microflow_runtime.engine import Run, perform, read_inputs
from microflow_runtime.model.principal import Principal
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime.checking import read_catalog
from microflow_runtime.runtime.limits import limits_of
from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.settings import Settings
from microflow_runtime.store import MemoryStore

_ROWS: Final = 10_000
_SQL: Final = "select id, name, price from item where id = :id"
_TABLE: Final = "create table item (id int primary key, name varchar(50) not null, price numeric(10, 2) not null)"
_FILL: Final = {
    "sqlite": f"with recursive c(n) as (select 1 union all select n + 1 from c where n < {_ROWS}) insert into item select n, 'n' || n, n + 0.5 from c",
    "postgresql": f"insert into item select n, 'n' || n, n + 0.5 from generate_series(1, {_ROWS}) n",
    "mariadb": f"insert into item select seq, concat('n', seq), seq + 0.5 from seq_1_to_{_ROWS}",
}  # fmt: skip
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite://",
    "postgresql": "postgresql+psycopg://",
    "mariadb": "mysql+asyncmy://",
}
_WHO: Final = Principal(username="bench", grants=frozenset({("data_source", "*", "use")}))
_write_json: Final = msgspec.json.Encoder(decimal_format="number").encode
Call = Callable[[int], Awaitable[bytes]]


def run(*, calls: int, rounds: int) -> Section:
    """Make `calls` calls of each side in each of `rounds` rounds, in turns."""
    with TemporaryDirectory(prefix="microflow-bench-") as folder:
        took = uvloop.run(_measure(Path(folder), calls, rounds))
    figures = [
        Figure(
            name=f"select by key over SQLAlchemy, {kind}",
            value=median_of_ratios(sides["flow"], sides["by hand"]),
            unit="x",
            at_most=1.3,
        )
        for kind, sides in took.items()
    ]
    rows = tuple(
        (kind, side, spread([each * 1e6 for each in times], "us"))
        for kind, sides in took.items()
        for side, times in sides.items()
    )
    return Section(
        title="Database",
        about=(
            f"A row of {_ROWS:,} by its key, its three columns given as JSON. The flow: start, one database node, end, with "
            f"its inputs read and its output checked and written, its transaction committed. By hand: SQLAlchemy's async "
            f"engine, `async with engine.begin()`, `execute(text(…))`, msgspec. One call after the other in one process with "
            f"uvloop; the servers on the same machine. {rounds} rounds of {calls} calls in turns; the ratio is the median "
            f"of the ratios of each round."
        ),
        figures=tuple(figures),
        tables=(Table(("database", "side", "one call"), rows),),
    )


async def _measure(folder: Path, calls: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    urls = {
        "sqlite": "sqlite:///bench.db",
        "postgresql": running_postgres().url(running_postgres().make()),
        "mariadb": running_mariadb().url(running_mariadb().make()),
    }
    settings = Settings(home=folder)
    (folder / "data" / "Bench").mkdir(parents=True)
    async with AsyncExitStack() as stack:
        resources = ProcessResources(settings, MemoryStore())
        stack.push_async_callback(resources.close)
        engines = {kind: _engine(kind, url, folder) for kind, url in urls.items()}
        for kind, engine in engines.items():
            stack.push_async_callback(engine.dispose)
            async with engine.begin() as connection:
                await connection.execute(text(_TABLE))
                await connection.execute(text(_FILL[kind]))
        catalog, _, _ = await read_catalog((_write(folder / "app", urls),), NODE_TYPES)
        took: dict[str, dict[str, list[float]]] = {}
        for kind, engine in engines.items():
            (entry,) = catalog.find_named(kind)
            sides = {"flow": _flow(entry.plan, resources, settings), "by hand": _by_hand(engine)}
            took[kind] = await _turns(sides, calls, rounds)
    return took


def _engine(kind: str, url: str, folder: Path) -> AsyncEngine:
    there = f"/{folder}/data/Bench/bench.db" if kind == "sqlite" else url.partition("//")[2]
    return create_async_engine(_DRIVERS[kind] + there)


def _write(folder: Path, urls: dict[str, str]) -> Path:
    sources = "\n".join(f'  {kind}: {{url: "{url}"}}' for kind, url in urls.items())
    flows = {
        kind: f"""
        inputs: {{In: Key}}
        outputs: {{Item: Item}}
        nodes:
          Start: {{type: start, next: Ask}}
          Ask:
            type: database
            source: {kind}
            command: select
            sql: {_SQL}
            columns: {{id: integer, name: string, price: decimal}}
            in: {{id: = In.id}}
            out: {{Item.id: = row.id, Item.name: = row.name, Item.price: = row.price}}
            next: End
          End: {{type: end}}
        """
        for kind in urls
    }
    objects = {"Key": "id: integer", "Item": "id: integer?\nname: string?\nprice: decimal?"}
    return write_app(folder, f"app: Bench\nversion: v.1.0.0\ndata_sources:\n{sources}\n", objects, flows)


def _flow(plan: Plan, resources: ProcessResources, settings: Settings) -> Call:
    limits = limits_of(settings)

    async def call(key: int) -> bytes:
        frame = read_inputs(plan, {"In": {"id": key}}, _WHO, Notes())
        return await perform(Run(plan, frame, _WHO, resources, limits, "0" * 32))

    return call


def _by_hand(engine: AsyncEngine) -> Call:
    statement = text(_SQL)

    async def call(key: int) -> bytes:
        async with engine.begin() as connection:
            row = (await connection.execute(statement, {"id": key})).mappings().first()
        return _write_json({"Item": dict(row) if row else None})

    return call


async def _turns(sides: dict[str, Call], calls: int, rounds: int) -> dict[str, list[float]]:
    replies: dict[str, Any] = {name: msgspec.json.decode(await call(5)) for name, call in sides.items()}
    _check_same(replies)
    took: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(rounds + 1):
        for name, call in sides.items():
            gc.collect()
            begun = time.perf_counter()
            for number in range(calls):
                await call(number * 7 % _ROWS + 1)
            if turn:
                took[name].append((time.perf_counter() - begun) / calls)
            await asyncio.sleep(0)
    return took


def _check_same(replies: dict[str, Any]) -> None:
    """See that both sides give the same row."""
    flow, by_hand = (replies[name]["Item"] for name in ("flow", "by hand"))
    same = flow["id"] == by_hand["id"] and flow["name"] == by_hand["name"]
    if not same or Decimal(str(flow["price"])) != Decimal(str(by_hand["price"])):
        raise AssertionError(f"{flow} is not {by_hand}")
