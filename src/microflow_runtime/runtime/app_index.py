"""What is known of an app's folder: of each file its stamp, its key and what it says of itself, and no more.

So an app of ten thousand flows takes a few megabytes, and a folder that has not changed is known by looking at its stamps.
The documents lie on the shelf.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from microflow_runtime.compiler import types_of
from microflow_runtime.compiler.reading import (
    Definition,
    Document,
    FileKind,
    Fingerprint,
    Scan,
    SourceFile,
    claimed_name,
    declared_twice,
    define,
    digest_of,
    document_key,
    dump,
    missing_files,
    no_app,
    parse,
    part_of,
    scan_folder,
)
from microflow_runtime.errors import Fault
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow
from microflow_runtime.model.type_ref import TypeRef
from microflow_runtime.runtime.lazy_plan import Documents
from microflow_runtime.runtime.manifest import file_key
from microflow_runtime.runtime.references import callees_of, files_of, files_of_app, pinned_of
from microflow_runtime.runtime.shelf import Shelf
from microflow_runtime.runtime.slices import Slices

_Told = TypeVar("_Told")

NOTE_FORM: Final = 3
"""Grows when what a note holds, or how it is made, changes."""
_BATCH: Final = 200


class Note(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a definition says of itself: its name, and of a flow the id; of an app the version.

    `uses` are the Business Objects that its fields or variables name; see FlowRecord for the others.
    """

    name: str
    id: str = ""
    version: str = ""
    uses: tuple[str, ...] = ()
    callees: tuple[str, ...] = ()
    pinned: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    anonymous_as: str | None = None
    runs_as: str | None = None


class IndexedFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file: where it lies, the key of its document or bytes, and what the file system said when it was read.

    `note` is None for a shared file, and for a definition that cannot be used.
    """

    path: str
    kind: FileKind
    key: str
    stamp: tuple[int, ...]
    note: Note | None = None

    @property
    def content_hash(self) -> str:
        """The SHA-256 of the bytes in hex."""
        return self.key.rpartition("-")[2]


class AppIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The files of an app's folder, by relative path in the order of the paths, and the definitions among them by name.

    `faulty` holds the faults of files by path, `walk` those of the folder, `between` those between files. `unusable` are the
    names that files claim which cannot be used, by path. `scanned_ns` is when the walk began that found all of it.
    `news` are the names of the flows that changed since the index before, None when anything else may have, and
    `looked_into` counts the files that were read for it or have gone.
    """

    label: str
    files: dict[str, IndexedFile] = {}
    flows: dict[str, IndexedFile] = {}
    business_objects: dict[str, IndexedFile] = {}
    faulty: dict[str, tuple[Fault, ...]] = {}
    unusable: dict[str, str] = {}
    walk: tuple[Fault, ...] = ()
    between: tuple[Fault, ...] = ()
    fingerprint: Fingerprint = Fingerprint.of(())
    scanned_ns: int = 0
    news: frozenset[str] | None = None
    looked_into: int = 0

    @property
    def app(self) -> IndexedFile | None:
        """The file that describes the app, if it can be used."""
        file = self.files.get("app.yaml")
        return file if file is not None and file.note is not None else None

    @property
    def name(self) -> str:
        """The name of the app; `""` without a usable app.yaml."""
        app = self.app
        return app.note.name if app is not None and app.note is not None else ""

    @property
    def snapshot(self) -> str:
        """The version of the working snapshot: the app's, `+` and eight hex digits of the content."""
        app = self.app
        return f"{app.note.version}+{self.fingerprint.text[:8]}" if app is not None and app.note is not None else ""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that is wrong or odd, except what checks of flows and Business Objects find."""
        own = (fault for path in sorted(self.faulty) for fault in self.faulty[path])
        missing = () if "app.yaml" in self.files else (no_app(self.label),)
        return (*missing, *self.walk, *own, *self.between)

    @property
    def broken(self) -> frozenset[str]:
        """The names of which the files cannot be used."""
        return frozenset(self.unusable.values())

    def closure(self, uses: Iterable[str]) -> dict[str, str]:
        """Give the keys of the Business Objects that are reached from these names, by name."""
        found: dict[str, str] = {}
        waiting = list(uses)
        while waiting:
            name = waiting.pop()
            file = self.business_objects.get(name)
            if file is not None and name not in found:
                found[name] = file.key
                if file.note is not None:
                    waiting += file.note.uses
        return dict(sorted(found.items()))


async def read_index(folder: Path, label: str, previous: AppIndex, shelf: Shelf, documents: Documents) -> AppIndex:
    """Read an app's folder, of which `previous` is what was known: only what has changed is looked into."""
    scan = await asyncio.to_thread(scan_folder, folder, label, previous.files, previous.scanned_ns)
    walk = tuple(scan.faults)
    fresh = [file for file in scan.files if isinstance(file, SourceFile)]
    if not fresh and len(scan.files) == len(previous.files):
        return msgspec.structs.replace(previous, walk=walk, scanned_ns=scan.started_ns, news=frozenset(), looked_into=0)
    reading = _Reading(label, previous, shelf)
    await reading.look_into(fresh)
    files, gone = await _files(scan, previous, reading.changed)
    fits = reading.is_like_before and not gone and len(files) == len(previous.files)
    flows, business_objects, twice = await by_name(files, reading.altered, previous if fits else None)
    index = AppIndex(
        label=label,
        files=files,
        flows=flows,
        business_objects=business_objects,
        faulty=reading.faulty | _of(files, previous.faulty, reading.changed),
        unusable=reading.unusable | _of(files, previous.unusable, reading.changed),
        walk=walk,
        fingerprint=await _fingerprint(files, previous, {*reading.altered, *gone}),
        scanned_ns=scan.started_ns,
        news=_flows_alone(reading.altered) if fits else None,
        looked_into=len(fresh) + len(gone),
    )
    return msgspec.structs.replace(index, between=tuple(_between(index, twice, documents)))


async def _files(
    scan: Scan[IndexedFile], previous: AppIndex, changed: Mapping[str, IndexedFile]
) -> tuple[dict[str, IndexedFile], list[str]]:
    """Give all files by path, in the order of the paths, and the paths that have gone."""
    files = previous.files.copy()
    new = [path for path in changed if path not in files]
    files.update(changed)
    gone: list[str] = []
    if len(files) > len(scan.files):
        slices = Slices()
        seen = {file.path for file in scan.files}
        await slices.between()
        gone = [path for path in files if path not in seen]
        for path in gone:
            del files[path]
    if new:
        files = {path: files[path] for path in sorted(files)}
    return files, gone


def _of(
    files: Mapping[str, IndexedFile], before: Mapping[str, _Told], changed: Mapping[str, IndexedFile]
) -> dict[str, _Told]:
    """Give what was told of files that are there and have not changed."""
    return {path: told for path, told in before.items() if path in files and path not in changed}


def _flows_alone(changed: Mapping[str, IndexedFile]) -> frozenset[str] | None:
    """Give the names of the flows that changed, None when anything else did."""
    names = {file.note.name for file in changed.values() if file.note is not None and file.kind == "microflow"}
    return frozenset(names) if len(names) == len(changed) else None


class _Reading:
    """Looks into the files that have changed."""

    def __init__(self, label: str, previous: AppIndex, shelf: Shelf) -> None:
        self.faulty: dict[str, tuple[Fault, ...]] = {}
        self.unusable: dict[str, str] = {}
        self.changed: dict[str, IndexedFile] = {}
        self.altered: dict[str, IndexedFile] = {}
        self.is_like_before = not previous.faulty and not previous.between
        self._label = label
        self._previous = previous
        self._shelf = shelf
        self._to_keep: dict[str, bytes] = {}

    async def look_into(self, fresh: Iterable[SourceFile]) -> None:
        """Take in files that are new or have changed."""
        slices = Slices()
        for file in fresh:
            await self._look_into(file, slices)
            await slices.between()
        await self._shelf.put(self._to_keep)

    async def _look_into(self, file: SourceFile, slices: Slices) -> None:
        before = self._previous.files.get(file.path)
        key = file_key(file.content_hash) if file.kind == "file" else document_key(file)
        if before is not None and before.key == key and file.path not in self._previous.faulty:
            found = msgspec.structs.replace(before, stamp=file.stamp)
        elif file.kind == "file":
            found = IndexedFile(file.path, file.kind, key, file.stamp)
            self._to_keep[key] = file.content
        else:
            note = self._kept_note(key) or await self._note(file, key, slices)
            found = IndexedFile(file.path, file.kind, key, file.stamp, note)
        if len(self._to_keep) >= _BATCH:
            kept, self._to_keep = self._to_keep, {}
            await self._shelf.put(kept)
        self.changed[file.path] = found
        if before is None or before.key != key or file.path in self._previous.faulty:
            self.altered[file.path] = found
        self.is_like_before &= before is not None and _claims(before) == _claims(found) and not self.faulty

    def _kept_note(self, key: str) -> Note | None:
        body = self._shelf.get(note_key(key)) if key in self._shelf else None
        return None if body is None else msgspec.msgpack.decode(body, type=Note)

    async def _note(self, file: SourceFile, key: str, slices: Slices) -> Note | None:
        """Read a file for the first time. Only the note of one without faults is kept: the others are read each time."""
        assert file.kind != "file", "shared files define nothing"
        document, faults = parse(file.kind, f"{self._label}/{file.path}", file.content)
        await slices.between()
        definition, more = (None, ()) if document is None else define(document)
        note = None if definition is None else note_of(definition)
        if document is not None and note is not None:
            self._to_keep[key] = dump(document)
            if not faults and not more:
                self._to_keep[note_key(key)] = msgspec.msgpack.encode(note)
        if faults or more:
            self.faulty[file.path] = (*faults, *more)
        if note is None:
            self.unusable[file.path] = claimed_name(file.path, file.kind, document)
        return note


def _claims(file: IndexedFile) -> tuple[str, str, str]:
    return (file.kind, file.note.name, file.note.id) if file.note is not None else (file.kind, "", "")


def note_key(key: str) -> str:
    """Give the key under which the note of a document is kept."""
    return f"note-{NOTE_FORM}-{key}"


def _named(types: Iterable[TypeRef]) -> tuple[str, ...]:
    """List the Business Objects that types name."""
    return tuple(sorted({ref.name for ref in types if not ref.is_simple}))


def note_of(definition: Definition) -> Note:
    """Give what a definition says of itself."""
    if isinstance(definition, Microflow):
        return Note(
            definition.name,
            definition.id,
            uses=_named(types_of(definition)),
            callees=callees_of(definition),
            pinned=pinned_of(definition),
            files=files_of(definition),
            anonymous_as=definition.anonymous_as,
            runs_as=definition.runs_as,
        )
    if isinstance(definition, BusinessObject):
        return Note(definition.name, uses=_named(field.type for field in definition.fields))
    return Note(definition.name, version=definition.version, files=files_of_app(definition))


_Twice = list[tuple[IndexedFile, IndexedFile, str, str]]


async def by_name(
    files: dict[str, IndexedFile], changed: Mapping[str, IndexedFile], before: AppIndex | None
) -> tuple[dict[str, IndexedFile], dict[str, IndexedFile], _Twice]:
    """Give flows and Business Objects by name, and what two files claim. `before` is an index of files of the same names."""
    if before is not None:
        flows, business_objects = before.flows.copy(), before.business_objects.copy()
        for file in changed.values():
            if file.note is not None and file.kind == "microflow":
                flows[file.note.name] = file
            elif file.note is not None and file.kind == "business_object":
                business_objects[file.note.name] = file
        same = business_objects == before.business_objects
        return flows, before.business_objects if same else business_objects, []
    flows, business_objects = {}, {}
    ids: dict[str, IndexedFile] = {}
    twice: _Twice = []
    slices = Slices()
    for file in files.values():
        if file.note is None or file.kind not in ("microflow", "business_object"):
            continue
        named = flows if file.kind == "microflow" else business_objects
        first = named.setdefault(file.note.name, file)
        if first is not file:
            twice.append((file, first, file.kind, file.note.name))
        elif file.kind == "microflow" and (other := ids.setdefault(file.note.id, file)) is not file:
            twice.append((file, other, "id", file.note.id))
        await slices.between()
    return flows, business_objects, twice


async def _fingerprint(files: Mapping[str, IndexedFile], previous: AppIndex, paths: Collection[str]) -> Fingerprint:
    """Make the fingerprint of files that differ from those before at these paths."""
    slices = Slices()
    parts: dict[int, list[tuple[str, str]]] = {part_of(path): [] for path in paths}
    listed = list(files)
    for start in range(0, len(listed), _BATCH):
        for path in [path for path in listed[start : start + _BATCH] if part_of(path) in parts]:
            parts[part_of(path)].append((path, files[path].content_hash))
        await slices.between()
    digests = list(previous.fingerprint.digests)
    for number, part in parts.items():
        digests[number] = digest_of(part)
        await slices.between()
    return Fingerprint(tuple(digests))


def _between(index: AppIndex, twice: _Twice, documents: Documents) -> Iterator[Fault]:
    app = index.app
    if app is not None:
        definition = documents.definition(app.key)
        assert isinstance(definition, App)
        yield from missing_files(index.files.__contains__, definition, document_of(index, app, documents))
    for file, first, key, name in twice:
        yield declared_twice(document_of(index, file, documents), document_of(index, first, documents), key, name)


def document_of(index: AppIndex, file: IndexedFile, documents: Documents) -> Document:
    """Give the document of a file, whose places name the file as the operator does."""
    return documents.document(file.key, f"{index.label}/{file.path}")
