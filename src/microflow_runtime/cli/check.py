"""`microflow check`: everything that is wrong in the definitions of apps, without running anything."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from microflow_runtime.cli.options import Apps, EnvironmentName, Home, settings_from
from microflow_runtime.errors import Fault

if TYPE_CHECKING:
    from microflow_runtime.settings import Settings


class Output(StrEnum):
    """How faults are printed."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


def check(
    *,
    apps: Apps = None,
    environment: EnvironmentName = None,
    output: Annotated[Output, typer.Option("--output", help="How faults are printed.")] = Output.FULL,
    fix: Annotated[
        bool, typer.Option("--fix", help="Rewrite the vendor's spellings in formulas (`&&`, `==`, `!`) first.")
    ] = False,
    home: Home = None,
    database: Annotated[
        bool, typer.Option("--database", help="Ask the databases of the environment about every statement, too.")
    ] = False,
) -> None:
    """Check the definitions of apps: 0 when they are right, 1 when they have faults.

    With an environment named, a variable that it lacks is a fault, too. A database that is asked prepares the statements
    and runs none of them.
    """
    import asyncio

    from microflow_runtime.cli.faults import color_wanted, render

    settings = settings_from(apps=apps, environment=environment, home=home)
    if not settings.apps:
        typer.echo("microflow: name an app: microflow check --app DIR", err=True)
        raise typer.Exit(2)
    chosen = settings if settings.origin_of("environment") != "default" else None
    asked = settings if database else None
    faults = asyncio.run(_find_faults(settings.apps, chosen, asked))
    if fix:
        faults = _fix(settings.apps, chosen, faults, asked)
    color = color_wanted(os.environ, is_terminal=sys.stdout.isatty())
    typer.echo(render(faults, output.value, color=color), nl=False)
    if any(fault.is_error for fault in faults):
        raise typer.Exit(1)


def _fix(
    apps: tuple[Path, ...], settings: "Settings | None", faults: tuple[Fault, ...], asked: "Settings | None"
) -> tuple[Fault, ...]:
    """Mend what says how it is mended until nothing does, telling each change on standard error; give what is left."""
    import asyncio

    from microflow_runtime.cli.fault_formats import escaped
    from microflow_runtime.cli.fix import MAX_ROUNDS, mend

    for _ in range(MAX_ROUNDS):
        try:
            changes = mend(faults)
        except OSError as error:
            typer.echo(f"microflow: {error.filename} cannot be rewritten: {error.strerror}", err=True)
            raise typer.Exit(2) from error
        if not changes:
            break
        for change in changes:
            before, after = (escaped(" ".join(text.split())) for text in (change.before, change.after))
            typer.echo(f"{change.file}:{change.line}:{change.column}: `{before}` is now `{after}`", err=True)
        faults = asyncio.run(_find_faults(apps, settings, asked))
    return faults


async def _find_faults(
    apps: tuple[Path, ...], settings: "Settings | None", asked: "Settings | None"
) -> tuple[Fault, ...]:
    from microflow_runtime.nodes import NODE_TYPES
    from microflow_runtime.runtime.checking import find_faults

    return await find_faults(apps, NODE_TYPES, settings, asked)
