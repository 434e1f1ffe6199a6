"""The objects that there are to permit something on: what is published, and what the operator installed."""

from collections.abc import Collection
from typing import Final

from rapidfuzz import process as fuzzy

from microflow_runtime.code import installed_functions
from microflow_runtime.errors import BadRequest
from microflow_runtime.model.principal import Permission, every_of
from microflow_runtime.runtime.lazy_plan import Documents
from microflow_runtime.runtime.manifest import FlowRecord, decode_manifest, decode_section
from microflow_runtime.security import EVERY
from microflow_runtime.store import Store

Objects = dict[tuple[str, str], frozenset[str]]
"""The names of objects by type and access."""
_NEAR: Final = 60


async def find_objects(store: Store) -> Objects | None:
    """Give the names that a permission can have, beside `*`; None where nothing has been published yet."""
    latest = await store.find_latest_catalog()
    if latest is None:
        return None
    keys = {key for key in decode_manifest(latest.manifest).sections if key}
    bodies = await store.get_definitions(keys)
    records = [record for key, body in bodies.items() for record in decode_section(key, body).records]
    flows = {f"{record.app}/{record.name}" for record in records}
    apps = {record.app for record in records} | {snapshot.app for snapshot in await store.list_snapshots()}
    sources, connections = await _outside(store, records)
    of_apps = {f"{app}/{EVERY}" for app in apps}
    return {
        ("microflow", "execute"): frozenset(flows | of_apps),
        ("microflow", "view"): frozenset(flows | of_apps | apps),
        ("microflow", "deploy"): frozenset(apps),
        ("data_source", "use"): frozenset(sources | {every_of(name) for name in sources}),
        ("connection", "use"): frozenset(connections | {every_of(name) for name in connections}),
        ("code", "use"): frozenset(installed_functions()),
    }


async def _outside(store: Store, records: Collection[FlowRecord]) -> tuple[set[str], set[str]]:
    """Give the names of the data sources and of the connections of all apps."""
    documents = Documents(await store.get_definitions({record.app_hash for record in records}))
    apps = [documents.app(key) for key in {record.app_hash for record in records}]
    sources = {f"{app.name}/{name}" for app in apps for name in app.data_sources}
    return sources, {f"{app.name}/{name}" for app in apps for name in app.connections}


async def refuse_unknown(store: Store, allow: Collection[Permission], flows: Collection[str]) -> None:
    """Raise BadRequest for the first permission or flow whose object is not there, with the one that was meant perhaps."""
    asked = [(entry.object_type, entry.access, entry.name) for entry in allow if entry.name != EVERY]
    wanted = [*asked, *(("microflow", "run as", flow) for flow in flows)]
    objects = await find_objects(store) if wanted else None
    if objects is None:
        return
    objects["microflow", "run as"] = frozenset(
        name for name in objects["microflow", "execute"] if not name.endswith(f"/{EVERY}")
    )
    for kind, access, name in wanted:
        there = objects.get((kind, access), frozenset())
        if name not in there:
            raise BadRequest(_told(kind, access, name, there))


def _told(kind: str, access: str, name: str, there: Collection[str]) -> str:
    told = f'There is no {kind} "{name}" to permit {access} on'
    if not there:
        return f'{told}; {kind} is permitted as "{EVERY}"' + ("." if kind in _WHOLE else ", or say --to-come.")
    near = _nearest(name, there)
    hint = f'did you mean "{near}"?' if near else f'a name is exact, "App/{EVERY}", or "{EVERY}".'
    return f"{told}; {hint} For one that is to come say --to-come."


_WHOLE: Final = frozenset(("cache", "session", "audit", "role"))
"""Types that have one object."""


def _nearest(name: str, there: Collection[str]) -> str | None:
    """Give the name that was meant: an app for its flows, its flows for an app, or one that is written alike."""
    app, slash, _ = name.partition("/")
    for other in (f"{app}/{EVERY}", app):
        if other in there and other != name and (not slash or "*" in name or other == app):
            return other
    found = fuzzy.extractOne(name, sorted(there), score_cutoff=_NEAR)
    return found[0] if found else None
