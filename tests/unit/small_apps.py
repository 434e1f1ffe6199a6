"""Small apps out of YAML text: checked, compiled and run as the server does, without folders."""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from textwrap import dedent
from typing import Any

from microflow_runtime.cli.faults import render
from microflow_runtime.compiler import Plan
from microflow_runtime.compiler.business_objects import Notes
from microflow_runtime.compiler.reading import AppDefinitions, AppSource, read_definitions, source_of_files
from microflow_runtime.engine import Run, RunLimits, SqlStatement, perform, read_inputs
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.model.app import App
from microflow_runtime.model.principal import Principal
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Catalog
from microflow_runtime.runtime.active import with_active
from microflow_runtime.runtime.builder import Forms, bodies_of, check_catalog, records_of, shared_files_of
from microflow_runtime.runtime.keys import with_keys
from microflow_runtime.runtime.manifest import Manifest
from microflow_runtime.telemetry import Metrics

ANYBODY = Principal(
    username="tester",
    roles=("clerk",),
    grants=frozenset(
        {("data_source", "*", "use"), ("connection", "*", "use"), ("code", "*", "use"), ("microflow", "*", "execute")}
    ),
)
APP = """
app: Shop
version: v.1.0.0
data_sources:
  orders: {url: "sqlite:///orders.db"}
  archive: {url: "sqlite:///archive.db"}
"""
ORDER = """
business_object: Order
fields:
  id: string
  count: integer?
  lines: [Line]
"""
LINE = """
business_object: Line
fields:
  sku: string
  price: decimal
"""
_FLOW = """
microflow: F
inputs: {In: Order}
outputs: {Out: Order}
variables: {Lines: [Line], Note: Line}
nodes:
"""
_HEAD = re.compile(r"(app|business_object|microflow): *(.+)")
_FOLDER = {"business_object": "business_objects", "microflow": "microflows"}


def files_of(*texts: str, files: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """Give the files of an app from its definitions; `app.yaml` and the ids of flows are added where they are left out."""
    found: dict[str, bytes] = dict(files or {})
    for text in texts:
        body = dedent(text).strip("\n") + "\n"
        head = _HEAD.match(body)
        assert head, f"no definition: {body[:40]}"
        kind, name = head[1], head[2].strip()
        if kind == "microflow" and "\nid:" not in body:
            body += f"id: {uuid.uuid5(uuid.NAMESPACE_URL, name)}\n"
        found["app.yaml" if kind == "app" else f"{_FOLDER[kind]}/{name}.yaml"] = body.encode()
    found.setdefault("app.yaml", APP.strip("\n").encode() + b"\n")
    return found


def told_of_flow(
    nodes: str, *, start: str = "  Start: {type: start, next: A}\n", end: str = "  End: {type: end}\n"
) -> str:
    """Give what `microflow check` prints for a flow over orders whose nodes begin in line 7, after the start."""
    return told(ORDER, LINE, _FLOW + start + nodes.strip("\n") + "\n" + end)


def source_of(*texts: str, files: dict[str, bytes] | None = None) -> AppSource:
    """Give the app as a source, with the label `shop`."""
    return source_of_files("shop", files_of(*texts, files=files))


def faults_of(*texts: str, files: dict[str, bytes] | None = None) -> tuple[Fault, ...]:
    """Give everything that is wrong or odd in an app."""
    try:
        _, _, warnings = asyncio.run(_checked(source_of(*texts, files=files)))
    except DefinitionFaults as error:
        return error.faults
    return warnings


def told(*texts: str, files: dict[str, bytes] | None = None) -> str:
    """Give what `microflow check` prints for an app."""
    return render(faults_of(*texts, files=files))


def catalog_of(*texts: str, files: dict[str, bytes] | None = None) -> Catalog:
    """Give the catalog of an app that has no faults."""
    catalog, _, _ = asyncio.run(_checked(source_of(*texts, files=files)))
    return catalog


async def _checked(source: AppSource) -> tuple[Catalog, AppDefinitions, tuple[Fault, ...]]:
    definitions = read_definitions(source)
    forms = Forms({})
    records = records_of(definitions, origin="folder", snapshot=definitions.snapshot)
    manifest = Manifest(flows=with_active(with_keys(records)))
    bodies = bodies_of([definitions], forms) | shared_files_of([definitions], manifest)
    catalog = Catalog(1, manifest, bodies, NODE_TYPES, Metrics("0"))
    _, warnings = await check_catalog(catalog, [definitions], set())
    return catalog, definitions, warnings


class FakeConnection:
    """A transaction that writes down what happens to it. `answers` gives what a statement does, by its text."""

    def __init__(self, source: str, sources: "FakeSources") -> None:
        self._source = source
        self._sources = sources

    async def run(
        self, statement: SqlStatement, values: dict[str, Any], row_limit: int, *, undo_alone: bool
    ) -> tuple[list[dict[str, Any]], int]:
        """Answer as told."""
        sql = statement.text
        self._sources.statements.append(statement)
        self._sources.happened.append(f"{self._source}: {sql}")
        self._sources.values.append(values)
        self._sources.options.append((row_limit, undo_alone))
        answer = self._sources.answers.get(sql)
        if answer is None:
            return [], 1
        rows: list[dict[str, Any]] = await answer()
        return rows, len(rows)

    async def run_many(self, statement: SqlStatement, items: list[dict[str, Any]], *, undo_alone: bool) -> int:
        """Touch one row for each item."""
        self._sources.happened.append(f"{self._source}: {statement.text}")
        self._sources.values += items
        self._sources.options.append((len(items), undo_alone))
        return len(items)

    async def stream(
        self, statement: SqlStatement, values: dict[str, Any], row_limit: int
    ) -> AsyncIterator[dict[str, Any]]:
        """Give the rows that the statement is told to answer with."""
        rows, _ = await self.run(statement, values, row_limit, undo_alone=False)
        for row in rows:
            yield row

    async def set_mark(self) -> int:
        """Write it down, and give its number."""
        self._sources.marks += 1
        self._sources.happened.append(f"{self._source}: mark {self._sources.marks}")
        return self._sources.marks

    async def drop_mark(self, mark: int) -> None:
        """Write it down."""
        self._sources.happened.append(f"{self._source}: keep {mark}")

    async def undo_to_mark(self, mark: int) -> None:
        """Write it down."""
        self._sources.happened.append(f"{self._source}: undo {mark}")

    async def commit(self) -> None:
        """Write it down, or fail as told."""
        self._sources.happened.append(f"{self._source}: commit")
        error = self._sources.commit_errors.get(self._source)
        if error is not None:
            raise error

    async def rollback(self) -> None:
        """Write it down."""
        await asyncio.sleep(0)
        self._sources.happened.append(f"{self._source}: rollback")


class FakeSources:
    """Data sources without databases. `happened` is everything that was done with them, in order."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.values: list[dict[str, Any]] = []
        self.statements: list[SqlStatement] = []
        self.options: list[tuple[int, bool]] = []
        self.answers: dict[str, Callable[[], Any]] = {}
        self.commit_errors: dict[str, Exception] = {}
        self.marks = 0

    @asynccontextmanager
    async def open_transaction(self, app: App, source: str) -> AsyncIterator[FakeConnection]:
        """Open one."""
        assert source in app.data_sources
        self.happened.append(f"{source}: open")
        try:
            yield FakeConnection(source, self)
        finally:
            self.happened.append(f"{source}: close")


class SmallApp:
    """An app whose flows can be called. `sources` may be real ones."""

    def __init__(self, *texts: str, sources: Any = None, files: dict[str, bytes] | None = None) -> None:
        self.source = source_of(*texts, files=files)
        self.sources: Any = sources if sources is not None else FakeSources()
        self._catalog: Catalog | None = None
        self.run: Run | None = None
        self.notes = Notes()

    async def catalog(self) -> Catalog:
        """Give the catalog, checked when it is first asked for."""
        if self._catalog is None:
            self._catalog, _, _ = await _checked(self.source)
        return self._catalog

    async def plan(self, name: str) -> Plan:
        """Give the plan of a flow."""
        (entry,) = (await self.catalog()).find_named(name)
        return entry.plan

    async def start(
        self,
        name: str,
        given: dict[str, Any],
        *,
        limits: RunLimits | None = None,
        principal: Principal = ANYBODY,
        capture: bool = False,
    ) -> Run:
        """Give the run of a flow, ready to be performed. Numbers of `given` are Decimals where they have a fraction."""
        plan = await self.plan(name)
        self.notes = Notes()
        frame = read_inputs(plan, given, principal, self.notes)
        limits = (limits or RunLimits()).tightened(plan.limits)
        self.run = Run(plan, frame, principal, self.sources, limits, "0" * 32, capture=capture)
        return self.run

    async def text(self, name: str, given: dict[str, Any] | None = None, **options: Any) -> str:
        """Call a flow and give its outputs as they go out."""
        return (await perform(await self.start(name, given or {}, **options))).decode()

    async def call(self, name: str, given: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """Call a flow and give its outputs, numbers as Decimals."""
        reply = await self.text(name, given, **options)
        return dict(json.loads(reply, parse_float=Decimal, parse_int=Decimal))

    @property
    def path(self) -> list[str]:
        """The nodes that the last call went through."""
        assert self.run is not None
        return [self.run.plan.nodes[row[0]].name for row in self.run.steps]
