"""Reads an app's folder into memory: which files it has, and their bytes. Nothing outside the folder is read."""

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Generic, Literal, Protocol, TypeVar
from zlib import crc32

import msgspec

from microflow_runtime.compiler.reading import fault_codes
from microflow_runtime.compiler.reading.documents import MAX_DOCUMENT_BYTES
from microflow_runtime.compiler.reading.findings import shown
from microflow_runtime.errors import Fault, Place
from microflow_runtime.path_names import wrong_with

FileKind = Literal["app", "business_object", "microflow", "file"]

MAX_FILE_BYTES: Final = 16_000_000
MAX_APP_BYTES: Final = 256_000_000
MAX_FILES: Final = 50_000
MAX_FOLDER_DEPTH: Final = 10

_FINGERPRINT_PARTS: Final = 256
_TICK_NS: Final = 20_000_000  # times of files move in steps of up to 10 ms: a younger file may change and keep its time
_DEFINITION_FOLDERS: Final[dict[str, FileKind]] = {"business_objects": "business_object", "microflows": "microflow"}
_FOLDERS: Final = (*_DEFINITION_FOLDERS, "files")
_LISTED: Final = "`business_objects`, `microflows` or `files`"
_FOR_PEOPLE: Final = (".md", ".txt")
"""Ends of names of files that people read, which may lie beside `app.yaml`."""


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file. `path` is relative to the app's folder, with `/`; `stamp` is what the file system said when it was read."""

    path: str
    kind: FileKind
    content_hash: str
    content: bytes
    stamp: tuple[int, ...] = ()


class Stamped(Protocol):
    """A file as somebody knows it: what the file system said when it was read."""

    @property
    def stamp(self) -> tuple[int, ...]:
        """The number, size and times of the file."""
        ...


class AppSource(msgspec.Struct, frozen=True, kw_only=True):
    """The files of an app as they were at one moment, in the order of their paths.

    `label` is how the folder is named in faults. `fingerprint` stands for all paths and contents; see Fingerprint.
    `scanned_ns` is when the scan began, in nanoseconds since 1970, 0 for files that come from elsewhere.
    """

    label: str
    files: tuple[SourceFile, ...]
    fingerprint: str
    faults: tuple[Fault, ...] = ()
    scanned_ns: int = 0

    def snapshot_version(self, version: str) -> str:
        """Give the version of the working snapshot: `version`, `+` and eight hex digits of the content."""
        return f"{version}+{self.fingerprint[:8]}"

    def find_file(self, path: str) -> SourceFile | None:
        """Give the file at a relative path, or None."""
        return next((file for file in self.files if file.path == path), None)


def read_folder(root: Path, *, label: str | None = None, previous: AppSource | None = None) -> AppSource:
    """Read the app in `root`. A file that has not changed since `previous` was read is taken from there.

    Links are followed only to what lies inside the folder. What cannot be read becomes a fault, as does a folder
    without `app.yaml`; the rest is read all the same.
    """
    known = {file.path: file for file in previous.files} if previous else {}
    found = scan_folder(root, label, known, previous.scanned_ns if previous else 0)
    return _assembled(found.label, found.files, found.faults, found.started_ns)


_Known = TypeVar("_Known", bound=Stamped)


class Scan(Generic[_Known]):
    """What a walk through a folder found: each file as it is known already, or read. Faults are those of the walk."""

    def __init__(self, label: str, started_ns: int) -> None:
        self.label = label
        self.started_ns = started_ns
        self.files: list[SourceFile | _Known] = []
        self.faults: list[Fault] = []


def scan_folder(root: Path, label: str | None, known: Mapping[str, _Known], known_since_ns: int) -> Scan[_Known]:
    """Walk through the app in `root`, reading only files that are not known, by their paths, or have changed.

    `known_since_ns` is when the walk began that the known ones were found in; a file that changed about then is read
    again. Follows links, and tells faults, as `read_folder`, except that it does not ask for an `app.yaml`.
    """
    scan = _Walk(root, label if label is not None else root.as_posix(), known, known_since_ns)
    scan.folder("", 0)
    return scan.found


def source_of_files(label: str, contents: Mapping[str, bytes]) -> AppSource:
    """Make the source of an app whose files are in memory already, by relative path, as those of a package."""
    files, faults = [], []
    for path, content in contents.items():
        kind, fault = _kind_of(label, path)
        faults += [fault] if fault else []
        files += [_file(path, kind, content)] if kind else []
    return _assembled(label, files, faults, 0)


class _Entry:
    """An entry of a folder that is looked into. Raises OSError when it is gone."""

    def __init__(self, path: str, name: str) -> None:
        self.path = path
        self.name = name
        self._mode = os.lstat(path).st_mode

    def is_symlink(self) -> bool:
        return stat.S_ISLNK(self._mode)

    def is_dir(self) -> bool:
        return os.path.isdir(self.path) if self.is_symlink() else stat.S_ISDIR(self._mode)  # noqa: PTH112 - a text

    def stat(self) -> os.stat_result:
        return os.stat(self.path)  # noqa: PTH116 - a text


class _Walk(Generic[_Known]):
    """One walk through a folder."""

    def __init__(self, root: Path, label: str, known: Mapping[str, _Known], known_since_ns: int) -> None:
        self.root = os.path.realpath(root)
        self.label = label
        self.known = known
        self.trusted_before_ns = known_since_ns - _TICK_NS
        self.found: Scan[_Known] = Scan(label, time.time_ns())
        self.files = self.found.files
        self.faults = self.found.faults
        self.room_bytes = MAX_APP_BYTES
        self.linked: set[str] = set()

    def folder(self, relative: str, depth: int) -> None:
        try:
            descriptor = os.open(self._full(relative), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                with os.scandir(
                    descriptor
                ) as listing:  # by its descriptor: the kernel then walks no path for each file
                    rest = self._without_unchanged(f"{relative}/" if relative else "", listing)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._fault(fault_codes.UNREADABLE, relative, f"The folder cannot be read: {error.strerror}")
            return
        for path in sorted(rest):
            try:
                self._entry(_Entry(self._full(path), path.rpartition("/")[2]), path, depth)
            except OSError as error:
                self._fault(fault_codes.UNREADABLE, path, f"`{shown(path)}` cannot be read: {error.strerror}")

    def _without_unchanged(self, prefix: str, listing: Iterable[os.DirEntry[str]]) -> list[str]:
        """Take in the files that are as they were when they were read, and old enough for their times to tell.

        Gives the paths of the others. This runs for every file of an app at each refresh.
        """
        known_by_path, take, trusted_before_ns = self.known, self.files.append, self.trusted_before_ns
        rest = []
        for entry in listing:
            path = prefix + entry.name
            known = known_by_path.get(path)
            if known is None:
                rest.append(path)
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:  # told when it is looked at once more
                rest.append(path)
                continue
            changed_ns, modified_ns, size = status.st_ctime_ns, status.st_mtime_ns, status.st_size
            is_same = known.stamp == (status.st_ino, size, modified_ns, changed_ns)
            is_old = modified_ns < trusted_before_ns and changed_ns < trusted_before_ns
            if is_same and is_old and size <= self.room_bytes and len(self.files) < MAX_FILES:
                self.room_bytes -= size
                take(known)
            else:
                rest.append(path)
        return rest

    def _full(self, relative: str) -> str:
        return f"{self.root}/{relative}" if relative else self.root

    def _entry(self, entry: "_Entry", path: str, depth: int) -> None:
        if entry.name.startswith(".") or entry.name.endswith("~"):
            return
        if entry.is_symlink() and not self._inside(entry.path):
            self._fault(fault_codes.UNREADABLE, path, f"`{shown(path)}` is a link that leads out of the app's folder")
        elif entry.is_symlink() and entry.is_dir() and self._seen(entry.path):
            self._fault(
                fault_codes.UNREADABLE, path, f"`{shown(path)}` is a link to a folder that another link leads to"
            )
        elif entry.is_dir():
            if path.partition("/")[0] not in _FOLDERS:
                self.faults.append(_not_read(self.label, path, f"a folder of an app is {_LISTED}"))
            elif depth < MAX_FOLDER_DEPTH:
                self.folder(path, depth + 1)
            else:
                self._fault(
                    fault_codes.UNREADABLE,
                    path,
                    f"`{shown(path)}` is nested deeper than {MAX_FOLDER_DEPTH} folders",
                )
        else:
            kind, fault = _kind_of(self.label, path)
            self.faults += [fault] if fault else []
            if kind:
                self._read(entry, path, kind)

    def _read(self, entry: "_Entry", path: str, kind: FileKind) -> None:
        status = entry.stat()
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        limit = MAX_FILE_BYTES if kind == "file" else MAX_DOCUMENT_BYTES
        self.room_bytes -= status.st_size
        if not stat.S_ISREG(status.st_mode):
            self._fault(fault_codes.UNREADABLE, path, f"`{shown(path)}` is not a file")
        elif status.st_size > limit:
            self._fault(
                fault_codes.TOO_LARGE, path, f"`{shown(path)}` has {status.st_size} bytes; at most {limit} are read"
            )
        elif self.room_bytes < 0 or len(self.files) >= MAX_FILES:
            self._fault(
                fault_codes.TOO_LARGE,
                path,
                f"The app has more than {MAX_APP_BYTES} bytes or {MAX_FILES} files; `{shown(path)}` is left out",
            )
        else:
            known = self.known.get(path)
            recent = max(status.st_mtime_ns, status.st_ctime_ns) >= self.trusted_before_ns
            if known and known.stamp == stamp and not recent:
                self.files.append(known)
            else:
                self.files.append(_file(path, kind, _bytes_of(entry.path, limit), stamp))

    def _inside(self, path: str) -> bool:
        return os.path.realpath(path).startswith(self.root + os.sep)

    def _seen(self, path: str) -> bool:
        """Say whether another link has led to this folder already, as one to its own parent does again and again."""
        real = os.path.realpath(path)
        seen = real in self.linked
        self.linked.add(real)
        return seen

    def _fault(self, code: str, path: str, message: str) -> None:
        self.faults.append(Fault(code=code, message=message, place=_whole_file(self.label, path)))


def _bytes_of(path: str, limit: int) -> bytes:
    """Read at most `limit` bytes of what was a file a moment ago. It must not block, should it be a pipe by now."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb", buffering=0) as opened:  # noqa: PTH123 - a descriptor, not a path
        return opened.read(limit + 1)[:limit] or b""


def _kind_of(label: str, path: str) -> tuple[FileKind | None, Fault | None]:
    """Say what the file at a relative path is for, or why it is for nothing."""
    if reason := next((wrong for part in path.split("/") if (wrong := wrong_with(part))), ""):
        message = f"`{shown(path)}` cannot be the path of a file of an app: {reason}"
        fault = Fault(
            code=fault_codes.BAD_NAME, message=message, place=_whole_file(label, path), help="give it another name"
        )
        return None, fault
    folder, _, inner = path.partition("/")
    name = inner.rpartition("/")[2]
    if path == "app.yaml":
        return "app", None
    if folder == "files" and inner:
        return "file", None
    if folder in _DEFINITION_FOLDERS and inner:
        if name.endswith(".yaml"):
            return _DEFINITION_FOLDERS[folder], None
        is_near = name.endswith((".yml", ".json"))
        help_text = f"rename it to `{name.rpartition('.')[0]}.yaml`" if is_near else "put it into `files/`"
        return None, _not_read(label, path, "a definition is a `.yaml` file", help_text)
    if path in ("app.yml", "app.json"):
        return None, _not_read(label, path, "the app is described in `app.yaml`")
    if path in _FOLDERS:
        return None, _not_read(label, path, "it is no folder")
    if path.endswith(_FOR_PEOPLE) or "." not in path:
        return None, None
    help_text = "definitions stand in `business_objects/` and `microflows/`, what they use in `files/`"
    return None, _not_read(label, path, "it lies beside `app.yaml`", help_text)


def _not_read(label: str, path: str, reason: str, help_text: str = "") -> Fault:
    return Fault(
        code=fault_codes.STRAY_FILE,
        message=f"`{shown(path)}` is not read: {reason}",
        place=_whole_file(label, path),
        help=help_text,
        is_error=False,
    )


def _file(path: str, kind: FileKind, content: bytes, stamp: tuple[int, ...] = ()) -> SourceFile:
    return SourceFile(
        path=path, kind=kind, content_hash=hashlib.sha256(content).hexdigest(), content=content, stamp=stamp
    )


def _assembled(label: str, files: list[SourceFile], faults: list[Fault], scanned_ns: int) -> AppSource:
    ordered = tuple(sorted(files, key=lambda file: file.path))
    if not any(file.kind == "app" for file in ordered):
        faults = [no_app(label), *faults]
    parts = Fingerprint.of((file.path, file.content_hash) for file in ordered)
    return AppSource(label=label, files=ordered, fingerprint=parts.text, faults=tuple(faults), scanned_ns=scanned_ns)


class Fingerprint(msgspec.Struct, frozen=True, array_like=True):
    """The fingerprint of files in parts, so that it need not be made of all files when one has changed.

    A file belongs to a part by its path. The digest of a part is the SHA-256 of the paths and content hashes of its files.
    """

    digests: tuple[bytes, ...]

    @classmethod
    def of(cls, files: Iterable[tuple[str, str]]) -> "Fingerprint":
        """Make the fingerprint of files, each a path and the hash of its content."""
        parts: list[list[tuple[str, str]]] = [[] for _ in range(_FINGERPRINT_PARTS)]
        for path, content_hash in files:
            parts[part_of(path)].append((path, content_hash))
        return cls(tuple(digest_of(part) for part in parts))

    @property
    def text(self) -> str:
        """The fingerprint as 64 hex digits."""
        return hashlib.sha256(b"".join(self.digests)).hexdigest()


def part_of(path: str) -> int:
    """Give the number of the part of a fingerprint that a file belongs to, from 0."""
    return crc32(path.encode()) % _FINGERPRINT_PARTS


def digest_of(files: Iterable[tuple[str, str]]) -> bytes:
    """Give the digest of the files of one part."""
    lines = [f"{len(path.encode())}:{path}\n{content_hash}\n" for path, content_hash in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).digest()


def no_app(label: str) -> Fault:
    """Give the fault of a folder without `app.yaml`."""
    hint = "an app is a folder with app.yaml, business_objects/ and microflows/"
    place = _whole_file(label, "app.yaml")
    return Fault(code=fault_codes.NO_APP, message=f"`{shown(label)}` has no app.yaml", place=place, help=hint)


def _whole_file(label: str, path: str) -> Place:
    return Place(f"{label}/{path}" if path else label, 1, 1, 2)
