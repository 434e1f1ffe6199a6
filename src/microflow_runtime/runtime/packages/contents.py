"""What may be in a package, by name and by its first bytes."""

import stat
import unicodedata
from collections.abc import Iterable
from typing import Final

from microflow_runtime.compiler.reading.documents import MAX_DOCUMENT_BYTES
from microflow_runtime.compiler.reading.findings import shown
from microflow_runtime.compiler.reading.folder import MAX_FILE_BYTES, MAX_FOLDER_DEPTH
from microflow_runtime.errors import BadRequest
from microflow_runtime.path_names import JOINERS, wrong_outside

APP_FILE: Final = "app.yaml"
SNAPSHOT_FILE: Final = "snapshot.yaml"
MAX_PATH_BYTES: Final = 1000

_DEFINITIONS: Final = ("business_objects", "microflows")
_CODE: Final = (
    *(".py", ".pyc", ".pyd", ".pyz", ".so", ".dylib", ".dll", ".exe", ".com", ".class", ".jar", ".war", ".ear"),
    *(".sh", ".bash", ".bat", ".cmd", ".ps1", ".js", ".mjs", ".vbs", ".wasm", ".rb", ".pl", ".php", ".jsp"),
)
_ARCHIVES: Final = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".whl", ".egg", ".cab", ".iso")
_OFFICE: Final = (".xlsx", ".docx", ".pptx", ".ods", ".odt")
_CODE_SIGNS: Final = (
    b"\x7fELF",
    b"MZ",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\x00asm",
    b"#!",
)
_ZIP_SIGN: Final = b"PK\x03\x04"
_ARCHIVE_SIGNS: Final = (
    _ZIP_SIGN,
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
)
_TAR_SIGN_AT: Final = 257


def check_name(name: str, mode: int) -> None:
    """Refuse a file that has no place in a package. `mode` is the file mode it came with, 0 for none.

    Raises BadRequest, which names the file.
    """
    if not is_plain(name):
        raise BadRequest(f"The package has an entry whose name leads out of it: `{shown(name)}`.")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise BadRequest(f"The package holds a link or a special file: `{shown(name)}`.")
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if suffix in _CODE:
        raise BadRequest(f"The package holds code; packages are data only: `{shown(name)}`.")
    if suffix in _ARCHIVES:
        raise BadRequest(f"The package holds an archive; packages are not nested: `{shown(name)}`.")
    if name not in (APP_FILE, SNAPSHOT_FILE) and not is_content(name):
        raise BadRequest(f"The package holds a file that does not belong into one: `{shown(name)}`.")


def is_content(name: str) -> bool:
    """Tell whether this is the path of a Business Object, a flow or a shared file of an app."""
    folder, _, rest = name.partition("/")
    parts = name.split("/")
    if (
        not is_plain(name)
        or len(parts) > MAX_FOLDER_DEPTH + 1
        or any(part.startswith(".") or part.endswith("~") for part in parts)
    ):
        return False
    if folder in _DEFINITIONS:
        return parts[-1].endswith(".yaml")
    return folder == "files" and bool(rest)


def is_plain(name: str) -> bool:
    """Tell whether this is a relative path of plain parts, of a length that any file system takes."""
    return (
        len(name.encode("utf-8", "surrogatepass")) <= MAX_PATH_BYTES
        and ":" not in name
        and all(letter.isprintable() or letter in JOINERS for letter in name)
        and not any(map(wrong_outside, name.split("/")))
    )


def check_distinct(names: Iterable[str]) -> None:
    """Refuse names of which a file system would see two as one: twice the same, by capitals, by how a letter is composed.

    Also refused is a file that would be a folder, too. Raises BadRequest.
    """
    seen: set[str] = set()
    folders: set[str] = set()
    for name in names:
        folded = _folded(name)
        if folded in seen:
            raise BadRequest(f"The package holds the same name twice: `{shown(name)}`.")
        seen.add(folded)
        parts = folded.split("/")
        folders.update("/".join(parts[:count]) for count in range(1, len(parts)))
    if both := sorted(seen & folders):
        raise BadRequest(f"The package holds a file that is a folder, too: `{shown(both[0])}`.")


def check_size(name: str, size: int) -> None:
    """Refuse a file that is larger than the same file may be in the folder of an app. Raises BadRequest."""
    most = MAX_FILE_BYTES if name.startswith("files/") else MAX_DOCUMENT_BYTES
    if size > most:
        raise BadRequest(f"The package holds a file of {size} bytes; `{shown(name)}` may have {most}.")


def check_first_bytes(name: str, content: bytes) -> None:
    """Refuse what is code or an archive by its content, whatever its name says. Raises BadRequest.

    Documents of office programs are archives and data; they are opened only by a node that is made for them.
    """
    if content.startswith(_CODE_SIGNS):
        raise BadRequest(f"The package holds code; packages are data only: `{shown(name)}`.")
    is_office = content.startswith(_ZIP_SIGN) and name.lower().endswith(_OFFICE)
    is_tar = content[_TAR_SIGN_AT : _TAR_SIGN_AT + 5] == b"ustar"
    if (content.startswith(_ARCHIVE_SIGNS) and not is_office) or is_tar:
        raise BadRequest(f"The package holds an archive; packages are not nested: `{shown(name)}`.")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
