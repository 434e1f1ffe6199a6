"""Options that several commands share, and the variables that belong to the command line alone."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from microflow_runtime.settings import Settings

Apps = Annotated[
    list[Path] | None, typer.Option("--app", envvar="MICROFLOW_APPS", help="Folder of an app; may be given again.")
]
Home = Annotated[
    Path | None, typer.Option("--home", envvar="MICROFLOW_HOME", help="Folder that the server keeps everything under.")
]
StoreAddress = Annotated[
    str | None,
    typer.Option("--store", envvar="MICROFLOW_STORE", help="`sqlite`, or postgresql://user@host:port/database."),
]
EnvironmentName = Annotated[
    str | None,
    typer.Option("--environment", envvar="MICROFLOW_ENVIRONMENT", help="Environment whose variables the apps use."),
]


def read_data(data: str) -> bytes:
    """Give the bytes that `--data` names: JSON itself, `@FILE`, or `-` for standard input.

    Ends with exit code 2 when the file cannot be read.
    """
    if data == "-":
        return sys.stdin.buffer.read()
    if not data.startswith("@"):
        return data.encode()
    try:
        return Path(data[1:]).read_bytes()
    except OSError as error:
        typer.echo(f"microflow: {data[1:]} cannot be read: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def settings_from(**options: Any) -> "Settings":
    """Read the settings with these options on top; ends with exit code 2 when one is unknown or wrong."""
    from microflow_runtime.cli.accounts.output import fail
    from microflow_runtime.errors import SettingsError
    from microflow_runtime.settings import load_settings

    try:
        return load_settings(options=options, known_elsewhere=own_variables())
    except SettingsError as error:
        fail(error)


def own_variables() -> set[str]:
    """List the variables of options that are no settings, as `MICROFLOW_CHECK_OUTPUT` or `MICROFLOW_TOKEN`."""
    from microflow_runtime.cli.main import app
    from microflow_runtime.settings.table import SETTINGS

    of_settings = {setting.variable for setting in SETTINGS.values()}
    found: set[str] = set()
    waiting: list[tuple[str, Any]] = [("MICROFLOW", typer.main.get_command(app))]
    while waiting:
        prefix, command = waiting.pop()
        for parameter in command.params:
            if parameter.name and not parameter.envvar:
                found.add(f"{prefix}_{parameter.name.upper()}")
            elif isinstance(parameter.envvar, str) and parameter.envvar not in of_settings:
                found.add(parameter.envvar)
        for name, inner in getattr(command, "commands", {}).items():
            waiting.append((f"{prefix}_{name.upper().replace('-', '_')}", inner))
    return found
