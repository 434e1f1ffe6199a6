"""What a catalog consists of, by the hashes of its parts; kept in the store under the catalog's epoch.

The flows are spread over a fixed number of sections by their names. A section has a row of its own in the store, kept under
the hash of its content, and a catalog's row only lists the keys of these. So a process that loads the next catalog reads
a short list and the sections in which something has changed, and two catalogs share the others.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final
from zlib import crc32

import msgspec

from microflow_runtime.errors import StoreError

ROW_FORM: Final = 3
"""Grows when what a row holds changes, so that rows of another form are not taken for it."""
SECTIONS: Final = 256
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


class FlowRecord(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
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
    def plan_key(self) -> str:
        """What the plan is kept under: equal definitions of a folder and of a package are two plans, for their trust differs."""
        return self.key if self.origin == FOLDER else f"package {self.key}"

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


class Section:
    """The flows whose names fall into the same part of a catalog; catalogs that follow each other share those that stay."""

    __slots__ = ("_key", "apps", "calling", "records", "whole")

    def __init__(self, records: tuple[FlowRecord, ...] = (), key: str = "") -> None:
        """Make a section. `key` is that of its row in the store, where it is known already."""
        self.records = records
        self.calling = tuple(record for record in records if record.callees or record.pinned)
        """Those that call others."""
        self.whole = frozenset((record.app, record.snapshot) for record in records if record.kind in WHOLE)
        """The whole snapshots that they belong to, each an app and a version."""
        self.apps = frozenset(record.app_hash for record in records)
        """The documents of their apps."""
        self._key = key

    @property
    def key(self) -> str:
        """The key of the section's row in the store; `""` for an empty section, which has none."""
        if not self._key and self.records:
            self._key = f"flows-{ROW_FORM}-{hashlib.sha256(self.encode()).hexdigest()}"
        return self._key

    def encode(self) -> bytes:
        """Give the section's row."""
        return msgspec.msgpack.encode(self.records)

    def named(self, name: str) -> list[FlowRecord]:
        """Give the flows of a name."""
        return [record for record in self.records if record.name == name]

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Section) and self.records == other.records)

    __hash__ = None  # type: ignore[assignment]


EMPTY: Final = Section()
_Sections = tuple[Section, ...]


def section_of(name: str) -> int:
    """Give the number of the section that flows of a name stand in, from 0."""
    return crc32(name.encode()) % SECTIONS


class Manifest:
    """Everything published at one epoch. `active` is the version that somebody activated, by app; see `with_active`.

    `working` gives the full version of the working folder by app. The records of a folder's flows are kept without it:
    it is another one after every change, and they are not.
    """

    __slots__ = ("active", "sections", "working")

    def __init__(self, flows: Iterable[FlowRecord] = (), active: Mapping[str, str] = MappingProxyType({})) -> None:
        """Make the manifest of these flows. Of one flow's snapshots those published later come later."""
        self.active = active
        working: dict[str, str] = {}
        parts: dict[int, list[FlowRecord]] = {}
        for record in flows:
            if record.origin == FOLDER:
                working[record.app] = record.snapshot
            parts.setdefault(section_of(record.name), []).append(_as_kept(record))
        self.working: Mapping[str, str] = working
        self.sections: _Sections = tuple(
            Section(tuple(parts[number])) if number in parts else EMPTY for number in range(SECTIONS)
        )

    @classmethod
    def of_sections(
        cls, sections: Iterable[Section], active: Mapping[str, str], working: Mapping[str, str]
    ) -> "Manifest":
        """Make a manifest out of sections."""
        made = cls.__new__(cls)
        made.active, made.working, made.sections = active, working, tuple(sections)
        return made

    @property
    def flows(self) -> tuple[FlowRecord, ...]:
        """All flows. Takes time that grows with their number."""
        return tuple(self.complete(record) for section in self.sections for record in section.records)

    @property
    def count(self) -> int:
        """How many flows there are, every snapshot counted."""
        return sum(len(section.records) for section in self.sections)

    def complete(self, record: FlowRecord) -> FlowRecord:
        """Give a kept record with the version of its working folder."""
        if record.origin != FOLDER:
            return record
        return msgspec.structs.replace(record, snapshot=self.working.get(record.app, ""))

    def named(self, name: str) -> list[FlowRecord]:
        """Give the flows of a name, as they are kept."""
        return self.sections[section_of(name)].named(name)

    def find(self, place: Place) -> FlowRecord | None:
        """Give the flow that stands at a place, as it is kept."""
        return next((record for record in self.named(place[1]) if record.place == place), None)

    def replaced(self, older: "Manifest") -> Iterator[tuple[Section, Section]]:
        """Give the sections that are other ones than in another manifest: that one's and this one's."""
        for old, new in zip(older.sections, self.sections, strict=True):
            if old is not new:
                yield old, new

    def sharing(self, older: "Manifest") -> "Manifest":
        """Give this manifest with the sections of another one wherever they hold the same."""
        pairs = zip(older.sections, self.sections, strict=True)
        return Manifest.of_sections((old if old == new else new for old, new in pairs), self.active, self.working)

    def hashes(self) -> set[str]:
        """List the documents that this manifest needs."""
        wanted: set[str] = set()
        for section in self.sections:
            wanted |= hashes_of(section)
        return wanted

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Manifest):
            return NotImplemented
        return (self.active, self.working, self.sections) == (other.active, other.working, other.sections)

    __hash__ = None  # type: ignore[assignment]


def _as_kept(record: FlowRecord) -> FlowRecord:
    is_plain = record.origin != FOLDER or not record.snapshot
    return record if is_plain else msgspec.structs.replace(record, snapshot="")


def hashes_of(section: Section) -> set[str]:
    """List the documents that the flows of a section need."""
    wanted = set(section.apps)
    for record in section.records:
        wanted.add(record.flow_hash)
        wanted.update(record.business_objects.values())
        if record.files:
            wanted.update(record.files.values())
    return wanted


class CatalogRow(msgspec.Struct, frozen=True, array_like=True):
    """A catalog's row: the keys of its sections' rows, and what a manifest has beside them."""

    sections: tuple[str, ...]
    active: dict[str, str]
    working: dict[str, str]


def file_key(content_hash: str) -> str:
    """Give the key under which the bytes of a file are kept."""
    return f"file-{content_hash}"


def kind_of_key(key: str) -> str:
    """Tell what is kept under the key of a document or of a file."""
    return "file" if key.startswith("file-") else "document"


def encode_manifest(manifest: Manifest) -> bytes:
    """Give a catalog's row."""
    keys = tuple(section.key for section in manifest.sections)
    return msgspec.json.encode(CatalogRow(keys, dict(manifest.active), dict(manifest.working)))


def decode_manifest(body: bytes) -> CatalogRow:
    """Read a catalog's row. Raises StoreError when something else wrote it."""
    try:
        row = msgspec.json.decode(body, type=CatalogRow)
    except msgspec.MsgspecError as error:
        raise StoreError("The store gave a catalog that cannot be read.") from error
    if len(row.sections) != SECTIONS:
        raise StoreError("The store gave a catalog of another form.")
    return row


def decode_section(key: str, body: bytes) -> Section:
    """Read a section's row. Raises StoreError when something else wrote it."""
    try:
        return Section(_SECTION_ROW.decode(body), key)
    except msgspec.MsgspecError as error:
        raise StoreError("The store gave flows that cannot be read.") from error


_SECTION_ROW: Final = msgspec.msgpack.Decoder(tuple[FlowRecord, ...])


def key_of(*parts: str) -> str:
    """Give one hash that stands for all the parts, in their order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part.encode())
    return digest.hexdigest()
