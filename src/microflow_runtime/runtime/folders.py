"""The app folders of a server: what lies in them, and in what the catalog that serves differs from it."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.runtime.app_index import AppIndex, IndexedFile, note_key, read_index
from microflow_runtime.runtime.kept_index import find_index, keep_index, keys_of_index
from microflow_runtime.runtime.lazy_plan import Documents
from microflow_runtime.runtime.manifest import FOLDER, FlowRecord, Manifest, Place
from microflow_runtime.runtime.shelf import Shelf
from microflow_runtime.runtime.slices import Slices

_MANY: Final = 500


class Pending(NamedTuple):
    """What a manifest lacks to be as the folders are: flows to be put at their places, and places that have gone."""

    put: dict[Place, FlowRecord]
    gone: list[Place]


class Folders:
    """The folders as this process knows them. Belongs to the holder of the refresh lock while it is used."""

    def __init__(self, paths: Sequence[Path], shelf: Shelf, documents: Documents) -> None:
        self._paths = tuple(paths)
        self._shelf = shelf
        self._documents = documents
        self._indexes: dict[str, AppIndex] = {}
        self._good: dict[str, AppIndex] = {}
        self._unkept: dict[str, int] = {}
        self._agreed: Manifest | None = None
        self._news: set[str] | None = None

    async def read(self) -> list[AppIndex]:
        """Look at every folder, taking over what has not changed. Raises Conflict when two hold one app."""
        found: dict[str, AppIndex] = {}
        for path in self._paths:
            label = path.as_posix()
            before = self._indexes.get(label)
            if before is None:
                before = await find_index(self._shelf, label)
                self._unkept[label] = 0
                if before.files:
                    self._good[label] = before
            index = await read_index(path, label, before, self._shelf, self._documents)
            self._indexes[label] = index
            self._unkept[label] += index.looked_into
            self._news = None if self._news is None or index.news is None else self._news | index.news
            if index.name and found.setdefault(index.name, index) is not index:
                raise Conflict(f"Two folders hold the app {index.name}: {found[index.name].label} and {label}.")
        return [self._indexes[path.as_posix()] for path in self._paths]

    @property
    def are_known(self) -> bool:
        """Whether this process has looked at all of them."""
        return all(path.as_posix() in self._indexes for path in self._paths)

    def forget(self) -> None:
        """Know nothing any more, so that the next look reads every file."""
        for path in self._paths:
            self._indexes[path.as_posix()] = AppIndex(label=path.as_posix())
        self._good.clear()
        self._news = None

    def last_good(self, index: AppIndex) -> AppIndex | None:
        """Give what is known of the folder from when all its Business Objects were found good."""
        return self._good.get(index.label)

    async def found_good(self, indexes: Sequence[AppIndex], *, is_start: bool = False) -> None:
        """Remember that what was read is good. At the start of a server, and after many changes, it is kept on the shelf."""
        for index in indexes:
            self._good[index.label] = index
            unkept = self._unkept.get(index.label, 0)
            if not index.faults and unkept > (0 if is_start else _MANY):
                await keep_index(self._shelf, index)
                self._unkept[index.label] = 0

    def agree(self, manifest: Manifest) -> None:
        """Take it that a manifest is as the folders were read last: only later changes are then compared with it."""
        self._agreed, self._news = manifest, set()

    async def kept_keys(self, documents: Collection[str]) -> set[str]:
        """Give the keys on the shelf of these documents and of what the folders hold, notes and kept indexes included."""
        slices = Slices()
        keys = set(documents)
        for index in self._indexes.values():
            keys |= keys_of_index(self._shelf, index.label)
            for file in index.files.values():
                keys.add(file.key)
                await slices.between()
        for key in tuple(keys):
            keys.add(note_key(key))
            await slices.between()
        return keys

    async def named(self, indexes: Sequence[AppIndex], manifest: Manifest, names: Iterable[str]) -> dict[Place, None]:
        """Give the places of the flows whose packages are so named, in the folders or published.

        Raises NotFound when a name is no flow's.
        """
        slices = Slices()
        places: dict[str, Place] = {}
        for section in manifest.sections:
            for record in section.records:
                if record.origin != FOLDER:
                    places[record.package_name] = record.place
            await slices.between()
        for index in indexes:
            for file in index.flows.values():
                if index.name:
                    record = record_of(index, file)
                    places[record.package_name] = record.place
                await slices.between()
        wanted = list(dict.fromkeys(names))
        unknown = [name for name in wanted if name not in places]
        if unknown:
            raise NotFound(f"{len(unknown)} of the {len(wanted)} names are no flow's package name.")
        return dict.fromkeys(sorted(places[name] for name in wanted))

    async def pending(self, indexes: Sequence[AppIndex], manifest: Manifest) -> Pending:
        """Compare what lies in the folders with a manifest. In slices."""
        slices = Slices()
        by_app = {index.name: index for index in indexes if index.name}
        put: dict[Place, FlowRecord] = {}
        gone: list[Place] = []
        found = dict.fromkeys(by_app, 0)
        agreed = self._agreed if self._news is not None else None
        news = self._news or ()
        for number, section in enumerate(manifest.sections):
            is_agreed = agreed is not None and agreed.sections[number] is section
            for record in section.records:
                if record.origin != FOLDER:
                    continue
                index = by_app.get(record.app)
                if is_agreed and index is not None and record.name not in news:
                    found[record.app] += 1
                    continue
                file = index.flows.get(record.name) if index is not None else None
                if index is None or file is None:
                    gone.append(record.place)
                    continue
                found[record.app] += 1
                if not _is_as_published(record, index, file):
                    put[record.place] = record_of(index, file)
            await slices.between()
        for app, index in by_app.items():
            if found[app] == len(index.flows):
                continue
            for name, file in index.flows.items():
                place = (app, name, FOLDER)
                if place not in put and manifest.find(place) is None:
                    put[place] = record_of(index, file)
                await slices.between()
        return Pending(put, gone)


def _is_as_published(record: FlowRecord, index: AppIndex, file: IndexedFile) -> bool:
    app = index.app
    if record.flow_hash != file.key or app is None or record.app_hash != app.key:
        return False
    for name, key in record.business_objects.items():
        there = index.business_objects.get(name)
        if there is None or there.key != key:
            return False
    return (not _files(index, file) and not record.files) or _files(index, file) == record.files


def _files(index: AppIndex, file: IndexedFile) -> dict[str, str]:
    """Give the keys of the shared files that a flow or its app names, by path, as far as they are there."""
    app = index.app
    assert app is not None, "only an app that can be used has records"
    assert app.note is not None, "what can be used has a note"
    named = app.note.files if file.note is None or not file.note.files else (*app.note.files, *file.note.files)
    return {path: index.files[path].key for path in named if path in index.files} if named else {}


def record_of(index: AppIndex, file: IndexedFile) -> FlowRecord:
    """Make the record of a flow of the folder; its key comes when all are known."""
    app, note = index.app, file.note
    assert app is not None, "only an app that can be used has records"
    assert app.note is not None, "what can be used has a note"
    assert note is not None, "a flow has a note"
    return FlowRecord(
        app=app.note.name,
        name=note.name,
        id=note.id,
        version=app.note.version,
        snapshot="",
        app_hash=app.key,
        flow_hash=file.key,
        business_objects=index.closure(note.uses),
        callees=note.callees,
        pinned=note.pinned,
        files=_files(index, file),
        key="",
        origin=FOLDER,
        anonymous_as=note.anonymous_as,
        runs_as=note.runs_as,
    )
