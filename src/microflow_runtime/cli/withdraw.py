"""`microflow withdraw` and `microflow delete`: take a published snapshot of a running server back."""

from typing import Annotated, Any

import typer

from microflow_runtime.cli.server_call import ServerCalls, Token, Url

App = Annotated[str, typer.Argument(help="The app.")]
Version = Annotated[str, typer.Argument(help="A published version that the app does not answer from.")]


def withdraw(
    app: App,
    version: Version,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let it be called again.")] = False,
    url: Url = "",
    token: Token = "",
) -> None:
    """Let nobody call a version any more, and keep it: 0 when no worker takes calls of it."""
    done = _decoded(ServerCalls(url, token).post("snapshots", app, version, "restore" if undo else "withdraw"))
    told = "can be called again" if undo else "is withdrawn; it is kept, and nobody can call it"
    typer.echo(f"{app} {version} {told} (epoch {done['epoch']}).")


def delete(
    app: App,
    version: Version,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = "",
    token: Token = "",
) -> None:
    """Remove a version for good, with its files: 0 when no worker takes calls of it."""
    import sys

    if not yes:
        if not sys.stdin.isatty():
            typer.echo("microflow: a deleted version does not come back; say --yes, or withdraw it", err=True)
            raise typer.Exit(2)
        typer.confirm(f"Delete {app} {version} for good?", abort=True)
    done = _decoded(ServerCalls(url, token).delete("snapshots", app, version))
    typer.echo(f"{app} {version} is deleted (epoch {done['epoch']}).")


def _decoded(body: bytes) -> dict[str, Any]:
    import msgspec

    return msgspec.json.decode(body, type=dict[str, Any])
