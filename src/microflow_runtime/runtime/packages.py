"""Packages: a zip named `uniqueID.appName.processName.snapVersion.jar` that holds definitions and nothing else.

Read into memory by exactly expected names; nothing of it is ever unpacked to a path of its own choosing.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Final

from microflow_runtime.compiler.reading import AppDefinitions, AppSource, source_of_files
from microflow_runtime.errors import BadRequest, NotFound, StoreError

MAX_PACKAGE_BYTES: Final = 32 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 128 * 1024 * 1024
MAX_RATIO: Final = 100
MAX_ENTRIES: Final = 10_000
_RATIO_FLOOR: Final = 1024 * 1024
_FOLDERS: Final = ("business_objects", "microflows")
_FIRST_YEAR: Final = (1980, 1, 1, 0, 0, 0)
_CODE: Final = (".py", ".pyc", ".so", ".class", ".jar", ".zip", ".war", ".dll", ".exe", ".sh", ".js")


def find_package(folder: Path, name: str) -> bytes:
    """Give the bytes of the package of exactly this name. The name is looked up in the folder's listing, never used as a path.

    Raises NotFound, BadRequest for a file that is too large, StoreError for one that cannot be read.
    """
    try:
        return _find(folder, name)
    except OSError as error:
        raise StoreError(f"The package cannot be read: {error.strerror}.") from error


def _find(folder: Path, name: str) -> bytes:
    listed = {entry.name: entry for entry in folder.iterdir()} if folder.is_dir() else {}
    entry = listed.get(name)
    if entry is None or entry.is_symlink() or not entry.is_file():
        raise NotFound("There is no such package.")
    if entry.stat().st_size > MAX_PACKAGE_BYTES:
        raise BadRequest(f"The package is larger than {MAX_PACKAGE_BYTES} bytes.")
    return entry.read_bytes()


def read_package(name: str, content: bytes) -> AppSource:
    """Read a package into memory. Raises BadRequest, saying why, for anything that is not plainly a package."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            files = _read_entries(archive)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        zipfile.LargeZipFile,
        zlib.error,
    ) as error:
        raise BadRequest("The package is no readable zip archive.") from error
    if "app.yaml" not in files:
        raise BadRequest("The package has no app.yaml.")
    return source_of_files(name, files)


def _read_entries(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise BadRequest(f"The package has more than {MAX_ENTRIES} entries.")
    files: dict[str, bytes] = {}
    total = 0
    for entry in entries:
        if entry.is_dir() and _is_plain(entry.filename.rstrip("/")):
            continue
        _check_entry(entry, files)
        total += entry.file_size
        if total > MAX_UNPACKED_BYTES:
            raise BadRequest(f"The package holds more than {MAX_UNPACKED_BYTES} bytes.")
        files[entry.filename] = _inflate(archive, entry)
    return files


def _check_entry(entry: zipfile.ZipInfo, seen: dict[str, bytes]) -> None:
    name = entry.filename
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BadRequest("The package holds a file that is packed in another way than deflate.")
    if not _is_plain(name):
        raise BadRequest("The package has an entry whose name leads out of it.")
    if name in seen:
        raise BadRequest("The package holds the same name twice.")
    mode = entry.external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        raise BadRequest("The package holds a link or a special file.")
    if name.lower().endswith(_CODE):
        raise BadRequest("The package holds code; packages are data only.")
    folder, _, rest = name.partition("/")
    expected = (
        name == "app.yaml" or (folder in _FOLDERS and "/" not in rest and rest.endswith(".yaml")) or folder == "files"
    )
    if not expected:
        raise BadRequest("The package holds a file that does not belong into one.")
    if entry.file_size > max(entry.compress_size * MAX_RATIO, _RATIO_FLOOR):
        raise BadRequest(f"The package holds a file that is packed tighter than 1 to {MAX_RATIO}.")


def _is_plain(name: str) -> bool:
    """Tell whether this is a relative path of plain parts."""
    parts = name.split("/")
    return (
        "\\" not in name and "\0" not in name and ":" not in name and all(part not in {"", ".", ".."} for part in parts)
    )


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Read at most what the directory promised; a file that holds more is a lie."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise BadRequest("The package holds a file of another size than it says.")
    return content


def write_package(definitions: AppDefinitions, flow: str, business_objects: Iterable[str]) -> bytes:
    """Make the package of one flow: the app, the flow, its Business Objects, and the app's shared files.

    The same content gives the same bytes.
    """
    paths = ["app.yaml", definitions.path_of_microflow[flow]]
    paths += [definitions.path_of_business_object[name] for name in business_objects]
    paths += [file.path for file in definitions.source.files if file.kind == "file"]
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(paths):
            file = definitions.source.find_file(path)
            assert file is not None
            entry = zipfile.ZipInfo(path, _FIRST_YEAR)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.content)
    return buffer.getvalue()
