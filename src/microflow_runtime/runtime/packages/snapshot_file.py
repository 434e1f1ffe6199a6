"""`snapshot.yaml`, which says of a package that is not a whole app what it is."""

from collections.abc import Collection, Mapping
from typing import Any, Final, get_args

import msgspec

from microflow_runtime.compiler.reading import fault_codes, parse
from microflow_runtime.compiler.reading.app_definition import Version
from microflow_runtime.compiler.reading.findings import Findings, KeyPath, shown
from microflow_runtime.compiler.reading.shapes import BAD, ListOf, Record, Schema, Text, key
from microflow_runtime.errors import BadRequest, Fault
from microflow_runtime.runtime.packages.contents import SNAPSHOT_FILE, is_content
from microflow_runtime.runtime.packages.record import PackageKind


class SnapshotFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says; see Package."""

    kind: PackageKind
    base: str = ""
    removed: tuple[str, ...] = ()


class _ContentPath(msgspec.Struct, frozen=True):
    """The path of a file of an app, without app.yaml."""

    example: str = "microflows/Old.yaml"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        if isinstance(value, str) and is_content(value):
            return value
        message = f"`{shown(str(value))}` is no file of an app"
        findings.add(fault_codes.BAD_VALUE, message, path, expected=self.example, found=shown(str(value)))
        return BAD

    def schema(self) -> Schema:
        """See Shape."""
        return {"type": "string", "pattern": "^(business_objects|microflows|files)/"}


def _agree(written: Mapping[str, Any], path: KeyPath, findings: Findings) -> None:
    """Check that a patch names its base, and that nothing else does."""
    if written.get("kind") == "patch":
        if written.get("base") is None:
            findings.missing_key(path, "base", Version().example)
        return
    for name in ("base", "removed"):
        if written.get(name) is not None:
            message = f"`{name}` belongs to a patch only"
            findings.add(fault_codes.BAD_VALUE, message, (*path, name), at_key=True)


_SNAPSHOT: Final = Record(
    keys=(
        key("kind", Text(words=get_args(PackageKind)), "What the package is.", required=True),
        key("base", Version(), "The snapshot that a patch is laid over."),
        key("removed", ListOf(item=_ContentPath()), "Files of the base that are left out."),
    ),
    build=SnapshotFile,
    check=_agree,
)


def read_snapshot_file(label: str, content: bytes, names: Collection[str]) -> SnapshotFile:
    """Read the file. `names` are those of the other files of the package.

    Raises BadRequest with the first fault, its line and column.
    """
    document, faults = parse("app", f"{label}/{SNAPSHOT_FILE}", content)
    if document is None or faults:
        raise _wrong(faults)
    findings = Findings(document.place_of, document.place_of_key, document.line_text)
    record = _SNAPSHOT.read(document.data, (), findings)
    if findings.faults or record is BAD:
        raise _wrong(tuple(findings.faults))
    assert isinstance(record, SnapshotFile)
    if len(set(record.removed)) < len(record.removed):
        raise BadRequest(f"The package's {SNAPSHOT_FILE} names a file twice that is removed.")
    if both := sorted(set(record.removed) & set(names)):
        raise BadRequest(f"The package holds a file that its {SNAPSHOT_FILE} removes: `{shown(both[0])}`.")
    return record


def write_snapshot_file(snapshot: SnapshotFile) -> bytes:
    """Give the content of the file: one key a line, a path in double quotes, always the same for the same snapshot."""
    lines = [f"kind: {snapshot.kind}"]
    if snapshot.kind == "patch":
        lines.append(f"base: {_quoted(snapshot.base)}")
        lines.append("removed:" if snapshot.removed else "removed: []")
        lines += [f"  - {_quoted(path)}" for path in sorted(snapshot.removed)]
    return ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _wrong(faults: tuple[Fault, ...]) -> BadRequest:
    told = faults[0].one_line() if faults else "it cannot be read"
    return BadRequest(f"The package's {SNAPSHOT_FILE} is wrong: {told}.")
