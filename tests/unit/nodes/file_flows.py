"""Flows that read and write files in a folder of their own, and the folder."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import indent
from typing import Any

from tests.unit.small_apps import SmallApp

from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.settings import Settings
from microflow_runtime.store import MemoryStore

APP = """
app: Shop
version: v.1.0.0
connections:
  inbox: {type: folder, path: inbox, pool_size: 2, file_bytes: 200000000}
  web: {url: "https://shop.example"}
"""
LINE = """
business_object: Line
fields:
  sku: string
  price: decimal
  count: integer?
  day: date?
  sold: boolean?
  at: date-time?
  hour: time?
"""
LINES = """
business_object: Lines
fields:
  lines: [Line]
  count: integer?
  file: string?
"""
ASK = """
business_object: Ask
fields:
  file: string
  least: decimal?
"""


def read_flow(settings: str, *, catch: bool = False, more: str = "") -> str:
    """Give the flow `Read`, whose node has these settings, beside connection, file and record."""
    given = indent(settings, "    ")
    caught = "    catch:\n      - {error: any, out: {Told: = error}, to: End}\n" if catch else ""
    return f"""
microflow: Read
inputs: {{In: Ask}}
outputs: {{Out: Lines, Told: Told}}
nodes:
  Start: {{type: start, next: Read}}
  Read:
    type: file read
    connection: inbox
    file: = In.file
    record: Line
{given}
    out: {{Out.lines: = records, Out.count: = count, Out.file: = file}}
{caught}    next: End
{more}  End: {{type: end}}
"""


TOLD = """
business_object: Told
fields:
  kind: string
  message: string
  data: Data
"""
DATA = """
business_object: Data
fields:
  file: string?
  row: integer?
  column: string?
"""


def write_flow(settings: str) -> str:
    """Give the flow `Write`, whose node has these settings, beside connection, file and record."""
    given = indent(settings, "    ")
    return f"""
microflow: Write
inputs: {{In: Ask, Lines: Lines}}
outputs: {{Out: Lines}}
nodes:
  Start: {{type: start, next: Write}}
  Write:
    type: file write
    connection: inbox
    file: = In.file
    record: Line
    records: = Lines.lines
{given}
    out: {{Out.count: = count, Out.file: = file}}
    next: End
  End: {{type: end}}
"""


class FilesApp:
    """An app over a real folder. `inbox` is the folder."""

    def __init__(self, resources: ProcessResources, home: Path) -> None:
        self.resources = resources
        self.inbox = home / "files" / "Shop" / "inbox"
        self.inbox.mkdir(parents=True)

    def app(self, *flows: str, app: str = APP) -> SmallApp:
        """Give the app with these flows."""
        return SmallApp(app, LINE, LINES, ASK, TOLD, DATA, *flows, sources=self.resources)

    async def read(self, settings: str, content: bytes | str, *, name: str = "lines", **options: Any) -> Any:
        """Write a file, read it by the settings, and give the outputs."""
        encoded = content.encode() if isinstance(content, str) else content
        (self.inbox / name).write_bytes(encoded)
        app = self.app(read_flow(settings, catch=options.pop("catch", False)))
        return await app.call("Read", {"In": {"file": name, **options.pop("given", {})}}, **options)

    async def write(self, settings: str, lines: list[dict[str, Any]], *, name: str = "out") -> bytes:
        """Write lines by the settings, and give the file."""
        app = self.app(write_flow(settings))
        await app.call("Write", {"In": {"file": name}, "Lines": {"lines": lines}})
        return (self.inbox / name).read_bytes()


@asynccontextmanager
async def files_app(home: Path, **settings: Any) -> AsyncIterator[FilesApp]:
    """Give an app whose home is a folder; nothing is left open behind it."""
    resources = ProcessResources(Settings(home=home, **settings), MemoryStore())
    try:
        yield FilesApp(resources, home)
        for _ in range(100):
            if not resources.files.in_use:
                break
            await asyncio.sleep(0.02)
        assert resources.files.in_use == 0
        assert list((home / "scratch").glob("*")) == []
    finally:
        await resources.close()
