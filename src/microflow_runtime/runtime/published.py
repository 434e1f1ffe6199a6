"""Reads everything that was published anew from its files, where the catalog that listed it cannot be read any more."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from microflow_runtime.compiler.reading import AppDefinitions
from microflow_runtime.runtime.builder import Forms, read_app, records_of
from microflow_runtime.runtime.manifest import WHOLE, FlowRecord, Place
from microflow_runtime.runtime.snapshot_content import read_content, read_sources
from microflow_runtime.store import Snapshot, Store

_MOST_ACTIVATIONS: Final = 100_000


class Published(NamedTuple):
    """The flows of all published snapshots, what they were read from, and the activated versions by app."""

    records: tuple[FlowRecord, ...] = ()
    apps: tuple[AppDefinitions, ...] = ()
    active: Mapping[str, str] = MappingProxyType({})


NOTHING_PUBLISHED: Final = Published()


async def read_published(store: Store, forms: Forms) -> Published:
    """Read all published snapshots that are not withdrawn, the oldest first. Raises StoreError, NotFound when one of them is damaged."""
    records: dict[Place, FlowRecord] = {}
    apps: list[AppDefinitions] = []
    for snapshot in reversed(await store.list_snapshots()):
        if snapshot.withdrawn_at is None:
            found, read = await read_snapshot(store, forms, snapshot)
            apps += read
            records |= {record.place: record for record in found}
    history = await store.list_activations(limit=_MOST_ACTIVATIONS)
    active = {activation.app: activation.version for activation in reversed(history)}
    return Published(tuple(records.values()), tuple(apps), active)


async def read_snapshot(
    store: Store, forms: Forms, snapshot: Snapshot
) -> tuple[list[FlowRecord], list[AppDefinitions]]:
    """Read the flows of a published snapshot, and what they were read from. Raises as `read_published`."""
    records: dict[Place, FlowRecord] = {}
    apps: list[AppDefinitions] = []
    content = await read_content(store, snapshot.content_hash)
    for name, source in await read_sources(store, content, f"{snapshot.app}.{snapshot.version}"):
        definitions = await read_app(source, forms, None)
        apps.append(definitions)
        origin = snapshot.kind if snapshot.kind in WHOLE else name
        for record in records_of(definitions, origin=origin, snapshot=snapshot.version):
            records.setdefault(record.place, record)
    return list(records.values()), apps
