"""Builds packages of the app in a folder: checks the app first, then makes them, then reads each as a server would."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from microflow_runtime.compiler import NodeDeclaration
from microflow_runtime.compiler.reading import AppDefinitions, nearest
from microflow_runtime.compiler.reading.environments import find_lacking_variables
from microflow_runtime.errors import BadRequest, DefinitionFaults, Fault, MicroflowError, NotFound
from microflow_runtime.model.app import App
from microflow_runtime.runtime.builder import Forms
from microflow_runtime.runtime.checking import check_source, read_catalog
from microflow_runtime.runtime.packages.names import app_package_name, flow_package_name
from microflow_runtime.runtime.packages.reading import read_package
from microflow_runtime.runtime.packages.writing import write_package


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which packages of an app are wanted.

    Without `flows` it is one of the whole app; with them one of each, or a single one `together`. With `base` it is a
    single patch of that snapshot, which leaves out the base's files `removed`.
    """

    flows: tuple[str, ...] = ()
    together: bool = False
    with_files: bool = True
    base: str = ""
    removed: tuple[str, ...] = ()


class Built(msgspec.Struct, frozen=True):
    """Packages by their names, and what is odd in the app."""

    packages: dict[str, bytes]
    warnings: tuple[Fault, ...]


async def build_packages(folder: Path, wanted: Wanted, node_types: Mapping[str, NodeDeclaration]) -> Built:
    """Build what is wanted of the app in a folder.

    Raises DefinitionFaults with all that is wrong in the app, or would be in a package of it; NotFound, naming every one,
    when flows are wanted that it does not have; BadRequest when a package would be none, as of a file that is code.
    """
    _, (definitions,), warnings = await read_catalog((folder,), node_types)
    assert definitions.app is not None, "an app without faults has an app.yaml"
    _refuse_unknown(definitions, wanted.flows)
    if wanted.base and wanted.base == definitions.app.version:
        raise BadRequest(f"The app's version is {wanted.base}, as that of its base; give app.yaml a new one.")
    forms = Forms({})
    packages: dict[str, bytes] = {}
    for name, flows in _named(definitions, definitions.app, wanted).items():
        content = write_package(
            definitions, flows, with_files=wanted.with_files, base=wanted.base, removed=wanted.removed
        )
        await _check(name, content, wanted, forms, node_types)
        packages[name] = content
    return Built(packages, (*warnings, *find_lacking_variables(definitions)))


def _named(definitions: AppDefinitions, app: App, wanted: Wanted) -> dict[str, tuple[str, ...] | None]:
    """Give the names of the packages with the flows of each; None stands for the whole app."""
    if not wanted.flows or wanted.together or wanted.base:
        return {app_package_name(app.name, app.version): wanted.flows or None}
    flows = (definitions.microflows[name] for name in wanted.flows)
    return {flow_package_name(flow.id, app.name, flow.name, app.version): (flow.name,) for flow in flows}


def _refuse_unknown(definitions: AppDefinitions, flows: tuple[str, ...]) -> None:
    unknown = [name for name in dict.fromkeys(flows) if name not in definitions.microflows]
    if not unknown:
        return
    near = {name: nearest(name, definitions.microflows) for name in unknown}
    told = ", ".join(f'"{name}"' + (f' (did you mean "{near[name]}"?)' if near[name] else "") for name in unknown)
    raise NotFound(f"The app has no flow {told}.")


async def _check(
    name: str, content: bytes, wanted: Wanted, forms: Forms, node_types: Mapping[str, NodeDeclaration]
) -> None:
    """Read a package as a server would. What a patch lacks is in its base, which is not here."""
    package = read_package(name, content)
    if package.kind == "patch":
        return
    try:
        await check_source(package.source, forms, node_types)
    except DefinitionFaults as error:
        raise _without_files(error) if not wanted.with_files else error from error


def _without_files(error: DefinitionFaults) -> MicroflowError:
    """Say of the faults of a package without files what they come from; the app itself has none."""
    help_text = "leave out --no-files, or make a patch with --base: it finds the files in its base"
    return DefinitionFaults([msgspec.structs.replace(fault, help=fault.help or help_text) for fault in error.faults])
