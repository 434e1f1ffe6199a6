"""A home with an app folder that may stay empty, packages out of YAML text, and the runtimes of several processes over them."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.unit.small_apps import ANYBODY, FakeSources, files_of

from microflow_runtime.compiler.business_objects import Notes
from microflow_runtime.compiler.reading import source_of_files
from microflow_runtime.engine import Run, RunLimits, perform, read_inputs
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Catalog, FlowEntry, Runtime, SharedPage, page_path
from microflow_runtime.runtime.packages import Package
from microflow_runtime.settings import Settings
from microflow_runtime.store import AuditEntry, MemoryStore
from microflow_runtime.telemetry import Metrics

TEXT = "business_object: Text\nfields: {value: string?}\n"


def app_text(version: str, more: str = "") -> str:
    """Give the app.yaml of the app Shop."""
    return f"app: Shop\nversion: {version}\n{more}"


def flow_text(name: str, value: str, callee: str = "", pin: str = "") -> str:
    """Give a flow that says a text, or, with a callee, what that says; `pin` names the snapshot it is called of."""
    if not callee:
        return (
            f"microflow: {name}\noutputs: {{Out: Text}}\nnodes:\n  Start: {{type: start, next: End}}\n"
            f'  End: {{type: end, out: {{Out.value: "{value}"}}}}\n'
        )
    setting = f", snapshot: {pin}" if pin else ""
    return (
        f"microflow: {name}\noutputs: {{Out: Text}}\nvariables: {{Said: Text}}\nnodes:\n"
        f"  Start: {{type: start, next: Call}}\n"
        f"  Call: {{type: sub flow, flow: {callee}{setting}, out: {{Said: = Out}}, next: End}}\n"
        f'  End: {{type: end, out: {{Out.value: = "{value}" + Said.value}}}}\n'
    )


def package_of(
    *texts: str, kind: Any = "full", base: str = "", removed: tuple[str, ...] = (), **files: bytes
) -> Package:
    """Make a package of the app Shop; `files` are shared files by their names in `files/`, with `_` for the dot."""
    shared = {f"files/{name.replace('_', '.')}": content for name, content in files.items()}
    source = source_of_files("Shop", files_of(*texts, files=shared))
    return Package(name="Shop", source=source, kind=kind, base=base, removed=removed)


def audit(detail: str) -> AuditEntry:
    """Make an audit entry."""
    return AuditEntry(at=datetime.now(UTC), actor="admin", action="deploy", detail=detail)


class SmallHome:
    """A home. Its app folder is served once something was written to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.app = root / "Shop"
        self.store: Any = MemoryStore()
        self._made: list[Runtime] = []

    def write(self, *texts: str) -> None:
        """Write definitions into the folder, over those of the same names."""
        for path, content in files_of(*texts).items():
            if path == "app.yaml" and (self.app / path).exists() and not any(text.startswith("app:") for text in texts):
                continue
            (self.app / path).parent.mkdir(parents=True, exist_ok=True)
            (self.app / path).write_bytes(content)

    async def runtime(self) -> Runtime:
        """Start the runtime of a server, as the supervisor does."""
        made = self.worker()
        await made.start_up()
        return made

    def worker(self) -> Runtime:
        """Make the runtime of one more process."""
        settings = Settings(home=self.root / "home", apps=(self.app,) if self.app.exists() else ())
        made = Runtime(settings, self.store, SharedPage(page_path(settings.home)), Metrics("0"), NODE_TYPES)
        self._made.append(made)
        return made

    async def close(self) -> None:
        """Let go of everything."""
        for runtime in self._made:
            await runtime.close()
            runtime.page.close()


def find_active(catalog: Catalog, flow: str) -> FlowEntry | None:
    """Give the entry that answers for a flow."""
    return next((entry for entry in catalog.find_named(flow) if entry.record.active), None)


async def said_by(catalog: Catalog, flow: str, snapshot: str = "") -> str | None:
    """Give what a flow says now, or that of a snapshot; None when there is no such flow."""
    found = [entry for entry in catalog.find_named(flow) if entry.record.group == snapshot]
    entry = found[0] if found else None if snapshot else find_active(catalog, flow)
    if entry is None:
        return None
    frame = read_inputs(entry.plan, {}, ANYBODY, Notes())
    sources: Any = FakeSources()
    reply = await perform(Run(entry.plan, frame, ANYBODY, sources, RunLimits(), "0" * 32))
    await asyncio.sleep(0)
    return str(json.loads(reply)["Out"]["value"])
