"""What a published snapshot consists of: which files, by the hash of their bytes. The bytes are kept as they came.

So a snapshot can be laid under a patch, and read anew by a version of this software that keeps definitions otherwise.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from microflow_runtime.compiler.reading import AppSource, source_of_files
from microflow_runtime.errors import StoreError
from microflow_runtime.runtime.manifest import file_key
from microflow_runtime.store import Store

_FORM: Final = 1
Files = dict[str, str]
"""Files by relative path, each with the key under which the store has its bytes."""


class PackageFiles(msgspec.Struct, frozen=True, array_like=True):
    """The files of one package. `name` is what it was fetched as, `""` for a whole snapshot or a patch."""

    name: str
    files: Files


class SnapshotContent(msgspec.Struct, frozen=True, array_like=True):
    """The packages of a snapshot by the fingerprint of their files: one, unless single flows were collected."""

    packages: dict[str, PackageFiles]

    @property
    def hash(self) -> str:
        """What stands for all of it: equal contents have equal hashes, whatever order they came in."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


def content_of(sources: Iterable[tuple[str, AppSource]], before: SnapshotContent | None = None) -> SnapshotContent:
    """List the files of packages, given with their names, beside what was there before."""
    packages = dict(before.packages) if before else {}
    for name, source in sources:
        files = {file.path: file_key(file.content_hash) for file in source.files}
        packages.setdefault(source.fingerprint, PackageFiles(name, files))
    return SnapshotContent(packages)


def content_key(content_hash: str) -> str:
    """Give the key under which the store has a snapshot's list of files."""
    return f"snapshot-{_FORM}-{content_hash}"


def rows_of(content: SnapshotContent, sources: Iterable[AppSource]) -> list[tuple[str, str, bytes]]:
    """Give the rows of the store that hold the list of files, and the bytes of these sources."""
    rows = {file_key(file.content_hash): file.content for source in sources for file in source.files}
    listed = (content_key(content.hash), "snapshot", msgspec.json.encode(content, order="sorted"))
    return [listed, *((key, "file", body) for key, body in rows.items())]


async def read_content(store: Store, content_hash: str) -> SnapshotContent:
    """Read the list of files of a snapshot. Raises NotFound, StoreError when it cannot be read."""
    key = content_key(content_hash)
    try:
        return msgspec.json.decode((await store.get_definitions([key]))[key], type=SnapshotContent)
    except msgspec.MsgspecError as error:
        raise StoreError("The store gave a snapshot that cannot be read.") from error


async def read_files(store: Store, files: Files) -> dict[str, bytes]:
    """Read the bytes of files, by their paths."""
    bodies = await store.get_definitions(set(files.values()))
    return {path: bodies[key] for path, key in files.items()}


async def read_sources(store: Store, content: SnapshotContent, label: str) -> list[tuple[str, AppSource]]:
    """Read the packages of a snapshot, each with its name. Faults name them by `label` and what tells them apart."""
    return [
        (package.name, source_of_files(f"{label}.{fingerprint[:8]}", await read_files(store, package.files)))
        for fingerprint, package in content.packages.items()
    ]
