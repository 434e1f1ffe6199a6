"""Reads every definition of an app and puts them together: the app, its Business Objects and flows by name, and all that is wrong."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.definitions import Definition, define
from microflow_runtime.compiler.reading.documents import Document, dump, load, parse
from microflow_runtime.compiler.reading.folder import AppSource, SourceFile
from microflow_runtime.errors import Fault
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow

CACHE_FORM: Final = 1
"""Grows when the reading of YAML or the form of `dump` changes, so that older kept documents are not found."""


class DocumentCache(Protocol):
    """Keeps the forms of documents that were read without faults. It may forget any of them at any time."""

    def find(self, key: str) -> bytes | None:
        """Give what was kept under the key, or None."""

    def keep(self, key: str, form: bytes) -> None:
        """Keep a form."""


class FileReading(msgspec.Struct, frozen=True, kw_only=True):
    """What one definition file gave. `document` is None when it is no YAML, `definition` when it cannot be used.

    `key` is the `document_key` of the file.
    """

    file: SourceFile
    key: str
    document: Document | None
    definition: Definition | None
    faults: tuple[Fault, ...]


class AppDefinitions(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an app's files define.

    `readings` holds each definition file by its relative path; `business_objects` and `microflows` the records by name,
    of which `path_of_business_object` and `path_of_microflow` give the path. `broken` holds the names of Business
    Objects and flows whose files are there and cannot be used: a reference to one is not a fault of its own.
    `snapshot` is the snapshot version, `""` without a usable app.yaml. Nothing may run while `faults` holds an error.
    """

    source: AppSource
    app: App | None
    business_objects: dict[str, BusinessObject]
    microflows: dict[str, Microflow]
    readings: dict[str, FileReading]
    path_of_business_object: dict[str, str]
    path_of_microflow: dict[str, str]
    broken: frozenset[str]
    snapshot: str
    faults: tuple[Fault, ...]

    def document_of_microflow(self, name: str) -> Document:
        """Give the document that defines a flow of `microflows`."""
        return self._document(self.path_of_microflow[name])

    def document_of_business_object(self, name: str) -> Document:
        """Give the document that defines a Business Object of `business_objects`."""
        return self._document(self.path_of_business_object[name])

    @property
    def app_document(self) -> Document | None:
        """Give the document of app.yaml, if it could be read."""
        reading = self.readings.get("app.yaml")
        return reading.document if reading else None

    def file_content(self, path: str) -> bytes | None:
        """Give the bytes of a shared file by its path relative to the app's folder (`files/…`), or None."""
        file = self.source.find_file(path)
        return file.content if file and file.kind == "file" else None

    def _document(self, path: str) -> Document:
        document = self.readings[path].document
        assert document is not None, "a record has a document"
        return document


def read_definitions(
    source: AppSource, *, cache: DocumentCache | None = None, previous: AppDefinitions | None = None
) -> AppDefinitions:
    """Read all definitions of an app. What has not changed since `previous` is taken from there as it is."""
    return assemble(source, list(readings(source, cache=cache, previous=previous)))


def readings(
    source: AppSource, *, cache: DocumentCache | None = None, previous: AppDefinitions | None = None
) -> Iterator[FileReading]:
    """Read the definition files of an app one after the other, so that a caller can do other work between them."""
    known = previous.readings if previous and previous.source.label == source.label else {}
    for file in source.files:
        if file.kind == "file":
            continue
        reading = known.get(file.path)
        if reading is not None and reading.file.content_hash == file.content_hash:
            yield reading
        else:
            yield _reading(source.label, file, cache)


def assemble(source: AppSource, read: Iterable[FileReading]) -> AppDefinitions:
    """Put the files' definitions together, and find what is wrong between them."""
    assembly = Assembly(source)
    for reading in read:
        assembly.add(reading)
    return assembly.finished()


class Assembly:
    """Puts an app together file by file, so that a caller can do other work between them."""

    def __init__(self, source: AppSource) -> None:
        self._source = source
        self._readings: dict[str, FileReading] = {}
        self._business_objects: dict[str, BusinessObject] = {}
        self._microflows: dict[str, Microflow] = {}
        self._path_of_business_object: dict[str, str] = {}
        self._path_of_microflow: dict[str, str] = {}
        self._ids: dict[str, FileReading] = {}
        self._broken: set[str] = set()
        self._own: list[Fault] = []
        self._between: list[Fault] = []

    def add(self, reading: FileReading) -> None:
        """Take in what one file gave."""
        path, record = reading.file.path, reading.definition
        self._readings[path] = reading
        if reading.faults:
            self._own += reading.faults
        if isinstance(record, Microflow):
            first = self._path_of_microflow.setdefault(record.name, path)
            if first != path:
                self._between.append(_twice(reading, self._readings[first], "microflow", record.name))
                return
            self._microflows[record.name] = record
            if (other := self._ids.setdefault(record.id, reading)) is not reading:
                self._between.append(_twice(reading, other, "id", record.id))
        elif isinstance(record, BusinessObject):
            first = self._path_of_business_object.setdefault(record.name, path)
            if first != path:
                self._between.append(_twice(reading, self._readings[first], "business_object", record.name))
                return
            self._business_objects[record.name] = record
        elif record is None:
            self._broken |= _name_in(reading)

    def finished(self) -> AppDefinitions:
        """Give the app."""
        source, app_reading = self._source, self._readings.get("app.yaml")
        app = app_reading.definition if app_reading and isinstance(app_reading.definition, App) else None
        return AppDefinitions(
            source=source,
            app=app,
            business_objects=self._business_objects,
            microflows=self._microflows,
            readings=self._readings,
            path_of_business_object=self._path_of_business_object,
            path_of_microflow=self._path_of_microflow,
            broken=frozenset(self._broken),
            snapshot=source.snapshot_version(app.version) if app else "",
            faults=(*source.faults, *self._own, *_missing(source, app, app_reading), *self._between),
        )


def document_key(file: SourceFile) -> str:
    """Give the key under which the form of a file's document is kept: it stands for the content and for how it is read."""
    return f"{CACHE_FORM}-{file.kind}-{file.content_hash}"


def _reading(label: str, file: SourceFile, cache: DocumentCache | None) -> FileReading:
    assert file.kind != "file", "shared files define nothing"
    place = f"{label}/{file.path}"
    key = document_key(file)
    document = _kept(cache, key, place)
    faults: tuple[Fault, ...] = ()
    if document is None:
        document, faults = parse(file.kind, place, file.content)
        if document is not None and not faults and cache is not None:
            cache.keep(key, dump(document))
    if document is None:
        return FileReading(file=file, key=key, document=None, definition=None, faults=faults)
    definition, more = define(document)
    return FileReading(file=file, key=key, document=document, definition=definition, faults=(*faults, *more))


def _kept(cache: DocumentCache | None, key: str, path: str) -> Document | None:
    """Give the kept document; a form that cannot be read any more counts as not kept."""
    form = cache.find(key) if cache is not None else None
    if form is None:
        return None
    try:
        return load(form, path)
    except ValueError:
        return None


def _name_in(reading: FileReading) -> set[str]:
    return {claimed_name(reading.file.path, reading.file.kind, reading.document)}


def claimed_name(path: str, kind: str, document: Document | None) -> str:
    """Give the name that a file which cannot be used claims, as far as it can be told."""
    written = document.data.get(kind) if document else None
    return written if isinstance(written, str) else path.rpartition("/")[2].removesuffix(".yaml")


def _twice(reading: FileReading, first: FileReading, key: str, name: str) -> Fault:
    assert reading.document is not None
    assert first.document is not None
    return declared_twice(reading.document, first.document, key, name)


def declared_twice(document: Document, first: Document, key: str, name: str) -> Fault:
    """Give the fault of a second document that claims what `first` has: by `key`, its name or its id, or an app's name."""
    place = document.place_of((key,))
    what = {"business_object": "Business Object", "microflow": "flow", "id": "id", "app": "app"}[key]
    return Fault(
        code=fault_codes.DECLARED_TWICE,
        message=f"The {what} `{name}` stands in two {'folders' if key == 'app' else 'files'}",
        place=place,
        source_line=document.line_text(place.line),
        declared=first.place_of((key,)),
        help={"id": "give one of the two a new UUID", "app": "name one folder of each app"}.get(
            key, "give one of the two another name"
        ),
    )


def _missing(source: AppSource, app: App | None, reading: FileReading | None) -> Iterator[Fault]:
    if app is not None and reading is not None and reading.document is not None:
        yield from missing_files(lambda path: source.find_file(path) is not None, app, reading.document)


def missing_files(has_file: Callable[[str], bool], app: App, document: Document) -> Iterator[Fault]:
    """Give the faults of files that an app names and does not have."""
    for name, data_source in app.data_sources.items():
        if data_source.create_from is not None and not has_file(data_source.create_from):
            place = document.place_of(("data_sources", name, "create_from"))
            yield Fault(
                code=fault_codes.MISSING_FILE,
                message=f"The app has no file `{data_source.create_from}`",
                place=place,
                source_line=document.line_text(place.line),
                found=data_source.create_from,
            )
