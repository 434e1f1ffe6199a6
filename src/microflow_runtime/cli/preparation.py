"""What is done before workers serve: the home is made complete, and the catalog published."""

import asyncio
import os
import sys
from typing import Final, NamedTuple

import typer

from microflow_runtime.errors import DefinitionFaults, Fault, MicroflowError
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.runtime.packages import check_place
from microflow_runtime.security import FirstStart, Security
from microflow_runtime.service.example_call import example_call
from microflow_runtime.settings import Settings
from microflow_runtime.settings.private import close_home
from microflow_runtime.store import open_store
from microflow_runtime.telemetry import Metrics, get_log

_log: Final = get_log("supervisor")


class Prepared(NamedTuple):
    """The administrator if one was made, and the body of a call of a flow that is served, if there is any."""

    first: FirstStart | None
    example: str | None


def prepare(settings: Settings) -> Prepared:
    """Make what the home lacks and publish the catalog.

    Ends the command, having said why, when there is no good catalog or the home cannot be used.
    """
    try:
        return asyncio.run(_prepare(settings))
    except DefinitionFaults as error:
        _show_faults(error.faults)
        typer.echo("microflow: nothing is served: there is no good catalog yet", err=True)
        raise typer.Exit(1) from error
    except MicroflowError as error:
        from microflow_runtime.cli.accounts.output import fail

        fail(error)


async def _prepare(settings: Settings) -> Prepared:
    check_place(settings)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if left := close_home(settings.home):
        _log.warning("others may read files of the home", first=str(left[0]), count=len(left))
    store = open_store(settings)
    page = SharedPage(page_path(settings.home))
    security = Security(store, settings, bump_revocation=page.bump_revocation)
    runtime = Runtime(settings, store, page, Metrics("supervisor"), NODE_TYPES)
    try:
        first = await security.first_start()
        faults = await runtime.start_up()
        if faults:
            _show_faults(faults)
        if any(fault.is_error for fault in faults):
            typer.echo("microflow: the definitions are broken; the last good catalog is served", err=True)
        return Prepared(first, example_call(runtime.catalog))
    finally:
        await runtime.close()
        await security.close()
        await store.close()
        page.close()


def _show_faults(faults: tuple[Fault, ...]) -> None:
    from microflow_runtime.cli.faults import color_wanted, render

    color = color_wanted(os.environ, is_terminal=sys.stderr.isatty())
    typer.echo(render(faults, "full", color=color), nl=False, err=True)
