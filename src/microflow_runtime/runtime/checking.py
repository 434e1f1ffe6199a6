"""Checking apps without publishing them: the same reading and the same checks as a refresh."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from microflow_runtime.compiler import NodeDeclaration
from microflow_runtime.compiler.reading import AppDefinitions, AppSource, declared_twice, read_folder
from microflow_runtime.compiler.reading.environments import find_lacking_variables
from microflow_runtime.compiler.statements import Statements
from microflow_runtime.errors import DefinitionFaults, Fault
from microflow_runtime.runtime.active import with_active
from microflow_runtime.runtime.builder import (
    Forms,
    bodies_of,
    check_catalog,
    read_app,
    records_of,
    shared_files_of,
)
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.data_sources import DataSources
from microflow_runtime.runtime.environment import in_environment
from microflow_runtime.runtime.keys import with_keys
from microflow_runtime.runtime.manifest import Manifest
from microflow_runtime.runtime.statement_check import ask_databases
from microflow_runtime.settings import Settings
from microflow_runtime.telemetry import Metrics


async def read_catalog(
    folders: tuple[Path, ...], node_types: Mapping[str, NodeDeclaration]
) -> tuple[Catalog, list[AppDefinitions], tuple[Fault, ...]]:
    """Read apps into a catalog of their own and check it; give it with the definitions and the warnings.

    Raises DefinitionFaults with everything that is wrong.
    """
    forms = Forms({})
    return await _checked(await _read(folders, forms), forms, node_types)


async def check_source(source: AppSource, forms: Forms, node_types: Mapping[str, NodeDeclaration]) -> None:
    """Check an app whose files are in memory, as those of a package. Raises DefinitionFaults."""
    await _checked([await read_app(source, forms, None)], forms, node_types)


async def _read(folders: tuple[Path, ...], forms: Forms) -> list[AppDefinitions]:
    apps = [await read_app(read_folder(folder, label=folder.as_posix()), forms, None) for folder in folders]
    first: dict[str, AppDefinitions] = {}
    for number, app in enumerate(apps):
        if app.app is not None and first.setdefault(app.app.name, app) is not app:
            apps[number] = msgspec.structs.replace(app, faults=(*app.faults, _twice(app, first[app.app.name])))
    return apps


def _twice(app: AppDefinitions, first: AppDefinitions) -> Fault:
    """Give the fault of a folder that holds an app which another one holds already."""
    assert app.app_document is not None, "what has a name was read"
    assert first.app_document is not None, "as before"
    return declared_twice(app.app_document, first.app_document, "app", app.app.name if app.app else "")


async def _checked(
    apps: list[AppDefinitions],
    forms: Forms,
    node_types: Mapping[str, NodeDeclaration],
    statements: Statements | None = None,
) -> tuple[Catalog, list[AppDefinitions], tuple[Fault, ...]]:
    records = [record for app in apps for record in records_of(app, origin="folder", snapshot=app.snapshot)]
    manifest = Manifest(flows=with_active(with_keys(records)))
    bodies = bodies_of(apps, forms) | shared_files_of(apps, manifest)
    catalog = Catalog(1, manifest, bodies, node_types, Metrics())
    _, warnings = await check_catalog(catalog, apps, set(), is_alone=True, statements=statements)
    return catalog, apps, warnings


async def find_faults(
    folders: tuple[Path, ...],
    node_types: Mapping[str, NodeDeclaration],
    settings: Settings | None = None,
    databases: Settings | None = None,
) -> tuple[Fault, ...]:
    """Give everything that is wrong or odd in the definitions of apps.

    A variable that an environment lacks is odd; it is wrong in the environment of `settings`, when these are given.
    Where `databases` are given, the databases that they lead to are asked about every statement.
    """
    forms = Forms({})
    apps = await _read(folders, forms)
    lacking = [fault for definitions in apps for fault in _lacking(definitions, settings)]
    statements = Statements() if databases is not None else None
    found = await _found(apps, forms, node_types, statements)
    if databases is not None and statements is not None and statements.wanted:
        await _ask(apps, statements, databases)
        found = await _found(apps, forms, node_types, statements)
    return (*found, *lacking)


async def _found(
    apps: list[AppDefinitions],
    forms: Forms,
    node_types: Mapping[str, NodeDeclaration],
    statements: Statements | None,
) -> tuple[Fault, ...]:
    try:
        _, _, found = await _checked(apps, forms, node_types, statements)
    except DefinitionFaults as error:
        found = error.faults
    return tuple(found)


async def _ask(apps: list[AppDefinitions], statements: Statements, settings: Settings) -> None:
    """Ask the databases, making SQLite files from their scripts first, as a server does. Raises SettingsError and StoreError."""
    sources = DataSources(settings)
    try:
        for app in apps:
            if app.app is not None:
                sources.prepare_at_once(app.app, app.file_content)
        await ask_databases(statements, sources)
    finally:
        await sources.close()


def _lacking(definitions: AppDefinitions, settings: Settings | None) -> tuple[Fault, ...]:
    if settings is None or definitions.app is None:
        return find_lacking_variables(definitions)
    there = in_environment(definitions.app, settings).environments.get(settings.environment)
    return find_lacking_variables(definitions, settings.environment, there.variables if there else ())
