"""Where packages are kept."""

from pathlib import Path

from microflow_runtime.errors import BadRequest, NotFound, StoreError
from microflow_runtime.runtime.packages import record


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
    if entry.stat().st_size > record.MAX_PACKAGE_BYTES:
        raise BadRequest(f"The package is larger than {record.MAX_PACKAGE_BYTES} bytes.")
    return entry.read_bytes()
