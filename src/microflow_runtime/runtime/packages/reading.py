"""Reads a package into memory: data under exactly expected names. Nothing of it ever becomes a path on this machine."""

from microflow_runtime.compiler.reading import source_of_files
from microflow_runtime.errors import BadRequest
from microflow_runtime.runtime.packages import record
from microflow_runtime.runtime.packages.archive import Entry, read_entries, unpack
from microflow_runtime.runtime.packages.contents import (
    APP_FILE,
    SNAPSHOT_FILE,
    check_distinct,
    check_first_bytes,
    check_name,
    check_size,
    is_plain,
)
from microflow_runtime.runtime.packages.record import Package
from microflow_runtime.runtime.packages.snapshot_file import SnapshotFile, read_snapshot_file


def read_package(name: str, content: bytes) -> Package:
    """Read a package. `name` is what it was asked for by, and how faults name it.

    Raises BadRequest, saying why, for anything that is not plainly a package; whether its definitions are right is not
    looked at here.
    """
    if len(content) > record.MAX_PACKAGE_BYTES:
        raise BadRequest(f"The package is larger than {record.MAX_PACKAGE_BYTES} bytes.")
    entries = [entry for entry in read_entries(content, record.MAX_ENTRIES) if not _is_folder(entry)]
    for entry in entries:
        check_name(entry.name, entry.mode)
    check_distinct(entry.name for entry in entries)
    _check_sizes(entries, len(content))
    files: dict[str, bytes] = {}
    for entry in entries:
        files[entry.name] = unpack(content, entry)
        check_first_bytes(entry.name, files[entry.name])
    if APP_FILE not in files:
        raise BadRequest(f"The package has no {APP_FILE}.")
    about = SnapshotFile(kind="full")
    if (written := files.pop(SNAPSHOT_FILE, None)) is not None:
        about = read_snapshot_file(name, written, files)
    source = source_of_files(name, files)
    return Package(name=name, source=source, kind=about.kind, base=about.base, removed=about.removed)


def _is_folder(entry: Entry) -> bool:
    """Tell whether this is nothing but the note of a folder, which other programs write."""
    is_folder = entry.name.endswith("/") and is_plain(entry.name[:-1])
    return is_folder and entry.packed_bytes == entry.unpacked_bytes == 0


def _check_sizes(entries: list[Entry], package_bytes: int) -> None:
    """Refuse too much by what the directory says; `unpack` sees to it that this is true."""
    total = 0
    for entry in entries:
        check_size(entry.name, entry.unpacked_bytes)
        if entry.unpacked_bytes > max(entry.packed_bytes * record.MAX_RATIO, record.RATIO_FLOOR_BYTES):
            raise BadRequest(f"The package holds a file that is packed tighter than 1 to {record.MAX_RATIO}.")
        total += entry.unpacked_bytes
    if total > record.MAX_UNPACKED_BYTES:
        raise BadRequest(f"The package holds more than {record.MAX_UNPACKED_BYTES} bytes.")
    if total > max(package_bytes * record.MAX_RATIO, record.RATIO_FLOOR_BYTES):
        raise BadRequest(f"The package is packed tighter than 1 to {record.MAX_RATIO}.")
