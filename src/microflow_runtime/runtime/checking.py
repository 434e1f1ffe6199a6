"""Checking apps without publishing them: the same reading and the same checks as a refresh."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from microflow_runtime.compiler import NodeDeclaration
from microflow_runtime.compiler.reading import AppDefinitions, AppSource, read_folder
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.runtime.builder import (
    Forms,
    bodies_of,
    check_catalog,
    read_app,
    records_of,
    shared_files_of,
    with_active,
    with_keys,
)
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.manifest import Manifest
from microflow_runtime.telemetry import Metrics


async def read_catalog(
    folders: tuple[Path, ...], node_types: Mapping[str, NodeDeclaration]
) -> tuple[Catalog, list[AppDefinitions], tuple[Fault, ...]]:
    """Read apps into a catalog of their own and check it; give it with the definitions and the warnings.

    Raises DefinitionFaults with everything that is wrong.
    """
    sources = [read_folder(folder, label=folder.as_posix()) for folder in folders]
    return await _checked(sources, Forms({}), node_types)


async def check_source(source: AppSource, forms: Forms, node_types: Mapping[str, NodeDeclaration]) -> None:
    """Check an app whose files are in memory, as those of a package. Raises DefinitionFaults."""
    await _checked([source], forms, node_types)


async def _checked(
    sources: Iterable[AppSource], forms: Forms, node_types: Mapping[str, NodeDeclaration]
) -> tuple[Catalog, list[AppDefinitions], tuple[Fault, ...]]:
    apps = [await read_app(source, forms, None) for source in sources]
    records = [record for app in apps for record in records_of(app, origin="folder", snapshot=app.snapshot)]
    manifest = Manifest(flows=with_active(with_keys(records)))
    bodies = bodies_of(apps, forms) | shared_files_of(apps, manifest)
    catalog = Catalog(1, manifest, bodies, node_types, Metrics())
    _, warnings = await check_catalog(catalog, apps, set(), is_alone=True)
    return catalog, apps, warnings


async def find_faults(folders: tuple[Path, ...], node_types: Mapping[str, NodeDeclaration]) -> tuple[Fault, ...]:
    """Give everything that is wrong or odd in the definitions of apps."""
    try:
        _, _, warnings = await read_catalog(folders, node_types)
    except DefinitionFaults as error:
        return error.faults
    return warnings
