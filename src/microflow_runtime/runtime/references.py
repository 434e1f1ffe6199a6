"""What a definition refers to outside itself: the flows that it calls, the shared files that it names."""

from collections.abc import Iterator, Mapping
from typing import Any

from microflow_runtime.model.app import App
from microflow_runtime.model.microflow import Microflow


def callees_of(flow: Microflow) -> tuple[str, ...]:
    """List the flows of its own snapshot that a flow names in its sub flow nodes."""
    return tuple(sorted({name for name, snapshot in _called(flow) if not snapshot}))


def pinned_of(flow: Microflow) -> tuple[tuple[str, str], ...]:
    """List the flows of named snapshots that a flow names in its sub flow nodes, with their snapshots."""
    return tuple(sorted({(name, snapshot) for name, snapshot in _called(flow) if snapshot}))


def _called(flow: Microflow) -> Iterator[tuple[str, str]]:
    for node in flow.every_node():
        name, snapshot = node.settings.get("flow"), node.settings.get("snapshot", "")
        if node.type == "sub flow" and isinstance(name, str) and isinstance(snapshot, str):
            yield name, snapshot


def files_of(flow: Microflow) -> tuple[str, ...]:
    """List the shared files that a flow names."""
    return tuple(sorted({name for node in flow.every_node() for name in _file_names(node.settings)}))


def files_of_app(app: App) -> tuple[str, ...]:
    """List the shared files that the app names in its data sources and connections."""
    named = {source.create_from for source in app.data_sources.values() if source.create_from is not None}
    settings = [source.settings for source in app.data_sources.values()]
    settings += [connection.settings for connection in app.connections.values()]
    return tuple(sorted(named.union(*map(_file_names, settings))))


def _file_names(value: Any) -> Iterator[str]:
    """List the texts in a value that are paths of shared files."""
    if isinstance(value, str):
        if value.startswith("files/"):
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _file_names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _file_names(inner)
