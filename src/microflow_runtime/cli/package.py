"""`microflow package FLOW`: builds the zip that classAction `file` fetches."""

from pathlib import Path
from typing import Annotated

import typer

from microflow_runtime.cli.options import Apps, settings_from


def package(
    flows: Annotated[list[str], typer.Argument(help="Names of flows of the app.")],
    *,
    apps: Apps = None,
    out: Annotated[Path, typer.Option("--out", help="Folder to write the packages to.")] = Path(),
) -> None:
    """Write `uniqueID.appName.processName.snapVersion.jar` for each flow and print the names. Faults: exit code 1."""
    import asyncio

    from microflow_runtime.cli.accounts.output import fail
    from microflow_runtime.errors import MicroflowError

    settings = settings_from(apps=apps)
    if len(settings.apps) != 1:
        typer.echo("microflow: name one app: microflow package FLOW --app DIR", err=True)
        raise typer.Exit(2)
    try:
        made = asyncio.run(_make(settings.apps, flows))
    except MicroflowError as error:
        fail(error)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        (out / name).write_bytes(content)
        typer.echo(name)


async def _make(apps: tuple[Path, ...], flows: list[str]) -> dict[str, bytes]:
    from microflow_runtime.errors import NotFound
    from microflow_runtime.nodes import NODE_TYPES
    from microflow_runtime.runtime.checking import read_catalog
    from microflow_runtime.runtime.packages import write_package

    catalog, definitions, _ = await read_catalog(apps, NODE_TYPES)
    made = {}
    for flow in flows:
        entry = next(iter(catalog.find_named(flow)), None)
        if entry is None:
            raise NotFound(f'There is no flow "{flow}" in the app.')
        made[entry.record.package_name] = write_package(definitions[0], [flow])
    return made
