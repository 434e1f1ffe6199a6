"""What a catalog consists of, by the hashes of its parts; kept in the store under the catalog's epoch.

A flow's own row is kept by its key and shared by all catalogs that have the flow; a catalog's row only lists the keys. So
a process that loads the next catalog reads a short list and the rows of what has changed.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from microflow_runtime.errors import StoreError

ROW_FORM: Final = 2
"""Grows when what a row holds changes, so that rows of another form are not taken for it."""
Place = tuple[str, str, str]
"""Where a flow stands in a catalog: app, name, group."""
FOLDER: Final = "folder"
FULL: Final = "full"
PATCH: Final = "patch"
FLOWS: Final = "flows"
"""What a flow came with: the working folder, a whole snapshot, a snapshot laid over another, or a package of its own."""
WHOLE: Final = frozenset((FULL, PATCH))
"""The kinds that are complete: all flows of an app, published together."""
WORKING: Final = ""
"""What stands for the working folder where an active version is named."""


class FlowRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One flow of one snapshot. `parts` are hashes of documents: app, flow, and each Business Object of its closure.

    `key` stands for everything the plan depends on, callees included: equal keys mean equal plans. Of several snapshots
    of a flow at most one is `active`. `origin` is `folder`, `full`, `patch`, or the name of the package it was fetched
    in. `callees` are flows of the same group, `pinned` pairs of a flow and the published snapshot it is called of.
    `files` are the shared files that the flow or a connection of its app names, by path, as keys of their contents.
    """

    app: str
    name: str
    id: str
    version: str
    snapshot: str
    app_hash: str
    flow_hash: str
    business_objects: dict[str, str]
    callees: tuple[str, ...]
    pinned: tuple[tuple[str, str], ...] = ()
    files: dict[str, str] = {}
    key: str
    active: bool = True
    origin: str = "folder"
    anonymous_as: str | None = None
    runs_as: str | None = None

    @property
    def group(self) -> str:
        """What a flow's sub flows are looked up in: the working folder as a whole, or one published snapshot."""
        return "folder" if self.origin == "folder" else self.snapshot

    @property
    def place(self) -> Place:
        """Where the flow stands in a catalog."""
        return (self.app, self.name, "folder" if self.origin == "folder" else self.snapshot)

    @property
    def kind(self) -> str:
        """What the flow came with; see `FLOWS`."""
        return self.origin if self.origin == FOLDER or self.origin in WHOLE else FLOWS

    def calls(self) -> Iterator[tuple[str, str, Place]]:
        """List the flows that this one calls: the name, the snapshot it is pinned to or `""`, and where it stands."""
        app, _, group = self.place
        for name in self.callees:
            yield name, "", (app, name, group)
        for name, snapshot in self.pinned:
            yield name, snapshot, (app, name, snapshot)

    @property
    def package_name(self) -> str:
        """The name of the package that holds this flow. Source: ONEWEB, classAction."""
        return f"{self.id}.{self.app}.{self.name}.{self.version}.jar"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything published at one epoch. `active` is the version that somebody activated, by app; see `with_active`."""

    flows: tuple[FlowRecord, ...] = ()
    active: Mapping[str, str] = MappingProxyType({})

    def hashes(self) -> set[str]:
        """List the documents that this manifest needs."""
        wanted: set[str] = set()
        for flow in self.flows:
            wanted.add(flow.app_hash)
            wanted.add(flow.flow_hash)
            wanted.update(flow.business_objects.values())
            if flow.files:
                wanted.update(flow.files.values())
        return wanted


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """One flow in a catalog's row: its key, and what a catalog says of it that its own row does not."""

    key: str
    snapshot: str
    origin: str
    active: bool


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """A catalog's row."""

    flows: list[Listed]
    active: dict[str, str]


def row_key(key: str) -> str:
    """Give the key under which the row of a flow is kept."""
    return f"flow-{ROW_FORM}-{key}"


def file_key(content_hash: str) -> str:
    """Give the key under which the bytes of a file are kept."""
    return f"file-{content_hash}"


def kind_of_key(key: str) -> str:
    """Tell what is kept under the key of a document or of a file."""
    return "file" if key.startswith("file-") else "document"


def encode_row(record: FlowRecord) -> bytes:
    """Give a flow's own row: all that its key stands for."""
    return msgspec.json.encode(msgspec.structs.replace(record, snapshot="", origin="folder", active=True))


def encode_manifest(manifest: Manifest) -> bytes:
    """Give a catalog's row: the list of its flows, and what was activated."""
    flows = [Listed(record.key, record.snapshot, record.origin, record.active) for record in manifest.flows]
    return msgspec.json.encode(_Row(flows, dict(manifest.active)))


def decode_manifest(body: bytes) -> tuple[list[Listed], dict[str, str]]:
    """Read a catalog's row: its flows, and the activated versions by app. Raises StoreError when something else wrote it."""
    try:
        row = msgspec.json.decode(body, type=_Row)
    except msgspec.MsgspecError as error:
        raise StoreError("The store gave a catalog that cannot be read.") from error
    return row.flows, row.active


def decode_row(body: bytes) -> FlowRecord:
    """Read a flow's own row. Raises StoreError when something else wrote it."""
    try:
        return msgspec.json.decode(body, type=FlowRecord)
    except msgspec.MsgspecError as error:
        raise StoreError("The store gave a flow that cannot be read.") from error


def manifest_of(listed: Iterable[Listed], active: Mapping[str, str], records: Mapping[str, FlowRecord]) -> Manifest:
    """Put a manifest together from its row and a record of each key; a record that says all of it is taken as it is."""
    return Manifest(flows=tuple(_listed_as(item, records[item.key]) for item in listed), active=active)


def _listed_as(item: Listed, record: FlowRecord) -> FlowRecord:
    if record.snapshot == item.snapshot and record.origin == item.origin and record.active == item.active:
        return record
    return msgspec.structs.replace(record, snapshot=item.snapshot, origin=item.origin, active=item.active)


def key_of(*parts: str) -> str:
    """Give one hash that stands for all the parts, in their order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part.encode())
    return digest.hexdigest()
