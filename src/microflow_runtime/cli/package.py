"""`microflow package`: builds the zips that classAction `file` fetches and `microflow deploy` takes."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from microflow_runtime.cli.options import Apps, settings_from

if TYPE_CHECKING:
    from microflow_runtime.errors import Fault
    from microflow_runtime.runtime.packages.building import Built, Wanted


def package(
    flows: Annotated[
        list[str] | None, typer.Argument(help="Names of flows of the app; none means the whole app, in one package.")
    ] = None,
    *,
    apps: Apps = None,
    together: Annotated[bool, typer.Option("--together", help="One package of all the flows named.")] = False,
    no_files: Annotated[bool, typer.Option("--no-files", help="Leave out the app's shared files.")] = False,
    base: Annotated[
        str, typer.Option("--base", help="Make a patch, to be laid over this snapshot version of the app.")
    ] = "",
    removed: Annotated[
        list[str] | None,
        typer.Option(
            "--removed", help="File of the base, as microflows/Old.yaml, that a patch leaves out; again for more."
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder to write the packages to.")] = Path(),
) -> None:
    """Check an app and write packages of it; faults end with exit code 1.

    Each flow gets `uniqueID.appName.processName.snapVersion.jar`; the whole app, flows together and a patch get one
    `appName.snapVersion.jar`.
    """
    import asyncio

    from microflow_runtime.cli.accounts.output import fail
    from microflow_runtime.errors import DefinitionFaults, MicroflowError
    from microflow_runtime.runtime.packages.building import Wanted

    settings = settings_from(apps=apps)
    if len(settings.apps) != 1:
        _wrong_usage("name one app: microflow package [FLOW] --app DIR")
    if removed and not base:
        _wrong_usage("--removed belongs to a patch; name its base with --base VERSION")
    wanted = Wanted(
        flows=tuple(flows or ()), together=together, with_files=not no_files, base=base, removed=tuple(removed or ())
    )
    try:
        built = asyncio.run(_build(settings.apps[0], wanted))
    except DefinitionFaults as error:
        _tell(error.faults)
        raise typer.Exit(1) from error
    except MicroflowError as error:
        fail(error)
    _tell(built.warnings)
    _write(built, out)


async def _build(folder: Path, wanted: "Wanted") -> "Built":
    from microflow_runtime.nodes import NODE_TYPES
    from microflow_runtime.runtime.packages.building import build_packages

    return await build_packages(folder, wanted, NODE_TYPES)


def _write(built: "Built", out: Path) -> None:
    """Write the packages, each whole or not at all, and print their names; one that is kept under another name says so."""
    from microflow_runtime.runtime.packages import kept_name

    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in built.packages.items():
            kept = kept_name(name)
            unfinished = out / f".{os.getpid()}.unfinished"
            try:
                unfinished.write_bytes(content)
                unfinished.replace(out / kept)
            finally:
                unfinished.unlink(missing_ok=True)
            typer.echo(name)
            if kept != name:
                typer.echo(f"microflow: no file can have this name; the package is kept as {kept}", err=True)
    except OSError as error:
        typer.echo(f"microflow: the packages cannot be written to {out}: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def _tell(faults: "tuple[Fault, ...]") -> None:
    """Print faults or warnings to standard error, where they are not taken for names of packages."""
    from microflow_runtime.cli.faults import color_wanted, render

    if faults:
        typer.echo(render(faults, color=color_wanted(os.environ, is_terminal=sys.stderr.isatty())), nl=False, err=True)


def _wrong_usage(told: str) -> NoReturn:
    typer.echo(f"microflow: {told}", err=True)
    raise typer.Exit(2)
