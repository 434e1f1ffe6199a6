"""`microflow deploy`: publishes a package on a running server, having shown what it changes."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from microflow_runtime.cli.options import Apps, settings_from
from microflow_runtime.cli.server_call import ServerCalls, Token, Url

if TYPE_CHECKING:
    from microflow_runtime.errors import Fault
    from microflow_runtime.runtime.publishing import Deployment


def deploy(
    package: Annotated[
        Path | None, typer.Argument(help="File that `microflow package` wrote; without it the app of --app, as it is.")
    ] = None,
    *,
    apps: Apps = None,
    activate: Annotated[bool, typer.Option("--activate", help="Let the app answer from it at once.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Go on without asking, also when callers break.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show, and publish nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's last answer, as JSON.")] = False,
    url: Url = "",
    token: Token = "",
) -> None:
    """Check a package on the server, show the difference and what callers meet, and publish it.

    Exit codes: 1 faults, or not gone on with; 3 the server cannot be reached; 4 not allowed.
    """
    content, app = _content(package, apps)
    server = ServerCalls(url, token)
    body, plan = _post(server, content, app, activate=activate, dry_run=True)
    _tell_warnings(plan.warnings)
    if not as_json:
        from microflow_runtime.cli.deployment_text import told_before

        typer.echo(told_before(plan))
    if not dry_run:
        _agree(plan, yes=yes)
        body, done = _post(server, content, app, activate=activate, dry_run=False)
        if not as_json:
            from microflow_runtime.cli.deployment_text import told_after

            typer.echo("")
            typer.echo(told_after(done))
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(body, indent=2).decode())


def _content(package: Path | None, apps: list[Path] | None) -> tuple[bytes, str]:
    """Give the bytes of the package and the name of its app; ends the command when there is none, or a broken one."""
    from microflow_runtime.cli.accounts.output import fail
    from microflow_runtime.errors import DefinitionFaults, MicroflowError

    try:
        return _read(package) if package is not None else _build(apps)
    except DefinitionFaults as error:
        _show(error.faults)
        raise typer.Exit(1) from error
    except MicroflowError as error:
        fail(error)


def _read(package: Path) -> tuple[bytes, str]:
    try:
        content = package.read_bytes()
    except OSError as error:
        _end(2, f"{package} cannot be read: {error.strerror}")
    return content, _app_of(package.name, content)


def _build(apps: list[Path] | None) -> tuple[bytes, str]:
    import asyncio

    from microflow_runtime.nodes import NODE_TYPES
    from microflow_runtime.runtime.packages.building import Wanted, build_packages

    settings = settings_from(apps=apps)
    if len(settings.apps) != 1:
        _end(2, "name a package or one app: microflow deploy PACKAGE, or microflow deploy --app DIR")
    built = asyncio.run(build_packages(settings.apps[0], Wanted(), NODE_TYPES))
    ((name, content),) = built.packages.items()
    return content, _app_of(name, content)


def _app_of(name: str, content: bytes) -> str:
    """Give the name of the app in a package. Raises BadRequest for what is no package, DefinitionFaults for a bad app.yaml."""
    from microflow_runtime.compiler.reading import read_definitions, source_of_files
    from microflow_runtime.errors import DefinitionFaults
    from microflow_runtime.runtime.packages import read_package

    app_file = read_package(name, content).source.find_file("app.yaml")
    definitions = read_definitions(source_of_files(name, {"app.yaml": app_file.content} if app_file else {}))
    if definitions.app is None:
        raise DefinitionFaults(definitions.faults)
    return definitions.app.name


def _post(
    server: ServerCalls, content: bytes, app: str, *, activate: bool, dry_run: bool
) -> "tuple[bytes, Deployment]":
    import msgspec

    from microflow_runtime.runtime.publishing import Deployment

    query = {"app": app, "activate": str(activate).lower(), "dry_run": str(dry_run).lower()}
    body = server.post("snapshots", query=query, content=content)
    try:
        return body, msgspec.json.decode(body, type=Deployment)
    except msgspec.MsgspecError:
        _end(1, "the server gave an answer of another version of microflow")


def _agree(plan: "Deployment", *, yes: bool) -> None:
    """Ask whether to go on when callers break. Without a terminal only `--yes` does."""
    breaking = sum(impact.breaking for impact in plan.impacts)
    if not breaking or yes:
        return
    found = f"{breaking} change{'s' if breaking != 1 else ''} break{'' if breaking != 1 else 's'} callers"
    if not sys.stdin.isatty():
        _end(1, f"{found}; nothing is published without --yes")
    if not typer.confirm(f"{found}. Publish all the same?", err=True):
        _end(1, "nothing is published")


def _tell_warnings(faults: "tuple[Fault, ...]") -> None:
    if faults:
        _show(faults)


def _show(faults: "tuple[Fault, ...]") -> None:
    from microflow_runtime.cli.faults import color_wanted, render

    color = color_wanted(os.environ, is_terminal=sys.stderr.isatty())
    typer.echo(render(faults, color=color), nl=False, err=True)


def _end(code: int, told: str) -> NoReturn:
    typer.echo(f"microflow: {told}", err=True)
    raise typer.Exit(code)
