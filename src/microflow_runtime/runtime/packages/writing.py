"""Makes packages of an app's definitions: of the whole app, of chosen flows, or of what a patch changes."""

from collections.abc import Iterable

from microflow_runtime.compiler import closure_of, types_of
from microflow_runtime.compiler.reading import AppDefinitions
from microflow_runtime.runtime.packages.archive import write_archive
from microflow_runtime.runtime.packages.contents import APP_FILE, SNAPSHOT_FILE
from microflow_runtime.runtime.packages.snapshot_file import SnapshotFile, write_snapshot_file
from microflow_runtime.runtime.references import callees_of


def write_package(
    definitions: AppDefinitions,
    flows: Iterable[str] | None = None,
    *,
    with_files: bool = True,
    base: str = "",
    removed: Iterable[str] = (),
) -> bytes:
    """Make the package of an app without faults, or of some of its flows. The same content gives the same bytes.

    The package of chosen flows holds also the flows that they call, whoever calls them, and every Business Object that
    any of these uses: it can be published by itself. With `base` it is a patch of that snapshot, which leaves out the
    base's files `removed`. The app's shared files go along unless `with_files` is False.
    """
    if flows is None:
        paths = [file.path for file in definitions.source.files]
    else:
        chosen = with_callees(definitions, flows)
        paths = [APP_FILE, *(definitions.path_of_microflow[flow] for flow in chosen)]
        paths += [definitions.path_of_business_object[name] for name in _business_objects_of(definitions, chosen)]
        paths += [file.path for file in definitions.source.files if file.kind == "file"]
    content = {file.path: file.content for file in definitions.source.files}
    files = {path: content[path] for path in paths if with_files or not path.startswith("files/")}
    if base:
        files[SNAPSHOT_FILE] = write_snapshot_file(SnapshotFile(kind="patch", base=base, removed=tuple(removed)))
    elif flows is not None:
        files[SNAPSHOT_FILE] = write_snapshot_file(SnapshotFile(kind="flows"))
    return write_archive(files)


def with_callees(definitions: AppDefinitions, flows: Iterable[str]) -> list[str]:
    """List these flows and all that they call, each once, in the order they are come upon.

    A flow that is called of another snapshot, named in the call, belongs to that one's packages.
    """
    found: dict[str, None] = {}
    waiting = list(flows)
    while waiting:
        name = waiting.pop(0)
        if name not in found and name in definitions.microflows:
            found[name] = None
            waiting += callees_of(definitions.microflows[name])
    return list(found)


def _business_objects_of(definitions: AppDefinitions, flows: Iterable[str]) -> set[str]:
    return {
        name
        for flow in flows
        for name in closure_of(types_of(definitions.microflows[flow]), definitions.business_objects)
    }
